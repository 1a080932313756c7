"""The course's own EMAP table: four heads and the ensemble on four data sets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import pandas as pd
import torch
import typer
from torch import Tensor
from tqdm.auto import tqdm

from coursekit.analysis.intervals import summarise
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds
from coursekit.data import load, load_preset
from coursekit.data.multimodal import MultimodalData, Split
from coursekit.lessons.l03_emap.interaction import projected
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, accuracy, fit, predict
from coursekit.utils.checks import choose
from coursekit.utils.threads import threads

HEADS = ("late-linear", "mid-mlp", "film", "low-rank")
ENSEMBLE = "ensemble"  # last in every table: one model per modality, their probabilities averaged
RATES = (0.01, 0.03, 0.1, 0.3)  # tried for every head alike; the validation rows choose


def _digits(seed: int) -> MultimodalData:
    return load("av_digits", seed=seed, fold=seed % 6)  # every seed takes the next group of voices


def _views(seed: int) -> MultimodalData:
    return load("uci_views", seed=seed)


DATA: Mapping[str, Callable[[int], MultimodalData]] = MappingProxyType(
    {
        "balanced": partial(load_preset, "balanced"),
        "synergy": partial(load_preset, "synergy"),
        "uci_views": _views,
        "av_digits": _digits,
    }
)


def table_rows(name: str, seed: int) -> pd.DataFrame:
    """One row per head and one for the ensemble, trained on ``name``, projected over its test rows.

    Columns: data, seed, head, lr (chosen on validation, of `RATES`), valid (its accuracy there),
    before and after (test accuracy of the model and of its projection), changed (share of test rows
    that get another class); accuracies and shares with 4 digits.
    """
    data = DATA[choose("name", name, DATA)](seed)
    rows = []
    for head in HEADS:
        valid, lr, model = tuned(data, head, seed)
        with threads(1):
            tested = projected(model, data.test)
        measured = {"before": tested.accuracy, "after": tested.projected}
        measured["changed"] = tested.changed
        rows.append(
            {"data": name, "seed": seed, "head": head, "lr": lr, "valid": valid, **measured}
        )
    valid, lr, scores = ensemble(data, seed)
    # A mean of probabilities is a sum of one function per modality: its own projection.
    right = accuracy(scores, data.test.labels)
    measured = {"before": right, "after": right, "changed": 0.0}
    rows.append(
        {"data": name, "seed": seed, "head": ENSEMBLE, "lr": lr, "valid": valid, **measured}
    )
    return pd.DataFrame(rows).round({"valid": 4, "before": 4, "after": 4, "changed": 4})


def tuned(data: MultimodalData, head: str, seed: int) -> tuple[float, float, MultimodalClassifier]:
    """Validation accuracy, rate and model of the rate that does best on the validation rows."""
    tried = []
    for lr in RATES:
        model = build_classifier(data.train.inputs, data.num_classes, fusion=head, seed=seed)
        history = fit(model, data.train, data.valid, Settings(lr=lr), seed=seed)
        valid = float(history[history["split"] == "valid"]["accuracy"].iloc[-1])
        tried.append((valid, lr, model))
    return max(tried, key=lambda trial: trial[0])  # of equal ones the first, the smallest rate


def ensemble(data: MultimodalData, seed: int) -> tuple[float, float, Tensor]:
    """As `tuned`, for one model per modality; the scores (N, C) on the test rows for the model.

    One rate for all of them, by the validation accuracy of the averaged probabilities.
    """
    tried = []
    for lr in RATES:
        models = []
        for m in data.modalities:
            model = build_classifier({m: data.train.inputs[m]}, data.num_classes, seed=seed)
            fit(model, data.train, data.valid, Settings(lr=lr), seed=seed)
            models.append(model)
        valid = accuracy(averaged(models, data.valid), data.valid.labels)
        tried.append((valid, lr, averaged(models, data.test)))
    return max(tried, key=lambda trial: trial[0])


def averaged(models: Sequence[MultimodalClassifier], split: Split) -> Tensor:
    """Mean over ``models`` of their probabilities (N, C)."""
    with threads(1):  # as in the training, so that the machine's cores decide nothing
        shares = [predict(model, split.inputs).joint.softmax(1) for model in models]
    return torch.stack(shares).mean(0)


def emap_table(seeds: int) -> Iterator[pd.DataFrame]:
    """`table_rows` of every data set, seeds 100, 101, …, with a progress bar."""
    jobs = [(name, seed) for name in DATA for seed in fresh_seeds(seeds)]
    for name, seed in tqdm(jobs, unit="fit"):
        yield table_rows(name, seed)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean of before and after, and of their difference with its interval, a row per data and head.

    Columns: data, head, before, after, mean, low, high (the last three of after − before).
    """
    by = ["data", "head"]
    means = table.groupby(by, sort=False)[["before", "after"]].mean().reset_index()
    moved = table.assign(moved=table["after"] - table["before"])
    return means.merge(summarise(moved, by, "moved"), on=by)


def interactions(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 10,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/emap.csv"),
) -> None:
    """Project four heads on four data sets with EMAP, the ensemble beside them, over seeds."""
    table = pd.concat(emap_table(seeds), ignore_index=True)
    store(table, summary(table).round(3).to_string(index=False), out)
