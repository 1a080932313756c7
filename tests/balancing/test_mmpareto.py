"""MMPareto: weights by search, what the integrated gradient promises, and the step itself."""

import copy

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import given
from hypothesis import strategies as st

from coursekit import balancing
from coursekit.balancing.mmpareto import cosine, integrated, min_norm_weights, pareto_weights
from coursekit.data import load_preset
from coursekit.models import build_classifier
from coursekit.training import Settings
from coursekit.training.loop import begin
from coursekit.training.method import Step


def two(seed, size=5):
    return draw((size,), (size,), seed=seed)


@given(seed=st.integers(0, 200), size=st.integers(1, 6))
def test_no_other_weights_have_a_shorter_sum(seed, size):
    g, other = two(seed, size)
    w = min_norm_weights(g, other)
    assert float(w.sum()) == pytest.approx(1) and bool((w >= 0).all())
    shortest = float((w[0] * g + w[1] * other).norm())
    for share in torch.linspace(0, 1, 201, dtype=torch.float64):
        assert shortest <= float((share * g + (1 - share) * other).norm()) + 1e-12


@given(seed=st.integers(0, 200), gamma=st.floats(0.5, 3))
def test_the_integrated_gradient_is_good_for_both_and_long_enough(seed, gamma):
    g, other = two(seed)
    w = pareto_weights(g, other)
    new = integrated(g, other, w, gamma)
    pairs = zip(g.tolist(), other.tolist(), strict=True)
    by_loop = [2 * float(w[0]) * a + 2 * float(w[1]) * b for a, b in pairs]
    length = sum(x * x for x in by_loop) ** 0.5
    longer = max(1.0, float((g + other).norm()) / length)
    assert new.tolist() == pytest.approx([gamma * longer * x for x in by_loop], rel=1e-8)
    assert float(new @ g) >= -1e-9 and float(new @ other) >= -1e-9
    assert float(new.norm()) >= gamma * float((g + other).norm()) * (1 - 1e-9)
    if float(g @ other) > 0:
        assert w.tolist() == [0.5, 0.5]
        assert torch.allclose(new, gamma * (g + other))


@given(seed=st.integers(0, 50), scale=st.sampled_from([1e-300, 1e-30, 1e30, 1e300]))
def test_no_length_is_too_large_or_too_small(seed, scale):
    g, other = two(seed)
    w = pareto_weights(g, other)
    assert torch.allclose(pareto_weights(g * scale, other * scale), w)
    assert float(cosine(g * scale, other)) == pytest.approx(float(cosine(g, other)))
    far = integrated(g * scale, other * scale, w) / scale
    assert torch.allclose(far, integrated(g, other, w))


def test_opposite_equal_and_missing_gradients():
    g = tensor([1.0, -2.0])
    for factor in (-1.0, -3.0, -0.1):
        w = pareto_weights(g, factor * g)
        assert torch.allclose(w[0] * g + w[1] * factor * g, 0 * g)
        assert integrated(g, factor * g, w).tolist() == [0.0, 0.0]
    assert min_norm_weights(g, g).tolist() == [0.5, 0.5]
    assert pareto_weights(g, 0 * g).tolist() == [0.5, 0.5]  # zero is in conflict with nobody
    assert torch.allclose(integrated(g, 0 * g, tensor([0.5, 0.5]), 2.0), 2 * g)
    assert integrated(0 * g, 0 * g, tensor([0.5, 0.5])).tolist() == [0.0, 0.0]


def test_what_counts_as_a_conflict():
    g, other = tensor([1.0, 0.0]), tensor([-0.6, 0.8])
    assert float(pareto_weights(g, other)[0]) == pytest.approx(
        0.5
    )  # equal lengths: halves are the shortest, too
    longer = 2 * other
    assert pareto_weights(g, longer)[0] > 0.5
    assert pareto_weights(g, longer, conflict=-0.7).tolist() == [0.5, 0.5]
    assert pareto_weights(g, -g, conflict=-1.0).tolist() == [0.5, 0.5]


def test_gradients_at_right_angles_have_the_shortest_sum():
    """The rule has halves where the cosine is above 0, not where it is 0."""
    g, other = tensor([2.0, 0.0]), tensor([0.0, 1.0])
    assert pareto_weights(g, other).tolist() == pytest.approx([0.2, 0.8])
    assert pareto_weights(g, 0 * g).tolist() == pareto_weights(0 * g, g).tolist() == [0.5, 0.5]
    assert pareto_weights(g, other, conflict=-1.0).tolist() == [0.5, 0.5]
    assert pareto_weights(g, -g, conflict=-1.0).tolist() == [0.5, 0.5]


def test_weights_are_shares_of_one():
    g, other = two(0)
    for weights in ([0.5, 0.4], [1.0, 1.0], [0.0, 0.0]):
        with pytest.raises(ValueError, match="weights do not add up to 1; shares of 1"):
            integrated(g, other, tensor(weights))
    thirds = torch.tensor([1 / 3, 2 / 3])
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        integrated(g, other, thirds.to(dtype))


# ---- in a training -----------------------------------------------------------------------------


def a_step(method, fusion="mid-mlp"):
    data = load_preset("starve", 1, train=60, valid=20, test=20)
    model = build_classifier(data.train.inputs, 6, widths=(8, 4), fusion=fusion, seed=3).double()
    run = begin(model, data.train, data.valid, Settings(), 0)
    inputs = {m: x.double() for m, x in data.train.inputs.items()}
    return Step(run, inputs, data.train.labels, model(inputs), 1)


def gradients(loss, parameters):
    grads = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    return torch.cat([g.flatten() for g in grads if g is not None])


@pytest.mark.parametrize("conflict", [0.0, 1.0])
def test_encoders_follow_the_integrated_gradient_and_heads_the_loss_s(conflict):
    method = balancing.build("mmpareto", gamma=1.5, conflict=conflict)
    step = a_step(method)
    model, losses = step.run.model, step.cross_entropies()
    expected = {}
    for m, encoder in model.encoders.items():
        own = list(encoder.parameters())
        both = [gradients(losses[k], own) for k in ("joint", m)]
        weights = pareto_weights(*both, conflict)
        assert (weights[0] != weights[1]) == (conflict > float(cosine(*both)))
        expected[m] = integrated(*both, weights, 1.5)
    plain = {}
    whole = method.loss(step, method.weights(step))
    for name in ("fusion", "heads"):
        plain[name] = gradients(whole, list(getattr(model, name).parameters()))
    method.backward(step, whole)
    for m, encoder in model.encoders.items():
        assert torch.allclose(flat(encoder), expected[m], atol=1e-12)
    for name, grads in plain.items():
        assert torch.allclose(flat(getattr(model, name)), grads, atol=1e-12)


@pytest.mark.parametrize("conflict", [1.0, -1.0])
def test_an_encoder_of_two_modalities_is_integrated_once(conflict):
    step = a_step(None)
    model = step.run.model
    model.encoders["B"] = model.encoders["A"]
    inputs = dict.fromkeys("AB", step.inputs["A"])
    step = Step(step.run, inputs, step.labels, model(inputs), 1)
    method = balancing.build("mmpareto", gamma=1.5, conflict=conflict)
    losses, own = step.cross_entropies(), list(model.encoders["A"].parameters())
    both = [gradients(loss, own) for loss in (losses["joint"], losses["A"] + losses["B"])]
    expected = integrated(*both, pareto_weights(*both, conflict), 1.5)
    method.backward(step, method.loss(step, method.weights(step)))
    assert torch.allclose(flat(model.encoders["A"]), expected, atol=1e-12)


def flat(module):
    return torch.cat([p.grad.flatten() for p in module.parameters()])


def test_without_conflict_or_rescaling_it_is_the_multi_loss_to_the_bit():
    one = a_step(None)
    models = []
    for name, own in (("mmpareto", {"gamma": 1.0, "conflict": -1.0}), ("multi-loss", {})):
        method, model = balancing.build(name, **own), copy.deepcopy(one.run.model)
        run = begin(model, one.run.train, one.run.valid, Settings(), 0)
        step = Step(run, one.inputs, one.labels, model(one.inputs), 1)
        method.backward(step, method.loss(step, method.weights(step)))
        models.append(model)
    for p, q in zip(*(m.parameters() for m in models), strict=True):
        assert torch.equal(p.grad, q.grad)
