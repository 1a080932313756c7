"""Tables of figures that no lesson draws: rather nothing than a wrong number."""

import datetime
import time

import numpy as np
import pytest
from drawn_tables import only
from matplotlib.patches import Patch

from coursekit.course.plots import new_figure
from coursekit.course.plots.tables import figure_tables


@pytest.fixture
def ax():
    return new_figure(3, 2)[1][0]


@pytest.mark.parametrize(
    ("ticks", "texts", "x"),
    [
        ([0, 1], ["only A", "only B"], [0, 0.5, 1]),  # between the names
        ([1000, 2000], ["1,000", "2,000"], [1000, 1300, 2000]),
    ],
)
def test_places_without_a_name_are_numbers(ax, ticks, texts, x):
    ax.set_xticks(ticks, texts)
    ax.plot(x, [1, 2, 3])
    assert only(ax)["across"].tolist() == x


def test_of_one_axis_all_or_none_are_names(ax):
    ax.set_yticks([0, 1], ["a", "b"])
    ax.errorbar([0, 1], [0, 1], yerr=0.5, fmt="o")
    assert only(ax)[["up", "from", "to"]].to_numpy().tolist() == [[0, -0.5, 0.5], [1, 0.5, 1.5]]


@pytest.mark.parametrize("form", ["{x:,.1f} s", None])
def test_what_a_formatter_computes_is_no_name(ax, form):
    x = [1e6, 2.2e6, 3e6]  # matplotlib writes them as 1.0, 2.2 and 3.0, and 1e6 beside the axis
    ax.plot(x, [1, 2, 3])
    if form:
        ax.xaxis.set_major_formatter(form)
    assert only(ax)["across"].tolist() == x


def test_categories_are_names_and_dates_and_space_are_left_out(ax):
    ax.plot(["a", "b"], [1, 2])
    assert only(ax).to_dict("list") == {"name": ["a", "b"], "up": [1, 2]}
    days = new_figure(3, 2)[1][0]
    days.plot([datetime.date(2024, 1, 1), datetime.date(2024, 2, 1)], [1, 2])
    figure, _ = new_figure(3, 2)
    figure.clear()
    figure.add_subplot(projection="3d").plot([0, 1], [2, 3], [4, 5])
    assert figure_tables(days.figure) == figure_tables(figure) == {}


def test_an_axis_may_be_called_like_a_column_of_the_table(ax):
    ax.errorbar([0], [1], yerr=[0.5], fmt="o", label="a")
    ax.set_xlabel("series")
    ax.set_ylabel("from")
    ax.legend()
    assert only(ax).to_numpy().tolist() == [["a", 0, 1, 0.5, 1.5]]


def test_error_bars_belong_to_the_points_that_they_were_drawn_with(ax):
    ax.errorbar([0, 0, 0, 1, 2], [1, 2, 3, 1, 4], yerr=[1, 1, 1, np.nan, 0], color="C0", label="a")
    ax.errorbar([0], [2.2], xerr=[0.1], yerr=[0.3], color="C0", label="b")
    table = only(ax).set_index("series")
    assert table.loc["a", ["up: from", "up: to"]].to_numpy() == pytest.approx(
        np.array([[0, 2], [1, 3], [2, 4], [np.nan] * 2, [4, 4]]), nan_ok=True
    )
    assert table.loc["b"].tolist() == pytest.approx([0, 2.2, -0.1, 0.1, 1.9, 2.5])
    bars = new_figure(3, 2)[1][0]
    bars.bar([0, 1], [1, 2], yerr=[0.5, 0])
    assert only(bars)[["from", "to"]].to_numpy().tolist() == [[0.5, 1.5], [2, 2]]


def test_an_interval_without_length_reaches_where_the_others_do(ax):
    for x, (low, high) in enumerate([(1, 1), (1, 3)]):
        ax.plot([x, x], [low, high], color="C0")
        ax.plot([x], [(low + high) / 2], "o", color="C0")
    ax.plot([3, 3], [np.nan, 1], color="C0")  # of which nothing is seen
    assert only(ax)[["from", "to"]].to_numpy().tolist() == [[1, 1], [1, 3]]


def test_of_two_points_of_one_colour_the_one_in_the_middle_has_the_interval(ax):
    for style, y in (("-", 2), ("--", 3)):
        ax.plot([0, 1], [y, y], color="C0", linestyle=style, label=style)
    ax.plot([1, 1], [0, 4], color="C0")
    assert only(ax)["from"].tolist() == pytest.approx([np.nan, 0, np.nan, np.nan], nan_ok=True)


def test_a_line_of_another_colour_through_a_point_is_no_interval(ax):
    ax.plot([0, 1, 2], [0.5, 0.6, 0.7], "o", color="C0")
    ax.plot([0, 2], [0.6, 0.6], color="grey")
    assert "from" not in only(ax)


def test_a_line_from_the_first_to_the_last_of_a_row_of_marks_says_nothing_new(ax):
    ax.plot([0, 2], [0, 0], color="C0")
    for x in range(3):
        ax.plot(x, 0, marker="o", color="C0")
    assert list(only(ax)) == ["across", "up"]


def test_a_band_belongs_to_the_line_that_runs_in_its_middle(ax):
    ax.plot([0, 1], [1, 5], color="C0", label="outside")
    ax.plot([0, 1], [1.3, 1.3], color="C0", linestyle=":", label="beside")
    ax.plot([0, 1], [1.1, 1.1], color="C0", linestyle="--", label="within")
    ax.fill_between([0, 1], [0.8, 0.8], [1.4, 1.4], color="C0", alpha=0.15)
    table = only(ax).set_index("series")
    assert table["from"].dropna().to_dict() == {"within": 0.8}


def test_what_is_no_band_over_places_is_none(ax):
    ax.fill_between([0, 1, 2], 0, [1, 2, 3], step="mid")  # where it jumps
    assert only(ax)["across"].tolist() == [0, 2]
    other = new_figure(3, 2)[1][0]
    other.fill_betweenx([0, 1], [0, 1], [2, 3])
    other.hexbin([1, 2], [1, 2], gridsize=3)
    other.vlines([1], 0, 1, transform=other.get_xaxis_transform())
    other.scatter([0.5], [0.5], transform=other.transAxes)
    assert figure_tables(other.figure) == {}


def test_bars_below_zero_are_a_stack_of_their_own(ax):
    ax.bar([0], [3], label="a")
    ax.bar([0], [2], bottom=[3], label="b")
    ax.bar([0], [-1], label="c")
    ax.plot([0, 0], [4.5, 5.5], color="black")
    table = only(ax)
    assert table["up"].tolist() == [3, 2, -1, 5, -1]
    assert table["from"].tolist()[3] == 4.5 and table["from"].notna().sum() == 1


def test_bars_that_stand_on_nothing_and_bars_that_differ(ax):
    ax.barh([0, 1], [2, 3], left=[1, 5], color=["C0", "C1"])
    ax.legend(handles=[Patch(color="C0", label="first"), Patch(color="C1", label="second")])
    for bar in ax.barh([2], [9]):
        bar.set_visible(False)
    table = only(ax)
    assert list(table) == ["across", "up", "from", "to"]  # "first" is not the name of both
    assert table[["from", "to"]].to_numpy().tolist() == [[1, 3], [5, 8]]


def test_powers_of_ten_are_no_names(ax):
    ax.set_yscale("log")
    ax.plot([1, 1], [0.001, 1], color="C0")
    ax.plot([0, 1], [0.1, 0.2], "o", color="C1")
    ax.plot([0, 1], [0.02, 0.02], color="C2")  # 0.4 is far on this axis
    assert only(ax)["up"].tolist() == [0.001, 1, 0.1, 0.2, 0.02, 0.02]


def test_thousands_of_things_are_read_in_time(ax):
    x = np.arange(3000.0)
    ax.errorbar(x, x, yerr=1, color="C0")
    ax.plot(x, x, color="C1")
    ax.fill_between(x, x - 1, x + 1, color="C1", alpha=0.15)
    ax.scatter(x, x + 5)
    ax.vlines(x, 0, x + 5)
    begun = time.process_time()
    assert only(ax).attrs["note"].endswith("of 9000 points")
    assert time.process_time() - begun < 1


def test_nothing_drawn_is_nothing(ax):
    ax.plot([], [])
    ax.errorbar([], [], yerr=[])
    ax.bar([], [])
    ax.vlines([], 0, 1)
    ax.scatter([], [])
    ax.fill_between([], [], [])
    assert figure_tables(ax.figure) == {}
