"""Slider speed: one seed, both modalities and the joint model at once."""

from collections.abc import Generator, Sequence

import pandas as pd
import torch

from coursekit.analysis.probes import quick_probes
from coursekit.balancing.ensemble import Ensemble
from coursekit.compare import replicas
from coursekit.compare.seeds import Comparison
from coursekit.data.multimodal import MultimodalData
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, accuracy, predict
from coursekit.training.evaluate import accuracies
from coursekit.training.method import Method
from coursekit.utils.threads import threads

JOINT, ENSEMBLE = "joint", "ensemble"


def quick_comparison(
    data: MultimodalData,
    settings: Settings | None = None,
    *,
    seed: int = 0,
    fusion: str = "late-linear",
    widths: Sequence[int] = (64, 32),
) -> Generator[None, None, Comparison]:
    """Train each modality alone and all jointly, as two replicas, pausing after every epoch.

    The modalities alone are the ensemble's: they start from the joint model's own first weights and
    see the same batches. Probes are quick ones. History: validation accuracy only.
    Errors: FloatingPointError when a training diverges.
    """
    settings = settings or Settings()
    methods: dict[str, Method] = {ENSEMBLE: Ensemble(), JOINT: Method()}
    train, valid = data.train, data.valid
    models = [
        build_classifier(train.inputs, data.num_classes, fusion=fusion, widths=widths, seed=seed)
        for _ in methods
    ]
    history: list[dict[str, object]] = []

    def note(looks: replicas.SplitPredictions) -> None:
        predicted = looks("valid")
        logits = {**{m: x[0] for m, x in predicted.unimodal.items()}, JOINT: predicted.joint[1]}
        epoch = len(history) // len(logits) + 1
        at = {"epoch": epoch, "split": "valid"}
        reached = accuracies(torch.stack(list(logits.values())), valid.labels)
        history.extend(
            {"model": name, **at, "accuracy": value}
            for name, value in zip(logits, reached, strict=True)
        )

    training = replicas.epochs(
        models, train, valid, settings,
        seeds=[seed] * len(models), methods=list(methods.values()), look=note, measured=("valid",),
    )  # fmt: skip
    for _ in replicas.raise_on_divergence(training):
        yield
    with threads(settings.threads):
        return _compare(dict(zip(methods, models, strict=True)), data, history)


def _compare(
    models: dict[str, MultimodalClassifier],
    data: MultimodalData,
    history: list[dict[str, object]],
) -> Comparison:
    test, train = data.test, data.train
    tested = {name: predict(model, test.inputs) for name, model in models.items()}
    logits = {**tested[ENSEMBLE].unimodal, **{name: p.joint for name, p in tested.items()}}
    reached = [{"model": n, "accuracy": accuracy(x, test.labels)} for n, x in logits.items()]
    before = [predict(models[name], train.inputs) for name in (ENSEMBLE, JOINT)]
    after = [tested[name] for name in (ENSEMBLE, JOINT)]
    probes = []
    for m in data.modalities:
        fitted, held = (torch.stack([p.features[m] for p in part]) for part in (before, after))
        of_both = quick_probes(fitted, train.labels, held, test.labels)
        probes += [
            {"modality": m, "trained": trained, "accuracy": value}
            for trained, value in zip(("alone", "joint"), of_both, strict=True)
        ]
    return Comparison(pd.DataFrame(reached), pd.DataFrame(probes), pd.DataFrame(history))
