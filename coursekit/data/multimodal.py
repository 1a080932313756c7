"""The one data object of the course: named modalities, labels, groups and fixed splits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from coursekit.checks import choose, require

SPLIT_NAMES = ("train", "valid", "test")


@dataclass(frozen=True)
class Split:
    """One part of a data set: ``inputs`` by modality (n, ...), ``labels`` (n,), ``group`` (n,)."""

    inputs: Mapping[str, Tensor]
    labels: Tensor
    group: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities, in their fixed order."""
        return tuple(self.inputs)

    def part(self, rows: Tensor) -> "Split":
        """The given rows as a split of their own."""
        inputs = {m: x[rows] for m, x in self.inputs.items()}
        return Split(inputs, self.labels[rows], self.group[rows.to(self.group.device)])

    def batches(self, parts: Sequence[Tensor]) -> Iterator[dict[str, Tensor]]:
        """For each of ``parts``, numbers of rows (b,), the inputs by modality, (b, …) each."""
        for rows in parts:
            yield {m: x[rows] for m, x in self.inputs.items()}


def require_splits(n: int, columns: Mapping[str, Tensor], splits: Mapping[str, Tensor]) -> None:
    """Refuse columns without ``n`` rows, and splits that are not three or share a row."""
    for name, x in columns.items():
        require(len(x) == n, f"{name} has {len(x)} rows, labels has {n}; they must agree.")
    want = f"splits has {sorted(splits)}; train, valid and test were expected."
    require(set(splits) == set(SPLIT_NAMES), want)
    rows = torch.cat([splits[s] for s in SPLIT_NAMES])
    require(len(rows.unique()) == len(rows), "splits overlap: a row stands in two of them.")


@dataclass(frozen=True)
class MultimodalData:
    """Samples seen through several modalities.

    inputs: modality name → (N, ...) float32.  labels: (N,), int64 classes or float scores.
    group: (N,) int64, what must not straddle the splits (a speaker, a voice); zeros if nothing.
    splits: "train", "valid", "test" → row numbers; disjoint.  classes: names of the labels.
    kind: (N,) int64, for generated data which ``kind_names`` entry made the sample, else None.
    Errors: ValueError when lengths disagree, a split is missing, or splits overlap.
    """

    name: str
    inputs: Mapping[str, Tensor]
    labels: Tensor
    group: Tensor
    splits: Mapping[str, Tensor]
    classes: tuple[str, ...] = ()
    kind: Tensor | None = None
    kind_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        columns = {**self.inputs, "group": self.group}
        require_splits(len(self.labels), columns, self.splits)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities, in their fixed order."""
        return tuple(self.inputs)

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 when the labels are scores."""
        return len(self.classes)

    def split(self, name: str) -> Split:
        """The rows of one split."""
        rows = self.splits[choose("split", name, SPLIT_NAMES)]
        inputs = {m: x[rows] for m, x in self.inputs.items()}
        return Split(inputs, self.labels[rows], self.group[rows])

    @property
    def train(self) -> Split:
        """Rows to fit on."""
        return self.split("train")

    @property
    def valid(self) -> Split:
        """Rows to choose on (stopping, hyper-parameters)."""
        return self.split("valid")

    @property
    def test(self) -> Split:
        """Rows to report on, and never to choose on."""
        return self.split("test")

    def frame(self) -> pd.DataFrame:
        """All rows as a table, one column a modality plus the label; for scalar modalities only."""
        for name, x in self.inputs.items():
            require(
                x[0].numel() == 1,
                f"modality {name!r} has shape {tuple(x.shape)}; a table needs one number a sample.",
            )
        columns = {m: x.flatten().double().numpy() for m, x in self.inputs.items()}
        return pd.DataFrame({**columns, "label": self.labels.double().numpy()})
