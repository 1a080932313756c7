"""What trainings cost, as rows of two marks."""

import pandas as pd
import pytest

from coursekit.course.plots import new_figure
from coursekit.lessons.l08_multi_loss_balanced.plots import cost_rows

COSTS = pd.DataFrame({
    "data": "starve", "method": ["joint", "dear", "mlb"], "relative_seconds": [1.0, 6.0, 1.5],
    "relative_multiply_adds": [1.0, 3.0, 1.1],
})  # fmt: skip


def test_a_row_per_method_the_dearest_at_the_bottom():
    _, (ax,) = new_figure()
    alt = cost_rows(COSTS, ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["joint", "mlb", "dear"]
    seconds, adds = ax.lines[:2]
    assert list(seconds.get_xdata()) == [1, 1.5, 6] and list(adds.get_xdata()) == [1, 1.1, 3]
    assert seconds.get_marker() != adds.get_marker() and "dear 6.0 and 3.0" in alt
    assert ax.get_xscale() == "log" and ax.get_ylim()[0] > ax.get_ylim()[1]


@pytest.mark.parametrize(
    "costs", [COSTS.drop(columns="relative_seconds"), pd.concat([COSTS, COSTS.assign(data="b")])]
)
def test_what_cannot_be_drawn_is_refused(costs):
    _, (ax,) = new_figure()
    with pytest.raises(ValueError, match=r"costs|table"):
        cost_rows(costs, ax)
