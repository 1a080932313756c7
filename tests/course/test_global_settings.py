"""Settings that belong to the learner: drawing, showing and failing leave them as they were."""

import json
import subprocess
import sys
from importlib import import_module

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib import rc_context, rcParams
from matplotlib.lines import Line2D

from coursekit.course.plots import display, learning_curves, new_figure, show
from coursekit.course.plots.display import png
from coursekit.course.plots.style import INK, RC, CourseAxes, course_style, legend_key
from coursekit.course.widgets import EXPLORERS, ChoiceGuess
from coursekit.course.widgets.curve_guess import CurveGuess


@pytest.fixture(autouse=True)
def unchanged():
    """Every test here leaves matplotlib's settings as they were."""
    before = dict(rcParams)
    yield
    assert dict(rcParams) == before


def drawn(figure, ax):
    """Lines, a title, ticks, a legend and a text, as bytes."""
    ax.plot([0, 1], [0, 1], label="one")
    ax.plot([0, 1], [1, 0], label="other")
    ax.set_title("A title")
    ax.set_xlabel("x")
    ax.set_xticks([0, 0.5, 1])
    ax.legend()
    ax.annotate("a note", (0.5, 0.5))
    figure.suptitle("Above all")
    return png(figure)


def own_picture():
    """What a learner draws who does not ask us."""
    figure, ax = plt.subplots()
    try:
        return drawn(figure, ax)
    finally:
        plt.close(figure)


def ours():
    figure, (ax,) = new_figure(4, 3)
    return drawn(figure, ax)


def failing():
    figure, (ax,) = new_figure()
    with pytest.raises(ValueError, match="shape"):
        ax.plot([0, 1], [0, 1, 2])
    with pytest.raises(AttributeError):
        ax.set(colour="red")
    ax.add_artist(Broken([0], [0]))
    with pytest.raises(ZeroDivisionError):
        png(figure)


class Broken(Line2D):
    """What a mistake in a view's artist looks like."""

    def draw(self, renderer):
        """Fail."""
        raise ZeroDivisionError


def shown(monkeypatch):
    monkeypatch.setattr(display, "display", lambda data, raw: None)
    figure, (ax,) = new_figure()
    ax.set_title("A title")
    show(figure, "Nothing.")
    with pytest.raises(ValueError, match="alt is empty"):
        show(figure, "")


def explored():
    e = EXPLORERS["lines"]()
    e.set(seed=3)
    e._repr_mimebundle_()
    e.render(seed=4)


def guessed(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path))
    monkeypatch.setattr(import_module("coursekit.course.widgets.guess"), "show", lambda *_: None)
    CurveGuess("05-x", "?", [1, 2, 3, 4], 0.0, 1.0, names=("a", "b"))
    guess = ChoiceGuess("05-y", "?", ("a", "b"))
    guess.commit("a")
    guess.reveal("b")


@pytest.mark.parametrize("act", [ours, failing, shown, explored, guessed], ids=lambda f: f.__name__)
def test_a_learners_figure_looks_as_if_the_course_were_not_there(act, request):
    before = own_picture()
    names = act.__code__.co_varnames[: act.__code__.co_argcount]
    act(**{name: request.getfixturevalue(name) for name in names})
    assert own_picture() == before


def test_settings_that_a_learner_chose_stay_chosen():
    with rc_context({"lines.linewidth": 7.0, "axes.grid": False, "font.size": 14.0}):
        before = own_picture()
        ours()
        explored()
        assert rcParams["lines.linewidth"] == 7.0 and rcParams["font.size"] == 14.0
        assert own_picture() == before


def test_a_picture_of_the_course_looks_the_same_whatever_the_learner_chose():
    before = ours()
    with rc_context({"lines.linewidth": 7.0, "text.color": "red", "axes.grid": False}):
        assert ours() == before


def test_what_is_added_to_a_figure_of_the_course_later_is_in_its_style():
    figure, (ax,) = new_figure(columns=1)
    assert ax.set_title("left").get_color() == INK and ax.get_title("left") == "left"
    assert ax.plot([0, 1], [0, 1])[0].get_linewidth() == 2
    assert ax.text(0, 0, "a text").get_color() == INK
    more = [ax.twinx(), ax.inset_axes((0.1, 0.1, 0.2, 0.2)), figure.add_axes((0, 0, 0.1, 0.1))]
    figure.clear()
    for other in (*more, *figure.subplots(1, 2), figure.add_subplot(3, 3, 1)):
        assert isinstance(other, CourseAxes) and other.xaxis.label.get_color() == INK
    assert figure.add_axes((0, 0, 0.1, 0.1), projection="polar").name == "polar"


def test_a_legends_key_made_by_hand_is_as_wide_as_the_courses_lines():
    assert legend_key(label="x").get_linewidth() == RC["lines.linewidth"]
    assert legend_key(linewidth=1.0).get_linewidth() == 1.0
    _, (ax,) = new_figure()
    table = {"model": ["a"] * 2, "split": ["train"] * 2, "epoch": [1, 2], "loss": [1.0, 0.5]}
    learning_curves(pd.DataFrame(table), ax)
    keys = [line for line in ax.get_legend().get_lines() if line.get_linestyle() != "None"]
    assert {line.get_linewidth() for line in keys} == {RC["lines.linewidth"]}


def test_the_style_is_in_force_inside_its_block_only_and_once():
    before = dict(rcParams)
    with pytest.raises(ZeroDivisionError), course_style():
        with course_style():
            assert rcParams["text.color"] == INK
        assert rcParams["text.color"] == INK  # the inner block is not the one that ends it
        raise ZeroDivisionError
    assert dict(rcParams) == before


SETTINGS = """
import json, logging, sys, warnings
import matplotlib, matplotlib.figure, numpy as np, pandas as pd, torch

def settings():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {name: pd.get_option(name) for name in pd._config.config._registered_options}
    return {
        "matplotlib": dict(matplotlib.rcParams), "pandas": options,
        "numpy": {**np.get_printoptions(), **np.geterr()}, "warnings": list(warnings.filters),
        "showing": warnings.showwarning, "logging": (logging.root.level, logging.root.handlers[:]),
        "threads": torch.get_num_threads(), "number": torch.get_default_dtype(),
        "gradients": torch.is_grad_enabled(), "streams": (sys.stdout, sys.stderr),
    }

torch.set_num_threads(2)
import ipywidgets, requests, scipy.stats, sklearn.linear_model, IPython.display  # with theirs
before, changed = settings(), []

def look(when):
    changed.extend(f"{when}: {name}" for name, x in settings().items() if x != before[name])

from coursekit.course import claims, record, workbook
from coursekit.course.plots import *
look("imports of pictures")
from coursekit.course.widgets import EXPLORERS
from coursekit.course.widgets.game import GAMES
look("imports of widgets")
for key in sys.argv[1:]:
    made = (EXPLORERS[key] if key in EXPLORERS else GAMES[key])()
    made._repr_mimebundle_()
    look(key)
print(json.dumps(changed))
"""


def test_imports_explorers_and_games_change_no_setting_of_any_library(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path))
    keys = ["lines", "surface", "imbalance", "race", "illness"]
    run = subprocess.run(
        [sys.executable, "-c", SETTINGS, *keys], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == []


def test_matplotlibs_own_defaults_are_those_that_the_tests_compare_with():
    """Else the tests above would compare the course's settings with themselves."""
    assert matplotlib.rcParamsDefault["lines.linewidth"] != RC["lines.linewidth"]
