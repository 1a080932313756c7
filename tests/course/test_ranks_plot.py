"""The picture of mean ranks: a dot and an interval per method, and the strip of chance."""

import pandas as pd
import pytest

from coursekit.course.plots import new_figure
from coursekit.course.plots.ranks import mean_rank_rows

RANKS = pd.DataFrame({
    "method": ["ensemble", "mine", "joint", "other"], "mean": [1.5, 1.75, 3.0, 3.75],
    "low": [1.0, 1.0, 2.0, 3.0], "high": [2.0, 2.5, 4.0, 4.0], "n": 8,
})  # fmt: skip


def test_every_method_has_its_dot_and_interval():
    _, (ax,) = new_figure()
    alt = mean_rank_rows(RANKS, ax, 1.0)
    lines = [tuple(line.get_xdata()) for line in ax.lines]
    for row in RANKS.itertuples():
        assert (row.low, row.high) in lines and (row.mean,) in lines
    assert [t.get_text() for t in ax.get_yticklabels()] == list(RANKS["method"])
    assert "2 methods are nearer to the first" in alt and "over 8 data sets" in ax.get_xlabel()
    strip = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert (strip.x0, strip.x1) == pytest.approx((1.5, 2.5))


def test_rivals_are_hollow_and_methods_are_not():
    _, (ax,) = new_figure()
    mean_rank_rows(RANKS, ax, 1.0)
    dots = {float(x.get_ydata()[0]): x for x in ax.lines if len(x.get_xdata()) == 1}
    assert dots[0].get_markerfacecolor() == "white" and dots[1].get_markerfacecolor() != "white"


def drawn(ranks, difference=0.5):
    _, (ax,) = new_figure()
    return ax, mean_rank_rows(ranks, ax, difference)


def test_rows_in_any_order_are_drawn_best_first():
    ax, alt = drawn(RANKS[::-1])
    assert [t.get_text() for t in ax.get_yticklabels()] == list(RANKS["method"])
    assert alt == drawn(RANKS)[1]
    assert "best first: ensemble 1.5, mine 1.8, joint 3.0, other 3.8. The" in alt


def test_few_methods_are_named_once_and_of_many_both_ends():
    names = list("abcdefg")
    many = pd.DataFrame({"method": names, "mean": range(1, 8), "low": 1.0, "high": 7.0, "n": 4})
    assert "a 1.0, b 2.0, c 3.0; last e 5.0, f 6.0, g 7.0." in drawn(many)[1]
    six = drawn(many[:6])[1]
    assert "a 1.0, b 2.0, c 3.0, d 4.0, e 5.0, f 6.0." in six and "last" not in six


def test_one_method_is_one():
    assert "1 method is nearer to the first than that" in drawn(RANKS, 0.1)[1]


@pytest.mark.parametrize(
    ("ranks", "difference", "sentence"),
    [
        (RANKS[:1], 1.0, "ranks has 1 rows; two or more were expected"),
        (RANKS, -1.0, "difference is -1.0; a positive number"),
        (RANKS.drop(columns="low"), 1.0, r"ranks has the columns .*\['low'\] are missing"),
        (RANKS.assign(mean=[1.5, None, 3.0, 3.75]), 1.0, r"ranks has no finite mean of \['mine'\]"),
        (RANKS.assign(mean="x"), 1.0, r"ranks has no finite mean of \['ensemble', "),
        (RANKS.assign(n=[4, 8, 8, 8]), 1.0, r"ranks has means over \[4, 8\] data sets; the same"),
    ],
)
def test_what_cannot_be_drawn_is_refused(ranks, difference, sentence):
    _, (ax,) = new_figure()
    with pytest.raises(ValueError, match=sentence):
        mean_rank_rows(ranks, ax, difference)
