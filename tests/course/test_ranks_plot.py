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


@pytest.mark.parametrize(
    ("ranks", "difference"), [(RANKS[:1], 1.0), (RANKS, -1.0), (RANKS.drop(columns="low"), 1.0)]
)
def test_what_cannot_be_drawn_is_refused(ranks, difference):
    _, (ax,) = new_figure()
    with pytest.raises(ValueError, match=r"ranks|difference|table"):
        mean_rank_rows(ranks, ax, difference)
