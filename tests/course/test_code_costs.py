"""What a code costs: reading it computes nothing, opening it computes its own state, once."""

import os
import subprocess
import sys

import pytest

from coursekit.course.grading.assignment import Plan
from coursekit.course.grading.class_folder import keep_plan, plan_of
from coursekit.course.widgets import EXPLORERS, explorer_from_code, gallery
from coursekit.course.widgets.handout import Handout
from coursekit.course.widgets.share_code import encode


def counted(monkeypatch, key="lines"):
    """The states that the explorer ``lines`` computes, and its views."""
    module = sys.modules[EXPLORERS[key].__module__]
    states, views = [], []
    compute, view = module.fit_two_lines, module.LinesView
    monkeypatch.setattr(
        module, "fit_two_lines", lambda **state: states.append(state) or compute(**state)
    )
    monkeypatch.setattr(module, "LinesView", lambda: views.append(1) or view())
    return states, views


@pytest.mark.parametrize("closed", [{}, {"locked": ["w1"], "hidden": ["seed"]}])
def test_a_code_that_is_opened_is_computed_once(monkeypatch, closed):
    teacher = EXPLORERS["lines"]()
    teacher.set(w3=2.5, seed=3)
    code = teacher.handout(**closed) if closed else teacher.code
    done, views = counted(monkeypatch)
    for opened in (explorer_from_code(code), EXPLORERS["lines"]().open(code)):
        opened._repr_mimebundle_()
        assert opened.shown == opened.state == teacher.state
        assert opened.picture == teacher.picture
    assert done == [teacher.state] * 2 and views == [1, 1]


def test_an_explorer_is_computed_when_it_is_looked_at_and_once(monkeypatch):
    done, views = counted(monkeypatch)
    e = EXPLORERS["lines"]()
    assert (e.code, e.state["seed"], e.key) and done == views == []
    assert e.alt and e.picture and e.data and len(e.table()) and repr(e)
    assert done == [e.state] and views == [1]
    turned = EXPLORERS["lines"]()
    turned.set(seed=5)
    assert len(done) == 2 and done[1]["seed"] == 5 and turned.shown["seed"] == 5


@pytest.mark.parametrize("key", EXPLORERS)
def test_every_explorer_of_the_course_puts_its_first_picture_off(key, monkeypatch):
    monkeypatch.setattr(gallery.Explorer, "_steps", lambda *_: pytest.fail("computed"))
    e = EXPLORERS[key]()
    assert e.read(e.code) == e.state


def test_reading_a_code_computes_and_draws_nothing(monkeypatch):
    teacher = EXPLORERS["lines"]()
    done, views = counted(monkeypatch)
    assert EXPLORERS["lines"]().read(teacher.code) == teacher.state
    assert EXPLORERS["lines"]().handout(locked=["seed"])
    assert done == []
    with pytest.raises(ValueError, match="letters after"):
        explorer_from_code("lines-aaa")
    assert done == [] and views == [1]  # a handout asks its view what it writes out


def test_a_code_whose_state_cannot_be_computed_shows_the_first_one_and_says_so(monkeypatch):
    module = sys.modules[EXPLORERS["lines"].__module__]
    compute = module.fit_two_lines

    def fit(**state):
        if state["seed"] == 13:
            raise ZeroDivisionError("no spread")
        return compute(**state)

    monkeypatch.setattr(module, "fit_two_lines", fit)
    e = EXPLORERS["lines"]()
    code = encode("lines", e.controls, Handout({**e.state, "seed": 13}))
    opened = explorer_from_code(code)
    assert opened.state["seed"] == 13 and opened.shown == e.state
    assert "no spread" in opened._panel._warning.value and opened.picture == e.picture


LIGHT = """
import sys
from coursekit.course.grading.assignment import Plan
Plan(("01",))
assert "torch" not in sys.modules
import coursekit.course.widgets.explorer as module
module.Explorer._steps = lambda *_: 1 / 0
Plan(("01",), explorers={"race": sys.argv[1]})
"""


def test_an_assignment_reads_its_codes_without_a_training():
    code = EXPLORERS["race"]().code
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, code], capture_output=True, text=True, env=dict(os.environ),
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_an_assignment_that_was_made_is_graded_whatever_its_codes_ask_for(tmp_path):
    unreadable = {"race": "race-aaa"}
    with pytest.raises(ValueError, match="letters after"):
        Plan(("01",), explorers=unreadable)
    plan = Plan(("01",), explorers=unreadable, made=True)
    keep_plan(plan, tmp_path)
    assert plan_of(tmp_path, "ps1") == plan and plan.explorers == unreadable
