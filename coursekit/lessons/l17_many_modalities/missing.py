"""Views that are missing at the test: what every model reaches with every set of them."""

from collections.abc import Mapping, Sequence

import pandas as pd
import torch
from torch import Tensor, nn

from coursekit.balancing.agm import coalitions
from coursekit.lessons.l17_many_modalities.rows_at_once import RowSets, share_right
from coursekit.lessons.l17_many_modalities.views import as_tokens, nothing_hidden, without

ROWS = 200  # of the test rows, which is enough for so many sets
ZEROS = ", given zeros"  # ends the name of a transformer that is given them in the place of views


def hidden_views(names: Sequence[str], present: frozenset[str], shape: Sequence[int]) -> Tensor:
    """(…, M) bool: which views are not in ``present``."""
    absent = torch.tensor([m not in present for m in names])
    return absent.expand(*shape, len(names))


def by_set(models: Mapping[str, nn.Module], data: RowSets) -> pd.DataFrame:
    """Test accuracy with every set of views: columns model, present, number, seed, accuracy.

    models: name → a transformer, which sees only what is there, or a network that is given zeros,
    the mean of training rows, where nothing is; also a transformer whose name ends with `ZEROS`.
    """
    names, labels = list(data.widths), data.test.labels[:, :ROWS]
    inputs = {m: x[:, :ROWS] for m, x in data.test.inputs.items()}
    rows = []
    for present in coalitions(names)[1:]:
        for name, model in models.items():
            accuracy = share_right(answer(name, model, inputs, present), labels)
            key = (name, " ".join(sorted(present)), len(present))
            rows += [(*key, s, a) for s, a in zip(data.seeds, accuracy, strict=True)]
    return pd.DataFrame(rows, columns=["model", "present", "number", "seed", "accuracy"])


@torch.no_grad()
def answer(
    name: str, model: nn.Module, inputs: Mapping[str, Tensor], present: frozenset[str]
) -> Tensor:
    """Logits (K, N, C) of a model that is given these views only."""
    if name.startswith("transformer") and not name.endswith(ZEROS):
        own = {m: x for m, x in inputs.items() if m in present}  # as if the others were masked
        return model(as_tokens(own), nothing_hidden(own))
    absent = hidden_views(list(inputs), present, next(iter(inputs.values())).shape[:-1])
    filled = without(inputs, absent)
    if name.startswith("transformer"):
        return model(as_tokens(filled), nothing_hidden(filled))
    return model(filled)


def ensemble_by_set(alone: Mapping[str, nn.Module], data: RowSets) -> pd.DataFrame:
    """The mean probability of the networks whose view is there, in the same columns."""
    names, labels = list(data.widths), data.test.labels[:, :ROWS]
    with torch.no_grad():
        each = {m: alone[m]({m: data.test.inputs[m][:, :ROWS]}).softmax(-1) for m in names}
    rows = []
    for present in coalitions(names)[1:]:
        mean = torch.stack([each[m] for m in sorted(present)]).mean(0)
        key = ("ensemble", " ".join(sorted(present)), len(present))
        accuracy = share_right(mean, labels)
        rows += [(*key, s, a) for s, a in zip(data.seeds, accuracy, strict=True)]
    return pd.DataFrame(rows, columns=["model", "present", "number", "seed", "accuracy"])


def by_number(table: pd.DataFrame) -> pd.DataFrame:
    """Mean over all sets of a size: a row per model, number of views and seed."""
    columns = ["model", "number", "seed"]
    return table.groupby(columns, sort=False)["accuracy"].mean().reset_index()
