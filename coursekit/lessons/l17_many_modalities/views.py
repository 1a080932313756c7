"""Six views of the same digits: networks that read them all, and what is left without some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from coursekit.compare.networks_at_once import NetworksAtOnce
from coursekit.data.uci_views import VIEWS, load_uci_views
from coursekit.lessons.l17_many_modalities.clip_networks import Alone, Concatenated, Summed
from coursekit.lessons.l17_many_modalities.rows_at_once import (
    Rows,
    RowSets,
    by_split,
    drawn,
    fitted,
)
from coursekit.lessons.l17_many_modalities.token_transformer import TokenTransformer

TRAIN, EPOCHS = 300, 18
DROPPED = 0.3


@lru_cache(maxsize=2)
def view_rows(seeds: tuple[int, ...], train: int = TRAIN) -> RowSets:
    """All six views, (K, N, D), in a split per seed: ``train`` rows, 400 validate, 600 test."""
    sets = [load_uci_views(VIEWS, seed, train) for seed in seeds]

    def rows(split: str) -> Rows:
        own = [getattr(one, split) for one in sets]
        inputs = {m: torch.stack([s.inputs[m] for s in own]) for m in VIEWS}
        return Rows(inputs, torch.stack([s.labels for s in own]))

    return by_split(rows, seeds)


def as_tokens(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """One token a view: (…, D) → (…, 1, D)."""
    return {m: x[..., None, :] for m, x in inputs.items()}


def nothing_hidden(inputs: Mapping[str, Tensor]) -> Tensor:
    """(…, M) of False."""
    first = next(iter(inputs.values()))
    return torch.zeros(*first.shape[:-1], len(inputs), dtype=torch.bool)


def some_hidden(shape: Sequence[int], generator: torch.Generator, p: float = DROPPED) -> Tensor:
    """Which views (…, M) are hidden: each with probability p, never all of a row."""
    drawn_numbers = torch.rand(*shape, generator=generator)
    kept_one = drawn_numbers == drawn_numbers.amax(-1, keepdim=True)
    return (drawn_numbers < p) & ~kept_one


def without(inputs: Mapping[str, Tensor], hidden: Tensor) -> dict[str, Tensor]:
    """The inputs (…, D) with zeros, which is the mean, where a view is hidden (…, M)."""
    return {m: x * ~hidden[..., i, None] for i, (m, x) in enumerate(inputs.items())}


def transformer(data: RowSets, dropout: bool = False, **options: bool) -> NetworksAtOnce:
    """One transformer per seed over all views.  dropout: some views are hidden while it learns."""
    networks = drawn(lambda: TokenTransformer(data.widths, data.classes, **options), data.seeds)

    def change(inputs: dict[str, Tensor], generator: torch.Generator) -> tuple[object, ...]:
        hidden = nothing_hidden(inputs)
        if dropout:
            hidden = some_hidden(hidden.shape, generator)
        return as_tokens(inputs), hidden

    return fitted(networks, data, EPOCHS, change)


def concatenated(data: RowSets, dropout: bool = False) -> NetworksAtOnce:
    """One network of encoders and concatenation per seed.  dropout: as in `transformer`."""
    networks = drawn(lambda: Concatenated(data.widths, data.classes), data.seeds)

    def change(inputs: dict[str, Tensor], generator: torch.Generator) -> tuple[object, ...]:
        hidden = nothing_hidden(inputs)
        return (without(inputs, some_hidden(hidden.shape, generator)),)

    return fitted(networks, data, EPOCHS, change if dropout else None)


def summed(data: RowSets) -> NetworksAtOnce:
    """Encoders and heads, logits added."""
    return fitted(drawn(lambda: Summed(data.widths, data.classes), data.seeds), data, EPOCHS)


def alone(data: RowSets, view: str) -> NetworksAtOnce:
    """One view's own network per seed."""
    own = data.only([view])
    return fitted(drawn(lambda: Alone(own.widths[view], own.classes), own.seeds), own, EPOCHS)


@dataclass(frozen=True)
class Taught:
    """Networks of every seed.

    alone: by view.  fused: name → a network that reads all; transformers' names begin so.
    """

    data: RowSets
    alone: Mapping[str, NetworksAtOnce]
    fused: Mapping[str, NetworksAtOnce]


@lru_cache(maxsize=1)
def taught(seeds: tuple[int, ...]) -> Taught:
    """What the lesson compares, taught once; its explorer shows the same networks."""
    data = view_rows(seeds)
    fused = {
        "concatenation": concatenated(data),
        "concatenation, views hidden": concatenated(data, dropout=True),
        "late sum": summed(data),
        "transformer": transformer(data),
        "transformer, views hidden": transformer(data, dropout=True),
        "transformer, one projection": transformer(data, shared=True),
        "transformer, no vectors": transformer(data, vectors=False),
    }
    return Taught(data, {view: alone(data, view) for view in VIEWS}, fused)
