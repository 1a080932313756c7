"""Networks for clips: one encoder per modality, fused or alone, and what all combinations reach."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import pandas as pd
import torch
from torch import Tensor, nn

from coursekit.compare.networks_at_once import NetworksAtOnce
from coursekit.lessons.l17_many_modalities.rows_at_once import (
    RowSets,
    drawn,
    fitted,
    right,
    share_right,
)

WIDTH, HIDDEN, EPOCHS = 32, 64, 12
COLUMNS = ["model", "seed", "accuracy", "valid", "train"]
Tested = tuple[str, int, float, float, float]  # a row of `COLUMNS`


def encoder(inputs: int, width: int = WIDTH) -> nn.Sequential:
    """Two linear layers with a ReLU behind each."""
    return nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())


class Concatenated(nn.Module):
    """An encoder per modality; their features side by side go through one hidden layer."""

    def __init__(self, widths: Mapping[str, int], classes: int, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict({m: encoder(width) for m, width in widths.items()})
        self.head = nn.Sequential(
            nn.Linear(WIDTH * len(widths), hidden), nn.ReLU(), nn.Linear(hidden, classes)
        )

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """(B, D) by modality → logits (B, C)."""
        return self.head(torch.cat([e(inputs[m]) for m, e in self.encoders.items()], dim=-1))


class Summed(nn.Module):
    """An encoder and a head per modality; their logits are added: late fusion."""

    def __init__(self, widths: Mapping[str, int], classes: int) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict({m: encoder(width) for m, width in widths.items()})
        self.heads = nn.ModuleDict({m: nn.Linear(WIDTH, classes) for m in widths})

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """(B, D) by modality → logits (B, C)."""
        return torch.stack([self.heads[m](e(inputs[m])) for m, e in self.encoders.items()]).sum(0)


class Alone(nn.Module):
    """One modality's encoder and head."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.encoder, self.head = encoder(width), nn.Linear(WIDTH, classes)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """(B, D) by the one modality's name → logits (B, C)."""
        (x,) = inputs.values()
        return self.head(self.encoder(x))


def subsets(modalities: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """All sets of one or more of them, the small ones first."""
    for size in range(1, len(modalities) + 1):
        yield from combinations(modalities, size)


def named(present: Sequence[str]) -> str:
    """What a combination is called."""
    return " + ".join(present)


def trained(data: RowSets, present: Sequence[str]) -> NetworksAtOnce:
    """One network per seed that reads these modalities and concatenates."""
    own = data.only(present)
    return fitted(drawn(lambda: Concatenated(own.widths, own.classes), own.seeds), own, EPOCHS)


def combinations_table(data: RowSets) -> tuple[pd.DataFrame, dict[str, NetworksAtOnce]]:
    """Every combination, trained and tested: a row per model and seed; and the networks.

    Beside them the ensemble of the networks that read one modality each, and the late sum.
    """
    names = list(data.widths)
    networks = {named(s): trained(data, s) for s in subsets(names)}
    rows = [row for name, n in networks.items() for row in tested(name, n, data)]
    late = fitted(drawn(lambda: Summed(data.widths, data.classes), data.seeds), data, EPOCHS)
    rows += tested("late sum of all", late, data)
    rows += ensemble_rows({m: networks[m] for m in names}, data)
    return pd.DataFrame(rows, columns=COLUMNS), networks


def tested(name: str, networks: nn.Module, data: RowSets) -> list[Tested]:
    """A row per seed: accuracy on test, validation and training rows."""
    parts = (data.test, data.valid, data.train)
    on_test, on_valid, on_train = (right(networks, part) for part in parts)
    rows = zip(data.seeds, on_test, on_valid, on_train, strict=True)
    return [(name, *row) for row in rows]


@torch.no_grad()
def ensemble_rows(alone: Mapping[str, NetworksAtOnce], data: RowSets) -> list[Tested]:
    """The mean probability of networks that read one modality each."""
    shares = []
    for part in (data.test, data.valid, data.train):
        every = [n({m: part.inputs[m]}).softmax(-1) for m, n in alone.items()]
        shares.append(share_right(torch.stack(every).mean(0), part.labels))
    name = f"ensemble of {len(alone)}"
    on_test, on_valid, on_train = shares
    rows = zip(data.seeds, on_test, on_valid, on_train, strict=True)
    return [(name, *row) for row in rows]


def best_on_valid(table: pd.DataFrame) -> pd.DataFrame:
    """The row of each seed's model that is best on validation rows; seeds as index."""
    return table.loc[table.groupby("seed")["valid"].idxmax()].set_index("seed")
