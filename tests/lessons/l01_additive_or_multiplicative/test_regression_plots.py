"""Lesson 01's pictures: what they say is what they show."""

import numpy as np
import pytest

from coursekit.course.plots import new_figure
from coursekit.lessons.l01_additive_or_multiplicative.plots import (
    Interval,
    Names,
    residuals,
    slope_intervals,
    two_groups,
)

NAMES = Names("smiling", "score", ("others", "critics"))
X_A = np.linspace(0, 2, 20)
X_B = np.tile([0.0, 1.0], 10)


def axes():
    return new_figure()[1][0]


def drawn_slopes(ax):
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2]
    return [np.diff(line.get_ydata())[0] / np.diff(line.get_xdata())[0] for line in lines]


def test_lines_and_words_have_the_slopes_of_the_weights():
    ax = axes()
    alt = two_groups(ax, X_A, X_B, 3 * X_A, (1.0, 2.0, -1.0, 0.5), NAMES)
    assert drawn_slopes(ax) == pytest.approx([2.0, 2.5])
    assert "others: 10 points, line from 1.00 with slope +2.00" in alt
    assert "critics: 10 points, line from 0.00 with slope +2.50" in alt


def test_an_additive_model_draws_parallel_lines():
    ax = axes()
    two_groups(ax, X_A, X_B, 3 * X_A, (1.0, 2.0, -1.0), NAMES)
    first, second = drawn_slopes(ax)
    assert first == pytest.approx(second) == pytest.approx(2.0)


def test_groups_differ_by_more_than_colour():
    ax = axes()
    two_groups(ax, X_A, X_B, X_A, (0.0, 1.0), NAMES)
    styles = {(line.get_marker(), line.get_linestyle()) for line in ax.lines}
    assert len(styles) == 2
    assert len({x[0] for x in styles}) == len({x[1] for x in styles}) == 2


def test_residual_means_are_those_of_the_bins():
    rest = np.where(X_B == 1, X_A - 1, 1 - X_A)
    alt = residuals(axes(), X_A, X_B, rest, NAMES, bins=2)
    low, high = X_A[:10], X_A[10:]
    others = (1 - low[::2]).mean(), (1 - high[::2]).mean()
    critics = (low[1::2] - 1).mean(), (high[1::2] - 1).mean()
    assert f"others: mean {others[0]:+.2f} at low smiling, {others[1]:+.2f} at high" in alt
    assert f"critics: mean {critics[0]:+.2f} at low smiling, {critics[1]:+.2f} at high" in alt


def test_an_interval_over_zero_looks_different():
    ax = axes()
    rows = {"clear": Interval(1.0, 0.5, 1.5), "open": Interval(0.002, -0.017, 0.022)}
    alt = slope_intervals(ax, rows, "slope")
    assert "clear 1 [0.5, 1.5]; open 0.002 [-0.017, 0.022]" in alt
    markers = [line.get_marker() for line in ax.lines if len(line.get_xdata()) == 1]
    assert len(set(markers)) == 2


def test_vectors_of_other_lengths_are_refused():
    for draw in (
        lambda ax: two_groups(ax, X_A, X_B[:5], X_A, (0.0, 1.0), NAMES),
        lambda ax: residuals(ax, X_A, X_B, X_A[:, None], NAMES),
    ):
        with pytest.raises(ValueError, match="three vectors of one length"):
            draw(axes())
    with pytest.raises(ValueError, match="slopes is empty"):
        slope_intervals(axes(), {}, "slope")
