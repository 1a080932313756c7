"""Amplification: by hand, what it means on a balanced test, and where Zhao's measure misleads."""

import math

import pytest
import torch

from coursekit.analysis.amplification import (
    amplification,
    count_ratio,
    error_rate,
    stereotyped_share,
    stereotypes,
)

THINGS = torch.tensor([0] * 10 + [1] * 10)
WHO = torch.tensor([0] * 9 + [1] + [1] * 8 + [0] * 2)


def test_the_stereotype_is_the_most_frequent_and_a_tie_has_none():
    assert stereotypes(THINGS, WHO, 3).tolist() == [0, 1, -1]
    assert stereotypes(torch.tensor([0, 0]), torch.tensor([0, 1]), 1).tolist() == [-1]
    assert stereotypes(torch.tensor([0, 0]), torch.tensor([0, 0]), 2).tolist() == [0, -1]


def test_the_stereotyped_share_is_one_half_for_who_sees():
    test_things = torch.tensor([0, 0, 1, 1, 2])
    truth = torch.tensor([0, 1, 0, 1, 0])
    stereotype = stereotypes(THINGS, WHO, 3)
    assert stereotyped_share(test_things, truth, stereotype) == 0.5
    assert stereotyped_share(test_things, stereotype[test_things].abs(), stereotype) == 1.0
    assert error_rate(truth, truth) == 0 and error_rate(1 - truth, truth) == 1


def test_the_ratio_may_be_right_where_every_word_is_wrong():
    truth = torch.tensor([0, 1])
    assert count_ratio(1 - truth, 1, 0) == count_ratio(truth, 1, 0) == 1
    assert count_ratio(torch.tensor([1]), 1, 0) == math.inf
    assert math.isnan(count_ratio(torch.tensor([2]), 1, 0))


def test_zhaos_measure_by_hand():
    everyone = torch.tensor([0] * 10 + [1] * 10)
    assert amplification(THINGS, WHO, THINGS, WHO) == pytest.approx(0)
    assert amplification(THINGS, WHO, THINGS, everyone) == pytest.approx((0.1 + 0.2) / 2)


def test_confused_contexts_bring_it_below_zero_although_every_person_is_stereotyped():
    guessed = torch.cat([torch.tensor([0] * 10), torch.tensor([1] * 10)])  # by the true thing
    confused = torch.tensor(([0] * 5 + [1] * 5) * 2)  # half of the things are taken for the other
    assert stereotyped_share(THINGS, guessed, stereotypes(THINGS, WHO, 2)) == 1.0
    assert amplification(THINGS, WHO, confused, guessed) < -0.3
