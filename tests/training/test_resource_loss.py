"""What a gate is charged: by loop, against the released form, and below the budget nothing."""

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.fusion import straight_through
from coursekit.training.resource_loss import expected_cost, over_budget, resource_loss


@settings(max_examples=30)
@given(st.integers(0, 100), st.lists(st.floats(0, 10), min_size=1, max_size=4))
def test_the_expected_cost_by_loop(seed, costs):
    (logits,) = draw((5, len(costs)), seed=seed)
    gate = logits.softmax(1)
    want = sum(sum(g * c for g, c in zip(row, costs, strict=True)) for row in gate.tolist()) / 5
    assert float(expected_cost(gate, costs)) == pytest.approx(want, abs=1e-12)


def test_a_hard_gate_costs_what_it_chose():
    (logits,) = draw((40, 3))
    hard = straight_through(logits)
    costs = [1.0, 5.0, 20.0]
    want = sum(costs[k] for k in logits.argmax(1).tolist()) / 40
    assert float(expected_cost(hard, costs)) == pytest.approx(want)
    assert float(resource_loss(hard, costs)) == pytest.approx(want / 20)


def test_two_experts_the_first_of_them_free_are_the_released_form():
    gate = draw((6, 2))[0].softmax(1)
    assert torch.allclose(resource_loss(gate, [0.0, 7.0]), gate[:, 1].mean())
    # A cheap expert that is not free: a constant and a factor.
    got = resource_loss(gate, [1.0, 4.0])
    assert torch.allclose(got, 0.25 + 0.75 * gate[:, 1].mean())


def test_its_gradient_pushes_towards_the_cheap_expert():
    logits = torch.zeros(4, 3, dtype=torch.float64).requires_grad_()
    resource_loss(logits.softmax(1), [1.0, 2.0, 6.0]).backward()
    step = -logits.grad.mean(0)
    assert float(step[0]) > float(step[1]) > 0 > float(step[2])


def test_nothing_is_charged_below_the_budget():
    cost = tensor(0.7).requires_grad_()
    assert float(over_budget(cost.detach(), 0.5)) == pytest.approx(0.2)
    over_budget(cost, 0.8).backward()
    assert float(cost.grad) == 0


def test_logits_are_no_gate():
    with pytest.raises(ValueError, match="gate has a row that does not add up to 1"):
        expected_cost(tensor([[0.2, 0.2]]), [1.0, 2.0])
    with pytest.raises(ValueError, match="costs are all 0"):
        resource_loss(tensor([[0.5, 0.5]]), [0.0, 0.0])


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float64(half):
    gate = draw((300, 3))[0].softmax(1).to(half)
    got = expected_cost(gate, [1.0, 2.0, 3.0])
    assert got.dtype == torch.float64
    assert torch.equal(got, expected_cost(gate.double(), [1.0, 2.0, 3.0]))


def test_a_cost_that_is_no_number_of_this_type_is_refused():
    gate = torch.tensor([[0.5, 0.5]])
    with pytest.raises(ValueError, match="expected_cost is too large"):
        expected_cost(gate, [1e39, 1.0])
    assert float(resource_loss(gate, [1e39, 1e39])) == 1
