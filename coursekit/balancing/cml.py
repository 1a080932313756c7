"""CML: a prediction must not become surer when a modality is taken away."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.utils.checks import require_not_negative
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch, require_one_shape, require_same_batches


def confidence(logits: Tensor) -> Tensor:
    """The largest probability of every row, (B, C) → (B,).

    Half precision gives float64.  Errors: ValueError for another shape, NaN.
    Source: [Ma and colleagues 2023](https://arxiv.org/abs/2306.01265), section 3.
    """
    require_batch("logits", logits, (None, None))
    return not_half(logits).softmax(1).amax(1)


def rise(complete: Tensor, reduced: Tensor) -> Tensor:
    """max(0, confidence without − confidence with), sample by sample, (B,).

    complete: logits (B, C) of all modalities that are there.  reduced: of one fewer.  Half
    precision gives float64.
    Errors: ValueError for shapes that differ, NaN.
    Source: [Ma and colleagues 2023](https://arxiv.org/abs/2306.01265), section 3. BalanceBenchmark
    takes the hinge of the batch's sum, in which samples that became surer hide behind others.
    """
    require_one_shape("complete", complete, "reduced", reduced)
    return (confidence(reduced) - confidence(complete)).clamp_min(0)


def penalty(logits: Sequence[Tensor], weight: float = 1.0) -> Tensor:
    """λ Σ over the removals of the mean `rise`, a scalar.

    logits: (B, C) each: of all modalities, then with one more taken away each time, in an order
    that is drawn anew.  weight λ ≥ 0.  Half precision gives float64.
    Errors: ValueError for fewer than two sets of modalities, shapes that differ, NaN.
    Source: [Ma and colleagues 2023](https://arxiv.org/abs/2306.01265), section 3; BalanceBenchmark
    has the sum over the batch.
    """
    require_same_batches("logits", logits, 2)
    require_not_negative("weight", weight)
    rises = [rise(more, fewer).mean() for more, fewer in pairwise(logits)]
    return weight * torch.stack(rises).sum()
