"""Every figure's numbers, read from what was drawn."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.lines import Line2D

from coursekit.course.plots import display, new_figure, show
from coursekit.course.plots.tables import MOST, figure_tables, tables_html


def only(ax, title="Title"):
    ax.set_title(title)
    return figure_tables(ax.figure)[title]


@pytest.fixture
def ax():
    return new_figure(3, 2)[1][0]


def test_error_bars_are_points_and_intervals_under_named_ticks(ax):
    ax.errorbar(
        [0, 1], [0.5, 0.6], yerr=[[0.1, 0.2], [0.3, 0.1]], label="joint", fmt="o", capsize=3
    )
    ax.axhline(0.25)
    ax.set_xticks([0, 1], ["starve", "balanced"])
    ax.set_ylabel("accuracy")
    table = only(ax)
    assert list(table) == ["series", "across", "accuracy"]
    points = table[table["series"] == "joint"]
    assert points["across"].tolist() == ["starve", "balanced"]
    assert points["accuracy"].tolist() == pytest.approx([0.5, 0.6])
    ends = table[table["series"] == "joint, interval"]
    assert ends["accuracy"].tolist() == pytest.approx([0.4, 0.8, 0.4, 0.7])
    assert len(table) == 6


def test_bars_lie_or_stand(ax):
    ax.bar([0, 1], [3, 4], label="count")
    assert only(ax)["up"].tolist() == [3, 4]
    other = new_figure(3, 2)[1][0]
    other.barh([0, 1], [3, 4], label="count")
    assert only(other)["across"].tolist() == [3, 4]


def test_clouds_bands_and_segments(ax):
    ax.scatter([1, 2], [3, 4], label="dots")
    ax.fill_between([0, 1], [0, 1], [2, 3], label="band")
    ax.hlines([0.5], [0], [2], label="reach")
    table = only(ax)
    points = {
        name: rows[["across", "up"]].to_numpy().tolist() for name, rows in table.groupby("series")
    }
    assert points["dots"] == [[1, 3], [2, 4]]
    assert points["band"] == [[0, 0], [0, 2], [1, 1], [1, 3]]
    assert points["reach"] == [[0, 0.5], [2, 0.5]]


@pytest.mark.parametrize(
    ("ticks", "texts", "want"),
    [
        (np.log2([0.5, 1, 2]), ["1/2", "1", "2"], [1, 2, 4]),  # logarithms were drawn
        ([0, 0.5, 1], ["0 %", "50 %", "100 %"], [0, 100, 200]),
        ([0, 1, 2], ["0", "1", "2"], [0, 1, 2]),
        ([0, 1, 2], ["no", "perhaps", "yes"], ["no", "perhaps", "yes"]),
    ],
)
def test_places_are_what_the_ticks_say(ax, ticks, texts, want):
    ax.plot([0, 1, 2], [0, 0, 0], label="l")
    ax.set_xticks(ticks, texts)
    places = only(ax)["across"].tolist()
    assert places == (want if isinstance(want[0], str) else pytest.approx(want))


def test_what_is_not_finite_or_not_seen_is_no_row(ax):
    ax.plot([0, 1, np.nan], [np.nan, 1, 2], label="l")
    ax.plot([5], [5], label="gone", visible=False)
    assert only(ax)[["across", "up"]].to_numpy().tolist() == [[1, 1]]


def test_two_axes_of_one_title_have_two_tables_and_none_has_none():
    figure, axes = new_figure(4, 2, columns=3)
    for ax in axes:
        ax.set_title("Same")
    axes[0].plot([1], [1])
    axes[1].plot([2], [2])
    assert list(figure_tables(figure)) == ["Same", "Same (again)"]
    assert tables_html({}) == ""


def test_a_long_table_says_so_and_names_are_escaped():
    numbers = pd.DataFrame({"series": ["<b>"] * (MOST + 5), "y": range(MOST + 5)})
    text = tables_html({"a < b": numbers})
    assert f"the first {MOST} of {MOST + 5} rows" in text and "a &lt; b" in text
    assert text.count("<tr") == MOST + 1 and "&lt;b&gt;" in text
    assert text.startswith("<details><summary>")


def test_show_gives_the_table_with_the_picture(ax, monkeypatch):
    outputs = []
    monkeypatch.setattr(display, "display", lambda data, raw: outputs.append(data))
    ax.add_line(Line2D([0, 1], [0.25, 0.5], label="joint"))
    ax.set_title("Title")
    show(ax.figure, "Two points.")
    assert outputs[0]["text/plain"] == "Two points."
    assert (
        "<img" in outputs[0]["text/html"] and "<caption>Title</caption>" in outputs[0]["text/html"]
    )
    assert "0.25" in outputs[0]["text/html"]
