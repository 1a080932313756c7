"""Small pictures as numbers made by hand: edges, colours, and where something is drawn.

They need no training and take milliseconds, so that a lesson can train many small networks on them.
"""

import math

import torch
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn import functional as F

from coursekit.utils.checks import require, require_count, require_instance
from coursekit.utils.tensor_checks import require_batch

CELLS = 4  # edges and mean colours are taken in 4 × 4 cells
DIRECTIONS = 8  # of edges, over half a turn: light to dark counts as dark to light
SHADES = 4  # of each of red, green and blue, for the histogram
MASK_CELLS = 8
# A pixel darker than this in any colour is not ground; the scaling of pictures leaves a little.
WHITE = 250


def picture_features(pictures: Tensor) -> Tensor:
    """Numbers of each picture: edges, mean colours, colour histogram, mask; (N, 304) float32.

    pictures: (N, 3, H, W) uint8 on white ground; H and W are multiples of 8.
    Edges are histograms of oriented gradients (Dalal and Triggs 2005,
    https://doi.org/10.1109/CVPR.2005.177), in their simplest form: one block, the whole picture.
    Errors: TypeError for other pixels than bytes, ValueError for another shape or no picture.
    """
    require_instance("pictures", pictures, Tensor)
    if pictures.dtype != torch.uint8:
        raise TypeError(f"pictures has dtype {pictures.dtype}; uint8 pixels were expected.")
    shape = tuple(pictures.shape)
    fits = len(shape) == 4 and shape[1] == 3 and all(n > 0 for n in shape)
    fits = fits and all(side % MASK_CELLS == 0 for side in shape[2:])
    require(
        fits, f"pictures has shape {shape}; (N, 3, H, W) with H and W multiples of 8 was expected."
    )
    shares = pictures.float() / 255
    parts = (_edges(shares), _mean_colours(shares), _histogram(pictures), _mask(pictures))
    return torch.cat(parts, dim=1)


def principal_components(train: Tensor, others: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The first ``size`` principal components of both, (N, size) and (M, size) float32.

    train: (N, F), on which alone the means, the spreads and the directions are learnt.  others:
    (M, F).  Columns are standardised before; one that never changes in ``train`` counts nothing.
    Errors: ValueError for another shape, NaN, rows that are all alike, more components than rows or
    columns.
    """
    require_batch("train", train, (None, None))
    require_batch("others", others, (None, train.shape[1]))
    require(len(train) > 1, "train has one row; two or more were expected.")
    require_count("size", size, 1, min(train.shape))
    raw, *_ = both = [rows.detach().double().cpu().numpy() for rows in (train, others)]
    constant = raw.std(axis=0) == 0
    require(not constant.all(), "train has rows that are all alike; different ones were expected.")
    scaler = StandardScaler().fit(raw)
    standardised = [scaler.transform(rows) for rows in both]
    for rows in standardised:
        rows[:, constant] = 0
    pca = PCA(size, svd_solver="full").fit(standardised[0])
    first, second = (torch.from_numpy(pca.transform(rows)).float() for rows in standardised)
    return first, second


def _edges(shares: Tensor) -> Tensor:
    """How much edge of each direction each cell has, rows of length one (0 for a plain picture)."""
    grey = F.pad(shares.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")[:, 0]
    across = grey[:, 1:-1, 2:] - grey[:, 1:-1, :-2]
    down = grey[:, 2:, 1:-1] - grey[:, :-2, 1:-1]
    turn = torch.atan2(down, across).remainder(math.pi) / math.pi * DIRECTIONS
    # Level, upright and slanting edges lie in the middle of a bin, not on the border of two.
    direction = turn.round().long().remainder(DIRECTIONS)
    strength = torch.hypot(across, down)
    layers = F.one_hot(direction, DIRECTIONS).movedim(-1, 1) * strength[:, None]
    return F.normalize(F.adaptive_avg_pool2d(layers, CELLS).flatten(1), dim=1)


def _mean_colours(shares: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(shares, CELLS).flatten(1)


def _histogram(pictures: Tensor) -> Tensor:
    """Share of the pixels in each of 64 colours."""
    shade = pictures.long() * SHADES // 256
    colour = (shade[:, 0] * SHADES + shade[:, 1]) * SHADES + shade[:, 2]
    colour = colour.flatten(1)
    counts = torch.zeros(len(colour), SHADES**3)
    counts.scatter_add_(1, colour, torch.ones(colour.shape))  # one_hot would take 64 times as much
    return counts / colour.shape[1]


def _mask(pictures: Tensor) -> Tensor:
    """Share of each small cell that is not white."""
    drawn = (pictures < WHITE).any(1, keepdim=True).float()
    return F.adaptive_avg_pool2d(drawn, MASK_CELLS).flatten(1)
