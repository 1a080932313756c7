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
from coursekit.compare.tuning import SEEDS, TUNING_SEEDS, best_rates, run_all
from coursekit.lessons.l02_fusion_operators.surfaces import ENCODERS, RATES, TARGETS, learn


def surface_rows(
    encoder: str, operator: str, rate: float, seeds: Sequence[int]
) -> list[dict[str, object]]:
    """R² and share of interaction of every target; a row per target and seed."""
    rows: list[dict[str, object]] = []
    for name, target in TARGETS.items():
        for seed in seeds:
            surface = learn(operator, target, encoder=encoder, rate=rate, seed=seed)
            row: dict[str, object] = {"encoder": encoder, "operator": operator, "target": name}
            row |= {"rate": rate, "seed": seed}
            row |= {"r2": round(surface.r2, 4), "interaction": round(surface.interaction, 4)}
            rows.append(row)
    return rows


def surface_study(jobs: int = 2, names: Sequence[str] | None = None) -> pd.DataFrame:
    """`surface_rows` of all operators with and without encoders: every rate, then the best one."""
    pairs = [(e, n) for e in ENCODERS for n in names or fusion.names()]
    trials = [(e, n, rate, list(TUNING_SEEDS)) for e, n in pairs for rate in RATES]
    table = _table(run_all(surface_rows, trials, jobs, "choosing rates"))
    best = best_rates(table, ["encoder", "operator"], "r2")
    final = [
        (str(e), str(n), float(rate), list(SEEDS))
        for e, n, rate in best[["encoder", "operator", "rate"]].to_numpy()
    ]
    parts = (table, _table(run_all(surface_rows, final, jobs, "surfaces")))
    return pd.concat(parts, ignore_index=True)


def _table(parts: list[list[dict[str, object]]]) -> pd.DataFrame:
    return pd.DataFrame([row for rows in parts for row in rows])


def surfaces(
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/surfaces.csv"),
) -> None:
    """Fit every operator to the four surfaces of lesson 02, over seeds, at its best rate."""
    table = surface_study()
    reported = tuning.results(table, ["encoder", "operator"], "r2")
    summary = summarise(reported, ["encoder", "operator", "target"], "r2").round(3)
    store(table, summary.to_string(index=False), out)
