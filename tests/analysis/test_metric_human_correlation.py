"""A metric against people, caption by caption and system by system."""

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coursekit.analysis.metric_human_correlation import metric_human_correlation

TABLE = pd.DataFrame({
    "system": ["x", "x", "y", "y", "z", "z"],
    "metric": [0.1, 0.9, 0.3, 0.8, 0.5, 0.7],
    "human": [4, 1, 5, 2, 6, 3],
})  # fmt: skip


def tau_by_pairs(first, second):
    """Pairs in the same order minus those in the opposite one, ties taken off: variant b."""
    pairs = [(i, j) for i in range(len(first)) for j in range(i)]
    signs = [[(x[i] > x[j]) - (x[i] < x[j]) for i, j in pairs] for x in (list(first), list(second))]
    total = sum(a * b for a, b in zip(*signs, strict=True))
    sizes = [sum(s != 0 for s in each) for each in signs]
    return total / (sizes[0] * sizes[1]) ** 0.5


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from("xyz")),
                min_size=3, max_size=9))  # fmt: skip
def test_both_levels_are_what_pairs_give(rows):
    table = pd.DataFrame(rows, columns=["metric", "human", "system"])
    means = table.groupby("system").mean().round(9)
    for part in (table, means):
        assume(len(set(part["metric"])) > 1 and len(set(part["human"])) > 1)
    result = metric_human_correlation(table).set_index("level")
    for level, part in (("caption", table), ("system", means)):
        expected = tau_by_pairs(part["metric"], part["human"])
        assert result.loc[level, "tau"] == pytest.approx(expected, abs=1e-12)
        assert result.loc[level, "n"] == len(part)


def test_a_metric_may_order_systems_well_and_captions_badly():
    result = metric_human_correlation(TABLE).set_index("level")["tau"]
    assert result["system"] == 1 and result["caption"] < 0


def test_columns_may_have_other_names_and_rows_any_order():
    renamed = TABLE.rename(columns={"metric": "CIDEr-D", "human": "mean rating", "system": "by"})
    shuffled = renamed.sample(frac=1, random_state=3)
    result = metric_human_correlation(shuffled, "CIDEr-D", "mean rating", "by")
    pd.testing.assert_frame_equal(result, metric_human_correlation(TABLE))


def test_means_that_are_equal_on_paper_are_a_tie():
    table = pd.DataFrame({
        "system": list("xxyyzz"), "human": [1, 2, 3, 4, 5, 6],
        "metric": [0.1, 0.2, 0.3, 0.0, 0.5, 0.5],
    })  # fmt: skip
    means = table.groupby("system")["metric"].mean()
    assert means["x"] != means["y"]
    result = metric_human_correlation(table).set_index("level")["tau"]
    assert result["system"] == pytest.approx(2 / 6**0.5)


def test_no_order_is_refused():
    with pytest.raises(ValueError, match="the same metric for every caption, which is no order"):
        metric_human_correlation(TABLE.assign(metric=0.5))
    with pytest.raises(ValueError, match="the same human for every system"):
        metric_human_correlation(TABLE.assign(human=[1, 2, 2, 1, 1, 2]))
    with pytest.raises(ValueError, match="names 1 system; two or more"):
        metric_human_correlation(TABLE.assign(system="x"))


@pytest.mark.parametrize("scale", [1e-30, 1e-13, 1.0, 1e20])
def test_the_unit_of_a_metric_does_not_matter(scale):
    expected = metric_human_correlation(TABLE.assign(metric=[0.1, 0.9, 0.3, 0.9, 0.5, 0.5]))
    table = TABLE.assign(metric=[scale * x for x in (0.1, 0.9, 0.3, 0.9, 0.5, 0.5)])
    pd.testing.assert_frame_equal(metric_human_correlation(table), expected)
