"""A mixed edge: weighted operators, one of them nothing, and what is left without one."""

import pytest
import torch
from exact_numbers import draw, tensor
from torch import nn

from coursekit import fusion
from coursekit.models import initialise
from coursekit.models.mixed_edge import MixedEdge, mixed_operation


def edge():
    torch.manual_seed(0)
    made = MixedEdge({"none": None, "first": nn.Linear(4, 3), "second": nn.Linear(4, 3)}).double()
    with torch.no_grad():
        made.alpha.copy_(tensor([0.5, -1.0, 2.0]))
    return made


def test_by_loop():
    (x,), mixed = draw((5, 4)), edge()
    w = mixed.alpha.softmax(0).tolist()
    want = w[1] * mixed.operators["first"](x) + w[2] * mixed.operators["second"](x)
    assert torch.allclose(mixed(x), want)
    assert list(mixed.weights) == ["none", "first", "second"]
    assert list(mixed.weights.values()) == pytest.approx(w)
    outputs = [torch.zeros(5, 3).double(), *(o(x) for o in mixed.operators.values())]
    assert torch.allclose(mixed(x), mixed_operation(outputs, mixed.alpha))


def test_nothing_has_a_weight_and_a_gradient():
    (x,), mixed = draw((5, 4)), edge()
    mixed(x).square().sum().backward()
    assert mixed.alpha.grad is not None and float(mixed.alpha.grad[0]) < 0  # less would be better
    assert float(mixed.alpha.grad.sum()) == pytest.approx(0, abs=1e-9)


def test_without_one_the_others_share_its_weight():
    (x,), mixed = draw((5, 4)), edge()
    before = mixed(x)
    with mixed.without("second"):
        left = tensor([0.5, -1.0]).softmax(0)
        assert torch.allclose(mixed(x), left[1] * mixed.operators["first"](x))
        assert mixed.weights["second"] == 0
        with mixed.without("none"):
            assert torch.allclose(mixed(x), mixed.operators["first"](x))
        with (
            pytest.raises(ValueError, match="'first', and nothing would be left"),
            mixed.without("first"),
        ):
            pass
    assert torch.equal(mixed(x), before)
    misspelt = r"name is 'secon'; it can be .* Did you mean 'second'"
    with pytest.raises(ValueError, match=misspelt), mixed.without("secon"):
        pass


def test_fusion_operators_are_operators():
    widths = {"A": 3, "B": 3}
    names = ("late-linear", "multiplicative", "low-rank")
    mixed = MixedEdge({"none": None, **{n: fusion.build(n, widths, 4) for n in names}})
    initialise(mixed, 1)
    assert max(mixed.weights.values()) - min(mixed.weights.values()) < 0.01
    first = mixed.alpha.detach().clone()
    initialise(mixed, 1)
    assert torch.equal(mixed.alpha, first) and float(first.abs().max()) > 0
    out = mixed({"A": torch.randn(5, 3), "B": torch.randn(5, 3)})
    out.sum().backward()
    assert out.shape == (5, 4) and all(p.grad is not None for p in mixed.parameters())


def test_operators_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"outputs\[1\] has shape \(2, 3\); \(2, 4\) was expected"):
        mixed_operation([torch.ones(2, 4), torch.ones(2, 3)], torch.zeros(2))
    with pytest.raises(ValueError, match="operators holds none that gives anything"):
        MixedEdge({"none": None})
