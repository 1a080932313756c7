"""The study behind lesson 04: every place of meeting with equal parameters and equal tuning.

For each case and architecture the same six trials, drawn once, are run on tuning seeds; the one
with the best validation accuracy is kept and measured on other seeds. Test rows choose nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import typer
from numpy.typing import ArrayLike
from torch import Tensor
from tqdm.auto import tqdm

from coursekit.analysis.missing_modality import FILLS, dropped, filled
from coursekit.compare.stored_tables import store
from coursekit.data.files import DataFileError
from coursekit.data.multimodal import MultimodalData
from coursekit.fusion import MultiModalTransformer
from coursekit.fusion.late_linear import LateLinear
from coursekit.lessons.l04_early_or_late.study_data import (
    TRANSFORMER,
    Case,
    cases,
    models_of,
    views,
)
from coursekit.models import Raw
from coursekit.models.fusion_stage import (
    DepthClassifier,
    build_alone,
    build_depth,
    parameters,
    started,
)
from coursekit.training import Settings, accuracy, fit, predict
from coursekit.utils.checks import choose, require

TRIALS = 6
TUNING_SEEDS = (0, 1)
EPOCHS = 25
THINNED = ", modality dropout"  # the same architecture, trained with modalities left out
RATE = 0.3


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
    name: str, data: MultimodalData, case: Case, settings: Settings, seed: int, rate: float = 0.0
) -> tuple[DepthClassifier, pd.DataFrame]:
    """The network trained on the training rows, and its history; see `coursekit.training.fit`."""
    train = data.train
    model = make(name, train.inputs, data.num_classes, case.budget, seed, rate)
    return model, fit(model, train, data.valid, settings, seed=seed)


def trial_rows(name: str) -> pd.DataFrame:
    """Every trial of one case: columns case, model, trial, lr, weight_decay, accuracy (validation).

    accuracy: best of the training's epochs, mean over the tuning seeds.
    """
    case = cases()[choose("name", name, cases())]
    reading = [views(case, seed) for seed in TUNING_SEEDS]
    rows = []
    for model in models_of(case, reading[0]("").modalities):
        for number, settings in enumerate(trials()):
            bests = []
            for seed, view in zip(TUNING_SEEDS, reading, strict=True):
                _, history = trained(model, view(model), case, settings, seed)
                bests.append(valid_curve(history).max())
            row = {"case": name, "model": model, "trial": number, "lr": settings.lr}
            rows.append({**row, "weight_decay": settings.weight_decay, "accuracy": np.mean(bests)})
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
    require(fits, f"curve has shape {values.shape}; finite numbers, one per epoch, were expected.")
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
    name: str, seed: int, settings: Mapping[str, Settings]
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
            network, history = trained(model, data, case, settings[model], seed, rate)
            label = model + (THINNED if rate else "")
            values = _measures(network, data, history)
            rows += [{"model": label, "measure": m, "value": v} for m, v in values.items()]
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
    members = {"accuracy": torch.stack(list(alone.values()))}
    for lost in alone:
        rest = [p for m, p in alone.items() if m != lost]
        members[f"without {lost}, dropped"] = torch.stack(rest)
    return [
        {"model": "ensemble", "measure": m, "value": accuracy(p.mean(0), labels)}
        for m, p in members.items()
    ]


def _measures(
    network: DepthClassifier, data: MultimodalData, history: pd.DataFrame
) -> dict[str, float]:
    test = data.test
    values = {
        "accuracy": accuracy(predict(network, test.inputs).joint, test.labels),
        "epochs": epochs_to(valid_curve(history)),
        "parameters": parameters(network),
    }
    if len(network.modalities) == 1:
        return values
    for lost in network.modalities:
        for fill in FILLS:
            inputs = filled(test.inputs, lost, fill, data.train.inputs)
            logits = predict(network, inputs).joint
            values[f"without {lost}, {fill}"] = accuracy(logits, test.labels)
        if isinstance(network.fusion, LateLinear):
            logits = dropped(network, test.inputs, lost)
            values[f"without {lost}, dropped"] = accuracy(logits, test.labels)
    return values


def study(names: Sequence[str]) -> Iterator[Tables]:
    """The tables of each case in turn, with a progress bar over its seeds."""
    for name in names:
        tried = trial_rows(name).round({"accuracy": 4})
        settings = chosen(tried, name)
        bar = tqdm(cases()[name].seeds, desc=name, unit="seed", leave=False)
        parts = [result_rows(name, seed, settings) for seed in bar]
        results, curves = (pd.concat(p, ignore_index=True) for p in zip(*parts, strict=True))
        yield Tables(tried, results, curves)


def summary(results: pd.DataFrame) -> str:
    """Mean test accuracy and epochs of every case and model, as a text."""
    rows = results[results["measure"].isin(["accuracy", "epochs", "parameters"])]
    means = rows.pivot_table(index=["case", "model"], columns="measure", values="value", sort=False)
    return means.round(3).to_string()


def depths(
    case: Annotated[list[str] | None, typer.Option(help="one of the cases; all without it")] = None,
    out: Annotated[Path, typer.Option(help="folder for the three CSVs")] = Path("data"),
) -> None:
    """Compare early, intermediate and late fusion with equal parameters and equal tuning."""
    try:
        measured = list(study(case or list(cases())))
    except (ValueError, DataFileError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    for name in ("trials", "results", "curves"):
        table = pd.concat([getattr(tables, name) for tables in measured], ignore_index=True)
        text = summary(table) if name == "results" else ""
        store(table, text, out / f"depth_{name}.csv")
