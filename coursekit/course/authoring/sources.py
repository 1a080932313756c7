"""A percent script becomes the instructor's notebook, with ids that do not change by themselves."""

import copy
import hashlib
import json
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import jupytext
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from coursekit.utils.checks import require

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = ROOT / "notebooks"
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
REVEAL = re.compile(r"^[^#\n]*\w\.reveal\(", re.M)
# What nbgrader wants in every cell it knows; a source line states only what differs.
NBGRADER = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}


def scripts(folder: Path = NOTEBOOKS) -> list[Path]:
    """The lessons' source scripts, in order."""
    return sorted((folder / "source").glob("[0-9][0-9]_*.py"))


def pages(folder: Path = NOTEBOOKS) -> list[Path]:
    """Source scripts of pages that are no lessons: no number, no exercises, no words."""
    return sorted((folder / "source").glob("[a-z]*.py"))


def name_of(script: Path) -> str:
    """What an author calls it: a lesson's two digits, a page's name."""
    return script.stem[:2] if script.stem[:2].isdigit() else script.stem


def notebook_of(script: Path) -> Path:
    """Where the learner notebook of ``script`` stands: one folder up, same name."""
    return script.parent.parent / f"{script.stem}.ipynb"


def script_of(notebook: Path) -> Path:
    """The source script of a learner notebook."""
    return notebook.parent / "source" / f"{notebook.stem}.py"


def instructor_notebook(script: Path) -> NotebookNode:
    """The notebook with solutions and hidden tests; no outputs.

    Errors: ValueError when a grade id is used twice or a graded cell has no points.
    """
    return copy.deepcopy(_from_text(script.name, script.read_text(encoding="utf-8")))


@lru_cache(maxsize=32)  # a lesson takes a seventh of a second, and an assignment asks five times
def _from_text(name: str, text: str) -> NotebookNode:
    """`instructor_notebook` of a script's text; whoever gets it must not change it."""
    read = jupytext.reads(text, fmt="py:percent")
    notebook = new_notebook(metadata={"kernelspec": dict(KERNEL)})
    notebook.nbformat_minor = 5
    notebook.cells = read.cells
    uses: Counter[str] = Counter()
    told = False  # between what reveals an answer and the text after it
    for cell in notebook.cells:
        cell.metadata.pop("lines_to_next_cell", None)
        told = cell.cell_type == "code" and (told or reveals(cell))
        hidden = {"source_hidden": True} if _folded(cell, name) else {}
        checked = "nbval-check-output" in cell.metadata.get("tags", [])  # shown as it was stored
        hidden |= {"outputs_hidden": True} if told and not checked else {}
        if hidden:
            cell.metadata["jupyter"] = hidden
        if "nbgrader" in cell.metadata:
            cell.metadata["nbgrader"] = _graded(cell.metadata["nbgrader"], name)
        cell.id = _name(cell)
        uses[cell.id] += 1
        if uses[cell.id] > 1:
            require(
                "nbgrader" not in cell.metadata,
                f"{name}: the grade id {cell.id!r} is used twice; each cell needs its own.",
            )
            cell.id = f"{cell.id}-{uses[cell.id]}"
    return notebook


def _folded(cell: NotebookNode, script: str) -> bool:
    """Whether the script asks for the cell's code to be stored folded: ``# %% folded=true``.

    JupyterLab shows the first line of folded code, so that has to say what the cell gives.
    Errors: ValueError for a cell whose first line is no comment, or that is part of an exercise.
    """
    if not cell.metadata.pop("folded", False):
        return False
    first = cell.source.partition("\n")[0]
    labelled = cell.cell_type == "code" and first.startswith("# ") and first != cell.source
    require(
        labelled,
        f"{script}: {first!r} begins a folded cell; a comment on what it gives was expected.",
    )
    require(
        "nbgrader" not in cell.metadata, f"{script}: {first!r} is folded and part of an exercise."
    )
    return True


def reveals(cell: NotebookNode) -> bool:
    """Whether a cell gives away what a learner is asked to guess: its text has ``.reveal(``.

    Its stored output is collapsed, and so are those of the cells after it, up to the next text: its
    figure and claims tell the answer, too. A learner opens it with a click or Enter on the three
    dots; when the cell is run, JupyterLab opens it by itself.
    """
    return cell.cell_type == "code" and REVEAL.search(cell.source) is not None


def _graded(metadata: dict[str, Any], script: str) -> dict[str, Any]:
    full = {**NBGRADER, **metadata}
    if full["grade"] and not full["solution"]:
        full["locked"] = True  # a check is not the learner's to edit
    require(bool(full.get("grade_id")), f"{script}: an nbgrader cell has no grade_id.")
    if full["grade"]:
        require("points" in full, f"{script}: the graded cell {full['grade_id']!r} has no points.")
    return full


def _name(cell: NotebookNode) -> str:
    """The grade id, else a hash of the text, so that a cell keeps its id while others change."""
    graded = cell.metadata.get("nbgrader")
    if graded:
        return str(graded["grade_id"])
    return "c" + digest(f"{cell.cell_type}\n{cell.source}")[:12]


def digest(text: str) -> str:
    """SHA-256 of ``text``, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def source_digest(script: Path) -> str:
    """Hash of a script, the same for every style of line ends."""
    return digest("\n".join(script.read_text(encoding="utf-8").splitlines()))[:16]


def cells_digest(notebook: NotebookNode) -> str:
    """Hash of what stands in the cells, outputs aside."""
    return digest(repr([described(cell) for cell in notebook.cells]))[:16]


def outputs_digest(notebook: NotebookNode) -> str:
    """Hash of all stored outputs, so that an edit by hand is noticed."""
    stored = [cell.get("outputs", []) for cell in notebook.cells]
    return digest(json.dumps(stored, sort_keys=True))[:16]


def described(cell: NotebookNode) -> tuple[str, str, str, str]:
    """A cell without its outputs: id, type, text, metadata."""
    metadata = {name: cell.metadata[name] for name in sorted(cell.metadata)}
    return str(cell.id), str(cell.cell_type), str(cell.source), _ordered(metadata)


def _ordered(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_ordered(value[k])}" for k in sorted(value)) + "}"
    return repr(value)
