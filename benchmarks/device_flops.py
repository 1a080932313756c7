"""How much work a computation is, and how much a device can do: operations, and their best rate."""

import time
from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

PRODUCTS = 7  # repeats of each matrix product


def now(device: str) -> float:
    """Seconds, read when the device has done all it was given."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()
    return time.perf_counter()


def best_product(device: str, dtype: torch.dtype, sides: Sequence[int]) -> float:
    """The most operations per second that a product of two square matrices reaches on the device.

    sides: of the matrices; the best of all sizes and repeats counts.  A product of n×n matrices is
    2n³ operations.
    """
    best = 0.0
    for n in sides:
        a = torch.randn(n, n).to(device, dtype)
        torch.mm(a, a)
        for _ in range(PRODUCTS):
            started = now(device)
            torch.mm(a, a)
            best = max(best, 2 * n**3 / (now(device) - started))
    return best


def flop_counter() -> FlopCounterMode:
    """PyTorch's counter, with a convolution's backward pass counted group by group."""
    return FlopCounterMode(
        display=False, custom_mapping={torch.ops.aten.convolution_backward: _backward_flops}
    )


def _backward_flops(g: Sequence[int], x: Sequence[int], w: Sequence[int], *a: Any, **_: Any) -> int:
    """Gradients of inputs and of weights: for each as many products as in the forward pass.

    g: shape of the outputs.  w: (out, in / groups, …).  PyTorch's own formula takes every group
    of the weights' gradient for all channels.
    """
    return 2 * prod(g) * prod(w[1:]) * sum(a[-1][:2])
