"""The learner notebook: solutions and hidden tests taken out, run once, made comparable."""

import os
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from nbgrader.utils import determine_grade
from traitlets.config import Config

from coursekit.course.authoring.exercise_slices import reached_by_answers
from coursekit.course.authoring.sources import (
    KERNEL,
    NOTEBOOKS,
    cells_digest,
    instructor_notebook,
    outputs_digest,
    reveals,
    source_digest,
)

STUB = "..."
SECONDS_PER_CELL = 300
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PREPROCESSORS = (LockCells, ClearSolutions, ClearHiddenTests, ComputeChecksums, CheckCellMetadata)
# JupyterLab shows the first line of a collapsed output; without this it would be the answer.
FOLDED = "The answer is folded away. Guess first, then run this cell."


class Mark(NamedTuple):
    """What one graded cell earned, and what it can earn."""

    earned: float
    out_of: float


def learner_notebook(script: Path) -> NotebookNode:
    """What the learner opens, not run yet."""
    notebook = instructor_notebook(script)
    config = Config({"ClearSolutions": {"code_stub": {"python": STUB}}})
    for preprocessor in PREPROCESSORS:
        notebook, _ = preprocessor(config=config).preprocess(notebook, {})
    return notebook


class Seconds(NamedTuple):
    """What a run took: by the clock, and of processors (0 on Windows, which does not tell)."""

    clock: float
    processor: float


def execute(notebook: NotebookNode, folder: Path = NOTEBOOKS) -> Seconds:
    """Run ``notebook`` in place with ``folder`` as working directory.

    The learner's record goes to a folder that is thrown away.
    Errors: nbclient's CellExecutionError when a cell raises.
    """
    started, used = time.perf_counter(), _processor_seconds()
    with tempfile.TemporaryDirectory() as record:
        client = NotebookClient(
            notebook,
            timeout=SECONDS_PER_CELL,
            kernel_name=KERNEL["name"],
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute(env={**os.environ, "COURSEKIT_RECORD": record})
    return Seconds(time.perf_counter() - started, _processor_seconds() - used)


def _processor_seconds() -> float:
    """Of the processes that this one has started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def normalise(notebook: NotebookNode) -> None:
    """Take out, in place, what differs between two runs or two machines and nobody reads."""
    stamped = notebook.metadata.get("coursekit")
    notebook.metadata = nbformat.from_dict({"kernelspec": dict(KERNEL)})
    if stamped is not None:
        notebook.metadata["coursekit"] = stamped
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if _is_worth_keeping(output)]
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
        told = cell.metadata.get("jupyter", {}).get("outputs_hidden", False)
        if (told or reveals(cell)) and cell.outputs:
            folded = new_output("display_data", data={"text/plain": FOLDED})
            if cell.outputs[0] != folded:
                cell.outputs.insert(0, folded)


def _is_worth_keeping(output: NotebookNode) -> bool:
    """Whether it shows something without a kernel; a bare widget, a progress bar, does not."""
    data = output.get("data", {})
    return WIDGET_VIEW not in data or "text/html" in data


def stamp(notebook: NotebookNode, script: Path, seconds: Seconds) -> None:
    """Write into ``notebook`` what it was made from and how long it ran."""
    notebook.metadata["coursekit"] = {
        "source": source_digest(script),
        "cells": cells_digest(notebook),
        "outputs": outputs_digest(notebook),
        "seconds": round(seconds.clock, 1),
        "processor_seconds": round(seconds.processor, 1),
    }


def write(notebook: NotebookNode, path: Path) -> None:
    """Write ``notebook`` to ``path`` in one step: a reader finds the old one or the new one."""
    text = nbformat.writes(notebook)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text if text.endswith("\n") else text + "\n")
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def marks(notebook: NotebookNode) -> dict[str, Mark]:
    """Grade id → what nbgrader gives for the outputs that stand in ``notebook``."""
    by_id: dict[str, Mark] = {}
    for cell in notebook.cells:
        graded: dict[str, Any] = cell.metadata.get("nbgrader", {})
        if graded.get("grade"):
            earned, _ = determine_grade(cell)
            by_id[graded["grade_id"]] = Mark(float(earned or 0), float(graded["points"]))
    return by_id


def solved(script: Path) -> dict[str, Mark]:
    """Run the instructor's notebook, with the solutions in, and return what every check gave.

    Only what the answers reach is run: the rest does what it does in the learner's notebook.
    """
    notebook = reached_by_answers(instructor_notebook(script))
    execute(notebook, script.parent.parent)
    return marks(notebook)
