"""An assignment as nbgrader's source notebooks: chosen exercises of chosen lessons."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from coursekit.course.authoring.exercise_slices import (
    CHECK,
    GIVEN,
    cut,
    exercises_of,
    grade_id,
    key_of,
)
from coursekit.course.authoring.sources import NBGRADER, instructor_notebook, name_of, scripts
from coursekit.course.grading.open_question import has_question, question_cells
from coursekit.course.help_level import HELP, VARIABLE
from coursekit.utils.checks import choose, require, require_positive

HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)\n### END HIDDEN TESTS", re.S)
LAST_CALL = re.compile(r"\.check\((.*), seed=[\d_]+\)$", re.S)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*", re.I)


@dataclass(frozen=True)
class Plan:
    """What is handed out.

    lessons: two digits each.  name: of the assignment, a folder's name.  seed: of the hidden cases;
    another one makes other cases.  exercises: keys, all of the lessons without it.  points: key →
    points, the exercise's own without it.  due: with a time zone.  help: "all", "hints" (no
    solutions) or "none", what the learner's notebook offers.  explorers: name → code that it is
    opened with, which may lock or hide knobs.  written: also each lesson's open question.
    made: it was handed out before, so its codes are not read again: whatever the course may lack by
    now, what was handed in can be collected and graded.
    Errors: ValueError, naming what does not fit.
    """

    lessons: tuple[str, ...]
    name: str = "ps1"
    seed: int = 0
    exercises: tuple[str, ...] = ()
    points: Mapping[str, float] = field(default_factory=dict)
    due: datetime | None = None
    help: str = "all"
    explorers: Mapping[str, str] = field(default_factory=dict)
    written: bool = False
    made: InitVar[bool] = False

    def __post_init__(self, made: bool) -> None:
        known = lesson_scripts()
        require(len(self.lessons) > 0, "lessons is empty; one or more were expected.")
        for lesson in self.lessons:
            choose("lesson", lesson, known)
        choose("help", self.help, HELP)
        form = "letters, digits, - and _ were expected, a letter or digit first"
        require(bool(NAME.fullmatch(self.name)), f"name is {self.name!r}; {form}.")
        every = [key for lesson in self.lessons for key in keys_of(known[lesson])]
        for key in (*self.exercises, *self.points):
            choose("exercise", key, every)
        for lesson in self.lessons:
            sentence = f"exercises has none of lesson {lesson}; leave the lesson out, or name one."
            require(len(self.keys(lesson)) > 0, sentence)
        for key, points in self.points.items():
            require_positive(f"points of {key}", points)
        if not made:
            self._require_explorers()
        asked = any(map(has_question, self.lessons)) or not self.written
        require(asked, f"lessons {list(self.lessons)} have no open question; leave it out.")
        zone = self.due is None or self.due.tzinfo is not None
        require(zone, f"due is {self.due}; a time zone was expected with it.")

    def _require_explorers(self) -> None:
        """Codes are read now, not when a student runs the cell; nothing is computed for that."""
        if self.explorers:
            from coursekit.course.widgets.deferred_picture import put_off
            from coursekit.course.widgets.gallery import EXPLORERS  # with all that they train with

            with put_off():
                for name, code in self.explorers.items():
                    EXPLORERS[choose("explorer", name, EXPLORERS)]().read(code)

    def keys(self, lesson: str) -> list[str]:
        """The exercises of one lesson that are handed out, in their order."""
        every = keys_of(lesson_scripts()[lesson])
        return [key for key in every if not self.exercises or key in self.exercises]


def lesson_scripts() -> dict[str, Path]:
    """Two digits → the lesson's source script."""
    return {name_of(script): script for script in scripts()}


def keys_of(script: Path) -> list[str]:
    """The exercises of a lesson."""
    return exercises_of(instructor_notebook(script))


def source_notebook(lesson: str, plan: Plan) -> NotebookNode:
    """What nbgrader keeps in its source folder: with solutions and hidden checks."""
    keys = plan.keys(lesson)
    notebook = cut(instructor_notebook(lesson_scripts()[lesson]), keys)
    locked = 0
    for cell in notebook.cells:
        if grade_id(cell).startswith(CHECK):
            key = key_of(cell)
            graded = cell.metadata["nbgrader"]
            graded["points"] = plan.points.get(key, graded["points"])
            cell.source = with_hidden_cases(cell.source, hidden_seed(plan, key), graded["points"])
            if key in plan.points:
                cell.source = worth(cell.source, graded["points"])
        elif cell.cell_type == "code" and not grade_id(cell):
            locked += 1
            _lock(cell, f"{GIVEN}{lesson}-{locked}")
    question = question_cells(lesson) if plan.written and has_question(lesson) else []
    notebook.cells = [*_head(lesson, plan, keys), *notebook.cells, *question]
    return notebook


def hidden_seed(plan: Plan, key: str) -> int:
    """The seed of an exercise's hidden cases: of the plan's seed, its name and the key."""
    text = f"{plan.seed}/{plan.name}/{key}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def with_hidden_cases(code: str, seed: int, out_of: float) -> str:
    """A check's cell whose hidden call is `Exercise.grade` with this seed, for so many points.

    Errors: ValueError when the hidden part is no single check with a seed.
    """
    hidden = HIDDEN.search(code)
    if hidden is None:  # a value to be assigned: the visible check says all
        return (
            code + f"\n### BEGIN HIDDEN TESTS\n{_graded(code, None, out_of)}\n### END HIDDEN TESTS"
        )
    begin, end = hidden.span(1)
    return code[:begin] + _graded(hidden[1], seed, out_of) + code[end:]


def worth(code: str, out_of: float) -> str:
    """A check's cell whose visible call, too, counts so many points.

    Errors: ValueError when there is no single check before the hidden part.
    """
    shown, mark, hidden = code.partition("### BEGIN HIDDEN TESTS")
    pattern = re.compile(r"\.check\((.*)\)(\s*)$", re.S)
    shown, count = pattern.subn(rf".check(\1, out_of={out_of:g})\2", shown)
    require(count == 1, f"a check's cell begins with {shown!r}; one visible check was expected.")
    return shown + mark + hidden


def _graded(call: str, seed: int | None, out_of: float) -> str:
    pattern = re.compile(r"\.check\((.*)\)$", re.S) if seed is None else LAST_CALL
    with_seed = "" if seed is None else f", seed={seed}"
    graded, count = pattern.subn(rf".grade(\1{with_seed}, out_of={out_of:g})", call.strip())
    require(count == 1, f"a graded cell ends in {call!r}; one check with a seed was expected.")
    return graded


def _lock(cell: NotebookNode, name: str) -> None:
    """What the exercises depend on is not the learner's to change; nbgrader puts it back."""
    cell.id = name
    cell.metadata["nbgrader"] = {**NBGRADER, "grade_id": name, "locked": True}


def _head(lesson: str, plan: Plan, keys: list[str]) -> list[NotebookNode]:
    """Title, what is asked, and what help there is."""
    title = instructor_notebook(lesson_scripts()[lesson]).cells[0].source.splitlines()[0]
    due = f" It is due on {plan.due:%d %B %Y, %H:%M %Z}." if plan.due else ""
    count = f"{len(keys)} exercises" if len(keys) != 1 else "one exercise"
    text = (
        f"{title}\n\nAssignment **{plan.name}**: {count} of this lesson.{due} Write your answers "
        "in the cells with `...` and run the check below each one as often as you like. What "
        "counts are checks on other cases, made after you have handed in. Leave the other cells "
        "as they are; you may add cells of your own."
    )
    cells = [new_markdown_cell(text, id=f"head-{lesson}")]
    if plan.help != HELP[0]:
        cells.append(new_code_cell(f'import os\n\nos.environ["{VARIABLE}"] = "{plan.help}"'))
        _lock(cells[-1], f"{GIVEN}{lesson}-help")
    if lesson == plan.lessons[0]:  # once
        for name, code in plan.explorers.items():
            lines = (
                "from coursekit.course.widgets import EXPLORERS",
                f"EXPLORERS[{name!r}]().open({code!r})",
            )
            cells.append(new_code_cell("\n\n".join(lines)))
            _lock(cells[-1], f"{GIVEN}{lesson}-explorer-{name}")
    return cells
