"""Means with intervals, against scipy and statsmodels."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference
from statsmodels.stats.weightstats import DescrStatsW

from coursekit.analysis.intervals import Interval, interval, summarise

samples = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40).filter(lambda x: np.ptp(x) > 1e-3)


@given(samples, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_interval_equals_scipy_and_statsmodels(values, level):
    ours = interval(values, level)
    scale = max(1.0, *map(abs, (ours.low, ours.high)))
    low, high = reference.t.interval(level, len(values) - 1, np.mean(values), reference.sem(values))
    assert [ours.low, ours.high] == pytest.approx([low, high], abs=1e-10 * scale)
    low, high = DescrStatsW(values).tconfint_mean(alpha=1 - level)
    assert [ours.low, ours.high] == pytest.approx([low, high], abs=1e-10 * scale)
    assert ours.mean == pytest.approx(math.fsum(values) / len(values), abs=1e-10 * scale)
    assert ours.n == len(values)


def test_equal_values_have_an_interval_without_width():
    assert interval([0.5, 0.5, 0.5]) == Interval(0.5, 0.5, 0.5, 3)


def test_it_covers_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    n = 2000
    intervals = [interval(rng.normal(3, 2, size=5)) for _ in range(n)]
    covered = sum(i.low <= 3 <= i.high for i in intervals)
    low, high = reference.binom.ppf([1e-4, 1 - 1e-4], n, 0.95)
    assert low <= covered <= high


def test_how_it_prints():
    assert str(interval([-0.072, -0.070, -0.068])) == "-0.070 [-0.075, -0.065]"
    assert str(interval([0.25], one=True)) == "0.250 (one value, no interval)"


def test_one_value_only_where_it_is_asked_for():
    single = interval([0.25], one=True)
    assert (single.mean, single.n) == (0.25, 1)
    assert math.isnan(single.low) and math.isnan(single.high)
    assert interval([1.0, 2.0], one=True) == interval([1.0, 2.0])


@pytest.mark.parametrize(
    ("values", "options", "sentence"),
    [
        ([], {}, r"values has shape \(0,\); two or more were expected"),
        ([1.0], {}, r"values has shape \(1,\); two or more were expected"),
        ([], {"one": True}, r"values has shape \(0,\); one or more were expected"),
        ([[1.0, 2.0]], {}, r"values has shape \(1, 2\)"),
        (3.0, {}, r"values has shape \(\)"),
        ([1.0, float("nan")], {}, "NaN or infinite"),
        ([1.0, float("inf")], {"one": True}, "NaN or infinite"),
        ([1.0, 2.0], {"level": 95}, "level is 95; a number between 0 and 1"),
        ([1.0, 2.0], {"level": 1.0}, "level is 1.0"),
    ],
)
def test_refusals(values, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        interval(values, **options)


def test_summarise_gives_a_row_per_group_in_order_of_appearance():
    table = pd.DataFrame(
        {
            "model": ["joint", "joint", "A", "A", "A"],
            "data": ["x"] * 5,
            "accuracy": [0.5, 0.7, 0.1, 0.2, 0.3],
            "loss": [1.0, 3.0, 0.0, 0.0, 0.0],
        }
    )
    summary = summarise(table, ["model", "data"])
    assert summary["model"].tolist() == ["joint", "A"]
    assert summary["data"].tolist() == ["x", "x"]
    assert summary["mean"].tolist() == pytest.approx([0.6, 0.2])
    expected = interval([0.1, 0.2, 0.3])
    assert summary.loc[1, ["low", "high"]].tolist() == [expected.low, expected.high]
    assert summarise(table, ["model"], value="loss")["mean"].tolist() == [2.0, 0.0]


def test_summarise_refuses_a_group_of_one_seed():
    with pytest.raises(ValueError, match="two or more"):
        summarise(pd.DataFrame({"model": ["A"], "accuracy": [0.5]}), ["model"])


def test_an_interval_says_on_which_side_of_zero_it_lies():
    words = ("below", "across", "above")
    for low, high, expected in ((-2, -1, "below"), (-1, 1, "across"), (1, 2, "above")):
        assert Interval((low + high) / 2, low, high, 5).in_words(*words) == expected
    for edge in ((-1, 0), (0, 1), (float("nan"), float("nan"))):
        assert Interval(0, *edge, 5).in_words(*words) == "across"
