"""Weights from a seed."""

import math

import torch
from torch import nn

from coursekit.utils.checks import require, require_count, require_instance

# Layers that start as ones and zeros, and forget their running statistics.
NORMS = (nn.LayerNorm, nn.GroupNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def initialise(model: nn.Module, seed: int) -> None:
    """Draw every weight anew from ``seed``, by PyTorch's own default rules (uniform ±1/√fan_in).

    A module with ``initialise(generator)`` of its own draws its own parameters there instead.
    Errors: ValueError when a parameter is left that no seed would fix.
    """
    require_instance("model", model, nn.Module)
    require_count("seed", seed)
    rng = torch.Generator().manual_seed(seed)
    drawn: set[nn.Parameter] = set()
    for module in model.modules():
        own = getattr(module, "initialise", None)
        if own is not None:
            own(rng)
            drawn |= set(module.parameters())
        else:
            drawn |= _draw(module, rng)
    left = [name for name, p in model.named_parameters() if p not in drawn]
    require(not left, f"model has parameters that no seed draws: {left}; initialise was expected.")


def _draw(module: nn.Module, rng: torch.Generator) -> set[nn.Parameter]:
    """PyTorch's default for one layer, from ``rng``; the parameters that it drew."""
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
        bound = 1 / math.sqrt(module.weight[0].numel())  # also where a filter reads few channels
        nn.init.uniform_(module.weight, -bound, bound, generator=rng)
        if module.bias is not None:
            nn.init.uniform_(module.bias, -bound, bound, generator=rng)
    elif isinstance(module, nn.MultiheadAttention):
        nn.init.xavier_uniform_(module.in_proj_weight, generator=rng)
        nn.init.zeros_(module.in_proj_bias)
    elif isinstance(module, NORMS):
        module.reset_parameters()
    else:
        return set()
    return set(module.parameters(recurse=False))
