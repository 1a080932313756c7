"""Priors by counting: their numbers, their repair, and that no question is its own witness."""

import pytest
import torch

from coursekit.training.answer_prior import (
    answer_prior,
    cross_fitted_prior,
    inverse_count_weights,
)

KEYS = torch.tensor([0, 0, 0, 0, 1, 1])
ANSWERS = torch.tensor([0, 0, 0, 1, 2, 3])


def test_impossible_answers_get_the_least_of_the_possible_ones():
    prior = answer_prior(KEYS, ANSWERS, 3, 4)
    assert prior[0].tolist() == pytest.approx([0.4, 0.2, 0.2, 0.2])
    assert prior[1].tolist() == pytest.approx([0.25] * 4)
    assert prior[2].tolist() == pytest.approx([0.25] * 4)  # never occurs


def test_as_counted_they_get_next_to_nothing_and_their_logarithm_is_finite():
    prior = answer_prior(KEYS, ANSWERS, 3, 4, neutral=False)
    assert prior[0, :2].tolist() == pytest.approx([4 / 6, 2 / 6], abs=1e-3)
    assert 0 < prior[0, 2] < 1e-3 and prior.log().isfinite().all()
    assert prior.sum(1).tolist() == pytest.approx([1, 1, 1])


def test_cross_fitted_counts_leave_out_the_own_fold():
    keys, answers = torch.zeros(4, dtype=torch.int64), torch.tensor([0, 1, 1, 1])
    rows = cross_fitted_prior(keys, answers, 1, 2, folds=4)
    # The only 0 is judged by three ones; each 1 by two ones and the 0.
    assert rows[0].tolist() == pytest.approx([0.5, 0.5])  # 0 never occurs: as the least, 4 and 4
    assert rows[1].tolist() == pytest.approx([2 / 5, 3 / 5])
    one_answer = cross_fitted_prior(keys, torch.tensor([0, 1, 1, 1]), 1, 2, 4, neutral=False)
    assert one_answer[0, 0] < 1e-3


def test_weights_level_every_answer_of_a_key():
    weights = inverse_count_weights(KEYS, ANSWERS)
    assert weights.mean().item() == pytest.approx(1)
    assert weights[:3].sum().item() == pytest.approx(weights[3].item())
    assert weights[4].item() == pytest.approx(weights[3].item())
    one = torch.tensor([0])
    assert inverse_count_weights(one, one).tolist() == [1.0]
