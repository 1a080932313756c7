"""One modality more, without teaching the others anew."""

import pandas as pd
import torch
from torch import nn

from coursekit.compare.networks_at_once import NetworksAtOnce
from coursekit.lessons.l17_many_modalities.designs import EPOCHS, arguments, network, sizes_of
from coursekit.lessons.l17_many_modalities.rows_at_once import RowSets, drawn, fitted, share_right
from coursekit.utils.checks import choose

WAYS = ("before", "its projection and vector", "everything goes on", "all from the beginning")
AFTER = 5  # epochs with the newcomer


def learnt_before(data: RowSets, newcomer: str) -> NetworksAtOnce:
    """Transformers that have learnt every modality but one; that one's weights are as drawn."""
    sizes = sizes_of(data)
    networks = drawn(lambda: network("transformer", sizes, data.classes), data.seeds)
    others = data.only([m for m in data.widths if m != newcomer])
    return fitted(networks, others, EPOCHS, seen)


def seen(inputs: dict[str, torch.Tensor], _: torch.Generator) -> tuple[object, ...]:
    """What a transformer is called with."""
    return arguments("transformer", inputs)


def own_parameters(networks: NetworksAtOnce, newcomer: str) -> list[nn.Parameter]:
    """Its projection and its vector."""
    begins = (f"projections.{newcomer}.", f"vectors.{newcomer}.")
    return [p for name, p in networks.stacked.items() if name.startswith(begins)]


def added(data: RowSets, newcomer: str, way: str) -> pd.DataFrame:
    """A modality is added in one of `WAYS`, a row per seed.

    with it, without it: test accuracy when the newcomer is seen, and when it is left out.
    numbers: how many parameters of a network have learnt.
    """
    choose("way", way, WAYS)
    if way == WAYS[3]:
        sizes = sizes_of(data)
        networks = drawn(lambda: network("transformer", sizes, data.classes), data.seeds)
        fitted(networks, data, EPOCHS, seen)
        return _tested(networks, data, newcomer, way, list(networks.parameters()))
    networks = learnt_before(data, newcomer)
    own = own_parameters(networks, newcomer)
    learning = {WAYS[0]: [], WAYS[1]: own, WAYS[2]: list(networks.parameters())}[way]
    if learning:
        fitted(networks, data, AFTER, seen, train=learning)
    return _tested(networks, data, newcomer, way, learning)


@torch.no_grad()
def _tested(
    networks: NetworksAtOnce, data: RowSets, newcomer: str, way: str, learning: list[nn.Parameter]
) -> pd.DataFrame:
    columns = {}
    others = data.test.only([m for m in data.widths if m != newcomer])
    for name, part in (("with it", data.test), ("without it", others)):
        logits = networks(*arguments("transformer", part.inputs))
        columns[name] = share_right(logits, part.labels)
    numbers = sum(p[0].numel() for p in learning)
    return pd.DataFrame({"way": way, "seed": data.seeds, **columns, "numbers": numbers})
