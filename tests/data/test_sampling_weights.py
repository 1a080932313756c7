"""How often each sample is drawn."""

import pytest
import torch

from coursekit.data.sampling_weights import (
    group_shares,
    group_sizes,
    inverse_count_weights,
    sampling_weights,
)

GROUPS = ["a", "b", "b", "b", "c", "c"]


def test_between_the_data_as_they_are_and_every_group_alike():
    torch.testing.assert_close(sampling_weights(GROUPS, 0), torch.full((6,), 1 / 6).double())
    assert group_shares(GROUPS, 1) == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})
    torch.testing.assert_close(inverse_count_weights(GROUPS), sampling_weights(GROUPS, 1.0))
    total = sum(n**0.5 for n in (1, 3, 2))
    expected = {name: n**0.5 / total for name, n in (("a", 1), ("b", 3), ("c", 2))}
    assert group_shares(GROUPS, 0.5) == pytest.approx(expected)


def test_sizes_of_one_and_of_all():
    assert group_sizes(GROUPS).tolist() == [1, 3, 3, 3, 2, 2]
    assert sampling_weights([7], 3.0).tolist() == [1.0]
    assert sampling_weights(["x", "x"], 2).tolist() == [0.5, 0.5]


def test_a_large_exponent_is_no_overflow():
    weights = sampling_weights(["a"] + ["b"] * 1000, 200.0)
    assert weights.isfinite().all() and weights[0] == pytest.approx(1)


def test_draws_come_as_often_as_the_weights_say():
    weights = sampling_weights(GROUPS, 1.0)
    drawn = torch.multinomial(weights, 30_000, True, generator=torch.Generator().manual_seed(0))
    shares = torch.bincount(drawn, minlength=6) / 30_000
    torch.testing.assert_close(shares.double(), weights, atol=0.01, rtol=0)
