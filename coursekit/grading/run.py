"""A class graded: submissions in parallel, marks merged one by one, stopped and gone on at will."""

import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from joblib import Parallel, delayed
from tqdm.auto import tqdm

from coursekit.authoring.slicing import CHECK
from coursekit.checks import choose, require
from coursekit.grading.course import gradebook, plan_of
from coursekit.grading.one import Graded, blank_gradebook, grade_one

STATE = "graded"  # folder: what was graded of whom


@dataclass(frozen=True)
class Change:
    """A mark that is another one now; ``before`` is None where there was none."""

    student: str
    exercise: str
    before: float | None
    after: float


def students(folder: Path, name: str) -> list[str]:
    """Who has handed the assignment in."""
    return sorted(path.parent.name for path in (folder / "submitted").glob(f"*/{name}"))


def grade(
    folder: Path,
    name: str,
    *,
    only: Collection[str] = (),
    exercises: Collection[str] = (),
    again: bool = False,
    jobs: int = 2,
    bar: bool = True,
) -> Iterator[tuple[Graded, list[Change]]]:
    """Grade what has been handed in and not been graded yet; yield each result once it is kept.

    only: these students.  exercises: keep the marks of these only, of everybody, whether graded
    before or not; the others' stay due.  again: also who was graded before.  jobs: submissions at a
    time.  bar: a progress bar.  A submission counts as graded once the next result is asked for.
    A submission without marks (no notebook, a process that ended) keeps those it had before.
    Whoever stops the run loses nothing but the submissions under way; the next run goes on.
    Errors: ValueError for an unknown assignment, student or exercise.
    """
    plan = plan_of(folder, name)
    known = [key for lesson in plan.lessons for key in plan.keys(lesson)]
    for key in exercises:
        choose("exercise", key, known)
    there = students(folder, name)
    unknown = sorted(set(only) - set(there))
    require(not unknown, f"{name} has no submission of {', '.join(unknown)}; it has {there}.")
    digests = {s: digest(folder, name, s) for s in there if not only or s in only}
    every = again or bool(exercises)
    todo = [s for s, now in digests.items() if every or _known(folder, name, s) != now]
    with tempfile.TemporaryDirectory() as place:
        blank = Path(place)
        if todo:
            blank_gradebook(folder, blank)
        work = (delayed(grade_one)(folder, name, student, blank) for student in todo)
        done = Parallel(n_jobs=jobs, return_as="generator_unordered")(work)
        for found in tqdm(done, total=len(todo), desc=name, unit="student", disable=not bar):
            yield found, merge(folder, name, found, exercises)
            if not exercises:
                _remember(folder, name, found, digests[found.student])


def merge(folder: Path, name: str, found: Graded, exercises: Collection[str] = ()) -> list[Change]:
    """Write one submission's automatic marks into the class's gradebook; which ones changed.

    No mark is higher than the gradebook's own maximum, and none is taken away for want of another.
    Marks given by hand stay; whoever gave them is asked to look again where the automatic one
    changed, and at every answer that is marked by hand.
    """
    changes = []
    with gradebook(folder) as book:
        book.update_or_create_student(found.student)
        if found.problem:
            return []
        when = {"timestamp": found.timestamp} if found.timestamp else {}
        book.update_or_create_submission(name, found.student, **when)
        for (notebook, cell), points in found.marks.items():
            key = cell.removeprefix(CHECK)
            if exercises and key not in exercises:
                continue
            mark = book.find_grade(cell, notebook, name, found.student)
            before, after = mark.auto_score, min(float(points), mark.cell.max_score)
            if before != after:
                mark.auto_score = after
                mark.needs_manual_grade = mark.manual_score is not None
                changes.append(Change(found.student, key, before, after))
        for notebook, cell in found.by_hand if not exercises else ():
            book.find_grade(cell, notebook, name, found.student).needs_manual_grade = True
        book.db.commit()
    return changes


def digest(folder: Path, name: str, student: str) -> str:
    """Of what was handed in and of what it is graded with."""
    found = hashlib.sha256()
    for part in (folder / "submitted" / student / name, folder / "source" / name):
        for path in sorted(p for p in part.rglob("*") if p.is_file()):
            found.update(f"{path.relative_to(part)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def _state(folder: Path, name: str, student: str) -> Path:
    return folder / STATE / name / f"{student}.json"


def _known(folder: Path, name: str, student: str) -> str:
    """The digest of what was graded last, or ""; what had no marks is tried anew."""
    path = _state(folder, name, student)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return "" if kept.get("problem") else kept.get("digest", "")


def _remember(folder: Path, name: str, found: Graded, now: str) -> None:
    path = _state(folder, name, found.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"digest": now, "problem": found.problem}, indent=1) + "\n"
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def for_a_human(folder: Path, name: str) -> dict[str, str]:
    """Students whose submission has no marks → why."""
    paths = sorted((folder / STATE / name).glob("*.json"))
    read = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}
    return {student: kept["problem"] for student, kept in read.items() if kept["problem"]}
