"""The shuffled batches of K replicas."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from coursekit.data.multimodal import Split

Batch = tuple[dict[str, Tensor], Tensor]


class Batches:
    """The data of K replicas, one split for all or one each; batches are (K, B, …).

    A batch is good until the next one is asked for: those of one size are the same tensors with
    other numbers in them, which stay in the processor's cache.
    """

    def __init__(self, splits: Sequence[Split], shared: bool) -> None:
        own = splits[:1] if shared else splits
        self.shared, self.rows = shared, len(splits[0])
        self.inputs = {m: torch.cat([s.inputs[m] for s in own]) for m in splits[0].inputs}
        self.labels = torch.cat([s.labels for s in own])
        self._places: dict[tuple[int, int], tuple[list[Tensor], Batch]] = {}
        self._whole: dict[int, Batch] = {}

    def whole(self, k: int) -> Batch:
        """Every row in its place: inputs (K, N, …), labels (K, N)."""
        count = 1 if self.shared else k

        def view(x: Tensor) -> Tensor:
            return x.view(count, self.rows, *x.shape[1:]).expand(k, *[-1] * x.ndim)

        if k not in self._whole:
            inputs = {m: view(x) for m, x in self.inputs.items()}
            self._whole[k] = inputs, view(self.labels)
        return self._whole[k]

    def shuffled(self, generators: Sequence[torch.Generator], size: int) -> Iterator[Batch]:
        """Each replica's rows in its own new order, ``size`` at a time."""
        k = len(generators)
        order = torch.stack([torch.randperm(self.rows, generator=g) for g in generators])
        if not self.shared:
            order = order + self.rows * torch.arange(k)[:, None]
        whole = [*self.inputs.values(), self.labels]
        for rows in order.to(self.labels.device).split(size, dim=1):
            places, batch = self._place(k, rows.shape[1])
            chosen = rows.flatten()
            for x, place in zip(whole, places, strict=True):
                torch.index_select(x, 0, chosen, out=place)
            yield batch

    def _place(self, k: int, size: int) -> tuple[list[Tensor], Batch]:
        """Where batches of this size go: rows one below the other, and the same as (K, B, …)."""
        if (k, size) not in self._places:
            whole = [*self.inputs.values(), self.labels]
            flat = [x.new_empty((k * size, *x.shape[1:])) for x in whole]
            *inputs, labels = (x.view(k, size, *x.shape[1:]) for x in flat)
            batch = dict(zip(self.inputs, inputs, strict=True)), labels
            self._places[k, size] = flat, batch
        return self._places[k, size]
