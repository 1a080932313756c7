"""The cures of Part II where a third modality harms: pictures, motion and sound, the digit."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import torch
import typer

from coursekit.analysis.intervals import summarise
from coursekit.compare.seeds import Variant, compare_stepwise, cures
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.data.files import open_checked
from coursekit.data.multimodal import MultimodalData
from coursekit.lessons.l17_many_modalities.clips import MODALITIES, clip_rows
from coursekit.training import Settings
from coursekit.utils.stepwise import drive
from coursekit.utils.threads import threads

TABLE = "clip_cures.csv"
SETTINGS = Settings(epochs=12, batch_size=64, optimizer="adam", lr=3e-3)
METHODS = ("gblend-offline", "ogm-ge", "mlb", "modality-dropout")


def clip_data(seed: int, label: str = "digit") -> MultimodalData:
    """The clips of one seed as a data set."""
    rows = clip_rows((seed,))[label]
    parts = {"train": rows.train, "valid": rows.valid, "test": rows.test}
    sizes = [part.labels.shape[1] for part in parts.values()]
    labels = torch.cat([part.labels[0] for part in parts.values()])
    return MultimodalData(
        name=f"clips ({label})",
        inputs={m: torch.cat([p.inputs[m][0] for p in parts.values()]) for m in MODALITIES},
        labels=labels,
        group=torch.zeros_like(labels),
        splits=dict(zip(parts, torch.arange(len(labels)).split(sizes), strict=True)),
        classes=tuple(map(str, range(rows.classes))),
    )


def of_seed(seed: int) -> pd.DataFrame:
    """Each modality alone, all three, the ensemble, and every cure: a row per model."""
    variants = {"all three": Variant(), **cures(), **{m: Variant(method=m) for m in METHODS}}
    with threads(1):
        work = compare_stepwise(clip_data(seed), SETTINGS, seed=seed, variants=variants,
                                widths=(32, 32))  # fmt: skip
        return drive(work).accuracy.assign(seed=seed).round(4)


def stored_cures() -> pd.DataFrame:
    """The stored table."""
    return pd.read_csv(open_checked(TABLE))


def clip_cures(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 5,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data") / TABLE,
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 1,
) -> None:
    """Cures of Part II on lesson 17's clips: does one of them bring back what audio alone has?"""
    tables = run_all(of_seed, [(seed,) for seed in fresh_seeds(seeds)], jobs, "clip cures")
    table = pd.concat(tables, ignore_index=True)[["model", "seed", "accuracy"]]
    means = summarise(table, ["model"]).round(3)
    store(table, means.to_string(index=False), out)
