"""A class on the same hidden seeds: each `solve.py` judged, and who is ahead of whom."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from coursekit.analysis.intervals import interval
from coursekit.lessons.l18_capstone.desk import Desk
from coursekit.lessons.l18_capstone.graded import SECONDS, hidden_seeds, judge_solver
from coursekit.lessons.l18_capstone.mystery import made, rivals_of
from coursekit.lessons.l18_capstone.training_log import BUDGET, TrainingLog
from coursekit.utils.checks import require, require_columns


def judge_class(
    solvers: Mapping[str, str], seeds: list[int], seconds: float = SECONDS, budget: int = BUDGET
) -> pd.DataFrame:
    """Marks of every solver on every seed: a row each, with why.

    solvers: name → text of the Python file with the function `solve`.  seeds, seconds, budget: the
    same for all.
    """
    rows = []
    for place, seed in enumerate(seeds, 1):
        data, recipe = made(seed)
        for name, code in solvers.items():
            verdict = judge_solver(
                code, Desk(TrainingLog(data, budget)), recipe, rivals_of(seed), seconds
            )
            why = " ".join(text for part in verdict.sentences.values() for text in part)
            rows.append({"name": name, "mystery": place, **verdict.marks, "total": verdict.total,
                         "accuracy": verdict.accuracies["handed in"], "why": why})  # fmt: skip
    return pd.DataFrame(rows)


def ranking(marks: pd.DataFrame) -> pd.DataFrame:
    """A row per name, best mean first: rank, mean total, interval over mysteries, "level with".

    Equal means share a rank. level with: those from whom the paired difference does not tell one
    apart; three mysteries rarely do.
    Errors: TypeError or ValueError for a table without name, mystery, total, or with one mystery.
    """
    require_columns("marks", marks, ("name", "mystery", "total"))
    totals = marks.pivot_table("total", "mystery", "name", sort=False)
    require(len(totals) > 1, "marks has one mystery; two or more were expected.")
    means = totals.mean().round(6)
    ranks = means.rank(ascending=False, method="min").astype(int)
    rows = []
    for name in means.sort_values(ascending=False, kind="stable").index:
        own = interval(totals[name])
        level = [n for n in totals if n != name and _level(totals[name] - totals[n])]
        rows.append((ranks[name], name, own.mean, own.low, own.high, ", ".join(map(str, level))))
    return pd.DataFrame(rows, columns=["rank", "name", "mean", "low", "high", "level with"])


def _level(difference: pd.Series) -> bool:
    i = interval(difference)
    return i.low <= 0 <= i.high


def judge_solvers(
    folder: Annotated[Path, typer.Argument(help="of NAME.py files, each with solve(case)")],
    secret: Annotated[str, typer.Option(prompt=True, hide_input=True, help="words for the seeds")],
    count: Annotated[int, typer.Option(min=2, help="hidden mysteries")] = 3,
    seconds: Annotated[float, typer.Option(min=1, help="time for each")] = SECONDS,
    out: Annotated[Path, typer.Option(help="the CSV of marks")] = Path("judged_solvers.csv"),
) -> None:
    """Judge every solver in a folder on hidden mysteries of lesson 18, and rank them."""
    files = sorted(folder.glob("*.py"))
    require(len(files) > 0, f"folder is {folder}, which has no NAME.py; one or more were expected.")
    solvers = {file.stem: file.read_text(encoding="utf-8") for file in files}
    marks = judge_class(solvers, hidden_seeds(secret, count), seconds)
    marks.to_csv(out, index=False, lineterminator="\n")
    typer.echo(f"{ranking(marks).round(1).to_string(index=False)}\n{len(marks)} rows in {out}")
