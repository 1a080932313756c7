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

from coursekit.course.authoring.exercise_slices import GIVEN, grade_id
from coursekit.course.grading.class_folder import BOOK, CONFIG, api, gradebook
from coursekit.course.grading.handed_in import make_ready
from coursekit.course.grading.submission_files import Refused, copy_files, read_file

LOGS = "logs"  # folder in the class's
RECORD = "record.jsonl"  # of the learner's guesses and attempts, if it was handed in

# What nbgrader's log says → what is said of it.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "UnresponsiveKernelError": "could not be interrupted",
        "kernel became unresponsive": "could not be interrupted",
        "Timeout waiting for IOPub output": "could not be interrupted",
        "DeadKernelError": "ended the process that ran it",
        "Kernel died": "ended the process that ran it",
    }
)


@dataclass(frozen=True)
class Graded:
    """What came of one submission.

    marks: notebook and grade id → automatic points; empty when there is no mark.  by_hand: notebook
    and grade id of answers that a human marks.  problem: why there is no mark, for a human to look
    at; "" when all went well.  remark: what a human should know although there are marks.
    """

    student: str
    marks: Mapping[tuple[str, str], float] = field(default_factory=dict)
    by_hand: frozenset[tuple[str, str]] = frozenset()
    problem: str = ""
    remark: str = ""
    timestamp: str = ""


def blank_gradebook(folder: Path, to: Path) -> None:
    """A copy of the class's gradebook, without the class, in the folder ``to``."""
    shutil.copy(folder / BOOK, to)
    with gradebook(to) as book:
        for student in list(book.students):
            book.remove_student(student.id)
    with closing(sqlite3.connect(to / BOOK)) as file:
        file.execute("VACUUM")  # what was removed still stood in the file


def grade_one(student: str, folder: Path, name: str, blank: Path) -> Graded:
    """Run nbgrader on one submission; what it wrote goes to ``folder/autograded``, marks come back.

    blank: folder of a `blank_gradebook`.  Nothing of the class's gradebook is touched. Whatever
    goes wrong is the ``problem`` of what comes back.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as place:
            return _grade_in(Path(place), student, folder, name, blank)
    except Exception as error:  # one submission does not stop a class
        return Graded(student, problem=failure(error))


def failure(error: Exception) -> str:
    """Why there is no mark, where something was raised."""
    if isinstance(error, Refused):
        return str(error)
    return f"could not be graded: {type(error).__name__}: {error}"


def _grade_in(place: Path, student: str, folder: Path, name: str, blank: Path) -> Graded:
    """In this empty folder, of which nothing remains afterwards."""
    course, handed_in = place / "course", place / "course" / "submitted" / student / name
    copy_files(folder / "submitted" / student / name, handed_in)
    shutil.copytree(folder / "release" / name, course / "release" / name)
    remark = "; it ".join(make_ready(handed_in, course / "release" / name))
    (course / "source" / name).mkdir(parents=True)  # no solutions here
    shutil.copy(folder / CONFIG, course)
    shutil.copy(blank / BOOK, course)
    record = place / "record"
    record.mkdir()
    if (handed_in / RECORD).is_file():
        shutil.copy(handed_in / RECORD, record)  # read by a cell of the assignment's, never changed
    beside = place / "beside"  # what was handed in with the notebooks, before any of it has run
    shutil.copytree(handed_in, beside, ignore=shutil.ignore_patterns("*.ipynb"))
    with _elsewhere(course, record), api(course) as nbgrader:
        result = nbgrader.autograde(name, student, force=True)
    if not result["success"]:
        log = f"{result.get('log', '')}{result.get('error', '')}"
        return Graded(student, problem=_reason(log, folder / LOGS / name / f"{student}.txt"))
    pages = _notebooks(course / "autograded" / student / name, handed_in)
    if failed := _own_failure(pages):
        return Graded(student, problem=failed)
    target = folder / "autograded" / student / name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(beside, target)
    for file, content in pages.items():
        (target / file).write_bytes(content)
    with gradebook(course) as book:
        submission = book.find_submission(name, student)
        scores = {
            (notebook.name, grade.cell.name): grade.auto_score
            for notebook in submission.notebooks
            for grade in notebook.grades
        }
        marks = {cell: score for cell, score in scores.items() if score is not None}
        by_hand = frozenset(scores) - frozenset(marks)
        when = str(submission.timestamp or "")
        return Graded(student, marks, by_hand, remark=remark, timestamp=when)


def _notebooks(folder: Path, handed_in: Path) -> dict[str, bytes]:
    """Name → content of each notebook that was run; nothing else that a run left is taken."""
    names = sorted(path.name for path in handed_in.glob("*.ipynb"))
    there = [name for name in names if os.path.lexists(folder / name)]
    return {name: read_file(folder / name, Path(name)) for name in there}


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


def _own_failure(pages: Mapping[str, bytes]) -> str:
    """Why a cell that the assignment brings failed; no learner should pay for a slow machine."""
    for content in pages.values():
        for cell in nbformat.reads(content.decode(), 4).cells:
            if not grade_id(cell).startswith(GIVEN):
                continue
            for output in cell.outputs:
                if output.output_type == "error":
                    error = f"{output.ename}: {output.evalue}"
                    return f"could not run the assignment's own cell {grade_id(cell)}: {error}"
    return ""


def _reason(log: str, keep: Path) -> str:
    """A reason of ours; where there is none, nbgrader's words are kept for whoever looks."""
    for sign, reason in REASONS.items():
        if sign in log:
            return reason
    keep.parent.mkdir(parents=True, exist_ok=True)
    keep.write_text(log, encoding="utf-8")
    return f"could not be graded, and it is not known why; what nbgrader wrote stands in {keep}"
