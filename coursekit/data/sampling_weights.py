"""How often to draw each sample, where some groups have few.

Temperature over group sizes as in Conneau and Lample, Cross-lingual Language Model Pretraining
(2019), https://arxiv.org/abs/1901.07291, section 3.1.
"""

from collections.abc import Hashable, Sequence

import numpy as np
import torch
from torch import Tensor

from coursekit.utils.checks import require_list, require_not_negative
from coursekit.utils.row_values import require_names


def group_sizes(groups: Sequence[Hashable]) -> Tensor:
    """How many samples each sample's own group has, (N,) int64.

    groups: N names or numbers in a list.
    Errors: TypeError for no list, or one of lists; ValueError for none, or a missing value.
    """
    require_list("groups", groups, "groups of the samples")
    require_names("groups", groups)
    counts: dict[Hashable, int] = {}
    for group in groups:
        counts[group] = counts.get(group, 0) + 1
    return torch.tensor([counts[group] for group in groups])


def sampling_weights(groups: Sequence[Hashable], exponent: float) -> Tensor:
    """With which probability each sample is drawn, ∝ n^−γ for a group of n; (N,), sums to one.

    exponent: γ; 0 draws every sample alike, 1 every group alike (inverse counts), ½ lies between.
    A group's share is ∝ n^(1−γ).  Draw with replacement: a rare sample comes several times in an
    epoch, and augmentation has to make the copies differ.
    Errors: as `group_sizes`; ValueError for an exponent below 0.
    """
    require_not_negative("exponent", exponent)
    sizes = group_sizes(groups).double()
    return torch.softmax(-exponent * sizes.log(), dim=0)  # powers, without their overflow


def inverse_count_weights(groups: Sequence[Hashable]) -> Tensor:
    """`sampling_weights` that draw every group alike."""
    return sampling_weights(groups, 1.0)


def group_shares(groups: Sequence[Hashable], exponent: float) -> dict[Hashable, float]:
    """Which share of the draws each group gets under `sampling_weights`; errors as there."""
    weights = sampling_weights(groups, exponent).numpy()
    names = list(dict.fromkeys(groups))
    place = np.array([names.index(group) for group in groups])
    return dict(zip(names, np.bincount(place, weights).tolist(), strict=True))
