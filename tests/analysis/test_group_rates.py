"""Rates by group, how far apart they lie, and what is undefined."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.analysis.group_calibration import group_calibration
from coursekit.analysis.group_metrics import (
    demographic_parity_difference,
    demographic_parity_ratio,
    equal_opportunity_difference,
    equalized_odds_difference,
    equalized_odds_ratio,
    rate_difference,
    rate_ratio,
    signed_differences,
)
from coursekit.analysis.group_rates import RATES, group_rates, intersections, overall_rates

LABELS = [1, 1, 0, 0, 1, 1, 1, 0]
PREDICTIONS = [1, 0, 0, 1, 1, 1, 0, 0]
GROUPS = list("aaaabbbb")


def test_rates_are_those_counted_by_hand():
    rates = group_rates(LABELS, PREDICTIONS, GROUPS)
    assert rates.loc["a", ["n", "positives", "negatives"]].tolist() == [4, 2, 2]
    assert rates.loc["b", list(RATES)].tolist() == pytest.approx([0.5, 2 / 3, 0, 0.75, 0.75])
    assert overall_rates(LABELS, PREDICTIONS)["selection_rate"] == 0.5


@pytest.mark.parametrize("form", [np.array, torch.tensor, pd.Series, tuple])
def test_any_row_of_zeros_and_ones_will_do(form):
    expected = group_rates(LABELS, PREDICTIONS, GROUPS)
    pd.testing.assert_frame_equal(group_rates(form(LABELS), form(PREDICTIONS), GROUPS), expected)


def test_weights_of_whole_numbers_are_rows_repeated():
    weights = [1, 2, 3, 1, 2, 1, 1, 4]
    repeated = [np.repeat(x, weights) for x in (LABELS, PREDICTIONS, GROUPS)]
    by_weight = group_rates(LABELS, PREDICTIONS, GROUPS, weights)
    assert by_weight["n"].tolist() == [4, 4]  # rows are counted, not weighed
    np.testing.assert_allclose(by_weight[list(RATES)], group_rates(*repeated)[list(RATES)])


def test_a_rate_without_cases_is_undefined_and_so_is_a_difference():
    labels, predictions, groups = [1, 0, 0, 0], [1, 0, 1, 0], list("aabb")
    rates = group_rates(labels, predictions, groups)
    assert math.isnan(rates.loc["b", "true_positive_rate"]) and rates.loc["b", "positives"] == 0
    assert math.isnan(equal_opportunity_difference(labels, predictions, groups))
    assert math.isnan(equalized_odds_difference(labels, predictions, groups))
    assert math.isnan(equalized_odds_difference(labels, predictions, groups, combine="mean"))
    assert math.isnan(equalized_odds_ratio(labels, predictions, groups))
    assert equalized_odds_difference(labels, predictions, groups, undefined=0.0) == 1
    assert demographic_parity_difference(predictions, groups) == 0


def test_rows_that_weigh_nothing_are_no_cases():
    rates = group_rates([1, 1, 0], [1, 1, 0], list("abb"), [0, 1, 1])
    assert math.isnan(rates.loc["a", "selection_rate"]) and rates.loc["a", "n"] == 1


def test_one_group_has_nothing_to_differ_from():
    assert demographic_parity_difference([1, 0], ["a", "a"]) == 0
    assert demographic_parity_ratio([1, 0], ["a", "a"]) == 1


def test_two_rates_of_zero_have_no_ratio():
    assert math.isnan(rate_ratio([0.0, 0.0]))
    assert rate_ratio([0.0, 0.5]) == 0 and rate_ratio([0.5, 0.25]) == 0.5
    assert rate_ratio([0.2, 0.8], overall=0.4) == 0.5
    assert rate_difference([0.2, 0.9, 0.5]) == pytest.approx(0.7)
    assert rate_difference([0.2, 0.9], overall=0.4) == pytest.approx(0.5)
    perfect = equalized_odds_ratio(LABELS, LABELS, GROUPS)
    assert perfect == 1  # false-positive rates are 0 in all groups, and left out


def test_a_perfect_prediction_violates_parity_and_a_constant_one_nothing():
    assert demographic_parity_difference(LABELS, GROUPS) == 0.25
    assert equalized_odds_difference(LABELS, LABELS, GROUPS) == 0
    ones = [1] * 8
    assert demographic_parity_difference(ones, GROUPS) == 0
    assert equalized_odds_difference(LABELS, ones, GROUPS) == 0


def test_signs_are_to_the_disadvantage_of_the_unprivileged():
    one = signed_differences(LABELS, PREDICTIONS, GROUPS, "a", "b")
    other = signed_differences(LABELS, PREDICTIONS, GROUPS, "b", "a")
    assert one["equal_opportunity_difference"] == pytest.approx(-1 / 6)
    assert one["average_odds_difference"] == pytest.approx(-other["average_odds_difference"])
    nobody = signed_differences(LABELS, [1, 1, 1, 1, 0, 0, 0, 0], GROUPS, "a", "b")
    assert math.isnan(nobody["disparate_impact"])


def test_intersections_join_attributes():
    assert intersections([["a", "b"], [1, 2]]) == ["a|1", "b|2"]


def test_calibration_counts_everybody_once_and_edges_belong_below():
    table = group_calibration([1, 0, 1, 1], [0.0, 0.5, 0.51, 1.0], list("aaab"), bins=2)
    assert table["n"].sum() == 4
    first = table.set_index(["group", "low"]).loc[("a", 0.0)]
    assert first["n"] == 2 and first["share"] == 0.5 and first["probability"] == 0.25


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_tensors_of_any_type_are_read_and_name_groups(dtype):
    members = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    weights = torch.ones(8, dtype=dtype, requires_grad=True)
    rates = group_rates(torch.tensor(LABELS, dtype=dtype), PREDICTIONS, members, weights)
    assert rates["n"].to_dict() == {0: 4, 1: 4}
    guessed = torch.full((8,), 0.5, dtype=dtype, requires_grad=True)
    table = group_calibration(torch.tensor(LABELS), guessed, members)
    assert table["group"].tolist() == [0, 1] and table["n"].tolist() == [4, 4]


@pytest.mark.parametrize("groups", [[["a"]] * 8, np.full((8, 1), "a"), [["a"], *"bbbbbbb"]])
def test_lists_name_no_group(groups):
    with pytest.raises(TypeError, match=r"groups holds \['a'\]; a text, number or tuple"):
        group_rates(LABELS, PREDICTIONS, groups)


def test_two_combinations_never_get_one_name():
    with pytest.raises(ValueError, match=r"attributes has a value 'a\|b'"):
        intersections([["a|b", "a"], ["c", "b|c"]])
    with pytest.raises(ValueError, match="has a row without a value"):
        intersections([["a", None], ["c", "c"]])


def test_an_overall_rate_without_a_case_counts_as_the_groups_without_one_do():
    nobody, chosen, groups = [0, 0, 0], [1, 0, 1], list("abb")
    assert equal_opportunity_difference(nobody, chosen, groups, to_overall=True, undefined=0.0) == 0
    apart = equalized_odds_difference(nobody, chosen, groups, to_overall=True, undefined=0.0)
    assert apart == pytest.approx(1 / 3)
    assert math.isnan(equal_opportunity_difference(nobody, chosen, groups, to_overall=True))


def test_what_is_no_number_is_refused():
    for measure in (rate_difference, rate_ratio):
        with pytest.raises(TypeError, match="overall is 'a'"):
            measure([0.2, 0.5], "a")
    with pytest.raises(TypeError, match="undefined is None"):
        equal_opportunity_difference(LABELS, PREDICTIONS, GROUPS, undefined=None)
    with pytest.raises(ValueError, match="privileged is 'a', as unprivileged"):
        signed_differences(LABELS, PREDICTIONS, GROUPS, "a", "a")
