"""Rows of several seeds side by side, (K, N, …), and trainings of one network per seed on them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.compare.networks_at_once import NetworksAtOnce, at_once
from coursekit.layers.initialise import initialise
from coursekit.training.optimizers import AdamW

BATCH, RATE, DECAY = 64, 3e-3, 0.01
Change = Callable[[dict[str, Tensor], torch.Generator], tuple[object, ...]]


@dataclass(frozen=True)
class Rows:
    """Inputs by modality (K, N, …) and labels (K, N); K seeds."""

    inputs: Mapping[str, Tensor]
    labels: Tensor

    def at(self, places: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Inputs and labels of every seed at its own places (K, B)."""
        seeds = torch.arange(len(places))[:, None]
        return {m: x[seeds, places] for m, x in self.inputs.items()}, self.labels[seeds, places]

    def only(self, modalities: Sequence[str]) -> "Rows":
        """The same rows, seen through these modalities."""
        return Rows({m: self.inputs[m] for m in modalities}, self.labels)


@dataclass(frozen=True)
class RowSets:
    """One data set, drawn with several seeds."""

    train: Rows
    valid: Rows
    test: Rows
    seeds: tuple[int, ...]

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.train.labels.max()) + 1

    @property
    def widths(self) -> dict[str, int]:
        """Numbers per row, or per token, of each modality."""
        return {m: x.shape[-1] for m, x in self.train.inputs.items()}

    def only(self, modalities: Sequence[str]) -> "RowSets":
        """The same, seen through these modalities."""
        return self.changed(lambda rows: rows.only(modalities))

    def changed(self, change: Callable[[Rows], Rows]) -> "RowSets":
        """The same, every split changed in one way."""
        return RowSets(change(self.train), change(self.valid), change(self.test), self.seeds)


def by_split(make: Callable[[str], Rows], seeds: Sequence[int]) -> RowSets:
    """Rows that are made for each split, by its name."""
    return RowSets(make("train"), make("valid"), make("test"), tuple(seeds))


def batches(rows: Rows, epochs: int, seeds: Sequence[int], size: int = BATCH) -> Iterator[Tensor]:
    """Places of the rows of every step, (K, B), in an order of each seed's own."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    for _ in range(epochs):
        orders = [torch.randperm(rows.labels.shape[1], generator=g) for g in generators]
        yield from torch.stack(orders).split(size, dim=1)


def drawn(make: Callable[[], nn.Module], seeds: Sequence[int]) -> NetworksAtOnce:
    """One network per seed, its weights drawn by it."""
    networks = []
    for seed in seeds:
        network = make()
        initialise(network, seed)
        networks.append(network)
    return at_once(networks)


def fitted(
    networks: NetworksAtOnce,
    data: RowSets,
    epochs: int,
    change: Change | None = None,
    train: Sequence[nn.Parameter] | None = None,
) -> NetworksAtOnce:
    """The networks, trained on the training rows, each in its own order, by AdamW.

    change: makes a network's arguments of a step's inputs.  train: what learns, else all.
    """
    learning = list(networks.parameters()) if train is None else list(train)
    optimizer = AdamW(learning, lr=RATE, weight_decay=DECAY, fused=True)
    generator = torch.Generator().manual_seed(sum(data.seeds))
    for places in batches(data.train, epochs, data.seeds):
        inputs, labels = data.train.at(places)
        logits = networks(*(change(inputs, generator) if change else (inputs,)))
        optimizer.zero_grad()
        summed_loss(logits, labels).backward()
        optimizer.step()
    return networks


def summed_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross entropy of each seed's rows, summed over seeds: logits (K, B, C)."""
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten()) * len(labels)


@torch.no_grad()
def right(networks: nn.Module, rows: Rows) -> list[float]:
    """Share of rows that are named rightly, per seed."""
    return share_right(networks(dict(rows.inputs)), rows.labels)


def share_right(logits: Tensor, labels: Tensor) -> list[float]:
    """The same of answers (K, N, C)."""
    return (logits.argmax(-1) == labels).double().mean(-1).tolist()
