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
from coursekit.utils.checks import require, require_columns, require_finite

APART = "not told apart from"


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
    """A row per name, best mean first: rank, mean total, interval, "not told apart from".

    The interval is over mysteries, within 0 to 100. Equal means share a rank. not told apart from:
    those whose paired difference has an interval around 0; three mysteries rarely tell.
    Errors: TypeError or ValueError for a table without name, mystery, total, with one mystery, with
    totals that are no numbers, or with somebody who was not marked once on each.
    """
    require_columns("marks", marks, ("name", "mystery", "total"))
    for total in marks["total"]:
        require_finite("a total in marks", total)
    times = pd.crosstab(marks["name"], marks["mystery"])
    uneven = list(map(str, times.index[(times != 1).any(axis=1)]))
    once = f"marks has {', '.join(uneven[:3])} not once on each mystery; once was expected."
    require(not uneven, once)
    totals = marks.pivot_table("total", "mystery", "name", sort=False)
    require(len(totals) > 1, "marks has one mystery; two or more were expected.")
    means = totals.mean().round(6)
    ranks = means.rank(ascending=False, method="min").astype(int)
    rows = []
    for name in means.sort_values(ascending=False, kind="stable").index:
        own = interval(totals[name])
        alike = [n for n in totals if n != name and _around_zero(totals[name] - totals[n])]
        low, high = max(own.low, 0.0), min(own.high, 100.0)
        rows.append((ranks[name], name, own.mean, low, high, ", ".join(map(str, alike))))
    return pd.DataFrame(rows, columns=["rank", "name", "mean", "low", "high", APART])


def _around_zero(difference: pd.Series) -> bool:
    i = interval(difference)
    return i.low <= 0 <= i.high


def judge_solvers(
    folder: Annotated[Path, typer.Argument(help="of NAME.py files, each with solve(case)")],
    count: Annotated[int, typer.Option(min=2, help="hidden mysteries")] = 3,
    seconds: Annotated[float, typer.Option(min=1, help="time for each")] = SECONDS,
    out: Annotated[Path, typer.Option(help="the CSV of marks")] = Path("judged_solvers.csv"),
) -> None:
    """Judge every solver in a folder on hidden mysteries of lesson 18, and rank them.

    Asks for secret words, of which the seeds are made; on the command line solvers could read them.
    """
    files = [file for file in sorted(folder.glob("*.py")) if file.is_file()]
    require(len(files) > 0, f"folder is {folder}, which has no NAME.py; one or more were expected.")
    # Letters that are no UTF-8 are the learner's fault, not the class's.
    solvers = {file.stem: file.read_text(encoding="utf-8", errors="replace") for file in files}
    secret = typer.prompt("Secret words for the seeds", hide_input=True)
    marks = judge_class(solvers, hidden_seeds(secret, count), seconds)
    marks.to_csv(out, index=False, lineterminator="\n")
    typer.echo(f"{ranking(marks).round(1).to_string(index=False)}\n{len(marks)} rows in {out}")
