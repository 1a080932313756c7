"""Calibration: is a model right as often as it is sure?"""

from typing import NamedTuple

import torch
from torch import Tensor

from coursekit.utils.checks import require, require_count
from coursekit.utils.precision import HALF, as_before, not_half, wide
from coursekit.utils.tensor_checks import require_batch


class Bins(NamedTuple):
    """Predictions by confidence, one entry per bin, (bins,) each.

    low, high: edges of the bin (low, high].  total: predictions in it.  accuracy: share of them
    that are right.  confidence: their mean confidence. Both are NaN in an empty bin.
    """

    low: Tensor
    high: Tensor
    total: Tensor
    accuracy: Tensor
    confidence: Tensor


def reliability(probs: Tensor, labels: Tensor, bins: int = 15) -> Bins:
    """What a reliability diagram draws: accuracy against confidence, bin by bin.

    probs: (N, C), rows sum to one; confidence is the largest.  labels: (N,) in 0 … C − 1.  bins: so
    many of equal width, right-closed (lo, hi]; libraries with [lo, hi) differ where one hits an
    edge. Summed in float64; half precision gives float64.
    Source: Guo, Pleiss, Sun, Weinberger 2017, section 2.
    """
    require_batch("probs", probs, (None, None))
    require_count("bins", bins, 1)
    _require_labels(probs, labels)
    confidence, chosen = not_half(probs).max(dim=1)
    edges = torch.linspace(0, 1, bins + 1, dtype=confidence.dtype, device=probs.device)
    place = torch.bucketize(confidence, edges[1:-1])  # edges[i] < confidence ≤ edges[i + 1]
    sure, right = wide(confidence), wide((chosen == labels).to(confidence))
    place, empty = place.to(sure.device), sure.new_zeros(bins)
    total, hits, sums = (empty.index_add(0, place, x) for x in (torch.ones_like(sure), right, sure))
    parts = [as_before(x, probs).to(probs.device) for x in (total, hits / total, sums / total)]
    return Bins(edges[:-1], edges[1:], *parts)


def ece(probs: Tensor, labels: Tensor, bins: int = 15) -> Tensor:
    """Expected calibration error: Σ_bins |B|/N · |accuracy(B) − confidence(B)|, a scalar.

    Arguments, bins and errors: see `reliability`.
    Source: Guo, Pleiss, Sun, Weinberger 2017, eq. 3.
    """
    table = reliability(probs, labels, bins)
    gap = (table.accuracy - table.confidence).abs().nan_to_num()  # an empty bin weighs nothing
    return (table.total * gap).sum() / len(probs)


def _require_labels(probs: Tensor, labels: Tensor) -> None:
    if not isinstance(labels, Tensor) or labels.is_floating_point():
        what = getattr(labels, "dtype", type(labels).__name__)
        raise TypeError(f"labels is {what}; whole numbers were expected.")
    want = (len(probs),)
    require(
        tuple(labels.shape) == want, f"labels has shape {tuple(labels.shape)}; {want} was expected."
    )
    low, high = int(labels.min()), int(labels.max())
    fits, most = low >= 0 and high < probs.shape[1], probs.shape[1] - 1
    require(fits, f"labels lie in {low} to {high}; 0 to {most} was expected.")
    sums = not_half(probs).sum(1)
    room = 1e-4 if probs.dtype not in HALF else torch.finfo(probs.dtype).eps  # each is rounded
    fits = bool(((sums - 1).abs() < room).all() and probs.min() >= 0)
    require(fits, "probs has rows that are no probabilities; softmax was expected before.")
