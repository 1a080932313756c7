"""The map of the field says what the code says."""

import re

import pandas as pd
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
    own = {(n, "certain fusions only") for n in names if table.loc[n, "fusion"] != "any"}
    assert marks == ticks | own


def test_joint_training_stands_on_top_and_touches_nothing(drawn):
    ax, alt = drawn
    assert ax.get_yticklabels()[0].get_text() == "joint"
    parts = dict(re.findall(r"(\w[\w ]*) \d+ \(([^)]*)\)", alt))
    assert set(parts) == set(PARTS)
    assert not [part for part, names in parts.items() if "joint" in names.split(", ")]
    assert "pcgrad" in parts["gradients and steps"].split(", ")


def test_a_table_without_a_column_is_refused():
    _, (ax,) = new_figure()
    with pytest.raises(ValueError, match="scales k"):
        method_map(lineup().drop(columns="scales k"), ax)


def test_certain_fusions_are_those_that_a_method_names_or_brings():
    only = lineup()["fusion"]
    assert only["tmc"] == "evidential" and only["mmcosine"] == "late-linear"
    assert only["ensemble"] == "its own" and only["mlb"] == "any"
    _, (ax,) = new_figure(height=8)
    method_map(lineup(), ax)
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert "certain fusions only" in labels


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (lineup().reset_index(drop=True), "table has rows called 0, 1, 2; the name of one method"),
        (pd.concat([lineup(), lineup()[:1]]), "rows called 'joint'.*; the name of one method each"),
        (lineup().replace({YES: True}), r"table has \[True\] as .*; '✓' or '' was expected"),
        (lineup()[:0], "table has no rows"),
    ],
)
def test_what_has_no_names_or_no_ticks_is_refused(table, sentence):
    _, (ax,) = new_figure()
    with pytest.raises(ValueError, match=sentence):
        method_map(table, ax)
