"""Gradient-Blending under three optimisers, each method at the best of the same number of rates."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import pandas as pd
import typer

from coursekit import balancing
from coursekit.analysis.intervals import summarise
from coursekit.compare import tuning
from coursekit.compare.stored_tables import store
from coursekit.data.presets import load_preset, preset
from coursekit.models import build_classifier
from coursekit.training import Settings, accuracy, fit, predict
from coursekit.utils.checks import choose
from coursekit.utils.threads import threads

PLACE = ("data", "optimizer", "method")  # what has a rate of its own
DATA = ("starve", "imbalance", "overfit")
RATES: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "sgd": (0.01, 0.03, 0.1, 0.3, 1.0),  # with momentum 0.9
        "adagrad": (0.003, 0.01, 0.03, 0.1, 0.3),
        "adam": (0.0003, 0.001, 0.003, 0.01, 0.03),
    }
)
WINDOW = 10  # epochs of an estimate; of 20 or, in overfit, 30


def methods() -> dict[str, tuple[str, dict[str, Any]]]:
    """Label in the table → name of the method and its own settings."""
    blend = {"epochs": WINDOW, "held": 0.25}
    return {
        "joint": ("joint", {}),
        "multi-loss": ("multi-loss", {}),
        "offline, safe": ("gblend-offline", {**blend, "rule": "safe"}),
        "offline, paper": ("gblend-offline", {**blend, "rule": "paper"}),
        "online, safe": ("gblend-online", {**blend, "rule": "safe"}),
        "online, paper": ("gblend-online", {**blend, "rule": "paper"}),
        "ensemble": ("ensemble", {}),
    }


def row(data: str, optimizer: str, method: str, rate: float, seed: int) -> dict[str, object]:
    """Train one method: validation and test accuracy (4 digits) at its best validation epoch.

    A training that diverges has the accuracy 0.  Errors: ValueError for unknown names.
    """
    chosen = preset(choose("data", data, DATA))
    choose("optimizer", optimizer, RATES)
    name, options = methods()[choose("method", method, methods())]
    settings = Settings(**chosen.training)
    settings = replace(settings, optimizer=optimizer, lr=rate, keep_best=True)
    rows = load_preset(data, seed)
    model = build_classifier(rows.train.inputs, rows.num_classes, seed=seed)
    valid = test = 0.0
    with suppress(FloatingPointError), threads(1):
        built = balancing.build(name, **options)
        fit(model, rows.train, rows.valid, settings, seed=seed, method=built)
        valid, test = (
            accuracy(predict(model, split.inputs).joint, split.labels)
            for split in (rows.valid, rows.test)
        )
    head = {"data": data, "optimizer": optimizer, "method": method, "rate": rate, "seed": seed}
    return {**head, "valid": round(valid, 4), "test": round(test, 4)}


def gains_over_joint(table: pd.DataFrame) -> pd.DataFrame:
    """Test accuracy of the seeds that count, minus joint training's in the same seed.

    table: of `optimizer_study`.  Returns columns data, optimizer, method, seed, gain, in the order
    of `DATA`, `RATES` and `methods`; without joint itself.
    """
    reported = tuning.results(table, PLACE, "valid")
    beside = ["data", "optimizer", "seed"]
    joint = reported.loc[reported["method"] == "joint", [*beside, "test"]]
    others = reported[reported["method"] != "joint"]
    both = others.merge(joint, on=beside, suffixes=("", " of joint"))
    both["gain"] = both["test"] - both["test of joint"]
    for column, order in zip(PLACE, (DATA, list(RATES), list(methods())), strict=True):
        both[column] = both[column].astype(pd.CategoricalDtype(list(order)))
    ordered = both.sort_values([*PLACE, "seed"], ignore_index=True)
    return ordered[[*PLACE, "seed", "gain"]].astype(dict.fromkeys(PLACE, str))


def optimizer_study(jobs: int = 2, only: Sequence[str] = DATA) -> pd.DataFrame:
    """`row` for everything: all rates on the tuning seeds, then the best one on the others."""
    for name in only:
        choose("only", name, DATA)
    rates = {(d, o, m): tried for d in only for o, tried in RATES.items() for m in methods()}
    return tuning.tune_and_train(row, rates, PLACE, "valid", jobs, "optimisers")


def optimizers(
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/blend_optimizers.csv"),
) -> None:
    """Train with Gradient-Blending under SGD, AdaGrad and Adam, each method at its best rate."""
    table = optimizer_study()
    reported = tuning.results(table, PLACE, "valid")
    summary = summarise(reported, PLACE, "test").round(3)
    store(table, summary.to_string(index=False), out)
