"""A space of fusions: where both modalities meet, by which operator, in one layer or in two.

Layer by layer, as in MFAS (https://arxiv.org/abs/1903.06496); whether they meet at the inputs or
behind their encoders is the question of MUFASA (https://arxiv.org/abs/2102.02340).
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import product

import pandas as pd
import torch
from torch import Tensor, nn

from coursekit.data.files import open_checked
from coursekit.layers.initialise import initialise
from coursekit.lessons.l16_dynamic_fusion.experts import Expert, encoder
from coursekit.lessons.l16_dynamic_fusion.generated_rows import Generated
from coursekit.utils.checks import choose

WIDTH = 32
WHERE = ("inputs", "features")
OPERATORS = ("sum", "relu", "product")
ROWS = tuple(f"{where}, {operator}" for where, operator in product(WHERE, OPERATORS))
NOTHING = "—"  # in the place of a second layer
SPACE = (ROWS, (NOTHING, *ROWS))
ALONE = ("only A", "only B")  # no fusions; for comparison
TABLE = "fusion_space.csv"
Configuration = tuple[str, ...]


class FusionNetwork(nn.Module):
    """Encoders of two layers where they are needed, one or two fusion layers, a linear layer.

    A fusion layer projects both modalities and adds them up (sum), and bends the sum (relu), or
    multiplies their tanh (product); a second one adds what the first one gave.
    """

    def __init__(self, rows: Configuration, widths: Mapping[str, int], classes: int) -> None:
        super().__init__()
        self.rows = [row.split(", ") for row in rows if row != NOTHING]
        encoded = any(where == "features" for where, _ in self.rows)
        self.encoders = nn.ModuleDict(
            {m: encoder(w, WIDTH, 2) for m, w in widths.items()} if encoded else {}
        )
        self.layers = nn.ModuleList()
        for where, operator in self.rows:
            choose("where in rows", where, WHERE)
            choose("an operator in rows", operator, OPERATORS)
            own = {m: WIDTH if where == "features" else w for m, w in widths.items()}
            self.layers.append(nn.ModuleDict({m: nn.Linear(w, WIDTH) for m, w in own.items()}))
        self.before = nn.ModuleList([nn.Linear(WIDTH, WIDTH) for _ in self.rows[1:]])
        self.head = nn.Linear(WIDTH, classes)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """(B, D) by modality → (B, C)."""
        features = {m: e(inputs[m]) for m, e in self.encoders.items()}
        h = torch.zeros(())
        for place, (where, operator) in enumerate(self.rows):
            seen = features if where == "features" else inputs
            layer = self.layers[place]
            assert isinstance(layer, nn.ModuleDict)
            a, b = (own(seen[m]) for m, own in layer.items())
            h_before = self.before[place - 1](h) if place else 0.0
            met = torch.tanh(a) * torch.tanh(b) if operator == "product" else a + b
            h = met + h_before
            h = h.relu() if operator == "relu" else h
        return self.head(h)


def new_network(rows: Configuration, data: Generated, seed: int) -> nn.Module:
    """A fusion of the space, or one of `ALONE`, drawn from a seed."""
    classes = int(data.train.labels.max()) + 1
    network: nn.Module
    if rows[0] in ALONE:
        network = Expert(data.widths, {rows[0].removeprefix("only "): WIDTH}, classes)
    else:
        network = FusionNetwork(rows, data.widths, classes)
    initialise(network, seed)
    return network


@lru_cache(maxsize=1)
def stored_space() -> pd.DataFrame:
    """The stored table: case, first, second, seed, soon, valid, test.

    Errors: DataFileError for a damaged file.
    """
    return pd.read_csv(open_checked(TABLE), keep_default_na=False)
