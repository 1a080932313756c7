"""Costs of the operators, counted by running, against formulas written out by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from coursekit import fusion
from coursekit.analysis.costs import cost, cost_table, multiply_adds, parameters

WIDTHS = st.lists(st.integers(1, 7), min_size=2, max_size=3)
CLASSES = st.integers(1, 5)
RANK, HIDDEN = 4, 64  # defaults of low-rank and mid-mlp


def formulas(widths, c):
    """Operator → (parameters, products for one sample), for these widths and c classes."""
    total, every = sum(widths), math.prod(widths)
    ones = [d + 1 for d in widths]
    table = math.prod(ones)
    steps = [math.prod(ones[: i + 1]) for i in range(1, len(ones))]  # outer products in turn
    products = [c * math.prod(widths[i:]) for i in range(len(widths))]
    return {
        "late-linear": (total * c + c, total * c),
        "additive": (total * c + len(widths) * c, total * c),
        "mid-mlp": ((total + 1) * HIDDEN + (HIDDEN + 1) * c, total * HIDDEN + HIDDEN * c),
        "bilinear": (every * c + c, sum(products)),
        "tensor": (table * c + c, sum(steps) + table * c),
        "low-rank": (
            RANK * sum(ones) * c + RANK + c,
            # projections, products of the modalities, the weighted sum over ranks
            RANK * sum(ones) * c + (len(widths) - 1) * RANK * c + RANK * c,
        ),
    }


@settings(max_examples=25)
@given(WIDTHS, CLASSES)
def test_costs_equal_the_formulas(widths, classes):
    named = {f"m{i}": d for i, d in enumerate(widths)}
    for name, expected in formulas(widths, classes).items():
        counted = cost(fusion.build(name, named, classes))
        assert (counted.parameters, counted.multiply_adds) == expected, name


def test_other_operators_by_hand():
    """Two modalities, 8 features each, 3 classes; width 32 where an operator has one."""
    table = cost_table(8, 3).set_index("operator")
    assert table.loc["film"].tolist() == [2 * (8 * 8 + 8) + 8 * 3 + 3, 2 * 8 * 8 + 8 + 8 * 3]
    gate = 8 * 32
    assert table.loc["kiela-gate"].tolist() == [2 * (gate + 32) + 32 * 3 + 3, 2 * gate + 32 + 96]
    assert table.loc["multiplicative"].tolist() == [2 * gate + 32 * 3 + 3, 2 * gate + 32 + 96]
    gated = 64 * 32 + 2 * 32  # the gate's own layer, and z and 1 − z times a feature
    assert table.loc["gmu"].tolist() == [2 * gate + 64 * 32 + 99, 2 * gate + gated + 96]
    assert table.loc["se-gate"].tolist() == [16 + 16 + 16 * 3 + 3, 16 + 16 + 16 + 16 * 3]


@pytest.mark.parametrize(("name", "tokens"), [("transformer", 3), ("early-transformer", 2)])
def test_transformers_by_hand(name, tokens):
    """16 features, 2 modalities, 6 classes, width 32, 2 layers; the first has a class token."""
    width, layers = 32, 2
    each = tokens * (4 * width**2 + 8 * width**2)  # q, k, v and out; the feed-forward part
    attention = 2 * tokens**2 * width  # queries with keys, weights with values
    scaling = 2 * tokens * width  # of queries and keys, by the root of 1/√d
    expected = 2 * 16 * width + layers * (each + attention + scaling) + width * 6
    assert cost(fusion.build(name, {"A": 16, "B": 16}, 6)).multiply_adds == expected


def test_every_operator_has_a_row():
    table = cost_table(4, 2)
    assert table["operator"].to_list() == fusion.names()
    assert (table["parameters"] > 0).all() and (table["multiply-adds"] > 0).all()


@pytest.mark.parametrize("name", fusion.names())
def test_parameters_are_those_that_can_be_trained(name):
    head = fusion.build(name, {"A": 4, "B": 4}, 3)
    whole = parameters(head)
    assert whole == sum(p.numel() for p in head.parameters())
    next(iter(head.parameters())).requires_grad_(False)
    assert parameters(head) < whole


def test_twice_the_rows_cost_twice_as_much():
    head = fusion.build("mid-mlp", {"A": 3, "B": 2}, 4)
    one = {"A": torch.ones(1, 3), "B": torch.ones(1, 2)}
    two = {"A": torch.ones(2, 3), "B": torch.ones(2, 2)}
    assert multiply_adds(head, two) == 2 * multiply_adds(head, one)


def test_the_mode_of_the_model_is_kept():
    head = fusion.build("tensor", {"A": 3, "B": 2}, 4).train()
    cost(head)
    assert head.training


def test_convolutions_count_too():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Conv2d(1, 2, 3, padding=1, bias=False)

        def forward(self, inputs):
            return self.layer(inputs["A"])

    assert multiply_adds(Model(), {"A": torch.ones(1, 1, 4, 5)}) == 2 * 9 * 4 * 5


@pytest.mark.parametrize("rows", [1, 3])
def test_torch_s_bilinear_layer_costs_what_ours_does(rows):
    """PyTorch's counter knows nothing of it."""

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Bilinear(4, 6, 5)

        def forward(self, inputs):
            return self.layer(inputs["A"], inputs["B"])

    inputs = {"A": torch.ones(rows, 4), "B": torch.ones(rows, 6)}
    ours = multiply_adds(fusion.build("bilinear", {"A": 4, "B": 6}, 5), inputs)
    assert multiply_adds(Layer(), inputs) == ours == rows * 5 * (4 * 6 + 6)
