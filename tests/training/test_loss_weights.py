"""Weights of several losses: by gradient norms, by uncertainty; and where they do not matter."""

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from coursekit.layers.initialise import initialise
from coursekit.training.loss_weights import (
    calibrated_weights,
    gradient_norms,
    running_norms,
    shared_parameters,
    weighted_sum,
)
from coursekit.training.optimizers import AdamW
from coursekit.training.uncertainty_weights import (
    UncertaintyWeights,
    best_log_variances,
    uncertainty_loss,
)

NORMS = st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=5)


class TwoHeads(nn.Module):
    """A trunk, and a head for each of two losses."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.trunk = nn.Linear(4, 3).double()
        self.first = nn.Linear(3, 1).double()
        self.second = nn.Linear(3, 2).double()

    def losses(self, x):
        z = torch.tanh(self.trunk(x))
        return [self.first(z).square().mean(), 10 * (self.second(z) - 1).square().mean()]


def test_shared_are_those_that_every_loss_reaches():
    model, (x,) = TwoHeads(), draw((6, 4))
    shared = shared_parameters(model.losses(x), model.parameters())
    assert [id(p) for p in shared] == [id(p) for p in model.trunk.parameters()]
    with pytest.raises(ValueError, match="parameters holds none that every loss reaches"):
        shared_parameters(model.losses(x), model.first.parameters())


def test_norms_are_those_of_one_vector_of_all_gradients():
    model, (x,) = TwoHeads(), draw((6, 4))
    losses, shared = model.losses(x), list(model.trunk.parameters())
    norms = gradient_norms(losses, shared)
    for loss, norm in zip(losses, norms.tolist(), strict=True):
        model.zero_grad()
        loss.backward(retain_graph=True)
        flat = [float(g) for p in shared for g in p.grad.flatten()]
        assert norm == pytest.approx(sum(g**2 for g in flat) ** 0.5, rel=1e-12)
    assert gradient_norms(losses, model.first.parameters()).tolist()[1] == 0


@settings(max_examples=30)
@given(NORMS, st.floats(0.01, 10), st.data())
def test_calibrated_gradients_have_the_length_that_was_asked_for(norms, ratio, data):
    reference = data.draw(st.integers(0, len(norms) - 1))
    n = tensor(norms)
    lengths = calibrated_weights(n, ratio, reference=reference) * n
    for j, length in enumerate(lengths.tolist()):
        want = norms[reference] * (1 if j == reference else ratio)
        assert length == pytest.approx(want, rel=1e-9)


@settings(max_examples=30)
@given(NORMS, st.floats(0, 1))
def test_the_exponent_takes_a_part_of_the_difference_away(norms, exponent):
    n = tensor(norms)
    lengths = (calibrated_weights(n, exponent=exponent) * n).log()
    want = (1 - exponent) * (n.log() - n[0].log()) + n[0].log()
    assert torch.allclose(lengths, want, atol=1e-9)


def test_full_half_and_a_tenth():
    n = tensor([1.0, 10.0])
    assert calibrated_weights(n).tolist() == pytest.approx([1, 0.1])
    assert calibrated_weights(n, ratio=0.5).tolist() == pytest.approx([1, 0.05])
    assert calibrated_weights(n, ratio=0.1).tolist() == pytest.approx([1, 0.01])
    assert calibrated_weights(tensor([1.0, 100.0]), exponent=0.5).tolist() == pytest.approx(
        [1, 0.1]
    )
    assert calibrated_weights(n, exponent=0.0).tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"norms holds 0.0; positive numbers were expected"):
        calibrated_weights(tensor([1.0, 0.0]))


def test_running_norms_by_loop():
    average, by_hand = None, 0.0
    for i, value in enumerate([3.0, 1.0, 8.0]):
        average = running_norms(average, tensor([value, 2 * value]), 0.75)
        by_hand = value if i == 0 else 0.75 * by_hand + 0.25 * value
        assert average.tolist() == pytest.approx([by_hand, 2 * by_hand])


def test_a_weighted_sum_teaches_the_losses_and_not_the_weights():
    model, (x,) = TwoHeads(), draw((6, 4))
    weights = tensor([2.0, 0.5]).requires_grad_()
    losses = model.losses(x)
    total = weighted_sum(losses, weights)
    assert float(total.detach()) == pytest.approx(
        2 * float(losses[0].detach()) + 0.5 * float(losses[1].detach())
    )
    total.backward()
    assert weights.grad is None and model.trunk.weight.grad is not None


@pytest.mark.parametrize("weight", [1.0, 10.0, 100.0])
def test_under_adam_a_head_does_not_feel_the_weight_of_its_loss(weight):
    """The trunk, which both losses reach, does."""

    def trained(w):
        model, (x,) = TwoHeads(), draw((6, 4))
        optimizer = AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
        optimizer.zero_grad()
        weighted_sum(model.losses(x), tensor([w, 1.0])).backward()
        optimizer.step()
        return model

    one, other = trained(1.0), trained(weight)
    assert torch.allclose(one.first.weight, other.first.weight, rtol=0, atol=1e-7)
    assert torch.allclose(one.second.weight, other.second.weight, rtol=0, atol=1e-12)
    moved = float((one.trunk.weight - other.trunk.weight).detach().abs().max())
    assert (moved > 1e-4) == (weight != 1)


# ---- uncertainty -------------------------------------------------------------------------------

LOSSES = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=4)


@settings(max_examples=30)
@given(LOSSES, st.floats(0.05, 2), st.integers(0, 3))
def test_the_best_log_variances_are_a_minimum(losses, away, which):
    losses = tensor(losses)
    best = best_log_variances(losses)
    least = uncertainty_loss(losses, best)
    assert float(least) == pytest.approx(float((1 + losses.log()).sum()), abs=1e-9)
    for sign in (1, -1):
        moved = best.clone()
        moved[which % len(moved)] += sign * away
        assert float(uncertainty_loss(losses, moved)) > float(least)


def test_the_sum_is_below_zero_for_losses_below_one_over_e():
    losses = tensor([0.3])
    assert float(uncertainty_loss(losses, best_log_variances(losses))) < 0
    losses = tensor([0.4])
    assert float(uncertainty_loss(losses, best_log_variances(losses))) > 0


def test_weights_learn_to_be_one_over_the_losses():
    weigh = UncertaintyWeights(2).double()
    assert weigh.weights.tolist() == [1, 1]
    optimizer = torch.optim.Adam(weigh.parameters(), lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        weigh([tensor(4.0), tensor(0.25)]).backward()
        optimizer.step()
    assert weigh.weights.tolist() == pytest.approx([0.25, 4], rel=1e-3)
    initialise(weigh, 0)
    assert weigh.weights.tolist() == [1, 1]


def test_losses_and_their_weights_train_together():
    model, (x,) = TwoHeads(), draw((6, 4))
    weigh = UncertaintyWeights(2).double()
    weigh(model.losses(x)).backward()
    assert model.trunk.weight.grad is not None and weigh.log_variances.grad is not None
    with pytest.raises(ValueError, match="losses holds 1; 2 were expected"):
        weigh(model.losses(x)[:1])
    with pytest.raises(TypeError, match="losses is a Tensor; scalars in a list"):
        weigh(torch.stack(model.losses(x)))


@settings(max_examples=20)
@given(st.sampled_from([torch.float16, torch.bfloat16]), st.integers(0, 100))
def test_half_precision_is_computed_in_float64(half, seed):
    losses, s = (x.to(half) for x in draw((3,), (3,), seed=seed))
    got = uncertainty_loss(losses.abs(), s)
    assert got.dtype == torch.float64
    assert torch.equal(got, uncertainty_loss(losses.abs().double(), s.double()))
    norms = losses.abs() + 1
    assert torch.equal(calibrated_weights(norms), calibrated_weights(norms.double()))
    assert torch.equal(running_norms(norms, norms * 2), running_norms(norms.double(), norms * 2))


def test_the_first_average_is_not_the_batch_s_own_tensor():
    now = torch.tensor([1.0, 2.0])
    running_norms(None, now).mul_(0)
    assert now.tolist() == [1.0, 2.0]


def test_a_weighted_sum_in_half_precision_loses_nothing_small():
    losses = [torch.tensor(x, dtype=torch.bfloat16, requires_grad=True) for x in (256.0, 1.0)]
    total = weighted_sum(losses, torch.ones(2, dtype=torch.bfloat16))
    assert (total.dtype, total.item()) == (torch.float64, 257.0)
