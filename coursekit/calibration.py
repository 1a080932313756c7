"""Calibration: is a model right as often as it is sure?"""

import torch
from torch import Tensor

from coursekit.checks import require, require_batch, require_count


def ece(probs: Tensor, labels: Tensor, bins: int = 15) -> Tensor:
    """Expected calibration error: Σ_bins |B|/N · |accuracy(B) − confidence(B)|, a scalar.

    probs: (N, C), rows sum to one; confidence is the largest.  labels: (N,).  bins: so many of
    equal width, right-closed (lo, hi]; libraries with [lo, hi) differ where one hits an edge.
    Source: Guo, Pleiss, Sun, Weinberger 2017, eq. 3.
    """
    require_batch("probs", probs, (None, None))
    require_count("bins", bins, 1)
    if not isinstance(labels, Tensor) or labels.is_floating_point():
        what = getattr(labels, "dtype", type(labels).__name__)
        raise TypeError(f"labels is {what}; whole numbers were expected.")
    want = (len(probs),)
    require(
        tuple(labels.shape) == want, f"labels has shape {tuple(labels.shape)}; {want} was expected."
    )
    sums = probs.sum(1)
    fits = bool(((sums - 1).abs() < 1e-4).all() and probs.min() >= 0)
    require(fits, "probs has rows that are no probabilities; softmax was expected before.")
    confidence, chosen = probs.max(dim=1)
    edges = torch.linspace(0, 1, bins + 1, dtype=probs.dtype, device=probs.device)
    place = torch.bucketize(confidence, edges[1:-1])  # edges[i] < confidence ≤ edges[i + 1]
    right = (chosen == labels).to(probs)
    gap = torch.zeros(bins, dtype=probs.dtype, device=probs.device)
    gap.index_add_(0, place, right - confidence)  # |B| · (accuracy − confidence) by bin
    return gap.abs().sum() / len(probs)
