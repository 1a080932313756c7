"""The modality gap: pictures lie here, texts there, and pairs are only nearer than the rest.

Liang and colleagues, Mind the Gap (2022), https://arxiv.org/abs/2203.02053, section 4.2: Δ_gap.
"""

from torch import Tensor

from coursekit.training.contrastive_losses import unit
from coursekit.utils.checks import require, require_finite
from coursekit.utils.tensor_checks import require_one_width, require_pairs


def modality_gap(first: Tensor, second: Tensor) -> Tensor:
    """Mean of the first's directions minus that of the second's, (D,); its length is the gap.

    first (N, D), second (M, D): features, which need not have length one.
    Errors: ValueError for a row of zeros, NaN, different widths.
    """
    require_one_width("first", first, "second", second)
    return unit("first", first).mean(0) - unit("second", second).mean(0)


def cone(features: Tensor) -> Tensor:
    """Mean cosine of two different rows of (N, D), a scalar: 1 where all point the same way.

    Errors: ValueError for fewer than two rows, a row of zeros, NaN.
    """
    x = unit("features", features)
    require(len(x) > 1, f"features has {len(x)} rows; two or more were expected.")
    return (x.sum(0).square().sum() - len(x)) / (len(x) * (len(x) - 1))


def shift(first: Tensor, second: Tensor, distance: float) -> tuple[Tensor, Tensor]:
    """Both modalities moved towards each other, half of ``distance`` each, length one again.

    The new gap is not the old one minus ``distance``: measure it.
    Errors: as `modality_gap`; ValueError where there is no gap, hence no direction.
    """
    require_finite("distance", distance)
    gap = modality_gap(first, second)
    require(bool(gap.norm() > 0), "The modalities have no gap, so there is no way to move.")
    step = distance / 2 * gap / gap.norm()
    moved = unit("first", first) - step, unit("second", second) + step
    return unit("first", moved[0]), unit("second", moved[1])


def matched_cosine(first: Tensor, second: Tensor) -> Tensor:
    """Mean cosine of the pairs, row i of (N, D) with row i of (N, D), a scalar."""
    require_pairs(first, second)
    return (unit("first", first) * unit("second", second)).sum(1).mean()
