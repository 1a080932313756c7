"""What happens to a notebook beside nbgrader's own steps: put back, cut short, kept to oneself."""

import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor

from coursekit.course.authoring.exercise_slices import CHECK, grade_id

HIDDEN = re.compile(r"\n?### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", re.S)
FAILED = "The check did not come to an end; the reason stands above, in one of the cells before it."


class RestoreCells(NbGraderPreprocessor):
    """Put back, where it stood, each of the assignment's cells that was deleted.

    Without this a deleted check would be no mark, and a deleted import would cost every mark after
    it. Cells are known by their grade id; their text is then nbgrader's to compare.
    """

    def preprocess(
        self, notebook: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """In place. The release stands beside the folder of submissions."""
        submission = resources["nbgrader"]
        path = Path("release", submission["assignment"], f"{submission['notebook']}.ipynb")
        restore(notebook, nbformat.read(path, 4))
        return notebook, resources


def restore(notebook: NotebookNode, released: NotebookNode) -> list[str]:
    """Put the released cells that ``notebook`` lacks back in their places; their grade ids."""
    restored = []
    place = 0  # behind the released cell that came before
    where = {grade_id(cell): i for i, cell in reversed(list(enumerate(notebook.cells)))}
    for cell in released.cells:
        name = grade_id(cell)
        if not name:
            continue
        if name in where:
            place = where[name] + 1
            continue
        notebook.cells.insert(place, cell)
        restored.append(name)
        where = {n: i + (i >= place) for n, i in where.items()}
        place += 1
    return restored


class KeepHidden(NbGraderPreprocessor):
    """For feedback: no hidden check, no traceback that quotes one, no output of other cells.

    A learner's own cell could print the hidden cases that a function of theirs was called with, so
    only the boxes of the checks are shown.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """In place."""
        if cell.cell_type != "code":
            return cell, resources
        checks = grade_id(cell).startswith(CHECK)
        cell.source = HIDDEN.sub("", cell.source) if checks else cell.source
        shown = [o for o in cell.outputs if checks and o.output_type == "execute_result"]
        if any(o.output_type == "error" for o in cell.outputs):
            errors = [o for o in cell.outputs if o.output_type == "error"]
            text = FAILED if checks else f"{errors[-1].ename} was raised here."
            shown.append(new_output("display_data", data={"text/plain": text}))
        cell.outputs = shown
        return cell, resources
