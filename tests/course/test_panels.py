"""What explorers' pictures have alike: scales that never move, and a remark."""

import numpy as np
import pandas as pd
import pytest

from coursekit.course.plots import new_figure
from coursekit.course.plots.bands import mean_line
from coursekit.course.plots.panels import remarks, share_rows, training_curves
from coursekit.course.plots.style import style
from coursekit.course.plots.tidy_tables import interval


def test_rows_stand_from_the_top_down_on_a_scale_of_shares():
    _, (ax,) = new_figure()
    share_rows(ax, "Accuracy", ("first", "second", "third"), "test accuracy")
    assert ax.get_xlim() == (0, 1)
    bottom, top = ax.get_ylim()
    assert top < 0 and bottom > 2
    assert [t.get_text() for t in ax.get_yticklabels()] == ["first", "second", "third"]
    assert ax.get_title("left") == "Accuracy" and ax.get_xlabel() == "test accuracy"


def test_curves_begin_empty_in_the_order_of_their_labels():
    _, (ax,) = new_figure()
    lines = training_curves(ax, {"A alone": style("A"), "joint": style("joint")})
    assert [line.get_label() for line in lines] == ["A alone", "joint"]
    assert [line.get_marker() for line in lines] == [style(m)["marker"] for m in ("A", "joint")]
    assert all(len(line.get_xdata()) == 0 for line in lines)


def test_no_curve_can_run_through_the_legend():
    figure, (ax,) = new_figure(3.0, 3.0)
    training_curves(ax, {name: style(name) for name in ("A", "B", "joint", "ensemble")})
    figure.canvas.draw()
    box = ax.get_legend().get_window_extent().transformed(ax.transData.inverted())
    assert ax.get_ylim()[0] == 0 and box.ymin > 1 and box.xmax <= ax.get_xlim()[1]
    assert max(ax.get_yticks()) == 1  # no accuracy is above one


@pytest.mark.parametrize(
    ("stopped", "left_out", "expected"),
    [
        ({}, "", "One seed; turn the seed before you believe a difference."),
        ({"mlb": "It diverged."}, "", "mlb stopped: It diverged."),
        ({}, "pmr: not defined here.", "pmr: not defined here."),
        ({"a": "x.", "b": "y."}, "z.", "a stopped: x. b stopped: y. z."),
    ],
)
def test_a_remark_names_who_is_not_there_to_the_end(stopped, left_out, expected):
    assert remarks(stopped, left_out) == expected


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_mean_has_a_band_where_there_are_several_seeds(seeds):
    rows = [(n, seed, n + 0.1 * seed) for n in (2, 1) for seed in range(seeds)]
    table = pd.DataFrame(rows, columns=["n", "seed", "w"])
    _, (ax,) = new_figure()
    means = mean_line(ax, table, "n", "w", label="w", **style("A"))
    assert means.index.tolist() == [1, 2]
    assert means.to_numpy() == pytest.approx([1 + 0.05 * (seeds - 1), 2 + 0.05 * (seeds - 1)])
    assert ax.lines[0].get_ydata() == pytest.approx(means.to_numpy())
    assert len(ax.collections) == (1 if seeds > 1 else 0)
    if seeds > 1:
        ends = interval(table.loc[table["n"] == 1, "w"])
        (band,) = ax.collections[0].get_paths()
        assert np.isclose(band.vertices[:, 1], ends.low).any()
        assert np.isclose(band.vertices[:, 1], ends.high).any()
