"""``python course.py site``: make the site, compute the states of its explorers, check it."""

from pathlib import Path
from typing import Annotated

import typer

from coursekit.utils.checks import require

CHECKOUT = Path(__file__).resolve().parents[3]
app = typer.Typer(add_completion=False)


@app.command()
def site(
    keys: Annotated[
        list[str] | None, typer.Argument(help="with --states: explorers, games")
    ] = None,
    out: Annotated[Path, typer.Option(help="the folder to write")] = CHECKOUT / "build" / "site",
    base: Annotated[str, typer.Option(help="the address where the site will stand")] = "",
    lessons: Annotated[str, typer.Option(help="only these, such as 05,09")] = "",
    solutions: Annotated[bool, typer.Option(help="of the exercises, in the pages")] = True,
    states: Annotated[bool, typer.Option("--states", help="compute what explorers show")] = False,
    check: Annotated[bool, typer.Option("--check", help="then look at every page")] = False,
) -> None:
    """Make the course's site from the stored notebooks; nothing is trained anew."""
    wanted = lessons.replace(",", " ").split()
    try:
        from coursekit.course.site.commands import check_site, compute_states, make_site

        require(states or not keys, f"KEY is {' '.join(keys or [])}; keys go with --states.")
        if states:
            raise typer.Exit(compute_states(keys or []))
        made = make_site(out, base, wanted, solutions)
        if check:
            made = check_site(out) or made
        raise typer.Exit(made)
    except ModuleNotFoundError as problem:
        if str(problem.name).startswith("coursekit"):
            raise
        command = f"`python course.py site{' --check' * check}`"
        typer.echo(f"{problem.name} is not installed; {command} installs it.", err=True)
        raise typer.Exit(2) from None
    except (ValueError, OSError) as problem:  # a wrong input; data files that are missing
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    app()
