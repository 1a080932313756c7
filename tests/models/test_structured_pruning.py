"""Structured pruning: smaller layers give what masked ones give, and cost less."""

import copy

import pytest
import torch
from exact_numbers import tensor
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune

from coursekit.analysis.costs import multiply_adds, parameters
from coursekit.models import CNN, MLP, build_classifier
from coursekit.models.structured_pruning import (
    masked_units,
    row_norms,
    smaller,
    strongest_rows,
    strongest_units,
)


def plain(*layers):
    return nn.Sequential(*layers)


ENCODERS = {
    "MLP": (lambda: MLP(6, (8, 5, 4)), (3, 6)),
    "CNN": (lambda: CNN(2, 7), (3, 2, 9, 10)),
    "one convolution": (
        lambda: plain(nn.Conv2d(1, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 6, 3)),
        (2, 1, 4, 5),
    ),
    "no bias": (
        lambda: plain(nn.Linear(5, 6, bias=False), nn.Dropout(0.5), nn.GELU(), nn.Linear(6, 2)),
        (4, 5),
    ),
}


def made(name, seed=0):
    torch.manual_seed(seed)
    build, shape = ENCODERS[name]
    return build().double().eval(), torch.randn(shape, dtype=torch.float64)


@settings(max_examples=25)
@given(st.sampled_from(sorted(ENCODERS)), st.floats(0, 1), st.integers(0, 100))
def test_the_smaller_network_gives_what_the_masked_one_gives(name, share, seed):
    encoder, x = made(name, seed)
    kept = strongest_units(encoder, share)
    before = copy.deepcopy(encoder.state_dict())
    masked, small = masked_units(encoder, kept), smaller(encoder, kept)
    assert type(small) is type(encoder)
    assert torch.allclose(masked(x), small(x), rtol=0, atol=1e-12)
    assert parameters(masked) == parameters(encoder)
    for key, value in encoder.state_dict().items():
        assert torch.equal(value, before[key])
    assert [int(k.sum()) for k in kept] == [max(1, len(k) - round(share * len(k))) for k in kept]


@pytest.mark.parametrize("name", ENCODERS)
def test_nothing_removed_is_the_same_network(name):
    encoder, x = made(name)
    assert torch.equal(smaller(encoder, strongest_units(encoder, 0.0))(x), encoder(x))


def test_what_is_rebuilt_costs_less():
    encoder, _ = made("CNN")
    small = smaller(encoder, strongest_units(encoder, 0.5))
    shapes = [tuple(p.shape) for p in small.parameters()]
    assert shapes == [(4, 2, 3, 3), (4,), (8, 4, 3, 3), (8,), (7, 8 * 16), (7,)]
    assert (small[0].out_channels, small[3].in_channels, small[7].in_features) == (4, 4, 128)
    assert small.out_features == 7

    def cost(network):
        class Alone(nn.Module):
            def forward(self, inputs):
                return network(inputs["x"])

        return multiply_adds(Alone(), {"x": torch.ones(1, 2, 8, 8).double()})

    first, second, last = 4 * 2 * 9 * 64, 8 * 4 * 9 * 16, 7 * 128
    assert cost(small) == first + second + last
    assert cost(masked_units(encoder, strongest_units(encoder, 0.5))) == cost(encoder)


def test_the_smaller_one_trains_and_reads_and_gives_the_same_widths():
    torch.manual_seed(0)
    model = build_classifier({"A": torch.randn(4, 6), "B": torch.randn(4, 1, 8, 8)}, 3,
                             encoder={"A": "mlp", "B": "cnn"})  # fmt: skip
    for m in model.modalities:
        model.encoders[m] = smaller(model.encoders[m], strongest_units(model.encoders[m], 0.4))
    prediction = model({"A": torch.randn(4, 6), "B": torch.randn(4, 1, 8, 8)})
    prediction.joint.sum().backward()
    assert all(p.grad is not None for p in model.encoders.parameters())


def test_rows_are_those_of_torch():
    torch.manual_seed(1)
    layer = nn.Conv2d(3, 8, 3)
    kept = strongest_rows(layer.weight, 5)
    prune.ln_structured(layer, "weight", amount=3, n=2, dim=0)
    assert torch.equal(kept, layer.weight_mask.flatten(1).bool().all(1))
    assert row_norms(tensor([[3.0, 4.0], [0.0, 0.0]])).tolist() == [5.0, 0.0]


def test_the_strongest_stay_and_one_at_least():
    encoder = MLP(2, (3, 2)).double()
    with torch.no_grad():
        encoder.layers[0].weight.copy_(tensor([[1.0, 0.0], [0.0, 3.0], [-2.0, 0.0]]))
    (kept,) = strongest_units(encoder, 0.34)
    assert kept.tolist() == [False, True, True]
    (kept,) = strongest_units(encoder, 1.0)
    assert kept.tolist() == [False, True, False]


def test_a_unit_that_is_gone_says_nothing_even_with_a_bias():
    encoder = MLP(2, (3, 2)).double()
    with torch.no_grad():
        encoder.layers[0].bias.fill_(5.0)
    kept = [torch.tensor([True, False, True])]
    hidden = torch.relu(masked_units(encoder, kept).layers[0](torch.zeros(1, 2).double()))
    assert hidden.tolist() == [[5.0, 0.0, 5.0]]


@pytest.mark.parametrize(
    ("encoder", "sentence"),
    [
        (plain(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 2)), "a BatchNorm1d, '1'"),
        (plain(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 2)), "a Sigmoid, '1'"),
        (plain(nn.Linear(2, 3)), "no hidden layer"),
        (plain(nn.Conv2d(2, 4, 1), nn.Conv2d(4, 4, 1, groups=2)), "2 groups in '1'"),
        (plain(nn.Conv2d(2, 4, 1), nn.Linear(8, 2)), "whose 8 inputs are not the 4 units"),
        (plain(nn.Conv2d(2, 4, 1), nn.Flatten(2), nn.Linear(8, 2)), "whose 8 inputs"),
        (plain(nn.Conv2d(2, 4, 1), nn.Flatten(1, 2), nn.Linear(8, 2)), "whose 8 inputs"),
        (plain(nn.Linear(2, 3), nn.Flatten(), nn.Linear(6, 2)), "whose 6 inputs are not the 3"),
        (plain(*[nn.Linear(3, 3)] * 2), "a layer twice"),
    ],
)
def test_what_cannot_be_rebuilt_is_refused(encoder, sentence):
    with pytest.raises(ValueError, match=sentence):
        strongest_units(encoder, 0.5)
    with pytest.raises(ValueError, match=sentence):
        smaller(encoder, [torch.ones(3, dtype=torch.bool)])


def test_other_encoders_are_refused():
    with pytest.raises(TypeError, match="encoder is a Linear; a MLP or Sequential was expected"):
        strongest_units(nn.Linear(2, 2), 0.5)
