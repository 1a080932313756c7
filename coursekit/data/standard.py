"""Scaling with training statistics only, so that nothing of the test rows leaks into training."""

import torch
from torch import Tensor


def standardise_features(x: Tensor, train: Tensor) -> Tensor:
    """Each feature of ``x`` (N, D) minus its training mean, over its training deviation.

    ``train``: the training rows' numbers. A feature that never changes in training becomes 0 there.
    Computed in float64 and returned as float32.
    """
    x = x.double()
    mean, sd = x[train].mean(0), x[train].std(0, correction=0)
    return ((x - mean) / torch.where(sd > 0, sd, 1.0)).float()


def standardise_whole(x: Tensor, train: Tensor) -> Tensor:
    """``x`` (N, ...) minus one training mean over one training deviation, for pictures.

    One scale for all cells keeps the picture a picture: a corner that is almost always empty does
    not become a loud feature. Computed in float64 and returned as float32.
    """
    x = x.double()
    return ((x - x[train].mean()) / x[train].std(correction=0)).float()
