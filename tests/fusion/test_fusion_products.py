"""Sums and products: additive, multiplicative, bilinear, tensor and low-rank, against oracles."""

import itertools
import math

import pytest
import torch
from exact_numbers import draw
from hypothesis import given
from hypothesis import strategies as st

from coursekit import fusion
from coursekit.fusion import tensor_product
from coursekit.fusion.additive import additive
from coursekit.fusion.bilinear import bilinear
from coursekit.fusion.low_rank import low_rank
from coursekit.fusion.multiplicative import multiplicative
from coursekit.layers.initialise import initialise


def close(a, b):
    return torch.allclose(a, b, rtol=0, atol=1e-10)


# ---- against loops ---------------------------------------------------------------------------

WIDTHS = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@given(widths=WIDTHS, batch=st.integers(1, 3), seed=st.integers(0, 99))
def test_tensor_product_by_loops(widths, batch, seed):
    parts = draw(*((batch, d) for d in widths), seed=seed)
    product = tensor_product(parts)
    assert product.shape == (batch, math.prod(d + 1 for d in widths))
    for b in range(batch):
        rows = [[1.0, *z[b].tolist()] for z in parts]
        expected = [math.prod(combination) for combination in itertools.product(*rows)]
        assert product[b].tolist() == pytest.approx(expected, abs=1e-12)


@given(widths=WIDTHS, rank=st.integers(1, 3), outputs=st.integers(1, 3), seed=st.integers(0, 99))
def test_low_rank_is_the_full_contraction(widths, rank, outputs, seed):
    parts = draw(*((2, d) for d in widths), seed=seed)
    factors = draw(*((rank, d + 1, outputs) for d in widths), seed=seed + 1)
    weights, bias = draw((rank,), (outputs,), seed=seed + 2)
    full = torch.zeros(math.prod(d + 1 for d in widths), outputs, dtype=torch.float64)
    for r in range(rank):
        for o in range(outputs):
            outer = torch.ones(1, dtype=torch.float64)
            for f in factors:
                outer = torch.outer(outer, f[r, :, o]).flatten()
            full[:, o] += weights[r] * outer
    expected = tensor_product(parts) @ full + bias
    assert torch.allclose(low_rank(parts, factors, weights, bias), expected, atol=1e-10)


@given(widths=st.lists(st.integers(1, 4), min_size=2, max_size=3), seed=st.integers(0, 99))
def test_bilinear_by_loops(widths, seed):
    parts = draw(*((2, d) for d in widths), seed=seed)
    weight, bias = draw((3, *widths), (3,), seed=seed + 1)
    logits = bilinear(parts, weight, bias)
    for b, c in itertools.product(range(2), range(3)):
        expected = float(bias[c])
        for place in itertools.product(*map(range, widths)):
            product = math.prod(float(z[b, i]) for z, i in zip(parts, place, strict=True))
            expected += float(weight[(c, *place)]) * product
        assert float(logits[b, c]) == pytest.approx(expected, abs=1e-10)


def test_sums_and_products_by_element():
    x, y, z = draw((2, 3), (2, 3), (2, 3))
    assert close(additive([x, y, z]), x + y + z)
    assert close(multiplicative([x, y, z]), x * y * z)


# ---- what kind of function each operator is --------------------------------------------------


def test_additive_and_late_linear_are_the_same_functions():
    widths = {"A": 3, "B": 2}
    votes, linear = fusion.build("additive", widths, 4), fusion.build("late-linear", widths, 4)
    initialise(votes, seed=1)
    with torch.no_grad():
        linear.linear.weight.copy_(torch.cat([v.weight for v in votes.votes], dim=1))
        linear.linear.bias.copy_(sum(v.bias for v in votes.votes))
    x, y = (z.float() for z in draw((5, 3), (5, 2)))
    assert torch.allclose(votes({"A": x, "B": y}), linear({"A": x, "B": y}), atol=1e-6)


@pytest.mark.parametrize("name", ["multiplicative", "bilinear"])
def test_pure_products_vanish_with_one_modality(name):
    """Without a one prepended there are no additive terms: a silent modality silences the rest."""
    made = fusion.build(name, {"A": 3, "B": 2}, 4).double()
    x, zero = draw((5, 3))[0], torch.zeros(5, 2, dtype=torch.float64)
    bias = made.linear.bias if name == "multiplicative" else made.bias
    assert close(made({"A": x, "B": zero}), bias.expand(5, 4))


@pytest.mark.parametrize("name", ["tensor", "low-rank"])
def test_with_ones_a_single_modality_still_speaks(name):
    made = fusion.build(name, {"A": 3, "B": 2}, 4).double()
    initialise(made, seed=0)
    x, zero = draw((5, 3))[0], torch.zeros(5, 2, dtype=torch.float64)
    logits = made({"A": x, "B": zero})
    assert (logits - logits[0]).abs().max() > 1e-3


# ---- refusals --------------------------------------------------------------------------------

X, Y = torch.ones(2, 3), torch.ones(2, 4)
F3, F4 = torch.ones(2, 4, 5), torch.ones(2, 5, 5)
W, B = torch.ones(2), torch.ones(5)
NAN = torch.full((2, 3), math.nan)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: tensor_product([]), ValueError, "features is empty"),
        (lambda: tensor_product(X), TypeError, "features is a Tensor; a list"),
        (lambda: tensor_product([X, Y[:1]]), ValueError, "features[1] has shape (1, 4); (2, any)"),
        (lambda: tensor_product([X, NAN]), ValueError, "features[1] contains NaN"),
        (lambda: tensor_product([X.long()]), TypeError, "features[0] has dtype torch.int64"),
        (lambda: tensor_product([X[:0]]), ValueError, "features[0] has shape (0, 3); an empty"),
        (lambda: low_rank([X, Y], [F3], W, B), ValueError, "factors holds 1; one for each of 2"),
        (
            lambda: low_rank([X, Y], [F3, F3], W, B),
            ValueError,
            "factors[1] has shape (2, 4, 5); (2, 5, 5) was expected",
        ),
        (
            lambda: low_rank([X, Y], [F3[0], F4], W, B),
            ValueError,
            "factors[0] has shape (4, 5); (rank, 4, outputs) was expected",
        ),
        (lambda: low_rank([X], [F3], B, B), ValueError, "weights has shape (5,); (2) was"),
        (lambda: low_rank([X], [F3], W, W), ValueError, "bias has shape (2,); (5) was expected"),
        (lambda: low_rank([X, Y[:1]], [F3, F4], W, B), ValueError, "features[1] has shape (1, 4)"),
        (lambda: bilinear([X, Y], F3, B), ValueError, "(2, 4, 5); (classes, 3, 4) was expected"),
        (lambda: additive([X, Y]), ValueError, "terms have shapes [(2, 3), (2, 4)]"),
        (lambda: multiplicative([X, Y]), ValueError, "factors have shapes [(2, 3), (2, 4)]"),
        (lambda: fusion.build("bilinear", {"A": 3}, 2), ValueError, "bilinear fusion needs 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert sentence in str(caught.value)
