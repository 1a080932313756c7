"""Bootstrap intervals within groups: their ends, small groups, what chance gives."""

import math

import numpy as np
import pytest

from coursekit.analysis.group_intervals import bootstrap_difference, bootstrap_rates


def rows(seed=0, count=200):
    rng = np.random.default_rng(seed)
    groups = np.repeat(["large", "small"], [count, 10])
    labels = rng.integers(0, 2, len(groups))
    predictions = np.where(rng.random(len(groups)) < 0.2, 1 - labels, labels)
    return labels, predictions, groups


RATES = {  # of labels and predictions (draws, rows), written out
    "selection_rate": lambda label, answer: answer.mean(1),
    "true_positive_rate": lambda label, answer: (label * answer).sum(1) / label.sum(1),
    "accuracy": lambda label, answer: (label == answer).mean(1),
    "base_rate": lambda label, answer: label.mean(1),
}


@pytest.mark.parametrize("rate", RATES)
def test_ends_are_those_of_drawing_rows_anew(rate):
    labels, predictions, groups = rows()
    table = bootstrap_rates(labels, predictions, groups, rate, draws=4000)
    mine = np.flatnonzero(groups == "large")
    chosen = np.random.default_rng(1).choice(mine, (4000, len(mine)))
    drawn = RATES[rate](labels[chosen], predictions[chosen])
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert table.loc["large", "low"] == pytest.approx(low, abs=0.011)
    assert table.loc["large", "high"] == pytest.approx(high, abs=0.011)
    value = RATES[rate](labels[mine][None], predictions[mine][None]).item()
    assert table.loc["large", "value"] == pytest.approx(value, abs=1e-12)


def test_a_small_group_is_less_sure_and_seeds_are_kept():
    one, other = (bootstrap_rates(*rows(), seed=3) for _ in range(2))
    assert one.equals(other)
    width = one["high"] - one["low"]
    assert width["small"] > 2 * width["large"] and one["n"].tolist() == [200, 10]


def test_no_case_is_undefined_and_all_alike_have_no_width():
    labels, predictions, groups = [1, 1, 0, 0], [1, 1, 0, 1], list("aabb")
    table = bootstrap_rates(labels, predictions, groups, "true_positive_rate")
    assert table.loc["b", ["value", "low", "high"]].isna().all() and table.loc["b", "cases"] == 0
    assert table.loc["a", ["value", "low", "high"]].tolist() == [1, 1, 1]
    difference = bootstrap_difference(labels, predictions, groups, "true_positive_rate")
    assert all(math.isnan(value) for value in difference.values())


def test_chance_makes_a_difference_that_grows_with_the_number_of_groups():
    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(0, 2, (2, 240))
    by_chance = [
        bootstrap_difference(labels, predictions, [i % groups for i in range(240)])["by_chance"]
        for groups in (2, 4, 12)
    ]
    assert by_chance == sorted(by_chance) and by_chance[0] > 0.02
