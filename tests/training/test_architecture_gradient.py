"""Gradients of an architecture: exact differentiation, and what reduces to what."""

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from coursekit.models.mixed_edge import MixedEdge
from coursekit.training.architecture_gradient import (
    alpha_optimizer,
    exact_second_order,
    first_order,
    second_order,
    unrolled_weights,
    weights_and_alphas,
)
from coursekit.training.optimizers import SGD


def network(seed=0):
    torch.manual_seed(seed)
    edge = MixedEdge({"none": None, "linear": nn.Linear(4, 3), "mlp": nn.Sequential(
        nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))})  # fmt: skip
    with torch.no_grad():
        edge.alpha.copy_(torch.randn(3))
    return edge.double()


def losses(model, seed=0):
    x, v = draw((12, 4), (12, 4), seed=seed)
    y = torch.arange(12) % 3
    return [lambda p, rows=rows: F.cross_entropy(functional_call(model, p, (rows,)), y)
            for rows in (x, v)]  # fmt: skip


@settings(max_examples=15)
@given(st.integers(0, 100), st.floats(0.01, 0.3), st.floats(0, 0.9), st.floats(0, 0.1))
def test_second_order_is_exact_differentiation(seed, rate, momentum, decay):
    model = network(seed)
    train, valid = losses(model, seed)
    w, a = weights_and_alphas(model)
    buffers = {n: draw(p.shape, seed=i)[0] for i, (n, p) in enumerate(w.items())}
    step = (rate, momentum, buffers, decay)
    got = second_order(train, valid, w, a, *step)["alpha"]
    want = exact_second_order(train, valid, w, a, *step)["alpha"]
    assert torch.allclose(got, want, rtol=1e-4, atol=1e-7)
    assert not torch.allclose(got, first_order(valid, w, a)["alpha"], rtol=1e-4, atol=1e-7)


def test_exact_differentiation_by_finite_differences_of_the_whole():
    """An oracle that knows no gradient of a gradient: L_val(w'(α), α) at two α, by definition."""
    model = network()
    train, valid = losses(model)
    w, a = weights_and_alphas(model)
    want = []
    for o in range(3):
        sides = []
        for sign in (1, -1):
            moved = {"alpha": a["alpha"].detach().clone()}
            moved["alpha"][o] += sign * 1e-5
            ahead = unrolled_weights(train, w, moved, 0.2)
            sides.append(float(valid({**ahead, **moved})))
        want.append((sides[0] - sides[1]) / 2e-5)
    got = exact_second_order(train, valid, w, a, 0.2)["alpha"]
    assert got.tolist() == pytest.approx(want, abs=1e-8)


def test_at_a_rate_of_zero_both_orders_are_one():
    model = network()
    train, valid = losses(model)
    w, a = weights_and_alphas(model)
    first = first_order(valid, w, a)["alpha"]
    assert torch.equal(second_order(train, valid, w, a, 0.0)["alpha"], first)
    assert torch.allclose(exact_second_order(train, valid, w, a, 0.0)["alpha"], first)
    (want,) = torch.autograd.grad(valid({**w, **a}), a["alpha"])
    assert torch.equal(first, want)


def test_one_step_ahead_is_a_step_of_sgd():
    model = network()
    train, _ = losses(model)
    w, a = weights_and_alphas(model)
    optimizer = SGD(list(w.values()), lr=0.1, momentum=0.9, weight_decay=0.01)
    for _ in range(3):
        buffers = {n: optimizer.state[p].get("momentum_buffer", torch.zeros_like(p)).clone()
                   for n, p in w.items()}  # fmt: skip
        ahead = unrolled_weights(train, w, a, 0.1, 0.9, buffers, 0.01)
        optimizer.zero_grad()
        train({**w, **a}).backward()
        optimizer.step()
        for n, p in w.items():
            assert torch.allclose(p.detach(), ahead[n], rtol=0, atol=1e-14)


def test_nothing_of_the_model_is_moved_and_no_gradient_left():
    model = network()
    train, valid = losses(model)
    w, a = weights_and_alphas(model)
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    second_order(train, valid, w, a, 0.1)
    exact_second_order(train, valid, w, a, 0.1)
    for n, p in model.named_parameters():
        assert torch.equal(p, before[n]) and p.grad is None


def test_parameters_that_a_loss_does_not_need_have_a_gradient_of_zero():
    model = network()
    train, valid = losses(model)
    w, a = weights_and_alphas(model)
    w = {**w, "unused": tensor([1.0, 2.0])}

    def without(loss):
        return lambda p: loss({n: x for n, x in p.items() if n != "unused"})

    got = second_order(without(train), without(valid), w, a, 0.1)["alpha"]
    del w["unused"]
    assert torch.allclose(got, second_order(train, valid, w, a, 0.1)["alpha"], rtol=0, atol=1e-15)


def test_alpha_is_learnt_by_its_own_optimiser():
    model = network()
    _, alphas = weights_and_alphas(model)
    optimizer = alpha_optimizer(alphas)
    before = model.alpha.detach().clone()
    model.alpha.grad = tensor([1.0, -1.0, 0.0])
    optimizer.step()
    moved = (model.alpha.detach() - before).tolist()
    assert moved[:2] == pytest.approx([-3e-4, 3e-4], rel=1e-2)  # Adam's first step is its rate
    assert abs(moved[2]) > 1e-4  # decay goes through Adam: as long a step as a gradient's
    with pytest.raises(ValueError, match="model has no parameter called alpha"):
        weights_and_alphas(nn.Linear(2, 2))


def test_sentences():
    model = network()
    train, valid = losses(model)
    w, a = weights_and_alphas(model)
    with pytest.raises(ValueError, match="what valid_loss returns hangs on no parameter"):
        first_order(lambda p: tensor(1.0), w, a)
    with pytest.raises(ValueError, match=r"alphas has \['alpha'\], which weights has, too"):
        first_order(valid, {**w, **a}, a)
    with pytest.raises(ValueError, match="buffers has 'other'; names of weights were expected"):
        unrolled_weights(train, w, a, 0.1, buffers={"other": tensor([1.0])})
    with pytest.raises(ValueError, match="NaN or infinite"):
        first_order(lambda p: valid(p) * float("nan"), w, a)


def test_a_loss_that_draws_its_rows_is_asked_once_for_both_gradients():
    model = network()
    w, a = weights_and_alphas(model)
    train_loss, valid_loss = losses(model)
    asked = {"train": 0, "valid": 0}

    def counted(name, loss):
        def each(p):
            asked[name] += 1
            return loss(p)

        return each

    second_order(counted("train", train_loss), counted("valid", valid_loss), w, a, 0.1)
    assert asked == {"train": 3, "valid": 1}


@pytest.mark.parametrize("without", ["valid, weights", "valid, alphas", "train, alphas"])
def test_losses_of_weights_or_of_alphas_alone_are_differentiated_as_exactly(without):
    model = network()
    w, a = weights_and_alphas(model)
    train_loss, valid_loss = losses(model)
    if without == "train, alphas":
        train_loss = lambda p: sum(p[n].square().sum() for n in w)  # noqa: E731
    else:
        names = a if without == "valid, weights" else w
        valid_loss = lambda p: sum(p[n].sin().sum() for n in names)  # noqa: E731
    expected = exact_second_order(train_loss, valid_loss, w, a, 0.1)
    result = second_order(train_loss, valid_loss, w, a, 0.1)
    for name in a:
        torch.testing.assert_close(result[name], expected[name], atol=1e-5, rtol=1e-4)


def test_a_gradient_too_long_for_a_number_is_refused():
    w, a = {"w": torch.ones(2)}, {"alpha": torch.ones(2)}
    with pytest.raises(ValueError, match="gradient of valid_loss is too large"):
        second_order(lambda p: (p["w"] * p["alpha"]).sum() ** 2,
                     lambda p: 1e30 * (p["w"] * p["alpha"]).sum(), w, a, 0.1)  # fmt: skip
