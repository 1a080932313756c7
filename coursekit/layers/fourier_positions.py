"""Fourier positions: where a token stands, as sines and cosines of several frequencies."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.utils.checks import require, require_count, require_list, require_positive


def fourier_positions(sizes: Sequence[int], bands: int, max_frequency: float) -> Tensor:
    """Positions on a grid, (*sizes, d, 2·bands + 1), d axes; float64, cast to your tokens' type.

    Each axis runs from −1 to 1 (one place alone: −1). Per axis x: sin(πfx) for all f, cos(πfx) for
    all f, then x itself, where f are ``bands`` frequencies evenly from 1 to max_frequency / 2.
    Source: Jaegle and colleagues, Perceiver (2021), https://arxiv.org/abs/2103.03206, section 3.2,
    as in perceiver-pytorch 0.11.0, which leaves out f = 0 as well.
    """
    require_list("sizes", sizes, "the places along each axis")
    require(len(sizes) > 0, "sizes is empty; one axis or more was expected.")
    for i, size in enumerate(sizes):
        require_count(f"sizes[{i}]", size, 1)
    require_count("bands", bands, 1)
    require_positive("max_frequency", max_frequency)
    axes = [torch.linspace(-1, 1, size, dtype=torch.float64) for size in sizes]
    x = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)[..., None]
    frequencies = torch.linspace(1, max_frequency / 2, bands, dtype=torch.float64)
    angles = math.pi * x * frequencies
    return torch.cat([angles.sin(), angles.cos(), x], dim=-1)
