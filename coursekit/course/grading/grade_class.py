"""A class graded: submissions in parallel, marks merged one by one, stopped and gone on at will."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from tqdm.auto import tqdm

from coursekit.course.authoring.exercise_slices import CHECK
from coursekit.course.grading.class_folder import gradebook, plan_of
from coursekit.course.grading.grading_state import graded_digest, remember
from coursekit.course.grading.submission import Graded, blank_gradebook, failure, grade_one
from coursekit.course.grading.submission_files import (
    Refused,
    digest_of,
    left_behind,
    require_student,
)
from coursekit.course.grading.worker_processes import each
from coursekit.utils.checks import choose, require


@dataclass(frozen=True)
class Change:
    """A mark that is another one now; ``before`` is None where there was none."""

    student: str
    exercise: str
    before: float | None
    after: float


def students(folder: Path, name: str) -> list[str]:
    """Who has handed the assignment in, or has a file or a link where their folder should be."""
    try:
        entries = sorted(os.scandir(folder / "submitted"), key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    return [
        entry.name
        for entry in entries
        if not left_behind(entry.name)
        and (os.path.lexists(Path(entry, name)) or not entry.is_dir(follow_symlinks=False))
    ]


def grade(
    folder: Path,
    name: str,
    *,
    only: Collection[str] = (),
    exercises: Collection[str] = (),
    again: bool = False,
    jobs: int = 2,
    bar: bool = True,
    after: Callable[[str], None] | None = None,
    not_collected: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[Graded, list[Change]]]:
    """Grade what has been handed in and not been graded yet; yield each result once it is kept.

    only: these students.  exercises: keep the marks of these only, of everybody, whether graded
    before or not; the others' stay due.  again: also who was graded before.  jobs: submissions at a
    time.  bar: a progress bar.  after: called with each student who has marks, once these are kept.
    not_collected: whose newest submission is not here, and why.
    Whatever happens with one submission is that student's ``problem``, and the next is graded.
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
    chosen = [s for s in there if (not only or s in only) and s not in not_collected]
    digests, refused = _digests(folder, name, chosen)
    refused += [Graded(student, problem=why) for student, why in not_collected.items()]
    every = again or bool(exercises)
    todo = [s for s, now in digests.items() if every or graded_digest(folder, name, s) != now]
    for problem in refused:
        remember(folder, name, problem.student, "", problem.problem)
        yield problem, []
    with tempfile.TemporaryDirectory() as place:
        blank = Path(place)
        if todo:
            blank_gradebook(folder, blank)
        results = each(grade_one, todo, folder, name, blank, jobs=jobs, died=_died)
        for graded in tqdm(results, total=len(todo), desc=name, unit="student", disable=not bar):
            merged, changes = _keep(folder, name, graded, exercises, after)
            if not exercises or merged.problem:
                digest_now = digests[merged.student]
                remember(folder, name, merged.student, digest_now, merged.problem, merged.remark)
            yield merged, changes


def _digests(folder: Path, name: str, who: Collection[str]) -> tuple[dict[str, str], list[Graded]]:
    """Student → digest of submission and assignment; and whose files are not touched at all."""
    digests: dict[str, str] = {}
    refused: list[Graded] = []
    for student in who:
        try:
            require_student(student)
            digests[student] = digest(folder, name, student)
        except Refused as problem:
            refused.append(Graded(student, problem=str(problem)))
    return digests, refused


def _died(student: str) -> Graded:
    return Graded(student, problem="ended the process that graded it")


def _keep(
    folder: Path,
    name: str,
    graded: Graded,
    exercises: Collection[str],
    after: Callable[[str], None] | None,
) -> tuple[Graded, list[Change]]:
    """Merge one submission's marks; what fails on the way becomes its problem."""
    changes: list[Change] = []
    try:
        changes = merge(folder, name, graded, exercises)
        if after is not None and not graded.problem:
            after(graded.student)
    except Exception as error:  # whatever it is, the others' marks do not wait for it
        return replace(graded, problem=failure(error)), changes
    return graded, changes


def merge(folder: Path, name: str, graded: Graded, exercises: Collection[str] = ()) -> list[Change]:
    """Write one submission's automatic marks into the class's gradebook; which ones changed.

    No mark is higher than the gradebook's own maximum, and none is taken away for want of another.
    Marks given by hand stay; whoever gave them is asked to look again where the automatic one
    changed, and at every answer that is marked by hand.
    """
    changes = []
    with gradebook(folder) as book:
        book.update_or_create_student(graded.student)
        if graded.problem:
            return []
        when = {"timestamp": graded.timestamp} if graded.timestamp else {}
        book.update_or_create_submission(name, graded.student, **when)
        for (notebook, cell), points in graded.marks.items():
            key = cell.removeprefix(CHECK)
            if exercises and key not in exercises:
                continue
            mark = book.find_grade(cell, notebook, name, graded.student)
            before, after = mark.auto_score, min(float(points), mark.cell.max_score)
            if before != after:
                mark.auto_score = after
                mark.needs_manual_grade = mark.manual_score is not None
                changes.append(Change(graded.student, key, before, after))
        for notebook, cell in graded.by_hand if not exercises else ():
            book.find_grade(cell, notebook, name, graded.student).needs_manual_grade = True
        book.db.commit()
    return changes


def digest(folder: Path, name: str, student: str) -> str:
    """Of what was handed in and of what it is graded with.

    Errors: Refused where the submission holds what is not opened.
    """
    whole = hashlib.sha256(digest_of(folder / "submitted" / student / name).encode())
    source = folder / "source" / name
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        whole.update(f"{path.relative_to(source)}\n".encode() + path.read_bytes())
    return whole.hexdigest()
