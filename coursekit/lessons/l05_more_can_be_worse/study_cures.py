"""The usual cures against both illnesses, and more data against the first one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from coursekit.analysis.intervals import summarise
from coursekit.compare.seeds import Variant, cures, over_seeds
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds
from coursekit.data.preset_recipes import load_preset, preset
from coursekit.training import Settings

SIZES = (500, 1000, 2000, 4000)  # training samples of "starve"; the preset has 1000


def cure_rows(
    name: str, seeds: list[int], train: int | None = None, jobs: int = 1, label: str = ""
) -> pd.DataFrame:
    """Test accuracies of a preset's models, with every cure at the preset's own size only.

    Columns: data (the preset), train (number of samples), seed, model ("A", "B", "joint", each
    cure, "ensemble"), accuracy (4 digits).  train: another number of samples, without cures.
    """
    chosen = preset(name)
    size = chosen.recipe.train if train is None else train
    tried = cures() if size == chosen.recipe.train else {}
    result = over_seeds(
        lambda seed: load_preset(name, seed, train=size),
        Settings(**chosen.training),
        seeds,
        variants={"joint": Variant(), **tried},
        jobs=jobs,
        label=label,
    )
    rows = result.accuracy[["seed", "model", "accuracy"]].round({"accuracy": 4})
    rows.insert(0, "data", name)
    rows.insert(1, "train", size)
    return rows


def cure_study(seeds: int, jobs: int = 2) -> Iterator[pd.DataFrame]:
    """`cure_rows` of both illnesses, and of starvation with less and more data.

    The presets were chosen on seeds 0 to 9; results use others.
    """
    plan = [("starve", n) for n in SIZES] + [("overfit", preset("overfit").recipe.train)]
    for name, size in plan:
        yield cure_rows(name, list(fresh_seeds(seeds)), size, jobs, f"{name}, n = {size}")


def cures_command(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 10,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/cures.csv"),
) -> None:
    """Try the usual cures on both illnesses of the generator, and more data on the first."""
    table = pd.concat(cure_study(seeds), ignore_index=True)
    summary = summarise(table, ["data", "train", "model"]).round(3)
    store(table, summary.to_string(index=False), out)
