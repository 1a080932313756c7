"""What processes tell each other in a training: sums, and each one's features.

Every process computes one and the same loss L of the whole batch, so the gradient at its own rows'
features is whole already, and only what lies behind them has to be added up.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def total(x: Tensor) -> Tensor:
    """Σ over the processes, the same for all of them; no gradient flows through it."""
    summed = x.detach().clone(memory_format=torch.contiguous_format)
    dist.all_reduce(summed)
    return summed


def total_of(x: Tensor) -> Tensor:
    """Σ over the processes; ∂L/∂x is the sum of what reaches the total in each of them."""
    return _Total.apply(x)


def everyones(x: Tensor, rank: int, world: int) -> Tensor:
    """Rows of all processes in their order, (b, …) here → (Σ b, …); the b may differ.

    ∂L/∂x is ∂L/∂(all rows) at this process's own.
    """
    return _Everyones.apply(x, rank, world)


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return total(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return total(grad)


class _Everyones(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, rank: int, world: int) -> Tensor:
        counts = [torch.zeros(1, dtype=torch.int64, device=x.device) for _ in range(world)]
        dist.all_gather(counts, torch.tensor([len(x)], device=x.device))
        rows = [int(c) for c in counts]
        ctx.own = slice(sum(rows[:rank]), sum(rows[: rank + 1]))
        filled = x.new_zeros(max(rows), *x.shape[1:])  # a gather wants equal shapes
        filled[: len(x)] = x
        gathered = [torch.empty_like(filled) for _ in range(world)]
        dist.all_gather(gathered, filled)
        return torch.cat([part[:n] for part, n in zip(gathered, rows, strict=True)])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return grad[ctx.own], None, None
