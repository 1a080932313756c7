"""Rivals of a gate, and what choices cost: by loop."""

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.analysis.routing import (
    cascade_cost,
    cheapest_right,
    choice_shares,
    confidence_cascade,
    routing_cost,
    shuffled,
)

COSTS = st.lists(st.floats(0, 10), min_size=1, max_size=4)


@settings(max_examples=40)
@given(st.integers(0, 1000), st.integers(1, 3), st.floats(0, 1))
def test_the_cascade_by_loop(seed, experts, threshold):
    probabilities = [x.softmax(1) for x in draw(*[(6, 3)] * experts, seed=seed)]
    choice = confidence_cascade(probabilities, threshold).tolist()
    for n, chosen in enumerate(choice):
        sure = [k for k in range(experts) if max(probabilities[k][n].tolist()) >= threshold]
        assert chosen == (sure[0] if sure else experts - 1)


def test_who_is_as_sure_as_asked_for_answers():
    probabilities = [tensor([[0.75, 0.25], [0.5, 0.5]]), tensor([[1.0, 0.0], [1.0, 0.0]])]
    assert confidence_cascade(probabilities, 0.75).tolist() == [0, 1]


def test_from_nobody_goes_on_to_everybody_does():
    probabilities = [x.softmax(1) for x in draw((50, 3), (50, 3))]
    costs = [1.0, 9.0]
    at = [cascade_cost(confidence_cascade(probabilities, t), costs) for t in (0.0, 0.5, 0.7, 1.0)]
    assert at[0] == 1 and at[-1] == 10  # the second expert comes on top of the first
    assert at == sorted(at)


@settings(max_examples=40)
@given(st.data(), COSTS)
def test_the_oracle_by_loop(data, costs):
    row = st.lists(st.booleans(), min_size=len(costs), max_size=len(costs))
    right = data.draw(st.lists(row, min_size=1, max_size=5))
    choice = cheapest_right(torch.tensor(right), costs).tolist()
    for r, chosen in zip(right, choice, strict=True):
        good = [k for k in range(len(costs)) if r[k]] or range(len(costs))
        assert chosen == min(good, key=lambda k: (costs[k], k))


def test_no_choice_among_the_experts_is_right_more_often_or_as_cheap():
    right = torch.rand(200, 3, generator=torch.Generator().manual_seed(0)) > 0.4
    choice = cheapest_right(right, [3.0, 1.0, 2.0])
    hits = right[torch.arange(200), choice]
    assert torch.equal(hits, right.any(1))
    for k in range(3):
        assert int(right[:, k].sum()) <= int(hits.sum())


def test_shuffled_choices_have_the_same_shares_and_know_nothing():
    choice = torch.tensor([0] * 50 + [1] * 30 + [2] * 20)
    random = shuffled(choice, torch.Generator().manual_seed(3))
    assert torch.equal(random.sort().values, choice)
    assert not torch.equal(random, choice)
    again = shuffled(choice, torch.Generator().manual_seed(3))
    assert torch.equal(random, again)
    assert routing_cost(random, [1.0, 2.0, 5.0]) == routing_cost(choice, [1.0, 2.0, 5.0])


@settings(max_examples=30)
@given(COSTS, st.data(), st.floats(0, 3))
def test_costs_by_loop(costs, data, gate):
    choice = data.draw(st.lists(st.integers(0, len(costs) - 1), min_size=1, max_size=6))
    alone = sum(costs[k] for k in choice) / len(choice)
    on_the_way = sum(sum(costs[: k + 1]) for k in choice) / len(choice)
    chosen = torch.tensor(choice)
    assert routing_cost(chosen, costs, gate) == pytest.approx(alone + gate)
    assert cascade_cost(chosen, costs) == pytest.approx(on_the_way)


def test_always_the_dearest_with_a_gate_costs_more_than_without():
    assert routing_cost(torch.tensor([2, 2]), [0.05, 0.52, 1.0], gate=0.04) == pytest.approx(1.04)


def test_shares_by_group():
    choice, groups = torch.tensor([0, 0, 1, 2, 2, 2]), torch.tensor([0, 0, 0, 2, 2, 2])
    assert choice_shares(choice, 3).tolist() == [pytest.approx([2 / 6, 1 / 6, 3 / 6])]
    shares = choice_shares(choice, 3, groups)
    assert shares[0].tolist() == pytest.approx([2 / 3, 1 / 3, 0])
    assert bool(shares[1].isnan().all()) and shares[2].tolist() == [0, 0, 1]


def test_logits_are_no_probabilities():
    with pytest.raises(ValueError, match=r"probabilities\[1\] has rows that are no probabilities"):
        confidence_cascade([tensor([[0.5, 0.5]]), tensor([[2.0, 1.0]])], 0.5)
