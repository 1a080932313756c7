"""A digest of everything that decides what an explorer's stored states show.

That is: the code that computes and draws them, the data files that it names, the plan of the
states, and torch's version. Code means syntax trees without docstrings and comments, so that
a rewording makes no picture stale; and all modules that the explorer's own imports, by whatever
path. A package that finds its modules by itself (fusion, balancing) counts with all of them.

Left out are the widgets, which carry a state's values, listed in the plan, to the code that is
digested; only what makes the tables below the picture counts, and what several explorers offer, for
it says which learning rate a name stands for. Left out too is what an explorer says beside its
picture, its title and question.
"""

import ast
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import version
from pathlib import Path

from coursekit.course.registry import rooms
from coursekit.course.site.state_plan import Plan
from coursekit.data.files import read_checksums

PACKAGE = Path(__file__).resolve().parents[2]
TABLES = "coursekit.course.widgets.picture_on_card"
COUNTED = (TABLES, "coursekit.course.widgets.common_controls")
LEFT_OUT = ("coursekit.course.widgets.", "coursekit.course.site.")
BESIDE = frozenset({"title", "question", "busy"})  # arguments of Explorer that no picture shows
NAME = re.compile(r"\w{3,}")  # what a name with holes must begin with to name a data file


@dataclass(frozen=True)
class Parsed:
    """What one module adds: its tree as text, what it imports, names of files it may read.

    patterns: names with holes, a star for each.  finds_all: whether it imports whatever stands in
    its package.
    """

    tree: str
    imports: frozenset[str]
    names: frozenset[str]
    patterns: frozenset[str]
    finds_all: bool


def digest_of(plan: Plan) -> str:
    """The digest of a course's explorer, 64 hexadecimal digits."""
    return digest(f"{rooms()[plan.lesson]}.{plan.module}", summary(plan))


def digest(module: str, planned: str, package: Path = PACKAGE) -> str:
    """The digest of states that ``module`` computes as ``planned``, with all that it imports.

    package: the folder of the package whose modules are followed.
    """
    parsed = closure(module, package)
    names = frozenset[str]().union(*(one.names for one in parsed.values()))
    patterns = frozenset[str]().union(*(one.patterns for one in parsed.values()))
    files = {
        file: facts["sha256"]
        for file, facts in read_checksums().items()
        if {file, file.partition(".")[0]} & names or any(fnmatchcase(file, p) for p in patterns)
    }
    parts = {
        "modules": {name: parsed[name].tree for name in sorted(parsed)},
        "files": files,
        "plan": planned,
        "torch": version("torch").partition("+")[0],  # what follows names the build
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def summary(plan: Plan) -> str:
    """The plan as text: every state with all its values, under the preset and the knob."""
    rows = [(one.preset, one.knob, dict(one.state)) for one in plan.states]
    return json.dumps([plan.explorer.key, rows], ensure_ascii=False)


def closure(module: str, package: Path = PACKAGE) -> dict[str, Parsed]:
    """Module → what it adds, for ``module``, what makes tables, and all that they import."""
    waiting, reached = [module, TABLES], dict[str, Parsed]()
    while waiting:
        name = waiting.pop()
        path = _path(name, package)
        if path is None or name in reached:
            continue
        reached[name] = one = parsed(path)
        below = path.parent.iterdir() if one.finds_all else ()
        found_by_itself = {f"{name}.{p.stem}" for p in below if p.suffix == ".py"}
        for imported in one.imports | found_by_itself - {f"{name}.__init__"}:
            # `from a import b` is of the module b where there is one, else of a.
            whole = imported if _path(imported, package) else imported.rpartition(".")[0]
            if whole in COUNTED or not f"{whole}.".startswith(LEFT_OUT):
                waiting.append(whole)
    return reached


def _path(name: str, package: Path) -> Path | None:
    """The file of a module of the package; None for what is none of its modules."""
    top, *parts = name.split(".")
    if top != package.name or not parts:
        return None
    place = package.joinpath(*parts)
    return next((p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()), None)


def parsed(path: Path) -> Parsed:
    """What the file adds; a file that has not changed is parsed once."""
    facts = path.stat()
    return _parsed(path, facts.st_mtime_ns, facts.st_size)


@cache
def _parsed(path: Path, changed: int, size: int) -> Parsed:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Explorer":
            node.keywords = [k for k in node.keywords if k.arg not in BESIDE]
    nodes = list(ast.walk(tree))
    return Parsed(
        tree="".join(_text(tree)),
        imports=frozenset(name for node in nodes for name in _imported(node)),
        names=frozenset(
            node.value
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ),
        patterns=frozenset(name for node in nodes for name in _with_holes(node)),
        finds_all=any(_looks_into_its_package(node) for node in nodes),
    )


def _text(node: object) -> Iterator[str]:
    """A tree as text without fields that are empty; versions of Python add some."""
    if isinstance(node, ast.AST):
        yield f"{type(node).__name__}("
        for name, value in ast.iter_fields(node):
            if value is not None and value != [] and name not in ("ctx", "kind", "type_comment"):
                yield f"{name}="
                yield from _text(value)
        yield ")"
    elif isinstance(node, list):
        for part in node:
            yield from _text(part)
            yield ","
    else:
        yield repr(node)


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{name.name}" for name in node.names)


def _with_holes(node: ast.AST) -> Iterator[str]:
    """The string of an f-string that may name a data file."""
    if isinstance(node, ast.JoinedStr):
        parts = [str(p.value) if isinstance(p, ast.Constant) else "*" for p in node.values]
        if parts and NAME.match(parts[0]):
            yield "".join(parts)


def _looks_into_its_package(node: ast.AST) -> bool:
    """Whether this is ``iter_modules(__path__)``."""
    if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "iter_modules":
        return False
    return any(getattr(argument, "id", "") == "__path__" for argument in node.args)
