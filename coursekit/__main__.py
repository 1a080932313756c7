"""Commands: trainings, sweeps, tables of slow studies, assignments, scaffolds for authors."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup

from coursekit.course.registry import studies

# Command → its function; the lessons' studies are added to them. A group is a `typer.Typer`.
COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "train": "coursekit.compare.commands:train",
        "sweep": "coursekit.compare.commands:sweep",
        "bench": "coursekit.compare.commands:bench",
        "assign": "coursekit.course.grading.commands:assign",
        "preview": "coursekit.course.grading.commands:preview",
        "grade": "coursekit.course.grading.commands:grade",
        "new": "coursekit.course.authoring.scaffold_commands:app",
    }
)


class Commands(TyperGroup):
    """Commands by name, each imported when it is called: grading a class loads no torch."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every name, in the order of the help."""
        return [*COMMANDS, *studies()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One command; None for an unknown name."""
        function = _function(cmd_name)
        if function is None:
            return None
        if isinstance(function, typer.Typer):
            command = typer.main.get_command(function)
        else:
            one = typer.Typer(add_completion=False)
            one.command(cmd_name)(function)
            command = typer.main.get_command(one)
        command.name = cmd_name
        return command


def _function(name: str) -> Any:
    if name in COMMANDS:
        module, _, attribute = COMMANDS[name].partition(":")
        return getattr(import_module(module), attribute)
    return studies().get(name)


app = typer.Typer(add_completion=False, no_args_is_help=True, cls=Commands)


@app.callback()
def commands() -> None:
    """Train, make tables of slow studies, run benchmarks, hand out and grade, begin a lesson."""


if __name__ == "__main__":
    app()
