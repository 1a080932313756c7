"""What the exercises of a lesson depend on: that is handed out and graded, and no more.

A lesson runs for a minute, most of it for pictures. An assignment keeps whole exercises with their
texts, and of the cells before them, from the last statement to the first, what defines or changes
a name that is made use of later. What answers reach, and what a browser can show, is cut out of a
lesson in the same way.
"""

import ast
import builtins
import copy
import symtable
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from nbformat import NotebookNode

from coursekit.utils.checks import choose, require

BUILT_IN = frozenset(dir(builtins))
CHECK, ANSWER, GIVEN = "check-", "ex-", "given-"  # how a cell's grade id begins


@dataclass(frozen=True)
class Names:
    """Names that a piece of code makes or changes, and names that it takes from before."""

    made: frozenset[str]
    taken: frozenset[str]


NOTHING = Names(frozenset(), frozenset())


@lru_cache(maxsize=4096)  # an assignment asks of each cell several times
def names_of(code: str) -> Names:
    """What ``code`` makes and takes at the top level of a notebook.

    A function takes what its body does not make, for it will be called. ``x[0] = …``, ``x.y = …``
    and a bare ``x.append(…)`` change x: they make it and take it.
    """
    made: set[str] = set()
    taken: set[str] = set()
    for statement in ast.parse(code).body:
        text = ast.unparse(statement)
        free = _free(symtable.symtable(text, "cell", "exec")) | _increased(statement)
        taken |= free - made
        made |= _made_by(statement)
    return Names(frozenset(made), frozenset(taken - BUILT_IN))


def _free(scope: symtable.SymbolTable) -> set[str]:
    """Names that a statement reads, its functions' bodies included, and does not make there."""
    outermost = scope.get_type() == "module"
    free = {
        s.get_name()
        for s in scope.get_symbols()
        if s.is_referenced() and (outermost or s.is_global())
    }
    for inner in scope.get_children():
        free |= _free(inner)
    if outermost:  # functions and classes that the statement itself defines
        free -= {s.get_name() for s in scope.get_symbols() if s.is_namespace()}
    return free


def _made_by(statement: ast.stmt) -> set[str]:
    made: set[str] = set()
    for node in _outer(statement):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            made |= {bound_by(alias) for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            made.add(node.id)
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            made |= _base(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            made |= _base(called) if isinstance(called, ast.Attribute) else set()
    return made


def _increased(statement: ast.stmt) -> set[str]:
    """x of ``x += 1``, which reads it too."""
    targets = (node.target for node in _outer(statement) if isinstance(node, ast.AugAssign))
    return {target.id for target in targets if isinstance(target, ast.Name)}


def bound_by(alias: ast.alias) -> str:
    """The name that an import binds."""
    return alias.asname or alias.name.partition(".")[0]


def _outer(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes that run where they stand: not the bodies of functions, lambdas and comprehensions."""
    yield node
    inner = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
    inner |= ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    if not isinstance(node, inner):
        for child in ast.iter_child_nodes(node):
            yield from _outer(child)


def _base(node: ast.expr) -> set[str]:
    """x of ``x[0].y``."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def grade_id(cell: NotebookNode) -> str:
    """What nbgrader knows the cell by, or ""."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def key_of(cell: NotebookNode) -> str:
    """The exercise that the cell belongs to, "01-slope-for", or ""."""
    return grade_id(cell).removeprefix(CHECK).removeprefix(ANSWER)


def exercises_of(notebook: NotebookNode) -> list[str]:
    """Keys of the exercises, in order."""
    return [key_of(cell) for cell in notebook.cells if grade_id(cell).startswith(CHECK)]


def cut(notebook: NotebookNode, keys: Collection[str]) -> NotebookNode:
    """A copy with these exercises, the texts directly before them, and what they depend on.

    Errors: ValueError for a key that the notebook does not have, and for an exercise that needs the
    answer to another one that is left out.
    """
    known = exercises_of(notebook)
    for key in keys:
        choose("exercise", key, known)
    excerpt = copy.deepcopy(notebook)
    needed: set[str] = set()
    kept: list[NotebookNode] = []
    text_too = False  # whether what stands directly before was an answer's cell, or its text
    for cell in reversed(excerpt.cells):
        if cell.cell_type != "code":
            kept += [cell] if text_too else []
            continue
        names, text_too = names_of(cell.source), False
        if key_of(cell) in keys:
            text_too = grade_id(cell).startswith(ANSWER)
            needed = needed - names.made | names.taken
            kept.append(cell)
        elif grade_id(cell).startswith(CHECK):
            continue
        elif grade_id(cell):
            missing = sorted(names.made & needed)
            sentence = f"exercises need {missing}, the answer to {key_of(cell)!r}; choose that too."
            require(not missing, sentence)
        else:
            cell.source, needed = _only_needed(cell.source, needed)
            kept += [cell] if cell.source else []
    excerpt.cells = kept[::-1]
    return excerpt


def reached_by_answers(notebook: NotebookNode) -> NotebookNode:
    """A copy with the exercises, all code that an answer has an effect on, and what both need.

    The rest runs the same whatever the answers are, unless a function changed something for it
    that it was handed.
    """
    changed: set[str] = set()  # names whose values hang on an answer
    hit: list[str] = []  # ids of cells that make use of them
    for cell in notebook.cells:
        names = names_of(cell.source) if cell.cell_type == "code" else NOTHING
        uses = bool(names.taken & changed)
        hit += [cell.id] if uses else []
        if uses or grade_id(cell).startswith(ANSWER):
            changed |= names.made
    return with_needs(notebook, lambda cell: cell.id in hit or bool(grade_id(cell)))


def with_needs(notebook: NotebookNode, wanted: Callable[[NotebookNode], bool]) -> NotebookNode:
    """A copy with all texts, the code cells that are wanted, and what these need of the others."""
    excerpt = copy.deepcopy(notebook)
    needed: set[str] = set()
    for cell in reversed([cell for cell in excerpt.cells if cell.cell_type == "code"]):
        if wanted(cell):
            names = names_of(cell.source)
            needed = needed - names.made | names.taken
        else:
            cell.source, needed = _only_needed(cell.source, needed)
    excerpt.cells = [cell for cell in excerpt.cells if cell.source]
    return excerpt


def _only_needed(code: str, needed: set[str]) -> tuple[str, set[str]]:
    """The statements that make or change what is needed, and what is needed before them.

    Imports of other libraries all stay: an answer may make use of them.
    """
    lines, parts = code.splitlines(), []
    body = ast.parse(code).body
    begins = [0, *(node.end_lineno or 0 for node in body)]  # comments belong to what follows
    for node, begin in zip(reversed(body), reversed(begins[:-1]), strict=True):
        part = "\n".join(lines[begin : node.end_lineno])
        if isinstance(node, ast.Import | ast.ImportFrom):
            ours = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("coursekit")
            used = [alias for alias in node.names if not ours or bound_by(alias) in needed]
            if used != node.names:
                node.names = used
                part = ast.unparse(node)
            parts += [part] if used else []
        elif (names := names_of(part)).made & needed:
            needed = needed | names.taken
            parts.append(part)
    return "\n".join(reversed(parts)).strip("\n"), needed
