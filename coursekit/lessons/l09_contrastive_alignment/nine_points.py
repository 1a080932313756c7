"""Nine pictures and nine texts on two circles of a sphere: when does a gap between them pay?

After Liang and colleagues, Mind the Gap (2022), https://arxiv.org/abs/2203.02053, section 4.3.
Their released notebook means to exchange two texts but gives one of them both places; here they are
exchanged.
"""

import math

import numpy as np
import torch
from torch import Tensor

from coursekit.training.contrastive_losses import info_nce
from coursekit.utils.checks import require_positive, require_share

DEGREES = (0, 180, 90, 270, 45, 135, 225, 315, 275.4)  # the ninth stands beside the fourth
EXCHANGED = (3, 8)
HEIGHTS = np.linspace(0, 0.99, 100)


def nine_points(height: float, exchanged: bool = False) -> tuple[Tensor, Tensor]:
    """Pictures at ``height`` above the equator and their texts as far below, (9, 3) of length one.

    exchanged: the texts of two neighbours have changed places: two wrong pairs.
    Errors: ValueError for a height beyond 0 to 1.
    """
    require_share("height", height)
    angles = torch.deg2rad(torch.tensor(DEGREES, dtype=torch.float64))
    radius = math.sqrt(1 - height**2)
    pictures = torch.stack(
        [radius * angles.cos(), radius * angles.sin(), torch.full_like(angles, height)], dim=1
    )
    texts = pictures * torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64)
    if exchanged:
        one, other = EXCHANGED
        order = list(range(len(texts)))
        order[one], order[other] = other, one
        texts = texts[order]
    return pictures, texts


def loss_at(height: float, inverse_temperature: float, exchanged: bool = False) -> float:
    """InfoNCE both ways of the nine pairs at this height."""
    require_positive("inverse_temperature", inverse_temperature)
    log_scale = torch.tensor(math.log(inverse_temperature), dtype=torch.float64)
    return float(info_nce(*nine_points(height, exchanged), log_scale))


def best_height(inverse_temperature: float, exchanged: bool = False) -> float:
    """The height in steps of .01 at which the loss is least."""
    losses = [loss_at(height, inverse_temperature, exchanged) for height in HEIGHTS]
    return float(HEIGHTS[int(np.argmin(losses))])
