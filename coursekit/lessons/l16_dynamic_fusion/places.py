"""A mixed edge over four fusions, and the search that learns how much each of them counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd
import torch
from torch import Tensor, nn

from coursekit.analysis.operator_choice import hardest_to_lose, strongest_operator
from coursekit.compare.networks_at_once import NetworksAtOnce, at_once
from coursekit.layers.initialise import initialise
from coursekit.lessons.l16_dynamic_fusion.fusion_space import NOTHING, new_network
from coursekit.lessons.l16_dynamic_fusion.generated_rows import (
    Generated,
    Rows,
    batches,
    right,
    summed_loss,
)
from coursekit.models.mixed_edge import MixedEdge
from coursekit.training.optimizers import Adam, AdamW
from coursekit.utils.checks import choose, require_count, require_positive

EPOCHS, BATCH, RATE, ALPHA_RATE = 8, 64, 3e-3, 3e-2

# Rows of `fusion_space`, of one layer; each has encoders of its own.
PLACES: Mapping[str, str] = MappingProxyType(
    {
        "late sum": "features, sum",
        "hidden layer": "features, relu",
        "product": "features, product",
        "early": "inputs, relu",
        "only A": "only A",
        "only B": "only B",
    }
)
FUSIONS = ("late sum", "hidden layer", "product", "early")
WITH_ONE_ALONE = ("only A", "only B", "late sum")


@dataclass(frozen=True)
class Search:
    """A searched edge per seed.  path: softmax(α) by step, (T, K, O), operators in order."""

    data: Generated
    names: tuple[str, ...]
    edges: NetworksAtOnce
    path: Tensor

    def each(self) -> Iterator[MixedEdge]:
        """Every seed's own edge."""
        for state in self.edges.apart():
            edge = new_edge(self.data, self.names, 0)
            edge.load_state_dict(state)
            yield edge


def new_edge(data: Generated, names: Sequence[str], seed: int) -> MixedEdge:
    """Some of `PLACES` in one edge, drawn from a seed."""
    edge = MixedEdge({n: new_network((PLACES[n], NOTHING), data, seed) for n in names})
    initialise(edge, seed)
    return edge


def search(
    data: Generated,
    names: Sequence[str] = FUSIONS,
    epochs: int = EPOCHS,
    alpha_rate: float = ALPHA_RATE,
) -> Search:
    """First order, step by step in turn: α by validation rows, weights by training rows."""
    for name in names:
        choose("a name in names", name, PLACES)
    require_count("epochs", epochs, 1)
    require_positive("alpha_rate", alpha_rate)
    edges = at_once([new_edge(data, names, seed) for seed in data.seeds])
    alpha = edges.stacked["alpha"]
    weights: list[nn.Parameter] = [p for p in edges.parameters() if p is not alpha]
    by_weights = AdamW(weights, lr=RATE)
    by_alpha = Adam([alpha], lr=alpha_rate, betas=(0.5, 0.999), weight_decay=1e-3)
    path = [alpha.detach().softmax(1)]
    valid = batches(data.valid, 10 * epochs, [seed + 1 for seed in data.seeds], BATCH)
    train = batches(data.train, epochs, data.seeds, BATCH)
    for own, places in zip(valid, train, strict=False):
        _step(edges, data.valid, own, [alpha], by_alpha)
        _step(edges, data.train, places, weights, by_weights)
        path.append(alpha.detach().softmax(1))
    return Search(data, tuple(names), edges, torch.stack(path))


def _step(
    edges: NetworksAtOnce,
    rows: Rows,
    places: Tensor,
    parameters: Sequence[nn.Parameter],
    optimizer: torch.optim.Optimizer,
) -> None:
    """A step of some parameters alone, the others as they are."""
    inputs, labels = rows.at(places)
    loss = summed_loss(edges(inputs), labels)
    for p, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        p.grad = gradient
    optimizer.step()


def picks(searched: Search) -> pd.DataFrame:
    """What is picked by α and by removal, with both measures of every operator: a row per seed.

    α …: its share.  lost …: validation accuracy of the searched edge minus that without it.
    """
    rows = []
    for k, edge in enumerate(searched.each()):
        inputs = {m: x[k] for m, x in searched.data.valid.inputs.items()}
        labels = searched.data.valid.labels[k]
        whole = _score(edge, inputs, labels)
        without = {name: _without(edge, name, inputs, labels) for name in edge.names}
        rows.append(
            {
                "seed": searched.data.seeds[k],
                "by α": strongest_operator(edge.alpha, edge.names),
                "by removal": hardest_to_lose(without.__getitem__, edge.names),
                **{f"α {name}": share for name, share in edge.weights.items()},
                **{f"lost {name}": whole - score for name, score in without.items()},
            }
        )
    return pd.DataFrame(rows)


@torch.no_grad()
def _score(edge: MixedEdge, inputs: Mapping[str, Tensor], labels: Tensor) -> float:
    return float(right(edge(inputs), labels))


def _without(edge: MixedEdge, name: str, inputs: Mapping[str, Tensor], labels: Tensor) -> float:
    with edge.without(name):
        return _score(edge, inputs, labels)
