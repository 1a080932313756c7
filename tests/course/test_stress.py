"""The stress test's own faults, and half of the explorers through it."""

import warnings

import explorer_stress
import numpy as np
import pandas as pd
import pytest

from coursekit.course.plots import new_figure
from coursekit.course.widgets import EXPLORERS, Explorer, Slider


@pytest.mark.parametrize("key", list(EXPLORERS)[::2])
def test_every_state_can_be_computed_drawn_and_read(key):
    explorer_stress.require_no_problems(key)


class View:
    """A point that is right in everything; the tests spoil one thing each."""

    def __init__(self):
        self.figure, (ax,) = new_figure(2, 2, layout=None)
        (self.dot,) = ax.plot([0], [0], marker="o")
        ax.set_ylim(-1, 12)

    def update(self, data):
        self.dot.set_ydata([data])

    def describe(self, data):
        return f"A dot at {data:.2f}, {data / 100:.0%} of a hundred."

    def table(self, data):
        return pd.DataFrame({"at": [data, data / 100], "which": "dot"})


def problems(view=View, compute=lambda height: height + 0.25):
    knobs = {"height": Slider("height", 0, 10, 1, 5)}
    driver = explorer_stress.Driver(
        Explorer("dot", "A dot", knobs, compute, view, {"top": {"height": 10}})
    )
    driver.presets()
    driver.ends()
    driver.at_random()
    return driver.problems


def test_a_right_explorer_has_no_problems():
    assert problems() == []


class Lies(View):
    def describe(self, data):
        return f"A dot at {data + 0.01 * (data > 7):.2f}."


class Blind(View):
    def update(self, data):
        pass


class Mute(View):
    def describe(self, data):
        return "A dot."


class Remembers(View):
    """The dot's colour tells what was shown before."""

    def update(self, data):
        self.dot.set_color("C0" if self.dot.get_ydata()[0] == 0 else "C1")
        super().update(data)


class Warns(View):
    def update(self, data):
        super().update(data)
        warnings.warn("this is not said lightly", stacklevel=1)


class Empty(View):
    def table(self, data):
        return pd.DataFrame({"at": [data, data / 100], "gone": [np.nan, 1.0]})


class Declared(Empty):
    blanks = {"gone": "nothing was measured"}  # noqa: RUF012


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (Lies, "which no table holds"),
        (Blind, "the picture does not"),
        (Mute, "the text does not"),
        (Remembers, "a view without a past shows something else"),
        (Warns, "UserWarning: this is not said lightly"),
        (Empty, "NaN in 'gone', undeclared"),
    ],
)
@pytest.mark.filterwarnings("ignore:this is not said lightly")
def test_each_fault_is_found(view, words):
    assert any(words in sentence for sentence in problems(view))


def test_a_blank_that_is_declared_is_none():
    assert problems(Declared) == []


def test_data_that_fail_or_are_not_finite_are_found():
    def breaks(height):
        return 1 / (height - 10) if height != 5 else 0.25

    def infinite(height):
        return np.inf if height == 10 else height

    assert any("ZeroDivisionError" in sentence for sentence in problems(compute=breaks))
    assert any("infinite" in sentence for sentence in problems(compute=infinite))
