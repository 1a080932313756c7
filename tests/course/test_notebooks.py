"""Every lesson: fresh, complete, unsolved for the learner and solvable by its own solutions."""

import re

import nbformat
import pytest

from coursekit.course.authoring.freshness import problems
from coursekit.course.authoring.glossary import glossary, path_of_glossary, terms
from coursekit.course.authoring.learner_notebook import marks, solved
from coursekit.course.authoring.sources import (
    NOTEBOOKS,
    instructor_notebook,
    notebook_of,
    pages,
    scripts,
)
from coursekit.course.registry import exercises

SCRIPTS = scripts()
each_lesson = pytest.mark.parametrize("script", SCRIPTS, ids=[s.stem for s in SCRIPTS])


def test_there_are_lessons_and_each_notebook_has_a_source():
    assert SCRIPTS
    known = {notebook_of(script) for script in [*SCRIPTS, *pages()]} | {path_of_glossary()}
    assert known == set(NOTEBOOKS.glob("*.ipynb"))


def test_the_glossary_says_what_the_lessons_say():
    assert nbformat.read(path_of_glossary(), 4) == glossary()
    assert len(terms()) >= 30


@pytest.mark.parametrize("script", [*SCRIPTS, *pages()], ids=lambda script: script.stem)
def test_stored_notebook_is_good(script):
    assert problems(notebook_of(script)) == []


@each_lesson
def test_untouched_notebook_earns_nothing(script):
    stored = marks(nbformat.read(notebook_of(script), 4))
    assert stored and all(mark.earned == 0 for mark in stored.values()), stored
    text = nbformat.writes(nbformat.read(notebook_of(script), 4))
    assert text.count("○ Not attempted yet") == len(stored)


@each_lesson
def test_solutions_earn_every_point(script):
    earned = solved(script)
    assert earned and all(mark.earned == mark.out_of > 0 for mark in earned.values()), earned


@each_lesson
def test_lesson_has_what_a_lesson_needs(script):
    cells = instructor_notebook(script).cells
    number = script.stem[:2]
    head = cells[0].source
    assert cells[0].cell_type == "markdown" and head.startswith(f"# {number} · ")
    abilities = re.search(r"\*\*After this lesson you can\*\*\n\n((?:- .*\n(?:  .*\n)*)+)", head)
    assert abilities and 3 <= len(re.findall(r"^- ", abilities[1], re.M)) <= 5
    assert re.search(r"\d+ minutes to read", head)
    for part in ("**Needed before**", "**Source"):
        assert part in head
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert "[glossary](glossary.ipynb)" in text
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert re.search(rf'checkpoint\(\s*"{number}"', code)
    assert "claim(" in code
    graded = [c.metadata["nbgrader"] for c in cells if c.metadata.get("nbgrader", {}).get("grade")]
    keys = [g["grade_id"].removeprefix("check-") for g in graded]
    assert all(key.startswith(f"{number}-") for key in keys)
    answered = {c.id for c in cells if c.metadata.get("nbgrader", {}).get("solution")}
    assert answered == {f"ex-{key}" for key in keys}


@each_lesson
def test_points_in_the_notebook_are_those_of_the_exercises(script):
    lesson = exercises(script.stem[:2])
    points = {f"check-{x.key}": x.points for x in vars(lesson).values() if hasattr(x, "points")}
    cells = instructor_notebook(script).cells
    stated = {
        c.metadata["nbgrader"]["grade_id"]: c.metadata["nbgrader"]["points"]
        for c in cells
        if c.metadata.get("nbgrader", {}).get("grade")
    }
    assert stated == points
