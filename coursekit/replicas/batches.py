"""The shuffled batches of K replicas."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from coursekit.data.multimodal import Split


class Batches:
    """The data of K replicas, one split for all or one each; batches are (K, B, …).

    A batch is good until the next one is asked for: they all lie in the same place, so that it
    stays in the processor's cache.
    """

    def __init__(self, splits: Sequence[Split], shared: bool) -> None:
        own = splits[:1] if shared else splits
        self.shared, self.rows = shared, len(splits[0])
        self.inputs = {m: torch.cat([s.inputs[m] for s in own]) for m in splits[0].inputs}
        self.labels = torch.cat([s.labels for s in own])
        self.places: dict[tuple[str, int], Tensor] = {}

    def whole(self, k: int) -> tuple[dict[str, Tensor], Tensor]:
        """Every row in its place: inputs (K, N, …), labels (K, N)."""
        count = 1 if self.shared else k

        def view(x: Tensor) -> Tensor:
            return x.view(count, self.rows, *x.shape[1:]).expand(k, *[-1] * x.ndim)

        return {m: view(x) for m, x in self.inputs.items()}, view(self.labels)

    def shuffled(
        self, generators: Sequence[torch.Generator], size: int
    ) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
        """Each replica's rows in its own new order, ``size`` at a time."""
        k = len(generators)
        order = torch.stack([torch.randperm(self.rows, generator=g) for g in generators])
        if not self.shared:
            order = order + self.rows * torch.arange(k)[:, None]
        for rows in order.to(self.labels.device).split(size, dim=1):
            flat = rows.flatten()
            inputs = {m: self._taken(f"input {m}", x, flat, k) for m, x in self.inputs.items()}
            yield inputs, self._taken("labels", self.labels, flat, k)

    def _taken(self, name: str, x: Tensor, rows: Tensor, k: int) -> Tensor:
        """These rows of ``x``, (K, B, …)."""
        key = name, len(rows)
        if key not in self.places:
            self.places[key] = x.new_empty((len(rows), *x.shape[1:]))
        found = torch.index_select(x, 0, rows, out=self.places[key])
        return found.view(k, -1, *x.shape[1:])
