"""Whom to check first."""

import math

import pytest
import torch

from coursekit.analysis.checking_order import (
    entropy,
    k_centres,
    lowest_first,
    margin,
    nearest_cut_first,
)


def test_entropy_is_largest_where_all_are_alike_and_zero_where_one_is_sure():
    p = torch.tensor([[1.0, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0]]).double()
    expected = torch.tensor([0, math.log(3), math.log(2)]).double()
    torch.testing.assert_close(entropy(p), expected)


def test_margin_is_between_the_best_two():
    scores = torch.tensor([[0.1, 0.9, 0.4], [0.3, 0.3, 0.1], [-1.0, -2.0, -5.0]])
    torch.testing.assert_close(margin(scores), torch.tensor([0.5, 0.0, 1.0]))
    with pytest.raises(ValueError, match="1 column"):
        margin(scores[:, :1])


def test_of_equal_scores_the_first_is_checked_first():
    scores = torch.tensor([0.2, 0.1, 0.2, 0.1, 0.3])
    assert lowest_first(scores, 3).tolist() == [1, 3, 0]
    assert lowest_first(scores, 0).tolist() == []


def test_nearest_the_cut_on_either_side():
    scores = torch.tensor([0.9, 0.45, 0.1, 0.6, 0.52])
    assert nearest_cut_first(scores, 0.5, 3).tolist() == [4, 1, 3]


def test_centres_are_far_apart_and_copies_come_last():
    points = torch.tensor([[0.0, 0], [0, 0], [10, 0], [10, 0], [5, 8], [5, 1]])
    assert k_centres(points, 3).tolist() == [0, 2, 4]
    assert sorted(k_centres(points, 6).tolist()) == list(range(6))
    assert k_centres(points, 4).tolist()[3] == 5
    assert k_centres(points, 1, first=4).tolist() == [4]


def test_greedy_centres_reach_everything_within_twice_the_best_radius():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(9, 2, generator=generator)
    distances = torch.cdist(points, points)
    radius = distances[k_centres(points, 3)].min(0).values.max()
    best = min(
        distances[torch.tensor(rows)].min(0).values.max()
        for rows in torch.combinations(torch.arange(9), 3).tolist()
    )
    assert radius <= 2 * best + 1e-6
