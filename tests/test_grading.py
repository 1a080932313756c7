"""nbgrader itself, from the instructor's lesson 01 to the marks of three learners."""

import copy
import os
import sysconfig

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from coursekit.authoring.learner import STUB
from coursekit.authoring.sources import instructor_notebook, scripts

LESSON = next(script for script in scripts() if script.stem.startswith("01_"))
SLOPE_WITHOUT_INTERACTION = "def slope_for(weights, x_b):\n    return weights[1]"
NOISY = (
    "import logging, os, sys, warnings\n"
    "logging.basicConfig()\n"
    "def slope_for(weights, x_b):\n"
    "    warnings.warn('careful')\n"
    "    print('on stderr', file=sys.stderr)\n"
    "    logging.warning('by a handler')\n"
    "    os.write(2, b'past sys.stderr')\n"
    "    return weights[1] + weights[3] * x_b"
)


def cell(notebook, grade_id):
    return next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


@pytest.fixture(scope="module")
def grader(tmp_path_factory):
    """A course folder with lesson 01 released; the API, and a function that hands in."""
    folder = tmp_path_factory.mktemp("grading")
    monkeypatch = pytest.MonkeyPatch()  # nbgrader looks for its commands on the PATH
    monkeypatch.setenv("PATH", sysconfig.get_path("scripts"), prepend=os.pathsep)
    source = folder / "source" / "lesson" / "lesson.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(instructor_notebook(LESSON), source)
    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.course_id = "coursekit"
    config.CourseDirectory.db_url = f"sqlite:///{folder}/grades.db"
    config.ClearSolutions.code_stub = {"python": STUB}
    api = NbGraderAPI(config=config)
    made = api.generate_assignment("lesson")
    assert made["success"], made["log"]
    yield folder, api
    monkeypatch.undo()


def grade(grader, learner, notebook):
    """Hand ``notebook`` in and return grade id → automatic points."""
    folder, api = grader
    path = folder / "submitted" / learner / "lesson" / "lesson.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    done = api.autograde("lesson", learner)
    assert done["success"], done["log"]
    with Gradebook(f"sqlite:///{folder}/grades.db") as book:
        submission = book.find_submission("lesson", learner)
        return {g.cell.name: g.auto_score for n in submission.notebooks for g in n.grades}


def released(grader):
    return nbformat.read(grader[0] / "release" / "lesson" / "lesson.ipynb", 4)


def test_an_untouched_notebook_has_no_points(grader):
    earned = grade(grader, "untouched", released(grader))
    assert len(earned) == 5 and set(earned.values()) == {0}


def test_the_solutions_have_every_point(grader):
    notebook = instructor_notebook(LESSON)
    earned = grade(grader, "solved", notebook)
    full = {
        c.metadata["nbgrader"]["grade_id"]: c.metadata["nbgrader"]["points"]
        for c in notebook.cells
        if c.metadata.get("nbgrader", {}).get("grade")
    }
    assert earned == full


def test_a_misconception_has_none_and_noise_costs_nothing(grader):
    wrong = copy.deepcopy(released(grader))
    cell(wrong, "ex-01-slope-for").source = SLOPE_WITHOUT_INTERACTION
    assert grade(grader, "wrong", wrong)["check-01-slope-for"] == 0
    noisy = copy.deepcopy(released(grader))
    cell(noisy, "ex-01-slope-for").source = NOISY
    earned = grade(grader, "noisy", noisy)
    assert earned["check-01-slope-for"] == 1 and sum(earned.values()) == 1
