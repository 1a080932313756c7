"""The release's cells known again in what was handed in, whatever an editor did to their labels.

nbgrader knows a cell by metadata. Other editors drop it, copying and splitting doubles it, and in a
learner's own lesson it belongs to other cells. Here all of it is taken off and put on anew: from
the release, on the cell that has the same label or else the same content, and on no other.
"""

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode
from nbformat.validator import normalize

from coursekit.course.authoring.exercise_slices import ANSWER, CHECK, grade_id
from coursekit.course.grading import open_question

CALLED = re.compile(r"\bexercises\.(\w+)\.check\(")
NAMED = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)|^(\w+)\s*(?::[^=]+)?=(?!=)", re.M)


class NoNotebookError(ValueError):
    """A file that nbformat cannot read as a notebook; its text says why."""


@dataclass
class _Cells:
    """Those of the notebook: by the label they came with, and those that are still free."""

    cells: list[NotebookNode]
    labels: list[str]
    free: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free = [True] * len(self.cells)

    def alike(self, released: NotebookNode) -> list[int]:
        """Free cells of the same kind."""
        kind = released.cell_type
        return [i for i, c in enumerate(self.cells) if self.free[i] and c.cell_type == kind]


def read_notebook(content: bytes) -> NotebookNode:
    """A notebook of any version as one of today's, its cells with an id each.

    Errors: NoNotebookError where it is none.
    """
    try:
        read = nbformat.reads(content.decode("utf-8-sig"), 4)
        _, notebook = normalize(read, 4, read.get("nbformat_minor", 5), strip_invalid_metadata=True)
        if not all(c.cell_type and isinstance(c.source, str) for c in notebook.cells):
            raise TypeError("a cell without type or text")
    except Exception as problem:  # nbformat raises what its parts raise
        json = isinstance(problem, ValueError)
        reason = "the file cannot be read as JSON" if json else "its form is not that of a notebook"
        raise NoNotebookError(reason) from None
    return notebook


def relabel(notebook: NotebookNode, released: NotebookNode) -> list[str]:
    """Put the release's labels on the cells of ``notebook``, in place; those that it has.

    Of an answer in two pieces, as splitting a cell leaves it, one cell is made. Of several copies
    an answer's is the last that was edited, of all others the last. Markdown answers that have lost
    their label are known by the question above them.
    """
    _join_pieces(notebook)
    theirs = _Cells(notebook.cells, [_label(cell) for cell in notebook.cells])
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    known: dict[str, int] = {}
    for by_label in (True, False):  # a label counts more than a likeness
        before: NotebookNode | None = None
        for cell in released.cells:
            name = grade_id(cell)
            if name and name not in known:
                place = _place(theirs, cell, before, by_label)
                if place is not None:
                    known[name] = place
                    theirs.free[place] = False
                    theirs.cells[place].metadata["nbgrader"] = copy.deepcopy(cell.metadata.nbgrader)
            before = cell
    return list(known)


def likeness(notebook: NotebookNode, released: NotebookNode) -> int:
    """How many of the release's answers and checks ``notebook`` has; it stays as it is."""
    own = (ANSWER, CHECK, open_question.ANSWER)
    return sum(name.startswith(own) for name in relabel(copy.deepcopy(notebook), released))


def _label(cell: NotebookNode) -> str:
    """The grade id that it came with, or ""; metadata may be anything by now."""
    marked = cell.metadata.get("nbgrader")
    label = marked.get("grade_id") if isinstance(marked, dict) else None
    return label if isinstance(label, str) else ""


def _place(
    theirs: _Cells, released: NotebookNode, before: NotebookNode | None, by_label: bool
) -> int | None:
    """Where the released cell stands among theirs."""
    free = theirs.alike(released)
    if by_label:
        places = [i for i in free if theirs.labels[i] == grade_id(released)]
        if released.metadata.nbgrader.get("locked"):
            # In a learner's own lesson a label may stand on other code: the likeness decides.
            same = [i for i in places if _same_code(theirs.cells[i], released)]
            places = same or places
    else:
        places = list(_by_content(theirs, free, released, before))
    edited = [i for i in places if theirs.cells[i].source.strip() != released.source.strip()]
    answer = released.metadata.nbgrader.get("solution")
    return (edited or places)[-1] if answer and places else places[-1] if places else None


def _by_content(
    theirs: _Cells, free: list[int], released: NotebookNode, before: NotebookNode | None
) -> Iterator[int]:
    marked = released.metadata.nbgrader
    if released.cell_type != "code":
        question = before.source.strip() if before is not None else ""
        for i in free:
            same = theirs.cells[i].source.strip() == released.source.strip()
            above = _above(theirs, i)
            if same or (marked.get("solution") and question and above == question):
                yield i
        return
    for i in free:
        cell = theirs.cells[i]
        if marked.get("locked"):
            if _same_code(cell, released):
                yield i
        elif _names(released.source) & _names(cell.source):
            yield i


def _above(theirs: _Cells, place: int) -> str:
    """The nearest markdown cell above."""
    texts = [c.source.strip() for c in theirs.cells[:place] if c.cell_type == "markdown"]
    return texts[-1] if texts else ""


def _same_code(cell: NotebookNode, released: NotebookNode) -> bool:
    """The same code but for blanks; of a check it is enough that it checks the same exercise."""
    if "".join(cell.source.split()) == "".join(released.source.split()):
        return True
    checked = (
        set(CALLED.findall(released.source)) if grade_id(released).startswith(CHECK) else set()
    )
    return bool(checked & set(CALLED.findall(cell.source)))


def _names(code: str) -> set[str]:
    """What code defines at its top level, also where it does not parse."""
    return {name for pair in NAMED.findall(code) for name in pair if name}


def _join_pieces(notebook: NotebookNode) -> None:
    """Make one cell of neighbours that parse together only, where one has the label."""
    place = 0
    while place + 1 < len(notebook.cells):
        one, other = notebook.cells[place : place + 2]
        labels = {_label(one), _label(other)}
        code = one.cell_type == other.cell_type == "code"
        pieces = code and len(labels - {""}) == 1 and not _parses(one.source, other.source)
        whole = f"{one.source}\n{other.source}"
        if pieces and _parses(whole):
            one.source = whole
            if not _label(one):
                one.metadata["nbgrader"] = other.metadata["nbgrader"]
            del notebook.cells[place + 1]
        else:
            place += 1


def _parses(*codes: str) -> bool:
    try:
        for code in codes:
            ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True
