"""Accuracy under noise in one modality, and without it, by how a network was trained.

    python -m coursekit robustness

makes ``data/robustness.csv`` in about two processor minutes; then `python data/make_checksums.py`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import torch
import typer
from torch import Tensor

from coursekit.analysis.missing_modality import filled
from coursekit.compare.protocol import data_of, train
from coursekit.compare.stored_tables import store
from coursekit.compare.trial_text import read_trial
from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.data.files import open_checked
from coursekit.data.multimodal import MultimodalData
from coursekit.training import accuracy, predict
from coursekit.utils.checks import choose, require_not_negative
from coursekit.utils.threads import threads

DATA = "av_digits"
FUSIONS = {  # method → its fusion in the stored tables of methods
    "joint": "late-linear",
    "ensemble": "none",
    "modality-dropout": "late-linear",
    "mlb": "late-linear",
    "random-scale": "late-linear",  # the control of MLB: its range, drawn instead of computed
}
LEVELS = (0.0, 0.5, 1.0, 2.0, 4.0)
MISSING = "missing"
NOISE_STREAM = 10**6


def chosen_trial(method: str) -> dict[str, float]:
    """The settings that validation chose for the stored table of methods, six tried for each."""
    choose("method", method, FUSIONS)
    table = pd.read_csv(open_checked("methods.csv"))
    mine = (table["data"] == DATA) & (table["fusion"] == FUSIONS[method])
    return dict(read_trial(str(table.loc[mine & (table["method"] == method), "trial"].iloc[0])))


def noisy(inputs: dict[str, Tensor], modality: str, level: float, seed: int) -> dict[str, Tensor]:
    """Inputs (N, …) by modality, one of them with normal noise of deviation ``level``.

    The seed fixes the pattern, the level its strength only, so that levels are compared on one
    pattern.
    """
    choose("modality", modality, inputs)
    require_not_negative("level", level)
    generator = torch.Generator().manual_seed(NOISE_STREAM + seed)
    x = inputs[modality]
    return {**inputs, modality: x + level * torch.randn(x.shape, generator=generator)}


def conditions(data: MultimodalData, seed: int) -> Iterator[tuple[str, str, dict[str, Tensor]]]:
    """Modality, how it is damaged, and the test inputs then; absent ones are training's mean."""
    clean = dict(data.test.inputs)
    for modality in data.modalities:
        for level in LEVELS:
            yield modality, f"{level:g}", noisy(clean, modality, level, seed)
        yield modality, MISSING, filled(clean, modality, "mean", data.train.inputs)


def rows_of(method: str, seed: int) -> list[dict[str, Any]]:
    """One training: accuracy on the test rows under each condition (4 digits)."""
    with threads(1):
        data = data_of(DATA, seed)
        model, _ = train(DATA, FUSIONS[method], method, chosen_trial(method), seed)
        return [
            {
                "method": method, "seed": seed, "modality": modality, "damage": damage,
                "accuracy": round(accuracy(predict(model, x).joint, data.test.labels), 4),
            }
            for modality, damage, x in conditions(data, seed)
        ]  # fmt: skip


def robustness(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 10,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/robustness.csv"),
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 1,
) -> None:
    """Measure accuracy under noise in one modality, and without it."""
    plan = [(method, seed) for seed in fresh_seeds(seeds) for method in FUSIONS]
    parts = run_all(rows_of, plan, jobs, "robustness")
    table = pd.DataFrame([row for rows in parts for row in rows])
    means = table.pivot_table(
        index=["modality", "damage"], columns="method", values="accuracy", sort=False
    )
    store(table, means.round(3).to_string(), out)
