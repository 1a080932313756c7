"""The map of the field says what the code says."""

import pytest

from coursekit.balancing.taxonomy import YES, lineup
from coursekit.course.plots import new_figure
from coursekit.lessons.l07_gradient_modulation.method_map import PARTS, method_map


@pytest.fixture(scope="module")
def drawn():
    _, (ax,) = new_figure(height=8)
    return ax, method_map(lineup(), ax)


def test_every_tick_of_the_table_is_a_mark(drawn):
    ax, _ = drawn
    table = lineup()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert sorted(names) == sorted(table.index)
    columns = [c for part in PARTS.values() for c in part]
    marks = {
        (names[int(y)], columns[int(x)])
        for line in ax.lines
        if line.get_marker() not in ("", "None")
        for x, y in zip(*line.get_data(), strict=True)
    }
    ticks = {(n, c) for n in names for c in columns if c in table and table.loc[n, c] == YES}
    own = {(n, "its own fusion") for n in names if table.loc[n, "fusion"] != "any"}
    assert marks == ticks | own


def test_joint_training_stands_on_top_and_touches_nothing(drawn):
    ax, alt = drawn
    assert ax.get_yticklabels()[0].get_text() == "joint"
    assert "joint" not in alt.replace("joint, ", "!")
    assert "gradients and steps" in alt and "pcgrad" in alt


def test_a_table_without_a_column_is_refused():
    _, (ax,) = new_figure()
    with pytest.raises(ValueError, match="scales k"):
        method_map(lineup().drop(columns="scales k"), ax)
