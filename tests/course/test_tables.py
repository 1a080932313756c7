"""Every figure's numbers, read from what was drawn."""

import re

import numpy as np
import pandas as pd
import pytest
from drawn_tables import only
from matplotlib.lines import Line2D

from coursekit.course.plots import display, new_figure, show
from coursekit.course.plots.style import INK, legend_key
from coursekit.course.plots.tables import MOST, figure_tables, tables_html


@pytest.fixture
def ax():
    return new_figure(3, 2)[1][0]


def test_error_bars_stand_beside_their_points_under_named_ticks(ax):
    ax.errorbar(
        [0, 1], [0.5, 0.6], yerr=[[0.1, 0.2], [0.3, 0.1]], label="joint", fmt="o", capsize=3
    )
    ax.axhline(0.25)
    ax.set_xticks([0, 1], ["starve", "balanced"])
    ax.set_ylabel("accuracy")
    table = only(ax)
    assert list(table) == ["series", "name", "accuracy", "from", "to"]
    assert table["name"].tolist() == ["starve", "balanced", ""]
    assert table[["accuracy", "from", "to"]].to_numpy() == pytest.approx(
        np.array([[0.5, 0.4, 0.8], [0.6, 0.4, 0.7], [0.25, np.nan, np.nan]]), nan_ok=True
    )
    assert table["series"].tolist() == ["joint", "joint", "line across"]


def test_bars_lie_or_stand(ax):
    ax.bar([0, 1], [3, 4], label="count")
    assert only(ax)["up"].tolist() == [3, 4]
    other = new_figure(3, 2)[1][0]
    other.barh([0, 1], [3, 4], label="count")
    other.plot([3.5, 4.5], [1, 1], color="black")
    table = only(other)
    assert table["across"].tolist() == [3, 4]
    assert table["from"].tolist() == pytest.approx([np.nan, 3.5], nan_ok=True)


def test_stacked_bars_have_their_lengths_and_intervals_are_of_the_total(ax):
    ax.barh([0, 1], [3, 4], label="a")
    ax.barh([0, 1], [2, 0.5], left=[3, 4], label="b")
    table = only(ax)
    assert table["series"].tolist() == ["a", "a", "b", "b"]
    assert table["across"].tolist() == [3, 4, 2, 0.5]
    ax.plot([4, 5.5], [0, 0], color="black")
    table = only(ax).set_index("series")
    assert table.loc["total", ["across", "from", "to"]].to_numpy() == pytest.approx(
        np.array([[5, 4, 5.5], [4.5, np.nan, np.nan]]), nan_ok=True
    )
    assert table.loc[["a", "b"], "from"].isna().all()


def test_clouds_bands_and_segments(ax):
    ax.scatter([1, 2], [3, 4], label="dots")
    ax.fill_between([0, 1], [0, 1], [2, 3], label="band")
    ax.hlines([0.5], [0], [2], label="reach")
    table = only(ax)
    points = {
        name: rows[["across", "up"]].to_numpy().tolist() for name, rows in table.groupby("series")
    }
    assert points["dots"] == [[1, 3], [2, 4]]
    assert points["reach"] == [[0, 0.5], [2, 0.5]]
    band = table[table["series"] == "band"]  # of no line: it has no height, but reaches
    assert band["up"].isna().all()
    assert band[["across", "from", "to"]].to_numpy().tolist() == [[0, 0, 2], [1, 1, 3]]


def test_a_line_through_a_point_is_its_interval_and_names_come_first(ax):
    ax.set_xlabel("accuracy")
    ax.set_yticks([0, 1], ["joint", "ensemble"])
    for y, (low, mean, high) in enumerate([(0.5, 0.6, 0.7), (0.8, 0.85, 0.9)]):
        ax.plot([low, high], [y, y], color="C0")
        ax.plot([mean], [y], "o", color="C0")
    table = only(ax)
    assert list(table) == ["name", "accuracy", "from", "to"]
    assert table.to_numpy().tolist() == [
        ["joint", 0.6, 0.5, 0.7],
        ["ensemble", 0.85, 0.8, 0.9],
    ]


def test_of_two_points_on_one_interval_the_one_of_its_colour_has_it(ax):
    ax.plot([0.5], [0], "o", color="C0", label="a")
    ax.plot([0.6], [0], "o", color="C1", label="b")
    ax.plot([0.4, 0.7], [0, 0], color="C1")
    table = only(ax).set_index("series")
    assert table.loc["b", ["from", "to"]].tolist() == [0.4, 0.7]
    assert np.isnan(table.loc["a", "from"])


def test_a_band_belongs_to_the_line_of_its_colour(ax):
    for number in (0, 1):
        ax.plot([1, 2], [number, number + 1], color=f"C{number}", label=f"l{number}")
        ax.fill_between(
            [1, 2], [number - 1, number], [number + 1, number + 3], color=f"C{number}", alpha=0.15
        )
    table = only(ax)
    assert table["series"].tolist() == ["l0", "l0", "l1", "l1"]
    assert table["from"].tolist() == [-1, 0, 0, 1]
    assert table["to"].tolist() == [1, 3, 2, 4]


def test_a_line_between_two_points_says_nothing_new(ax):
    ax.plot([0.2], [0], "o", label="alone")
    ax.plot([0.6], [0], "s", label="joint")
    ax.plot([0.2, 0.6], [0, 0], color="grey")
    table = only(ax)
    assert table["series"].tolist() == ["alone", "joint"] and "from" not in table


def test_lines_to_points_beside_them_or_from_them_say_nothing_new(ax):
    ax.set_yticks([0, 1], ["A", "B"])
    ax.plot([0.2], [-0.1], "o", label="alone")
    ax.plot([0.6], [0.1], "s", label="joint")
    ax.plot([0.2, 0.6], [0, 0], color="grey", linewidth=6)
    assert only(ax)["series"].tolist() == ["alone", "joint"]
    other = new_figure(3, 2)[1][0]
    other.scatter([0.2, 0.6], [0.3, 0.5])
    other.vlines([0.2, 0.6], [0.2, 0.5], [0.3, 0.6])
    assert len(only(other)) == 2
    other.vlines([0.9], [0.2], [0.3])
    assert only(other)["series"].tolist() == ["points"] * 2 + ["line"] * 2


def test_points_where_names_cross_need_no_series(ax):
    ax.set_xticks([0, 1], ["data", "loss"])
    ax.set_yticks([0, 1], ["mlb", "ogm"])
    for x in (0, 1):
        ax.plot([x, x], [0, 1], linestyle="", marker="o", color=f"C{x}")
    assert list(only(ax)) == ["name", "name (up)"]


def test_styles_of_a_neutral_legend_name_lines_of_any_colour(ax):
    for style in ("-", "--"):
        ax.plot([0, 1, 2], [0, 1, 0], color="C0", linestyle=style)
    keys = [legend_key(color=INK, linestyle=s, label=n) for s, n in (("-", "fit"), ("--", "held"))]
    ax.figure.legend(handles=keys[:1])
    assert only(ax)["series"].tolist() == ["line 1"] * 3 + ["line 2"] * 3
    ax.figure.legend(handles=keys)
    assert only(ax)["series"].tolist() == ["fit"] * 3 + ["held"] * 3


def test_a_label_that_no_legend_shows_names_its_series(ax):
    ax.plot([0, 1, 2], [0, 1, 0], label="_chance")
    assert "series" not in only(ax)  # the only series, and no legend names it
    ax.plot([0, 1, 2], [1, 2, 0], label="joint")
    assert set(only(ax)["series"]) == {"chance", "joint"}
    other = new_figure(3, 2)[1][0]
    other.bar([0, 1], [3, 4])
    assert list(only(other)) == ["across", "up"]  # matplotlib's own names are none


def test_a_legend_names_what_looks_like_its_entries(ax):
    looks = {"safe": {"color": "C0"}, "paper": {"color": "C0", "markerfacecolor": "white"}}
    for x, look in enumerate(looks.values()):
        ax.plot([x], [x], marker="o", linestyle="", **look)
        ax.plot([x + 0.5], [x], marker="o", linestyle="", alpha=0.3, **look)
    ax.plot([0, 1], [3, 4], color="C2")
    keys = [legend_key(linestyle="", marker="o", label=name, **looks[name]) for name in looks]
    ax.figure.legend(handles=keys)
    assert only(ax)["series"].tolist() == [
        "safe", "paper", "line", "line", "safe (faint)", "paper (faint)",
    ]  # fmt: skip


def test_what_is_faint_is_called_after_its_colour_and_comes_last(ax):
    ax.scatter([5], [5], color="C0", alpha=0.25)
    ax.plot([0, 1], [0, 1], color="C0", label="others")
    table = only(ax)
    assert table["series"].tolist() == ["others", "others", "others (faint)"]


def test_a_stroke_in_a_row_of_names_is_one_place(ax):
    ax.set_yticks([0, 1], ["a", "b"])
    ax.plot([0.25, 0.25], [-0.4, 0.4], color="black")
    ax.plot([0.5], [0], "o", color="C0")
    table = only(ax)
    assert table.to_numpy().tolist() == [["stroke", "a", 0.25], ["", "a", 0.5]]
    ax.plot([0.75, 0.75], [0.55, 1.45], color="red", label="_chance")
    assert only(ax).to_numpy().tolist()[2] == ["chance", "b", 0.75]
    ax.lines[-1].remove()
    ax.set_yticks([0, 1], ["0", "1"])  # no names: both of its ends count
    assert only(ax)["up"].tolist() == [-0.4, 0.4, 0]


def test_lines_that_nothing_names_are_numbered(ax):
    ax.plot([0, 1, 2], [0, 1, 0])
    assert "series" not in only(ax)
    ax.plot([0, 1, 2], [1, 2, 0])
    assert only(ax)["series"].tolist() == ["line 1"] * 3 + ["line 2"] * 3


def test_numbers_in_a_grid_of_names_are_a_table_of_that_form(ax):
    for row, texts in enumerate([("1.00", "0.30*"), ("−0.08", "0.44")]):
        for column, text in enumerate(texts):
            ax.fill_between([column - 0.4, column + 0.4], row - 0.4, row + 0.4, linewidth=0)
            ax.text(column, row, text, ha="center", va="center")
    ax.text(0.5, 0.5, "a remark", ha="center", va="center")
    ax.set_xticks([0.5, 1.5], ["sum", "product"])
    assert "from" in only(ax)  # no number stands at these ticks: what was drawn
    ax.set_xticks([0, 1], ["sum", "product"])
    ax.set_yticks([0, 1], ["film", "mag"])
    ax.set_xlabel("target")
    table = only(ax)
    assert list(table) == ["name, by target", "sum", "product"]
    assert table.to_numpy().tolist() == [["film", "1.00", "0.30*"], ["mag", "−0.08", "0.44"]]
    ax.set_xlabel("")
    ax.set_xticks([0, 1], ["name", "product"])
    assert list(only(ax)) == ["name", "name", "product"]


def test_axes_side_by_side_share_the_names_and_labels_that_one_leaves_out():
    figure, axes = new_figure(4, 2, columns=2)
    for number, ax in enumerate(axes):
        ax.set_title(f"data {number}")
        ax.plot([number], [1], "o")
        ax.set_ylim(-0.5, 1.5)
        ax.set_yticks([0, 1], [] if number else ["joint", "late"])
    axes[0].set_ylabel("model")
    tables = figure_tables(figure)
    assert tables["data 1"].to_dict("list") == {"model": ["late"], "across": [1]}
    axes[1].set_ylim(-1, 2)
    assert "up" in figure_tables(figure)["data 1"]  # another scale is another axis


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
    ax.set_xlabel("place")
    places = only(ax)["place"].tolist()
    assert places == (want if isinstance(want[0], str) else pytest.approx(want))


def test_what_is_not_finite_or_not_seen_is_no_row(ax):
    ax.scatter([7, 8], np.ma.masked_equal([3, 99], 99), color="C3")
    ax.bar([7], [np.nan])
    ax.plot([7, 7], np.ma.masked_equal([3, 99], 99), label="masked")
    assert only(ax)["up"].tolist() == [3, 3]
    ax.clear()
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


def test_names_are_escaped_and_notes_stand_in_the_caption():
    numbers = pd.DataFrame({"series": ["<b>"] * 5, "y": range(5)})
    numbers.attrs["note"] = "5 of 9 points"
    text = tables_html({"a < b": numbers})
    assert "a &lt; b (5 of 9 points)</caption>" in text
    assert text.count("<tr") == 6 and "&lt;b&gt;" in text
    assert text.startswith("<details><summary>")


def test_numbers_are_written_without_powers_of_ten():
    numbers = [12_880_140.0, 1234.56, 0.123456, -0.00002753, -0.000001, 0.0, np.nan]
    text = tables_html({"t": pd.DataFrame({"n": numbers})})
    cells = re.findall("<td>(.*?)</td>", text)
    assert cells == ["12880140", "1235", "0.1235", "-0.00003", "0", "0", "–"]


def test_long_series_are_thinned_and_none_is_cut_off(ax):
    x = np.arange(300)
    ax.scatter(x, x, alpha=0.2, label="seeds")
    for number in range(3):
        ax.plot(x, np.where(x == 77, 5, 0) + number, label=f"l{number}")
    ax.plot([1], [9], "o", label="best")
    table = only(ax)
    counts = table["series"].value_counts()
    assert counts["best"] == 1 and set(counts) <= {1, 18, 19, 20} and len(table) <= MOST
    assert table.attrs["note"] == f"without 300 faint points, {len(table)} of 901 points"
    for number in range(3):
        one = table[table["series"] == f"l{number}"]
        assert {0, 77, 299} <= set(one["across"])  # first, highest, last


def test_faint_points_stay_where_there_is_room(ax):
    ax.plot([0, 1], [0, 1], label="mean")
    ax.plot([0, 1, 1], [0, 1, 2], "o", alpha=0.3, color="C0")
    table = only(ax)
    assert len(table) == 5 and table.attrs["note"] == ""


def test_bars_that_touch_or_differ_in_width_reach_over_places(ax):
    ax.bar([0.35, 0.8], [0.9, 0.4], width=[0.7, 0.2])
    ax.set_xlabel("share")
    table = only(ax)
    assert table[["from", "to"]].to_numpy() == pytest.approx(np.array([[0, 0.7], [0.7, 0.9]]))
    assert table["share"].isna().all() and table["up"].tolist() == [0.9, 0.4]
    for left, width in ((0.9, 0.05), (0.95, 0.3)):
        ax.bar([left], [0.2], width=[width], align="edge", label=f"from {left}")
    assert only(ax)["from"].tolist() == pytest.approx([0, 0.7, 0.9, 0.95])
    other = new_figure(3, 2)[1][0]
    other.hist([0.1, 0.1, 0.9], bins=[0, 0.5, 0.75, 1])
    table = only(other)  # the empty bin is left out
    assert table[["up", "from", "to"]].to_numpy().tolist() == [[2, 0, 0.5], [1, 0.75, 1]]


def test_lines_across_are_a_row_but_for_zero_and_separators(ax):
    ax.plot([0, 1], [0.2, 0.4], label="joint")
    ax.axhline(0)
    ax.axhline(0.25, label="chance")
    ax.axvline(0.5)
    table = only(ax).set_index("series")
    assert table.loc["chance", "up"] == 0.25 and np.isnan(table.loc["chance", "across"])
    assert table.loc["line across", "across"] == 0.5 and len(table) == 4
    ax.set_xticks([0, 1], ["a", "b"])
    assert "line across" not in set(only(ax)["series"])


def test_a_diagonal_a_way_and_a_mark_on_a_picture_are_no_data(ax):
    ax.plot([0, 1], [0, 1], color="grey")
    ax.plot([0.2, 0.8], [0.5, 0.5], color="C0")
    ax.plot([0.3, 0.7], [0.5, 0.5], "o", color="C0")
    table = only(ax)
    assert len(table) == 2 and "from" not in table
    ax.imshow(np.zeros((2, 2)))
    assert figure_tables(ax.figure) == {}


def test_a_legend_speaks_of_its_own_axes_and_of_those_that_show_the_same():
    figure, axes = new_figure(4, 2, columns=3)
    for ax, label in zip(axes, ("accuracy", "probe", "probe"), strict=True):
        ax.set_title(f"{label} {ax is axes[1]}")
        ax.set_xlabel(label)
        for x in (0, 1):
            ax.plot([x, x], [0, 1], color=f"C{x}", marker="o")
    keys = [legend_key(color=f"C{x}", marker="o", label=f"m{x}") for x in (0, 1)]
    axes[1].legend(handles=keys)
    first, *others = figure_tables(figure).values()
    assert set(first["series"]) == {"line 1", "line 2"}
    assert all(set(table["series"]) == {"m0", "m1"} for table in others)


def test_names_of_colours_and_styles_come_together(ax):
    for number, style in ((0, "-"), (0, "--"), (1, "-"), (1, "--")):
        ax.plot([0, 1, 2], [0, 1, number], color=f"C{number}", linestyle=style, marker="o")
    looks = [({"color": "C0", "marker": "o"}, "A"), ({"color": "C1", "marker": "o"}, "B")]
    looks += [({"color": INK, "linestyle": s}, n) for s, n in (("-", "train"), ("--", "valid"))]
    ax.legend(handles=[legend_key(label=name, **look) for look, name in looks])
    assert list(dict.fromkeys(only(ax)["series"])) == [
        "A, train",
        "A, valid",
        "B, train",
        "B, valid",
    ]


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


def test_a_table_that_fails_keeps_no_picture_back(ax, monkeypatch):
    outputs = []
    monkeypatch.setattr(display, "display", lambda data, raw: outputs.append(data))
    monkeypatch.setattr(display, "figure_tables", lambda figure: 1 / 0)
    ax.set_title("Title")
    with pytest.warns(UserWarning, match="without its table.*division by zero"):
        show(ax.figure, "Two points.")
    assert "<img" in outputs[0]["text/html"] and "<details" not in outputs[0]["text/html"]
