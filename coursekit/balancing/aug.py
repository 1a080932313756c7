"""AUG: the weak modality gets one more classifier at a time, as boosting adds learners."""

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.balancing.unimodal_scores import all_equal, in_range, ratio, rivals
from coursekit.utils.checks import require, require_not_negative
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import (
    require_batch,
    require_labels,
    require_no_negative,
    require_one_shape,
    within_range,
)


def boosting_loss(previous: Tensor, added: Tensor, labels: Tensor, alpha: float = 0.5) -> Tensor:
    """CE(previous + added) + CE(previous) + CE(added) − α CE(added, y · p), a scalar.

    previous: logits (B, C) of one modality, the sum of its branches without the newest.  added:
    those of the newest.  p = softmax(previous), a target without gradient: where the earlier
    branches are right already, the newest is asked for less, 1 − α p_y instead of 1.
    labels y: (B,) in 0 … C − 1.  alpha α ≥ 0.  Half precision gives float64.
    Errors: ValueError for shapes that differ, NaN, labels outside the classes.
    Source: [Jiang and colleagues 2025](https://arxiv.org/abs/2502.20120), section 3, with the
    factors of their code.
    """
    require_one_shape("previous", previous, "added", added)
    require_labels("labels", labels, *previous.shape)
    require_not_negative("alpha", alpha)
    previous, added = not_half(previous), not_half(added)
    known = previous.detach().softmax(1).gather(1, labels[:, None]).squeeze(1)
    newest = F.cross_entropy(added, labels, reduction="none")
    earlier = F.cross_entropy(previous, labels) + F.cross_entropy(previous + added, labels)
    return within_range("boosting_loss", earlier + ((1 - alpha * known) * newest).mean())


def behind(scores: Tensor, tolerance: float = 0.01) -> int | None:
    """The place of the modality that gets the next branch, None where all do about as well.

    It has the lowest score, and the others' mean is more than 1 + tolerance times that.
    scores: (M,), true-class probabilities summed over an epoch, 0 or more.  Of two that are lowest
    the first.  Half precision is compared in float64.
    Errors: ValueError for one modality, negative scores, NaN.
    Source: [Jiang and colleagues 2025](https://arxiv.org/abs/2502.20120), section 3, each tenth of
    the training; in their code a branch that was added stays as it was drawn, for the optimiser
    does not know it. More than two modalities: ours.
    """
    require_batch("scores", scores, (None,))
    shape = tuple(scores.shape)
    require(len(scores) > 1, f"scores has shape {shape}; two or more were expected.")
    require_no_negative("scores", scores)
    require_not_negative("tolerance", tolerance)
    s = in_range(scores)
    apart = torch.where(all_equal(s), 1.0, ratio(rivals(s), s))
    place = int(s.argmin())
    return place if float(apart[place]) > 1 + tolerance else None
