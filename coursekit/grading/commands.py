"""``python -m coursekit assign`` and ``grade``: an assignment out, and marks back."""

from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

INSTALL = ".venv/bin/python -m pip install -c constraints.txt -e '.[class]'"
DUE = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]


def assign(
    lessons: Annotated[list[str], typer.Argument(help="two digits each: 01 06")],
    out: Annotated[Path, typer.Option(help="the class's folder; made when it is not there")],
    name: Annotated[str, typer.Option(help="of the assignment")] = "ps1",
    seed: Annotated[int, typer.Option(help="of the hidden cases: another one each term")] = 0,
    exercise: Annotated[
        list[str] | None, typer.Option(help="key, again for several; all without it")
    ] = None,
    points: Annotated[list[str] | None, typer.Option(help="KEY=POINTS, again for several")] = None,
    due: Annotated[
        datetime | None, typer.Option(help="in this machine's time zone", formats=DUE)
    ] = None,
    help_: Annotated[str, typer.Option("--help-given", help="all, hints or none")] = "all",
    again: Annotated[bool, typer.Option(help="make one anew that was made before")] = False,
) -> None:
    """Make an assignment of these lessons' exercises for nbgrader."""
    _require_nbgrader()
    from coursekit.grading.assignment import Plan
    from coursekit.grading.course import assign as make

    try:
        plan = Plan(
            lessons=tuple(lessons),
            name=name,
            seed=seed,
            exercises=tuple(exercise or ()),
            points=dict(map(_pair, points or [])),
            due=due.astimezone() if due else None,
            help=help_,
        )
        release = make(plan, out, again)
    except ValueError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    typer.echo(f"For the students: {release}")
    typer.echo(f"What they hand in goes to {out / 'submitted'}/STUDENT/{name}/; then")
    typer.echo(f"    python -m coursekit grade {out} --name {name}")


def _require_nbgrader() -> None:
    """Say so where it is not installed: learners have no need of it, so it comes separately."""
    if any(find_spec(name) is None for name in ("nbgrader", "jupytext")):
        typer.echo(f"Assignments need nbgrader. In the course's folder: {INSTALL}", err=True)
        raise typer.Exit(2)


def _pair(text: str) -> tuple[str, float]:
    key, _, value = text.partition("=")
    try:
        return key, float(value)
    except ValueError:
        raise ValueError(f"points is {text!r}; KEY=POINTS was expected, 01-slope-for=2.") from None


def grade(
    folder: Annotated[Path, typer.Argument(help="the class's folder")],
    name: Annotated[str, typer.Option(help="of the assignment")] = "ps1",
    student: Annotated[
        list[str] | None, typer.Option(help="only this one, again for several")
    ] = None,
    exercise: Annotated[
        list[str] | None, typer.Option(help="keep the marks of this one only")
    ] = None,
    again: Annotated[bool, typer.Option(help="also who was graded before")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="submissions at a time")] = 2,
) -> None:
    """Grade what has been handed in, make the feedback, write the marks as a CSV.

    Stopped, it goes on where it was when it is started again.
    """
    _require_nbgrader()
    from coursekit.grading.returning import feedback, marks
    from coursekit.grading.run import grade as grade_class

    try:
        work = grade_class(
            folder, name, only=student or (), exercises=exercise or (), again=again, jobs=jobs
        )
        changed = []
        for found, changes in work:
            changed += [c for c in changes if c.before is not None]
            if not found.problem:
                feedback(folder, name, found.student)
    except ValueError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    table, path = marks(folder, name), folder / f"marks_{name}.csv"
    table.to_csv(path, index=False)
    typer.echo(f"{len(table)} students, {path}")
    for change in changed:
        what = f"{change.before:g} to {change.after:g}"
        typer.echo(f"Changed: {change.student}, {change.exercise}, from {what}")
    for row in table[table["problem"] != ""].itertuples():
        typer.echo(f"For you to look at: {row.student} {row.problem}.")
