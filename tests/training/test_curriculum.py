"""Pacing, orders, small losses."""

import pytest
import torch

from coursekit.training.curriculum import learning_order, paced_share, self_paced, small_losses

RNG = torch.Generator()


def test_pacing_rises_from_its_start_to_all():
    shares = [paced_share(step, 10, 0.3) for step in range(15)]
    assert shares[0] == pytest.approx(0.3) and shares[5] == pytest.approx(0.65)
    assert shares[10:] == [1.0] * 5 and shares == sorted(shares)
    assert paced_share(0, 10, 1.0) == 1.0
    with pytest.raises(ValueError, match="start is 0"):
        paced_share(0, 10, 0.0)


def test_orders_and_ties():
    difficulty = torch.tensor([0.5, 0.1, 0.5, 0.9])
    assert learning_order(difficulty, "easy first", RNG).tolist() == [1, 0, 2, 3]
    assert learning_order(difficulty, "hard first", RNG).tolist() == [3, 0, 2, 1]
    one, other = (
        learning_order(torch.arange(50.0), "random", torch.Generator().manual_seed(k))
        for k in (0, 1)
    )
    assert sorted(one.tolist()) == list(range(50)) and not torch.equal(one, other)


def test_small_losses_stay_exactly_a_share_of_the_batch():
    losses = torch.tensor([0.4, 0.1, 0.4, 0.2, 3.0], requires_grad=True)
    assert small_losses(losses, 0.6).tolist() == [True, True, False, True, False]
    assert not small_losses(losses, 0.0).any() and small_losses(losses, 1.0).all()


def test_self_paced_lets_in_what_is_below():
    losses = torch.tensor([0.4, 0.1, 0.2])
    assert self_paced(losses, 0.2).tolist() == [False, True, False]
    assert self_paced(losses, 10.0).all()


def test_a_bound_is_not_rounded_to_half_precision():
    losses = torch.tensor([0.1], dtype=torch.float16)  # 0.09998
    assert self_paced(losses, 0.1).tolist() == [True]
