"""The study behind lesson 04: every place of meeting with equal parameters and equal tuning.

For each case and architecture the same six trials, drawn once, are run on tuning seeds; the one
with the best validation accuracy is kept and measured on other seeds. Test rows choose nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from tqdm.auto import tqdm

from coursekit.checks import choose, require
from coursekit.data import Modality, Recipe, generate, load
from coursekit.data.multimodal import MultimodalData
from coursekit.data.presets import load_preset
from coursekit.data.timeline import on_timeline
from coursekit.depth import PLACES, DepthClassifier, build_alone, build_depth, parameters, started
from coursekit.fusion import MultiModalTransformer
from coursekit.fusion.late_linear import LateLinear
from coursekit.missing import FILLS, dropped, filled
from coursekit.models import Raw
from coursekit.training import Settings, accuracy, fit, predict

TRIALS = 6
TUNING_SEEDS = (0, 1)
SEEDS = tuple(range(100, 110))
EPOCHS = 25
TRANSFORMER = "early transformer"
THINNED = ", modality dropout"  # the same architecture, trained with modalities left out
RATE = 0.3
FOLDS = 6


def timed_recipe(synergistic: float = 0.7, train: int = 1000) -> Recipe:
    """Strong signals that mostly count together: what makes the moment of meeting matter."""
    rest = 0.9 * (1 - synergistic)
    clear = Modality(amplitude=8)
    return Recipe(
        {"A": clear, "B": clear},
        redundant=0.4 * rest,
        unique={"A": 0.3 * rest, "B": 0.3 * rest},
        synergistic=synergistic,
        num_classes=4,
        train=train,
    )


@dataclass(frozen=True)
class Case:
    """One data set of the study: how to load it, the parameters each network may have."""

    load: Callable[[int], MultimodalData]
    budget: int = 8000
    seeds: Sequence[int] = SEEDS
    tokens: bool = False  # whether a transformer reads it too


def cases() -> dict[str, Case]:
    """Every case by name: four presets, two timelines, synthesised and recorded digits."""
    presets = ("balanced", "synergy", "imbalance", "starve")
    found = {name: Case(partial(load_preset, name)) for name in presets}
    for name, alignment in (("same moment", 1.0), ("other moment", 0.0)):
        found[name] = Case(partial(load_timed, alignment))
    for name, digits in (
        ("digits, synthesised", {"speech": "synth", "train_speakers": 3}),
        (
            "digits, recorded",
            {"speech": "fsdd", "train_speakers": 2, "image_noise": 3.0, "stretch": True},
        ),
    ):  # 102 is a multiple of 6: two seeds for each fold of the speakers
        found[name] = Case(partial(load_digits, digits), 30_000, tuple(range(102, 114)), True)
    return found


def load_timed(alignment: float, seed: int) -> MultimodalData:
    """`timed_recipe` on a timeline of four steps."""
    return on_timeline(generate(timed_recipe(), seed), alignment=alignment, seed=seed)


def load_digits(options: Mapping[str, Any], seed: int) -> MultimodalData:
    """Image and voice of the same digit; the seed also says which speakers train and test."""
    return load("av_digits", fold=seed % FOLDS, seed=seed, **options)


def flat(data: MultimodalData) -> MultimodalData:
    """Pictures (N, 1, H, W) as vectors (N, H·W); vectors and sequences stay as they are."""
    return replace(
        data, inputs={m: x.flatten(1) if x.ndim == 4 else x for m, x in data.inputs.items()}
    )


def strips(data: MultimodalData, width: int = 2) -> MultimodalData:
    """Pictures (N, 1, H, W) as W/width tokens of ``width`` columns each, (N, W/width, width·H)."""
    inputs = {}
    for m, x in data.inputs.items():
        columns = x[:, 0].transpose(1, 2)  # (N, W, H); in a spectrogram a column is a moment
        inputs[m] = columns.unflatten(1, (-1, width)).flatten(2)
    return replace(data, inputs=inputs)


def trials() -> list[Settings]:
    """The six settings that every architecture may try: learning rate and weight decay."""
    rng = np.random.default_rng(0)
    return [
        Settings(
            epochs=EPOCHS,
            batch_size=128,
            optimizer="adam",
            lr=float(10 ** rng.uniform(-3.3, -1.7)),
            weight_decay=float(rng.choice([0.0, 1e-4, 1e-3])),
            keep_best=True,
        )
        for _ in range(TRIALS)
    ]


def models_of(case: Case, modalities: Sequence[str]) -> list[str]:
    """What is tuned: each modality alone, the three places and, where there are tokens, more."""
    return [*modalities, *PLACES, *([TRANSFORMER] if case.tokens else [])]


def make(
    name: str, inputs: Mapping[str, Tensor], classes: int, budget: int, seed: int, rate: float = 0.0
) -> DepthClassifier:
    """An untrained network of the study; a modality's name stands for that modality alone."""
    if name == TRANSFORMER:
        return _transformer(inputs, classes, budget, seed, rate)
    if name in inputs:
        return build_alone(name, inputs, classes, budget=budget, seed=seed)
    return build_depth(name, inputs, classes, budget=budget, rate=rate, seed=seed)


def _transformer(
    inputs: Mapping[str, Tensor], classes: int, budget: int, seed: int, rate: float
) -> DepthClassifier:
    """One layer with two heads, as wide as comes nearest to the budget."""
    widths = {m: x.shape[-1] for m, x in inputs.items()}

    def of(width: int) -> DepthClassifier:
        body = MultiModalTransformer(widths, classes, width=width, heads=2, layers=1)
        return DepthClassifier({m: Raw(d) for m, d in widths.items()}, body, classes, rate)

    with torch.device("meta"):
        off = {w: abs(parameters(of(w)) - budget) for w in range(8, 129, 2)}
    return started(of(min(off, key=lambda w: off[w])), seed)


def trained(
    name: str, data: MultimodalData, case: Case, how: Settings, seed: int, rate: float = 0.0
) -> tuple[DepthClassifier, pd.DataFrame]:
    """The network trained on the training rows, and its history; see `coursekit.training.fit`."""
    train = data.train
    model = make(name, train.inputs, data.num_classes, case.budget, seed, rate)
    return model, fit(model, train, data.valid, how, seed=seed)


def views(case: Case, seed: int) -> Callable[[str], MultimodalData]:
    """The data of one seed as each network reads them: tokens for the transformer, else vectors."""
    data = case.load(seed)
    vectors, tokens = flat(data), strips(data) if case.tokens else data
    return lambda name: tokens if name == TRANSFORMER else vectors


def trial_rows(name: str) -> pd.DataFrame:
    """Every trial of one case: columns case, model, trial, lr, weight_decay, accuracy (validation).

    accuracy: best of the training's epochs, mean over the tuning seeds.
    """
    case = cases()[choose("name", name, cases())]
    reading = [views(case, seed) for seed in TUNING_SEEDS]
    rows = []
    for model in models_of(case, reading[0]("").modalities):
        for number, how in enumerate(trials()):
            found = []
            for seed, view in zip(TUNING_SEEDS, reading, strict=True):
                _, history = trained(model, view(model), case, how, seed)
                found.append(valid_curve(history).max())
            row = {"case": name, "model": model, "trial": number, "lr": how.lr}
            rows.append({**row, "weight_decay": how.weight_decay, "accuracy": np.mean(found)})
    return pd.DataFrame(rows)


def chosen(trial_table: pd.DataFrame, name: str) -> dict[str, Settings]:
    """The settings of the best trial on validation, by model; the first one where two are equal."""
    rows = trial_table[trial_table["case"] == name]
    require(len(rows) > 0, f"trial_table has no trial of {name!r}.")
    best = rows.loc[rows.groupby("model")["accuracy"].idxmax()]
    return {m: trials()[t] for m, t in zip(best["model"], best["trial"], strict=True)}


def valid_curve(history: pd.DataFrame) -> np.ndarray:
    """Validation accuracy by epoch, (epochs,)."""
    return history.loc[history["split"] == "valid", "accuracy"].to_numpy(dtype=float)


def epochs_to(curve: ArrayLike, share: float = 0.95) -> int:
    """First epoch, from 1, at which ``curve`` (epochs,) reaches ``share`` of its own best value.

    A measure of convergence that does not reward ending low in silence: read it next to the best.
    Errors: ValueError for an empty or not finite curve, or a share outside (0, 1].
    """
    values = np.asarray(curve, dtype=float)
    fits = values.ndim == 1 and len(values) > 0 and bool(np.isfinite(values).all())
    require(fits, f"curve has shape {values.shape}; finite numbers, one an epoch, were expected.")
    require(0 < share <= 1, f"share is {share}; a number in (0, 1] was expected.")
    return int(np.argmax(values >= share * values.max())) + 1


@dataclass(frozen=True)
class Tables:
    """What the study stores.

    trials: see `trial_rows`.  results: case, seed, model, measure, value (4 digits).  curves: case,
    seed, model, epoch, accuracy on validation (4 digits).  measure: "accuracy" and, without
    modality m, "without m, zeros" and "… mean" (input replaced) or "… dropped" (late fusion leaves
    out the term, the ensemble the model), all on test rows; "epochs" to 95 % of the best validation
    accuracy; "parameters".
    """

    trials: pd.DataFrame
    results: pd.DataFrame
    curves: pd.DataFrame


def result_rows(
    name: str, seed: int, how: Mapping[str, Settings]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Results and curves of one seed of one case, all networks, as in `Tables`."""
    case = cases()[choose("name", name, cases())]
    view = views(case, seed)
    modalities = view("").modalities
    rows: list[dict[str, object]] = []
    curves: list[dict[str, object]] = []
    alone: dict[str, Tensor] = {}
    for model in models_of(case, modalities):
        data = view(model)
        for rate in (0.0,) if model in modalities else (0.0, RATE):
            network, history = trained(model, data, case, how[model], seed, rate)
            label = model + (THINNED if rate else "")
            found = _measures(network, data, history)
            rows += [{"model": label, "measure": m, "value": v} for m, v in found.items()]
            curves += [
                {"model": label, "epoch": e, "accuracy": a}
                for e, a in enumerate(valid_curve(history), 1)
                if not rate
            ]
        if model in modalities:
            alone[model] = predict(network, data.test.inputs).joint.softmax(1)
    rows += _ensemble(alone, view("").test.labels)
    where = {"case": name, "seed": seed}
    tables = (pd.DataFrame({**where, **row} for row in part) for part in (rows, curves))
    results, by_epoch = (table.round({"value": 4, "accuracy": 4}) for table in tables)
    return results, by_epoch


def _ensemble(alone: Mapping[str, Tensor], labels: Tensor) -> list[dict[str, object]]:
    """Mean probabilities of the separately trained models, all of them and all but one."""
    found = {"accuracy": torch.stack(list(alone.values()))}
    for lost in alone:
        rest = [p for m, p in alone.items() if m != lost]
        found[f"without {lost}, dropped"] = torch.stack(rest)
    return [
        {"model": "ensemble", "measure": m, "value": accuracy(p.mean(0), labels)}
        for m, p in found.items()
    ]


def _measures(
    network: DepthClassifier, data: MultimodalData, history: pd.DataFrame
) -> dict[str, float]:
    test = data.test
    found = {
        "accuracy": accuracy(predict(network, test.inputs).joint, test.labels),
        "epochs": epochs_to(valid_curve(history)),
        "parameters": parameters(network),
    }
    if len(network.modalities) == 1:
        return found
    for lost in network.modalities:
        for fill in FILLS:
            inputs = filled(test.inputs, lost, fill, data.train.inputs)
            logits = predict(network, inputs).joint
            found[f"without {lost}, {fill}"] = accuracy(logits, test.labels)
        if isinstance(network.fusion, LateLinear):
            logits = dropped(network, test.inputs, lost)
            found[f"without {lost}, dropped"] = accuracy(logits, test.labels)
    return found


def study(names: Sequence[str]) -> Iterator[Tables]:
    """The tables of each case in turn, with a progress bar over its seeds."""
    for name in names:
        tried = trial_rows(name).round({"accuracy": 4})
        how = chosen(tried, name)
        bar = tqdm(cases()[name].seeds, desc=name, unit="seed", leave=False)
        parts = [result_rows(name, seed, how) for seed in bar]
        results, curves = (pd.concat(p, ignore_index=True) for p in zip(*parts, strict=True))
        yield Tables(tried, results, curves)


def summary(results: pd.DataFrame) -> str:
    """Mean test accuracy and epochs of every case and model, as a text."""
    kept = results[results["measure"].isin(["accuracy", "epochs", "parameters"])]
    means = kept.pivot_table(index=["case", "model"], columns="measure", values="value", sort=False)
    return means.round(3).to_string()
