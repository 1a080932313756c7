"""Pages of the library: every room's public classes and functions with their docstrings.

Read from the syntax trees, so nothing is executed and no page depends on what is installed.
"""

import ast
import inspect
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from coursekit.utils.checks import choose

PACKAGE = Path(__file__).resolve().parents[2]
# Room → what stands in it; the library is what the classroom is built on.
ROOMS = {
    "utils": "Checks, threads, work that pauses",
    "data": "Data sets, checksums, a generator whose truth is known",
    "layers": "Blocks, norms, tokens, attention, initialisation",
    "fusion": "Fusion operators, one per file",
    "models": "Encoders, the classifier, networks that fuse early, in the middle or late",
    "training": "The one training loop, losses, checkpoints",
    "balancing": "Methods that balance the training of several modalities, one per file",
    "analysis": "Numbers one asks of a trained model",
    "compare": "Several trainings side by side",
}
SECTIONS = ("Errors:", "Returns", "Source:", "Returns:")


@dataclass(frozen=True)
class Entry:
    """A public class, function or method: its signature as one reads it, its docstring."""

    name: str
    signature: str
    docstring: str
    methods: tuple["Entry", ...] = ()


def room_page(room: str) -> str:
    """One room's page. Errors: ValueError for a name that is no room of the library."""
    choose("room", room, ROOMS)
    parts = [f"# coursekit.{room}\n\n{ROOMS[room]}."]
    for path in sorted((PACKAGE / room).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        entries = public_entries(tree)
        about = ast.get_docstring(tree) or ""
        if not entries and path.name != "__init__.py":
            continue
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        if path.name == "__init__.py":
            if path.parent != PACKAGE / room and about:
                parts.append(f"## {name.removesuffix('.__init__')}\n\n{markdown(about)}")
            continue
        parts.append(f"## {name.removeprefix(f'coursekit.{room}.')}\n\n{markdown(about)}")
        parts.append(f"`from {name} import {', '.join(e.name for e in entries)}`")
        parts += [_entry(entry) for entry in entries]
    return "\n\n".join(parts) + "\n"


def library_page(rooms: Collection[str] = tuple(ROOMS)) -> str:
    """The page that leads to the rooms."""
    rows = "\n".join(f"| [coursekit.{room}]({room}.md) | {ROOMS[room]} |" for room in rooms)
    listed = "\n".join(rooms)
    return (
        "# The library\n\nThe package `coursekit` behind the lessons: a room imports only from "
        "rooms before it. Every docstring gives shapes, units and errors, and the paper with the "
        "number of its equation.\n\n| room | what stands in it |\n|---|---|\n"
        f"{rows}\n\n```{{toctree}}\n:hidden:\n{listed}\n```\n"
    )


def public_entries(tree: ast.Module) -> list[Entry]:
    """What a module defines for others, in its order; what has no docstring is left out."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = [n for n in tree.body if isinstance(n, kinds) and not n.name.startswith("_")]
    return [_read(node) for node in nodes if ast.get_docstring(node)]


def _read(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Entry:
    docstring = ast.get_docstring(node) or ""
    if not isinstance(node, ast.ClassDef):
        return Entry(node.name, _signature(node), docstring)
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    head = f"class {node.name}" + (f"({bases})" if bases else "")
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    own = [n for n in node.body if isinstance(n, kinds)]
    start = next((n for n in own if n.name == "__init__"), None)
    if start is not None and (start.args.args[1:] or start.args.kwonlyargs):
        head = f"class {node.name}({_arguments(start, skip=1)})"
    methods = tuple(
        Entry(n.name, _signature(n), ast.get_docstring(n) or "")
        for n in own
        if not n.name.startswith("_") and ast.get_docstring(n)
    )
    return Entry(node.name, head, docstring, methods)


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    gives = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{node.name}({_arguments(node, skip=0)}){gives}"


def _arguments(node: ast.FunctionDef | ast.AsyncFunctionDef, skip: int) -> str:
    arguments = node.args
    if skip:  # without self
        arguments = ast.arguments(
            posonlyargs=arguments.posonlyargs, args=arguments.args[skip:], vararg=arguments.vararg,
            kwonlyargs=arguments.kwonlyargs, kw_defaults=arguments.kw_defaults,
            kwarg=arguments.kwarg, defaults=arguments.defaults,
        )  # fmt: skip
    return ast.unparse(arguments)


def _entry(entry: Entry, level: int = 3) -> str:
    parts = [
        f"{'#' * level} {entry.name}",
        f"```python\n{entry.signature}\n```",
        markdown(entry.docstring),
        *(f"**{m.name}** · `{m.signature}`\n\n{markdown(m.docstring)}" for m in entry.methods),
    ]
    return "\n\n".join(parts)


def markdown(docstring: str) -> str:
    """A docstring as markdown: its sections are paragraphs; what looks like a mark is none."""
    lines: list[str] = []
    for line in inspect.cleandoc(docstring).splitlines():
        bare = line.strip()
        if lines and bare.startswith(SECTIONS) and lines[-1].strip():
            lines.append("")
        lines.append(line)
    text = "\n".join(lines).replace("``", "`")
    outside = re.split(r"(`[^`]*`|\[[^\]]*\]\(https?://[^)]*\))", text)
    return "".join(
        part if number % 2 else re.sub(r"([*_<$\\{])", r"\\\1", part)
        for number, part in enumerate(outside)
    )
