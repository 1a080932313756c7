"""The comparison of the course: each modality alone, the joint model, the ensemble, the probes."""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from joblib import Parallel, delayed
from torch import Tensor
from tqdm.auto import tqdm

from coursekit import balancing
from coursekit.analysis.probes import probe_encoders
from coursekit.data.multimodal import MultimodalData, Split
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, accuracy, epochs, predict
from coursekit.utils.checks import (
    choose,
    require,
    require_callable,
    require_count,
    require_instance,
    require_seeds,
)
from coursekit.utils.stepwise import drive
from coursekit.utils.threads import threads


@dataclass(frozen=True)
class Variant:
    """One way to train the joint model.

    keep_best: early stopping.  pretrained: encoders start from the unimodal models' weights.
    method: of `coursekit.balancing`, with its own defaults.
    """

    fusion: str = "late-linear"
    dropout: float = 0.0
    keep_best: bool = False
    pretrained: bool = False
    method: str = "joint"

    def __post_init__(self) -> None:
        both = self.pretrained and self.dropout != 0
        require(not both, "dropout and pretrained came together; one of them was expected.")


@dataclass(frozen=True)
class Comparison:
    """Results of one seed.

    accuracy: columns model, accuracy (on the test split).  probes: modality, trained ("alone" or
    "joint"), accuracy.  history: model, epoch, split, loss, accuracy.
    """

    accuracy: pd.DataFrame
    probes: pd.DataFrame
    history: pd.DataFrame


def cures() -> dict[str, Variant]:
    """The usual suspects against a joint model that is worse than one of its parts."""
    return {
        "SE gate": Variant(fusion="se-gate"),
        "non-local gate": Variant(fusion="non-local"),
        "dropout": Variant(dropout=0.5),
        "early stopping": Variant(keep_best=True),
        "pre-trained": Variant(pretrained=True),
        "multi-loss": Variant(method="multi-loss"),
    }


def compare_stepwise(
    data: MultimodalData,
    settings: Settings | None = None,
    *,
    seed: int = 0,
    variants: dict[str, Variant] | None = None,
    widths: Sequence[int] = (64, 32),
    encoder: str = "mlp",
) -> Generator[None, None, Comparison]:
    """Train each modality alone and jointly (``variants`` by name, default {"joint": Variant()}).

    A generator that pauses after every epoch, so that an explorer can drop work that is overtaken;
    its return value is the Comparison. The ensemble averages the unimodal models' probabilities;
    nothing is chosen on the test split. Probes are taken of the first variant.
    """
    require_instance("data", data, MultimodalData)
    require_instance("settings", settings, Settings | None)
    require_count("seed", seed)
    _require_variants(variants)
    settings = settings or Settings()
    variants = variants or {"joint": Variant()}
    require(data.num_classes > 1, f"{data.name} has no classes; labels to classify were expected.")
    taken = set(variants) & {*data.modalities, "ensemble"}
    require(not taken, f"variants names {sorted(taken)}, which other models of the table have.")
    train, valid, test = data.train, data.valid, data.test
    runs: dict[str, tuple[tuple[str, ...], Variant]]
    runs = {m: ((m,), Variant()) for m in data.modalities}
    runs |= {name: (data.modalities, variant) for name, variant in variants.items()}
    accuracies, probes, history = [], [], []
    ensemble: Tensor | None = None
    encoders: dict[str, dict[str, Tensor]] = {}  # weights of the unimodal models' encoders
    for name, (modalities, variant) in runs.items():
        model = build_classifier(
            {m: train.inputs[m] for m in modalities},
            data.num_classes,
            fusion=variant.fusion,
            encoder=encoder,
            widths=widths,
            dropout=variant.dropout,
            seed=seed,
        )
        if variant.pretrained:
            for m in modalities:
                model.encoders[m].load_state_dict(encoders[m])
        settings_of_variant = replace(settings, keep_best=variant.keep_best or settings.keep_best)
        method = balancing.build(variant.method)
        for rows in epochs(model, train, valid, settings_of_variant, seed=seed, method=method):
            history += [{"model": name, **row} for row in rows]
            yield
        with threads(settings.threads):
            logits = predict(model, test.inputs).joint
        accuracies.append({"model": name, "accuracy": accuracy(logits, test.labels)})
        alone = name in data.modalities
        if alone:
            encoders |= {m: e.state_dict() for m, e in model.encoders.items()}
            share = logits.softmax(1) / len(data.modalities)
            ensemble = share if ensemble is None else ensemble + share
        if alone or name == next(iter(variants)):
            probes += probe_rows(model, train, test, "alone" if alone else "joint")
            yield
    assert ensemble is not None
    accuracies.append({"model": "ensemble", "accuracy": accuracy(ensemble, test.labels)})
    return Comparison(*map(pd.DataFrame, (accuracies, probes, history)))


def _require_variants(variants: dict[str, Variant] | None) -> None:
    require_instance("variants", variants, dict | None)
    for name, variant in (variants or {}).items():
        require_instance(f"variants[{name!r}]", variant, Variant)


def probe_rows(
    model: MultimodalClassifier, train: Split, test: Split, trained: str
) -> list[dict[str, object]]:
    """Each encoder's probe as a row; trained: how it was, "alone" or "joint"."""
    choose("trained", trained, ("alone", "joint"))
    accuracies = probe_encoders(model, train, test)
    return [{"modality": m, "trained": trained, "accuracy": a} for m, a in accuracies.items()]


def over_seeds(
    make_data: Callable[[int], MultimodalData],
    settings: Settings | None = None,
    seeds: Iterable[int] = range(10),
    *,
    variants: dict[str, Variant] | None = None,
    widths: Sequence[int] = (64, 32),
    encoder: str = "mlp",
    jobs: int = 2,
    label: str = "",
) -> Comparison:
    """`compare_stepwise` for every seed, data and weights drawn anew; a column ``seed`` is added.

    jobs: processes that share the seeds; the result does not depend on it.  label: names the
    progress bar; empty = no bar.
    """

    def of_seed(seed: int) -> Comparison:
        work = compare_stepwise(
            make_data(seed), settings, seed=seed, variants=variants, widths=widths, encoder=encoder
        )
        result = drive(work)
        parts = (result.accuracy, result.probes, result.history)
        return Comparison(*(table.assign(seed=seed) for table in parts))

    require_callable("make_data", make_data)
    require_instance("settings", settings, Settings | None)
    _require_variants(variants)
    require_count("jobs", jobs, 1)
    todo = require_seeds(seeds)
    finished = Parallel(n_jobs=jobs, return_as="generator")(delayed(of_seed)(s) for s in todo)
    bar = tqdm(finished, total=len(todo), desc=label, unit="seed", disable=not label, leave=False)
    results = list(bar)
    return Comparison(
        pd.concat([r.accuracy for r in results], ignore_index=True),
        pd.concat([r.probes for r in results], ignore_index=True),
        pd.concat([r.history for r in results], ignore_index=True),
    )
