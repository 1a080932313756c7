"""``python course.py site``: make the site, compute the states of its explorers, check it."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def site(
    keys: Annotated[
        list[str] | None, typer.Argument(help="with --states: explorers, games")
    ] = None,
    out: Annotated[Path, typer.Option(help="the folder to write")] = Path("build/site"),
    base: Annotated[str, typer.Option(help="the address where the site will stand")] = "",
    lessons: Annotated[str, typer.Option(help="only these, such as 05,09")] = "",
    solutions: Annotated[bool, typer.Option(help="of the exercises, in the pages")] = True,
    states: Annotated[bool, typer.Option("--states", help="compute what explorers show")] = False,
    check: Annotated[bool, typer.Option("--check", help="look at every page in Chromium")] = False,
) -> None:
    """Make the course's site from the stored notebooks; nothing is trained anew."""
    from coursekit.course.site.commands import check_site, compute_states, make_site

    wanted = [name for name in lessons.split(",") if name]
    try:
        if states:
            raise typer.Exit(compute_states(keys or []))
        if check and out.exists():
            raise typer.Exit(check_site(out))
        made = make_site(out, base, wanted, solutions)
        if check:
            made = check_site(out) or made
        raise typer.Exit(made)
    except ValueError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    app()
