"""``python -m coursekit new lesson NAME``, or exercise, method, operator: a beginning that runs.

Needs a checkout and the packages of the ``test`` extra; what is written stands in
`coursekit.course.authoring.scaffold`, its templates in ``templates/``.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from coursekit.course.authoring.scaffold import Scaffold

ROOT = Path(__file__).resolve().parents[3]
CHECKOUT = ("notebooks/source", "tests/lessons", "INSTRUCTORS.md")
TOOLS = ("jupytext", "nbgrader", "ruff")
INSTALL = ".venv/bin/python -m pip install -c constraints.txt -e '.[test]'"

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Begin a lesson, an exercise or a method."
)


@app.command()
def lesson(
    name: Annotated[str, typer.Argument(help="number and words: 09_contrastive_alignment")],
) -> None:
    """A lesson: its room, source script, answers, tests and the section for instructors."""
    _require_checkout()
    from coursekit.course.authoring.scaffold_lesson import lesson as plan

    number = name[:2]
    then = f"python tests/exercise_mutants.py {number}"
    _write(lambda: plan(name), f"python course.py refresh {number} 00 explorers, {then}")


@app.command()
def exercise(
    key: Annotated[str, typer.Argument(help="lesson and words: 05-fair-rival")],
) -> None:
    """An exercise of a lesson: its module, its two cells, answers and slips to try on it."""
    _require_checkout()
    from coursekit.course.authoring.scaffold_lesson import exercise as plan

    then = f"python tests/exercise_mutants.py {key[:2]}"
    _write(lambda: plan(key), f"python course.py refresh {key[:2]}, {then}")


@app.command()
def method(name: Annotated[str, typer.Argument(help="snake_case: slow_start")]) -> None:
    """A balancing method: equation and class in one module, and its tests."""
    _require_checkout()
    from coursekit.course.authoring.scaffold import method as plan

    _write(lambda: plan(name), "python course.py test tests/balancing")


@app.command()
def operator(name: Annotated[str, typer.Argument(help="snake_case: cross_gate")]) -> None:
    """A fusion operator: equation and class in one module, and its tests."""
    _require_checkout()
    from coursekit.course.authoring.scaffold import operator as plan

    _write(lambda: plan(name), "python course.py test tests/fusion")


def _require_checkout() -> None:
    """Say so where there is no checkout to write into, or tools are missing."""
    if not all((ROOT / part).exists() for part in CHECKOUT):
        typer.echo(
            f"There is no checkout of the course in {ROOT}, so nothing can be written there. "
            "Clone the repository and run `.venv/bin/python -m coursekit new` inside it.",
            err=True,
        )
        raise typer.Exit(2)
    missing = [name for name in TOOLS if find_spec(name) is None]
    if missing:
        typer.echo(f"{', '.join(missing)} must be installed first: {INSTALL}", err=True)
        raise typer.Exit(2)


def _write(plan: Callable[[], "Scaffold"], command: str) -> None:
    """Write what was planned, or nothing; say what stands where, and what comes next."""
    from coursekit.course.authoring.scaffold import write_all

    try:
        written = write_all(plan())
    except (ValueError, OSError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    for path, change in written.items():
        typer.echo(f"{change} {path.relative_to(ROOT)}")
    typer.echo(f"It runs as it is. Next: {command}")
    typer.echo(
        "What waits for your words: python course.py test tests/course/test_unwritten_sentences.py"
    )
