"""Every fusion operator over many seeds, each at the best of the same learning rates.

Slow, so the tables lie in data/: ``python -m coursekit surfaces`` and ``… operators``. A rate is
chosen on seeds 0 to 2, by what the operator reaches on the rows or grid it may choose on; the
results that lessons show are those of seeds 100 to 109.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from coursekit import fusion
from coursekit.analysis.intervals import summarise
from coursekit.compare import tuning
from coursekit.compare.stored_tables import store
from coursekit.lessons.l02_fusion_operators.surfaces import ENCODERS, RATES, TARGETS, learn

PLACE = ["encoder", "operator"]  # what gets a rate of its own


def surface_rows(encoder: str, operator: str, rate: float, seed: int) -> list[dict[str, object]]:
    """R² and share of interaction of every target; a row per target."""
    rows: list[dict[str, object]] = []
    for name, target in TARGETS.items():
        surface = learn(operator, target, encoder=encoder, rate=rate, seed=seed)
        row: dict[str, object] = {"encoder": encoder, "operator": operator, "target": name}
        row |= {"rate": rate, "seed": seed}
        row |= {"r2": round(surface.r2, 4), "interaction": round(surface.interaction, 4)}
        rows.append(row)
    return rows


def surface_study(jobs: int = 2, names: Sequence[str] | None = None) -> pd.DataFrame:
    """`surface_rows` of all operators with and without encoders: every rate, then the best one."""
    rates = {(e, n): RATES for e in ENCODERS for n in names or fusion.names()}
    return tuning.tune_and_report(surface_rows, rates, PLACE, "r2", jobs=jobs, label="surfaces")


def surfaces(
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/surfaces.csv"),
) -> None:
    """Fit every operator to the four surfaces of lesson 02, over seeds, at its best rate."""
    table = surface_study()
    reported = tuning.results(table, PLACE, "r2")
    summary = summarise(reported, [*PLACE, "target"], "r2").round(3)
    store(table, summary.to_string(index=False), out)
