"""Every fusion of the space, trained on every case: a table that searches are tried on."""

from itertools import product
from pathlib import Path
from typing import Annotated

import pandas as pd
import torch
import typer

from coursekit.analysis.intervals import summarise
from coursekit.compare.networks_at_once import at_once
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.lessons.l16_dynamic_fusion.experts import training_epochs
from coursekit.lessons.l16_dynamic_fusion.fusion_space import (
    ALONE,
    NOTHING,
    SPACE,
    Configuration,
    new_network,
)
from coursekit.lessons.l16_dynamic_fusion.generated_rows import (
    Generated,
    Rows,
    generated,
    recipe_of,
    right,
)
from coursekit.utils.threads import threads

CASES = ("balanced", "synergy", "starve")
EPOCHS, SOON, RATE = 15, 3, 3e-3


def rows_of(case: str, first: str, seconds: tuple[str, ...], seeds: int) -> pd.DataFrame:
    """All configurations with one first row: a row per second row and seed (4 digits)."""
    with threads(1):
        data = generated(recipe_of(case), list(fresh_seeds(seeds)))
        parts = [one_fusion(data, (first, second)).assign(second=second) for second in seconds]
    table = pd.concat(parts, ignore_index=True).assign(case=case, first=first)
    return table[["case", "first", "second", "seed", "soon", "valid", "test"]].round(4)


def one_fusion(data: Generated, rows: Configuration) -> pd.DataFrame:
    """A fusion trained with every seed: accuracies.

    soon: on validation rows after `SOON` epochs; valid, test: after all of them.
    """
    networks = at_once([new_network(rows, data, seed) for seed in data.seeds])

    @torch.no_grad()
    def accuracy(part: Rows) -> list[float]:
        return right(networks(part.inputs), part.labels).tolist()

    soon: list[float] = []
    for epoch in training_epochs(networks, data, EPOCHS, RATE):
        if epoch == SOON:
            soon = accuracy(data.valid)
    own = {"soon": soon, "valid": accuracy(data.valid), "test": accuracy(data.test)}
    return pd.DataFrame({"seed": data.seeds, **own})


def fusion_space(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 6,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/fusion_space.csv"),
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 1,
) -> None:
    """Train every fusion of lesson 16's space on three cases."""
    work = [(case, first, SPACE[1], seeds) for case, first in product(CASES, SPACE[0])]
    work += [(case, first, (NOTHING,), seeds) for case, first in product(CASES, ALONE)]
    table = pd.concat(run_all(rows_of, work, jobs, "fusion space"), ignore_index=True)
    best = summarise(table, ["case", "first", "second"], "test").sort_values("mean")
    store(table, best.groupby("case").tail(4).round(3).to_string(index=False), out)
