"""The one data object of the course: named modalities, labels, groups and fixed splits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from coursekit.utils.checks import (
    choose,
    require,
    require_instance,
    require_mapping,
    require_modality,
)

SPLIT_NAMES = ("train", "valid", "test")


@dataclass(frozen=True)
class Split:
    """One part of a data set: ``inputs`` by modality (n, ...), ``labels`` (n,), ``group`` (n,).

    Errors: TypeError for what is no tensor, ValueError when lengths disagree or a modality has a
    name that it cannot have.
    """

    inputs: Mapping[str, Tensor]
    labels: Tensor
    group: Tensor

    def __post_init__(self) -> None:
        require_mapping("inputs", self.inputs, "tensors")
        for m in self.inputs:
            require_modality("inputs", m)
        require_columns_of(self.labels, {**self.inputs, "group": self.group})

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


def require_columns_of(labels: Tensor, columns: Mapping[str, Tensor]) -> None:
    """Refuse what is no tensor with a row for each of ``labels``."""
    require_instance("labels", labels, Tensor)
    for name, x in columns.items():
        require_instance(name, x, Tensor)
        fits = len(x) == len(labels)
        require(fits, f"{name} has {len(x)} rows, labels has {len(labels)}; they must agree.")


def require_files(files: tuple[Path, ...]) -> None:
    """Refuse what does not name files or folders."""
    require_instance("files", files, tuple)
    for file in files:
        require_instance("an entry of files", file, Path)


def require_splits(labels: Tensor, splits: Mapping[str, Tensor], classes: int) -> None:
    """Refuse splits that are not three of whole numbers, share a row or lie beyond the data.

    classes: how many, where labels are classes; then they are looked at too.
    """
    require_mapping("splits", splits, "row numbers")
    want = f"splits has {sorted(splits)}; train, valid and test were expected."
    require(set(splits) == set(SPLIT_NAMES), want)
    for name, rows in splits.items():
        require_instance(f"splits[{name!r}]", rows, Tensor)
        whole = not rows.is_floating_point()
        require(whole, f"splits[{name!r}] is {rows.dtype}; whole numbers were expected.")
    rows = torch.cat([splits[s] for s in SPLIT_NAMES])
    require(len(rows.unique()) == len(rows), "splits overlap: a row stands in two of them.")
    n = len(labels)
    inside = len(rows) == 0 or (int(rows.min()) >= 0 and int(rows.max()) < n)
    require(inside, f"splits names rows beyond the data; 0 to {n - 1} was expected.")
    if classes and n:
        low, high = float(labels.min()), float(labels.max())
        fits = low >= 0 and high < classes
        require(fits, f"labels lie in {low:g} to {high:g}; 0 to {classes - 1} was expected.")


@dataclass(frozen=True)
class MultimodalData:
    """Samples seen through several modalities.

    inputs: modality name → (N, ...) float32.  labels: (N,), int64 classes or float scores.
    group: (N,) int64, what must not straddle the splits (a speaker, a voice); zeros if nothing.
    splits: "train", "valid", "test" → row numbers; disjoint.  classes: names of the labels.
    kind: (N,) int64, for generated data which ``kind_names`` entry made the sample, else None.
    files: what the data were read from, files or folders; empty where they were generated.
    Errors: TypeError for what is no tensor; ValueError when lengths disagree, a split is missing or
    names rows beyond the data, splits overlap, labels are none of the classes, or a modality has a
    name that it cannot have.
    """

    name: str
    inputs: Mapping[str, Tensor]
    labels: Tensor
    group: Tensor
    splits: Mapping[str, Tensor]
    classes: tuple[str, ...] = ()
    kind: Tensor | None = None
    kind_names: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        require_mapping("inputs", self.inputs, "tensors")
        for m in self.inputs:
            require_modality("inputs", m)
        require_columns_of(self.labels, {**self.inputs, "group": self.group})
        require_files(self.files)
        require_splits(self.labels, self.splits, self.num_classes)

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
        """All rows as a table, a column per modality plus the label; for scalar modalities only."""
        for name, x in self.inputs.items():
            require(
                x[0].numel() == 1,
                f"modality {name!r} has shape {tuple(x.shape)}; a table needs one number per "
                "sample.",
            )
        columns = {m: x.flatten().double().numpy() for m, x in self.inputs.items()}
        return pd.DataFrame({**columns, "label": self.labels.double().numpy()})
