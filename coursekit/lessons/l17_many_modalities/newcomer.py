"""One modality more, without teaching the others anew."""

import copy

import pandas as pd
import torch
from torch import nn

from coursekit.compare.networks_at_once import NetworksAtOnce
from coursekit.lessons.l17_many_modalities.designs import EPOCHS, arguments, network, sizes_of
from coursekit.lessons.l17_many_modalities.rows_at_once import RowSets, drawn, fitted, share_right

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


def added(data: RowSets, newcomer: str) -> pd.DataFrame:
    """A modality is added in each of `WAYS`, a row per way and seed.

    with it, without it: test accuracy when the newcomer is seen, and when it is left out.
    numbers: how many parameters of a network have learnt.
    """
    before = learnt_before(data, newcomer)
    tables = [_tested(before, data, newcomer, WAYS[0], [])]
    for way in WAYS[1:3]:
        networks = copy.deepcopy(before)
        own = own_parameters(networks, newcomer)
        learning = own if way == WAYS[1] else list(networks.parameters())
        fitted(networks, data, AFTER, seen, train=learning)
        tables.append(_tested(networks, data, newcomer, way, learning))
    sizes = sizes_of(data)
    anew = drawn(lambda: network("transformer", sizes, data.classes), data.seeds)
    fitted(anew, data, EPOCHS, seen)
    tables.append(_tested(anew, data, newcomer, WAYS[3], list(anew.parameters())))
    return pd.concat(tables, ignore_index=True)


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
