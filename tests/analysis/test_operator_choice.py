"""Which operator a search leaves: by alpha, by edges into a node, by removal."""

import pytest
import torch
from exact_numbers import draw, tensor
from torch import nn
from torch.nn import functional as F

from coursekit.analysis.operator_choice import (
    hardest_to_lose,
    strongest_edges,
    strongest_operator,
)
from coursekit.models.mixed_edge import MixedEdge

NAMES = ["none", "sum", "product"]


def test_the_strongest_but_never_nothing():
    assert strongest_operator(tensor([9.0, 0.1, 0.2]), NAMES) == "product"
    assert strongest_operator(tensor([9.0, 0.1, 0.2]), NAMES, never=()) == "none"
    assert strongest_operator(tensor([9.0, 0.2, 0.2]), NAMES) == "sum"  # the first of equals
    with pytest.raises(ValueError, match="never holds all of"):
        strongest_operator(tensor([1.0]), ["none"])
    with pytest.raises(ValueError, match="names holds 2; 3 were expected"):
        strongest_operator(tensor([1.0, 2.0, 3.0]), ["a", "b"])


def by_loop(alphas, nodes):
    chosen, edges = [], iter(alphas)
    for node in range(nodes):
        rows = []
        for place in range(2 + node):
            powers = next(edges).exp().tolist()
            shares = {n: p / sum(powers) for n, p in zip(NAMES, powers, strict=True)}
            del shares["none"]
            best = max(shares, key=shares.get)
            rows.append((shares[best], best, place))
        rows.sort(key=lambda row: -row[0])
        chosen += [(op, place) for _, op, place in rows[:2]]
    return chosen


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_edges_by_loop(nodes):
    alphas = draw(*[(3,)] * sum(2 + n for n in range(nodes)), seed=nodes)
    assert strongest_edges(alphas, NAMES, nodes) == by_loop(alphas, nodes)
    with pytest.raises(ValueError, match="edges; "):
        strongest_edges(alphas[1:], NAMES, nodes)


def test_a_large_share_of_nothing_makes_an_edge_weak():
    """Both prefer "sum" by the same distance, but one of them would rather have nothing."""
    alphas = [tensor([5.0, 2.0, 0.0]), tensor([0.0, 2.0, 0.0])]
    assert strongest_edges(alphas, NAMES, 1) == [("sum", 1), ("sum", 0)]


def test_removal_finds_what_is_needed_and_alpha_what_is_loud():
    """Two operators of which the useless one has the larger alpha."""
    torch.manual_seed(0)
    edge = MixedEdge({"none": None, "useful": nn.Linear(4, 2), "useless": nn.Linear(4, 2)})
    x = draw((200, 4))[0].float()
    y = (x[:, 0] > 0).long()
    with torch.no_grad():
        edge.alpha.copy_(torch.tensor([0.0, 0.0, 1.0]))
        for layer in edge.operators.values():
            layer.weight.zero_(), layer.bias.zero_()
        edge.operators["useful"].weight[1, 0] = 5.0

    def score_without(name):
        with edge.without(name):
            return -float(F.cross_entropy(edge(x), y).detach())

    assert strongest_operator(edge.alpha, edge.names) == "useless"
    assert hardest_to_lose(score_without, edge.names) == "useful"


def test_removal_takes_the_first_of_equals_and_refuses_nan():
    assert hardest_to_lose(lambda name: 0.5, NAMES) == "sum"
    assert hardest_to_lose({"sum": 0.5, "product": 0.4}.__getitem__, NAMES) == "product"
    with pytest.raises(ValueError, match="what score_without returns for 'sum' is nan"):
        hardest_to_lose(lambda name: float("nan"), NAMES)
