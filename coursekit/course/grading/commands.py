"""``python -m coursekit assign`` and ``grade``: an assignment out, and marks back."""

from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pandas import DataFrame

    from coursekit.course.grading.canvas_moodle import Filled

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
    explorer: Annotated[
        list[str] | None, typer.Option(help="NAME=CODE of a setting to begin with, again")
    ] = None,
    written: Annotated[
        bool, typer.Option("--written", help="also each lesson's open question, marked by you")
    ] = False,
    late_days: Annotated[
        int | None, typer.Option(help="free late days a student has in all, for the whole class")
    ] = None,
    late_percent: Annotated[
        float | None, typer.Option(help="of the points, taken for each late day beyond them")
    ] = None,
    again: Annotated[bool, typer.Option(help="make one anew that was made before")] = False,
) -> None:
    """Make an assignment of these lessons' exercises for nbgrader."""
    _require_nbgrader()
    from coursekit.course.grading.assignment import Plan
    from coursekit.course.grading.class_folder import assign as make

    try:
        plan = Plan(
            lessons=tuple(lessons),
            name=name,
            seed=seed,
            exercises=tuple(exercise or ()),
            points={key: _number(key, text) for key, text in map(_pair, points or [])},
            due=due.astimezone() if due else None,
            help=help_,
            explorers=dict(map(_pair, explorer or [])),
            written=written,
        )
        release = make(plan, out, again)
        _change_late_rule(out, late_days, late_percent)
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


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign:
        raise ValueError(f"{text!r} was given; KEY=VALUE was expected, 01-slope-for=2.")
    return key, value


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"points of {key} is {text!r}; a number was expected.") from None


def _change_late_rule(folder: Path, free: int | None, percent: float | None) -> None:
    from coursekit.course.grading.late_days import LateRule, keep_rule, rule_of

    now = rule_of(folder)
    new = LateRule(now.free if free is None else free, now.percent if percent is None else percent)
    if new != now:
        keep_rule(new, folder)


def preview(
    folder: Annotated[Path, typer.Argument(help="the class's folder")],
    name: Annotated[str, typer.Option(help="of the assignment")] = "ps1",
) -> None:
    """Show an assignment as students see it: pages of the release, run from top to bottom."""
    _require_nbgrader()
    from coursekit.course.grading.preview import preview as pages

    try:
        for page in pages(folder, name):
            typer.echo(str(page))
    except (ValueError, RuntimeError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None


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
    canvas: Annotated[
        Path | None, typer.Option(help="an export of Canvas's gradebook, to be filled in")
    ] = None,
    moodle: Annotated[
        Path | None, typer.Option(help="a grading worksheet of Moodle, to be filled in")
    ] = None,
) -> None:
    """Collect and grade what has been handed in, make the feedback, write the marks as a CSV.

    Stopped, it goes on where it was when it is started again.
    """
    _require_nbgrader()
    from coursekit.course.grading import canvas_moodle as books
    from coursekit.course.grading.feedback import marks

    try:
        _grade(folder, name, student or [], exercise or [], again, jobs)
        table = marks(folder, name)
        _write(table, folder / f"marks_{name}.csv", f"{len(table)} students")
        if canvas is not None:
            _fill(books.canvas(table, canvas, name), canvas, folder / f"canvas_{name}.csv")
        if moodle is not None:
            _fill(books.moodle(table, moodle, name), moodle, folder / f"moodle_{name}.csv")
    except (ValueError, RuntimeError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    for row in table[table["problem"] != ""].itertuples():
        typer.echo(f"For you to look at: {row.student} {row.problem}.")


def _grade(
    folder: Path, name: str, only: list[str], exercises: list[str], again: bool, jobs: int
) -> None:
    """Grade, give feedback, say whose marks changed."""
    from coursekit.course.grading.collect import collect
    from coursekit.course.grading.feedback import charge, feedback
    from coursekit.course.grading.grade_class import Change, grade

    def give_back(student: str) -> None:
        charge(folder, student)  # before the feedback, which shows it
        feedback(folder, name, student)

    collected = collect(folder, name)
    for place in collected.unnamed:
        typer.echo(f"Left in the exchange: {place}, whose name is no submission's.")
    changed: list[Change] = []
    for _, changes in grade(
        folder, name, only=only, exercises=exercises, again=again, jobs=jobs, after=give_back,
        not_collected=collected.problems,
    ):  # fmt: skip
        changed += [c for c in changes if c.before is not None]
    for change in changed:
        points = f"from {change.before:g} to {change.after:g}"
        typer.echo(f"Changed: {change.student}, {change.exercise}, {points}")


def _fill(filled: "Filled", source: Path, path: Path) -> None:
    """Write a table to import, and say who could not be placed."""
    _write(filled.table, path, "To import")
    for who in filled.unknown:
        typer.echo(f"{source.name} does not know {who}.")
    if filled.without:
        typer.echo(f"Without a mark in it: {', '.join(filled.without)}.")


def _write(table: "DataFrame", path: Path, label: str) -> None:
    table.to_csv(path, index=False)
    typer.echo(f"{label}: {path}")
