"""Data sets too large for memory: rows are read and decoded when a batch needs them."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

from coursekit.data.multimodal import SPLIT_NAMES, require_columns_of, require_files, require_splits
from coursekit.utils.checks import choose, require_callable, require_count, require_modality

Sample = dict[str, Tensor]  # modality → one sample's input, without a batch dimension
Read = Callable[[int], Sample]


@dataclass(frozen=True)
class LazySplit:
    """One part of a data set, as `coursekit.data.Split` is, but nothing is read yet.

    read: row number in the whole data set → that sample's inputs by modality; it must be picklable
    where worker processes read.  rows (n,): the row numbers of this part.  labels (n,), group (n,).
    workers: processes that read ahead; 0 = the training's own.
    """

    read: Read
    rows: Tensor
    labels: Tensor
    group: Tensor
    modalities: tuple[str, ...]
    workers: int = 0

    def __post_init__(self) -> None:
        for m in self.modalities:
            require_modality("modalities", m)
        require_columns_of(self.labels, {"rows": self.rows, "group": self.group})

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, rows: Tensor) -> "LazySplit":
        """The given rows (of 0 … n − 1) as a split of their own."""
        labels, group = self.labels[rows], self.group[rows]
        return replace(self, rows=self.rows[rows], labels=labels, group=group)

    def batches(self, parts: Sequence[Tensor]) -> Iterator[Sample]:
        """For each of ``parts``, numbers of rows (b,), the inputs by modality, (b, …) each.

        Errors: what ``read`` raises, as it raises it, from a worker process too.
        """
        wanted = [self.rows[part].tolist() for part in parts]
        first = self.rows[:1].tolist()  # tells the shapes where a part is empty
        sampler = [(rows or first) for rows in wanted]
        if self.workers:
            # A worker that is forked would free what nobody needs any more, such as a coder,
            # and wait for ever for threads of its that no fork takes along.
            gc.collect()
        loader = DataLoader(
            _Rows(self.read),
            batch_sampler=sampler,
            collate_fn=_stacked,
            num_workers=self.workers,
            pin_memory=torch.cuda.is_available(),
        )
        for rows, inputs in zip(wanted, loader, strict=True):
            if isinstance(inputs, Exception):
                raise inputs
            yield {m: inputs[m][: len(rows)] for m in self.modalities}


class _Rows(Dataset[Sample | Exception]):
    """What cannot be read comes back as its error: a worker would bury it in a traceback."""

    def __init__(self, read: Read) -> None:
        self.read = read

    def __getitem__(self, row: int) -> Sample | Exception:
        try:
            with torch.no_grad():
                return self.read(row)
        except (OSError, ImportError, ValueError) as problem:
            return problem


def _stacked(samples: list[Sample | Exception]) -> Sample | Exception:
    """The samples as a batch, or the first error among them."""
    for sample in samples:
        if isinstance(sample, Exception):
            return sample
    batch: Sample = default_collate(samples)
    return batch


@dataclass(frozen=True)
class LazyData:
    """What `coursekit.data.MultimodalData` is, read row by row.

    labels (N,) int64 classes.  group (N,): what must not straddle the splits.  splits: "train",
    "valid", "test" → row numbers; disjoint.  modalities: names, in their fixed order.  missing: a
    sentence for each sample that was left out, and why.  files: the folders or files that rows are
    read from.  read, workers: see `LazySplit`.
    Errors: as those of `coursekit.data.MultimodalData`.
    """

    name: str
    read: Read
    modalities: tuple[str, ...]
    labels: Tensor
    group: Tensor
    splits: Mapping[str, Tensor]
    classes: tuple[str, ...]
    missing: tuple[str, ...] = ()
    workers: int = 0
    files: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        require_files(self.files)
        require_count("workers", self.workers)
        require_callable("read", self.read)
        for m in self.modalities:
            require_modality("modalities", m)
        require_columns_of(self.labels, {"group": self.group})
        require_splits(self.labels, self.splits, self.num_classes)

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def split(self, name: str) -> LazySplit:
        """The rows of one split."""
        rows = self.splits[choose("split", name, SPLIT_NAMES)]
        labels, group = self.labels[rows], self.group[rows]
        return LazySplit(self.read, rows, labels, group, self.modalities, self.workers)

    @property
    def train(self) -> LazySplit:
        """Rows to fit on."""
        return self.split("train")

    @property
    def valid(self) -> LazySplit:
        """Rows to choose on (stopping, hyper-parameters)."""
        return self.split("valid")

    @property
    def test(self) -> LazySplit:
        """Rows to report on, and never to choose on."""
        return self.split("test")

    def example(self) -> Sample:
        """The first training row as a batch of one: what a model is built for."""
        return next(self.train.batches([torch.tensor([0])]))
