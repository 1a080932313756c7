"""One submission graded in a folder of its own, away from the class and its gradebook.

The learner's code runs in a process that can do whatever this user can. It finds beside it a copy
of the assignment and a gradebook without a class, and of that gradebook nothing is taken but the
automatic marks.
"""

import os
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import nbformat
from sqlalchemy.exc import SAWarning

from coursekit.authoring.slicing import GIVEN, grade_id
from coursekit.grading.course import BOOK, CONFIG, api, gradebook

# What nbgrader's log says → what is said of it.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "NotJSONError": "is no notebook: the file cannot be read as JSON",
        "ValidationError": "is no notebook: its form is not that of a notebook",
        "UnresponsiveKernelError": "could not be interrupted",
        "kernel became unresponsive": "could not be interrupted",
        "Timeout waiting for IOPub output": "could not be interrupted",
        "DeadKernelError": "ended the process that ran it",
        "Kernel died": "ended the process that ran it",
        "No notebooks were matched": "has no notebook of this assignment",
        "No notebooks found": "has no notebook of this assignment",
    }
)


@dataclass(frozen=True)
class Graded:
    """What came of one submission.

    marks: notebook and grade id → automatic points; empty when there is no mark.  by_hand: notebook
    and grade id of answers that a human marks.  problem: why there is no mark, for a human to look
    at; "" when all went well.
    """

    student: str
    marks: Mapping[tuple[str, str], float] = field(default_factory=dict)
    by_hand: frozenset[tuple[str, str]] = frozenset()
    problem: str = ""
    timestamp: str = ""


def blank_gradebook(folder: Path, to: Path) -> None:
    """A copy of the class's gradebook, without the class, in the folder ``to``."""
    shutil.copy(folder / BOOK, to)
    with gradebook(to) as book:
        for student in list(book.students):
            book.remove_student(student.id)
    with closing(sqlite3.connect(to / BOOK)) as file:
        file.execute("VACUUM")  # what was removed still stood in the file


def grade_one(folder: Path, name: str, student: str, blank: Path) -> Graded:
    """Run nbgrader on one submission; what it wrote goes to ``folder/autograded``, marks come back.

    blank: folder of a `blank_gradebook`.  Nothing of the class's gradebook is touched.
    """
    with tempfile.TemporaryDirectory(prefix="grading-") as place:
        course = Path(place, "course")
        for part in (Path("release", name), Path("submitted", student, name)):
            shutil.copytree(folder / part, course / part)
        (course / "source" / name).mkdir(parents=True)  # no solutions here
        shutil.copy(folder / CONFIG, course)
        shutil.copy(blank / BOOK, course)
        record = Path(place, "record")
        record.mkdir()
        for path in (folder / "submitted" / student / name).glob("record.jsonl"):
            shutil.copy(path, record)  # read by a cell of the assignment's, and never changed
        with _elsewhere(course, record), api(course) as nbgrader:
            done = nbgrader.autograde(name, student, force=True)
        if not done["success"]:
            return Graded(student, problem=_reason(str(done["log"]) + str(done.get("error", ""))))
        if failed := _own_failure(course / "autograded" / student / name):
            return Graded(student, problem=failed)
        target = folder / "autograded" / student / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(course / "autograded" / student / name, target)
        with gradebook(course) as book:
            submission = book.find_submission(name, student)
            found = {
                (notebook.name, grade.cell.name): grade.auto_score
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            marks = {cell: score for cell, score in found.items() if score is not None}
            by_hand = frozenset(found) - frozenset(marks)
            return Graded(student, marks, by_hand, timestamp=str(submission.timestamp or ""))


@contextmanager
def _elsewhere(course: Path, record: Path) -> Iterator[None]:
    """Work in ``course``, keep a learner's record apart, and say nothing of where the class is."""
    before, here = dict(os.environ), Path.cwd()
    os.environ["COURSEKIT_RECORD"] = str(record)
    for name in ("PWD", "OLDPWD"):
        os.environ.pop(name, None)
    os.chdir(course)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader's own, at each student
            yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ |= before


def _own_failure(done: Path) -> str:
    """Why a cell that the assignment brings failed; no learner should pay for a slow machine."""
    for path in sorted(done.glob("*.ipynb")):
        for cell in nbformat.read(path, 4).cells:
            if not grade_id(cell).startswith(GIVEN):
                continue
            for output in cell.outputs:
                if output.output_type == "error":
                    said = f"{output.ename}: {output.evalue}"
                    return f"could not run the assignment's own cell {grade_id(cell)}: {said}"
    return ""


def _reason(log: str) -> str:
    for sign, reason in REASONS.items():
        if sign in log:
            return reason
    last = [line for line in log.strip().splitlines() if line.strip()][-1:]
    return f"could not be graded: {last[0] if last else 'nothing is known of it'}"
