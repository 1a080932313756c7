"""Networks trained at once are those trained alone."""

import pytest
import torch
from torch import nn

from coursekit.compare.networks_at_once import at_once


class TwoInputs(nn.Module):
    """A product of two modalities; double, so that nothing but an error can differ."""

    def __init__(self, seed):
        super().__init__()
        torch.manual_seed(seed)
        self.first = nn.Sequential(nn.Linear(5, 4), nn.Tanh()).double()
        self.second = nn.Linear(3, 4).double()
        self.norm = nn.LayerNorm(4).double()
        self.head = nn.Linear(4, 3).double()
        self.register_buffer("shift", torch.full((3,), float(seed)).double())

    def forward(self, parts):
        mixed = self.norm(self.first(parts["a"]) * self.second(parts["b"]))
        return self.head(mixed) + self.shift


def drawn(networks, rows=16):
    g = torch.Generator().manual_seed(3)
    parts = {
        "a": torch.randn(networks, rows, 5, generator=g).double(),
        "b": torch.randn(networks, rows, 3, generator=g).double(),
    }
    return parts, torch.randint(3, (networks, rows), generator=g)


def train(network, parts, labels, steps=20):
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01, weight_decay=0.1)
    for _ in range(steps):
        losses = nn.functional.cross_entropy(
            network(parts).reshape(-1, 3), labels.reshape(-1), reduction="none"
        )
        losses.reshape(-1, 16).mean(1).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return network


def test_each_is_trained_as_alone():
    parts, labels = drawn(3)
    alone = [
        train(TwoInputs(seed), {m: x[seed] for m, x in parts.items()}, labels[seed])
        for seed in range(3)
    ]
    given = [TwoInputs(seed) for seed in range(3)]
    together = train(at_once(given), parts, labels)
    assert len(together) == 3
    for seed, (own, state) in enumerate(zip(alone, together.apart(), strict=True)):
        reference = own.state_dict()
        assert set(state) == set(reference)
        for name, value in state.items():
            torch.testing.assert_close(value, reference[name], rtol=1e-9, atol=1e-10)
        fresh = TwoInputs(seed)
        changed = (state["head.weight"] - fresh.head.weight).abs().max()
        assert changed > 0.01
        assert torch.equal(given[seed].head.weight, fresh.head.weight), "those given stay"
        fresh.load_state_dict(state)
        own_parts = {m: x[seed] for m, x in parts.items()}
        torch.testing.assert_close(fresh(own_parts), together(parts)[seed])


def test_dropout_differs_per_network_and_stops_in_eval():
    networks = at_once([nn.Sequential(nn.Linear(1, 1, bias=False), nn.Dropout(0.5))] * 2)
    x = torch.ones(2, 400, 1)
    assert not torch.equal(networks(x)[0] == 0, networks(x)[1] == 0)
    drawn_at_once = networks(x)
    assert not torch.equal(drawn_at_once[0] == 0, drawn_at_once[1] == 0)
    assert torch.equal(networks.eval()(x), networks(x)) and (networks(x) != 0).all()


@pytest.mark.parametrize(
    ("networks", "sentence"),
    [
        ([], "networks is empty"),
        ([nn.Linear(2, 3), nn.Linear(2, 4)], "differ in their parameters' names or sizes"),
        ([nn.Linear(2, 3), nn.Linear(2, 3).double()], "differ in their parameters"),
        ([nn.BatchNorm1d(3)], "batch norm"),
    ],
)
def test_what_cannot_be_stacked_is_refused(networks, sentence):
    with pytest.raises(ValueError, match=sentence):
        at_once(networks)
    with pytest.raises(TypeError, match="a network is a str"):
        at_once(["linear"])
