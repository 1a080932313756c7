"""Scaling with training statistics only, so that nothing of the test rows leaks into training."""

import torch
from torch import Tensor

from coursekit.utils.checks import require
from coursekit.utils.tensor_checks import require_weights


def standardise_features(x: Tensor, train: Tensor) -> Tensor:
    """Each feature of ``x`` (N, D) minus its training mean, over its training deviation.

    ``train``: the training rows' numbers. A feature that never changes in training becomes 0 there.
    Computed in float64 and returned as float32.
    """
    _require(x, train, 2)
    x = x.double()
    mean, sd = x[train].mean(0), x[train].std(0, correction=0)
    return ((x - mean) / torch.where(sd > 0, sd, 1.0)).float()


def standardise_whole(x: Tensor, train: Tensor) -> Tensor:
    """``x`` (N, ...) minus one training mean over one training deviation, for pictures.

    One scale for all cells keeps the picture a picture: a corner that is almost always empty does
    not become a loud feature. Computed in float64 and returned as float32.
    """
    _require(x, train)
    x = x.double()
    return ((x - x[train].mean()) / x[train].std(correction=0)).float()


def _require(x: Tensor, train: Tensor, rank: int | None = None) -> None:
    require_weights("x", x)
    fits = x.numel() > 0 and x.ndim == (rank or x.ndim)
    want = "(N, D)" if rank == 2 else "(N, ...)"
    require(fits, f"x has shape {tuple(x.shape)}; {want} with N ≥ 1 was expected.")
    if not isinstance(train, Tensor) or train.dtype != torch.int64 or train.ndim != 1:
        what = f"{train.dtype} {tuple(train.shape)}" if isinstance(train, Tensor) else type(train)
        raise TypeError(f"train is {what}; row numbers as int64, (n,), were expected.")
    require(len(train) > 0, "train is empty; at least one row was expected.")
    low, high = int(train.min()), int(train.max())
    fits = low >= 0 and high < len(x)
    require(fits, f"train names the rows {low} to {high}; 0 to {len(x) - 1} was expected.")
