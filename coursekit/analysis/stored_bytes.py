"""How large the file of a model is."""

import io
import zlib
from typing import Any

import torch
from torch import nn

from coursekit.utils.checks import require_flag, require_instance


def stored_bytes(model: nn.Module, compressed: bool = False) -> int:
    """Bytes of the file in which PyTorch stores the model's parameters and buffers.

    A tensor that two parts share is stored once, although its name stands there twice.
    compressed: by zlib, which finds the zeros of pruned weights; without it they take the room of
    any other number.
    """
    require_instance("model", model, nn.Module)
    require_flag("compressed", compressed)
    file = io.BytesIO()
    state: dict[str, Any] = model.state_dict()
    torch.save(state, file)
    return len(zlib.compress(file.getvalue(), 9)) if compressed else file.getbuffer().nbytes
