"""A queue of the last pairs' features, so that a contrast has more than a batch to compare with.

He and colleagues, Momentum Contrast (MoCo, 2020), https://arxiv.org/abs/1911.05722, section 3.2;
for two modalities: Li and colleagues, Align before Fuse (ALBEF, 2021),
https://arxiv.org/abs/2107.07651, section 3.2.
"""

import torch
from torch import Tensor, nn

from coursekit.training.contrastive_losses import unit
from coursekit.utils.checks import require, require_count
from coursekit.utils.tensor_checks import require_batch, require_labels, require_pairs

EMPTY = -100  # the id of a place that no pair has filled yet


class PairQueue(nn.Module):
    """The teacher's features of the last Q pairs; the oldest make room. Buffers, no parameters.

    first, second (Q, D): of length one, random to begin with.  ids (Q,): `EMPTY` to begin with.
    Both halves of a pair stand in the same row. The authors' queue wants Q to be a multiple of B;
    here a batch that reaches the end goes on at the beginning.
    Errors: ValueError for a negative size or a width below 1.
    """

    def __init__(self, size: int, width: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        require_count("size", size)
        require_count("width", width, 1)
        for name in ("first", "second"):
            start = torch.randn(size, width, generator=generator)
            self.register_buffer(name, nn.functional.normalize(start, dim=1))
        self.register_buffer("ids", torch.full((size,), EMPTY))
        self.register_buffer("next_place", torch.zeros((), dtype=torch.int64))
        self.first: Tensor
        self.second: Tensor
        self.ids: Tensor
        self.next_place: Tensor

    @torch.no_grad()
    def enqueue(self, first: Tensor, second: Tensor, ids: Tensor | None = None) -> None:
        """Put B pairs in the place of the oldest; after the loss has been computed.

        first, second (B, D): the teacher's features, any length.  ids (B,) int64.
        Errors: ValueError for more rows than places; a queue of size 0 takes nothing.
        """
        require_pairs(first, second)
        size, width = self.first.shape
        require_batch("first", first, (None, width))
        if ids is not None:
            require_labels("ids", ids, len(first))
        if size == 0:
            return
        sentence = f"first has {len(first)} rows; at most {size}, the size of the queue,"
        require(len(first) <= size, f"{sentence} were expected.")
        places = (self.next_place + torch.arange(len(first), device=first.device)) % size
        self.first[places] = unit("first", first).to(self.first.dtype)
        self.second[places] = unit("second", second).to(self.second.dtype)
        self.ids[places] = torch.full_like(places, EMPTY) if ids is None else ids
        self.next_place.copy_((self.next_place + len(first)) % size)
