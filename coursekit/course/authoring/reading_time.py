"""How long a lesson takes, estimated from its source by one rule for all lessons.

The *core path* is everything outside sections whose heading begins with "Further". The rule is
coarse, and it is the same everywhere, so that a lesson that grows says so.
"""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from nbformat import NotebookNode

from coursekit.course.authoring.exercise_slices import names_of

WORDS_PER_MINUTE = 180
LINES_PER_MINUTE = 8  # of code that is meant to be read
PICTURE, GUESS, EXPLORER = 0.5, 0.5, 4.0  # minutes each
EXERCISE, POINT = 2.0, 2.0  # minutes per exercise, and per point of it

HEADING = re.compile(r"(#{1,6})\s+(.*)")
CUT = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS)\n.*?### END \1", re.S)
SHOWN = re.compile(r"\bshow\(")
ASKED = re.compile(r"\b(?:Number|Choice|Curve)Guess\(")
LIVE = re.compile(r"\b(?:EXPLORERS|GAMES)\[|_explorer\(")


class Minutes(NamedTuple):
    """Estimated minutes of a lesson's core path, and of its sections marked Further."""

    core: float
    further: float


def further_cells(notebook: NotebookNode) -> list[bool]:
    """For each cell whether it belongs to a section whose heading begins with "Further".

    Such a section ends at the next heading of its level or above.
    """
    belongs, level = [], 0  # of the Further heading we are under, 0 for none
    for cell in notebook.cells:
        for depth, title in _headings(cell):
            if level == 0 or depth <= level:
                level = depth if title.startswith("Further") else 0
        belongs.append(level > 0)
    return belongs


def open_lines(notebook: NotebookNode) -> int:
    """Lines of code that a learner sees unfolded: no blank ones, comments, solutions."""
    return sum(_lines(cell) for cell in notebook.cells if cell.cell_type == "code")


def estimated(notebook: NotebookNode) -> Minutes:
    """`Minutes` of an instructor's notebook; the computing is not in it."""
    core = further = 0.0
    for cell, beyond in zip(notebook.cells, further_cells(notebook), strict=True):
        minutes = _minutes(cell)
        core, further = (core, further + minutes) if beyond else (core + minutes, further)
    return Minutes(core, further)


def _loop_names(code: str) -> set[str]:
    loops = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.For)]
    names = [n for loop in loops for n in ast.walk(loop) if isinstance(n, ast.Name)]
    return {n.id for n in names if isinstance(n.ctx, ast.Store)}


def _headings(cell: NotebookNode) -> Iterator[tuple[int, str]]:
    lines = cell.source.splitlines() if cell.cell_type == "markdown" else []
    for match in filter(None, map(HEADING.match, lines)):
        yield len(match[1]), match[2]


def _lines(cell: NotebookNode) -> int:
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        return 0
    lines = [line.strip() for line in CUT.sub("", cell.source).splitlines()]
    return sum(bool(line) and not line.startswith("#") for line in lines)


def _minutes(cell: NotebookNode) -> float:
    if cell.cell_type == "markdown":
        return len(cell.source.split()) / WORDS_PER_MINUTE
    minutes = _lines(cell) / LINES_PER_MINUTE
    for pattern, each in ((SHOWN, PICTURE), (ASKED, GUESS), (LIVE, EXPLORER)):
        minutes += each * len(pattern.findall(cell.source))
    points = cell.metadata.get("nbgrader", {}).get("points")
    return minutes if points is None else minutes + EXERCISE + POINT * points


def needed_from_further(notebook: NotebookNode) -> dict[str, set[str]]:
    """Names that code outside Further sections takes from inside them, by the id of its cell.

    An exercise's answer counts as what it is in the learner's copy, where it may be anything.
    """
    beyond, in_core = set[str](), set[str]()  # names whose value is the one made there
    made_in_core = set[str]()
    taken: dict[str, set[str]] = {}
    for cell, further in zip(notebook.cells, further_cells(notebook), strict=True):
        if cell.cell_type != "code":
            continue
        names = names_of(cell.source)
        if further:
            beyond |= names.made
            in_core -= names.made - names.taken
            continue
        # A loop that makes a name before it takes it, such as `figure`, looks as if it took it.
        makes_first = (names.made & made_in_core) | _loop_names(cell.source)
        missing = (names.taken & beyond) - in_core - makes_first
        taken |= {cell.id: missing} if missing else {}
        in_core |= names.made
        made_in_core |= names.made
    return taken
