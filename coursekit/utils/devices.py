"""Tensors on their way to an accelerator."""

from torch import Tensor


def moved(x: Tensor, like: Tensor) -> Tensor:
    """``x``, which is on the CPU, with the dtype of ``like`` and on its device.

    CUDA takes a copy of ordinary memory before the call returns, so nobody waits for the device;
    of other accelerators that is not said, and they are waited for.
    """
    return x.to(like.dtype).to(like.device, non_blocking=like.is_cuda)
