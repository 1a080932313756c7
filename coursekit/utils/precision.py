"""Half precision is for models; what is summed over rows is summed in float64.

bfloat16 counts to 256 and float16 to 2048: a further one makes no difference there.
"""

import torch
from torch import Tensor

HALF = (torch.float16, torch.bfloat16)


def wide(x: Tensor) -> Tensor:
    """``x`` in float64; on the CPU where the device, Apple's, has no float64."""
    return (x.cpu() if x.device.type == "mps" else x).double()


def not_half(x: Tensor) -> Tensor:
    """``x`` in float64 where it has half precision, else as it is.

    On Apple's devices, which have no float64, half precision becomes float32.
    """
    if x.dtype not in HALF:
        return x
    return x.float() if x.device.type == "mps" else x.double()


def finite_logs(logs: Tensor) -> Tensor:
    """Logarithms of probabilities, −∞ replaced by the least number: 0 · −∞ is no number, 0 · it 0.

    Logits that are finite and very far apart have such logarithms.
    """
    return logs.clamp_min(torch.finfo(logs.dtype).min)


def in_one_dtype(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Both in the wider of their two types, for products that ask for one."""
    dtype = torch.promote_types(x.dtype, y.dtype)
    return x.to(dtype), y.to(dtype)


def as_before(x: Tensor, like: Tensor) -> Tensor:
    """A result ``x`` with the dtype of ``like``, unless that is half precision: then as it is."""
    return x if like.dtype in HALF else x.to(like.dtype)
