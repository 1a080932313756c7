"""``python -m coursekit.course.hub``: start a class's server, its proxy, its exchange."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from coursekit.course.hub import nbgrader_exchange as exchanges
from coursekit.course.hub import proxy as proxies
from coursekit.course.hub.settings import FILE, link, read

INSTALL = ".venv/bin/python -m pip install -c constraints.txt -e '.[hub]'"
Settings = Annotated[Path, typer.Argument(help="the settings, hub.toml")]
app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def commands() -> None:
    """A class's server: JupyterHub with this course."""


@app.command()
def start(file: Settings = Path("hub.toml")) -> None:
    """Run the hub until Ctrl-C."""
    _require_hub()
    from coursekit.course.hub.configure import command

    hub = _result_or_exit(lambda: read(file))
    typer.echo(f"The hub listens on {hub.address}; stop it with Ctrl-C.")
    if hub.trial:
        typer.echo(f"Passwords of this trial: {hub.state}/password_student, …/password_instructor")
    env = {**os.environ, FILE: str(file.resolve())}
    raise typer.Exit(subprocess.call(command(), env=env, cwd=file.resolve().parent))


@app.command()
def proxy() -> None:
    """Install the hub's proxy beside Python, with npm."""
    typer.echo(proxies.location() or _result_or_exit(proxies.install))


@app.command()
def exchange(
    folder: Annotated[Path, typer.Argument(help="the class's folder")],
    file: Annotated[Path, typer.Option(help="the settings")] = Path("hub.toml"),
) -> None:
    """Let a class's folder use the hub's exchange."""
    hub = _result_or_exit(lambda: read(file))
    _result_or_exit(lambda: exchanges.share(hub.exchange))
    _result_or_exit(lambda: exchanges.connect(folder, hub.exchange))
    typer.echo(f"{folder / 'exchange'} is {hub.exchange} now.")


@app.command("link")
def print_link(file: Settings = Path("hub.toml")) -> None:
    """Print the address that brings the course to a student and opens it."""
    typer.echo(_result_or_exit(lambda: link(read(file))))


def _result_or_exit(work: Callable[[], Any]) -> Any:
    """What ``work`` gives; what is wrong is said in a sentence."""
    try:
        return work()
    except (ValueError, RuntimeError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None


def _require_hub() -> None:
    if any(find_spec(name) is None for name in ("jupyterhub", "nbgrader")):
        typer.echo(f"JupyterHub is not installed. In the course's folder: {INSTALL}", err=True)
        raise typer.Exit(2)


if __name__ == "__main__":
    sys.exit(app())
