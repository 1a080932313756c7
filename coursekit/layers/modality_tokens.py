"""Tokens of one width from modalities of different kinds: what it is, where, and whose."""

import torch
from torch import Tensor

from coursekit.layers.fourier_positions import fourier_positions
from coursekit.utils.checks import require, require_count, require_instance
from coursekit.utils.tensor_checks import require_weights


def modality_tokens(
    x: Tensor, place: int, modalities: int, width: int, bands: int, max_frequency: float
) -> Tensor:
    """[channels | zeros | Fourier positions | one-hot of the modality], (B, N, width).

    x: (B, *axes, channels), such as a series (B, T, C) or a picture (B, H, W, C); N is the product
    of its axes, in raster order.  place: of the modality among ``modalities`` in their sorted
    order.  width: of the widest modality's token; zeros fill up the others.
    bands, max_frequency: of ``fourier_positions``.
    A new modality changes the width of all tokens; vectors that are learnt and added do not.
    Errors: ValueError, TypeError for a tensor without axes, NaN, a width that is too small.
    Source: Liang and colleagues, HighMMT (2022), https://arxiv.org/abs/2203.01311, section 3.2.
    """
    require_instance("x", x, Tensor)
    require_weights("x", x)
    shape = tuple(x.shape)
    require(x.ndim >= 3, f"x has shape {shape}; (B, axes, channels) was expected.")
    require_count("modalities", modalities, 1)
    require_count("place", place, 0, modalities - 1)
    positions = fourier_positions(shape[1:-1], bands, max_frequency).flatten(-2).to(x)
    own = shape[-1] + positions.shape[-1] + modalities
    require_count("width", width, 1)
    require(width >= own, f"width is {width}; this modality alone needs {own}.")
    whose = torch.zeros(modalities).to(x)
    whose[place] = 1
    parts = (
        x,
        x.new_zeros(*shape[:-1], width - own),
        positions.expand(*shape[:-1], -1),
        whose.expand(*shape[:-1], -1),
    )
    return torch.cat(parts, dim=-1).flatten(1, -2)
