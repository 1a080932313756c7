"""MLB: brake the modality that is ahead, speed up the one behind, on top of the multi-loss."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.balancing.multi_loss import MultiLoss
from coursekit.balancing.unimodal_scores import (
    all_equal,
    in_range,
    ratio,
    require_scores,
    rivals,
    true_class_scores,
)
from coursekit.training.method import Neutral, Step
from coursekit.utils.checks import require, require_finite, require_not_negative

BRAKE = 2.0  # β where r ≤ 1, so that k lies between 0 and 1 there


def coefficients(scores: Tensor, alpha: float, beta_max: float) -> Tensor:
    """k_m = 1 + (β_m − 1) tanh(α (r_m − 1)), β_m = β_max if r_m > 1 else 2.

    r_m is the mean score of the others over s_m: above 1 the modality is behind, and is sped up.
    scores s: (M,), the batch's sum of true-class probabilities.  alpha α ≥ 0.  beta_max ≥ 1: the
    largest k, 1 = brake only.  Returns (M,), which multiplies the step of encoder m, its head and
    its slice of the fusion. At r = 1 it is 1: the method fades by itself.
    Half precision gives float64.  Errors: ValueError also for a score of 0, whose r has no number;
    in a training, where a modality can be that wrong, `pace` takes the limit.
    Source: [Kontras and colleagues 2024](https://arxiv.org/abs/2405.07930), eqs 4 to 7, and eq. 2
    for the step, which is what is multiplied: after momentum and clipping, not the gradient.
    """
    require_scores("scores", scores)
    _require_own(alpha, beta_max)
    scores = in_range(scores)
    return pace(scores, scores.new_full((), alpha), scores.new_full((), beta_max))


def pace(scores: Tensor, alpha: Tensor, beta_max: Tensor) -> Tensor:
    """`coefficients` without its checks, for many runs at once: scores (…, M) → (…, M).

    alpha, beta_max: numbers, or (…, 1).  A score of 0 has the limit: β_max, or 1 where all are 0.
    """
    scores = in_range(scores)
    r = torch.where(all_equal(scores), 1.0, ratio(rivals(scores), scores))
    beta = torch.where(r > 1, beta_max, BRAKE)
    return 1 + (beta - 1) * torch.tanh(alpha * (r - 1))


def _require_own(alpha: float, beta_max: float) -> None:
    require_not_negative("alpha", alpha)
    require_finite("beta_max", beta_max)
    require(beta_max >= 1, f"beta_max is {beta_max}; one or more was expected.")


class MLB(MultiLoss):
    """Multi-loss, and each modality's step × k_m from `coefficients`. Any fusion."""

    name = "mlb"
    neutral = Neutral({"alpha": 0.0}, "multi-loss")

    def __init__(self, alpha: float = 2.0, beta_max: float = 8.0) -> None:
        _require_own(alpha, beta_max)
        self.alpha, self.beta_max = alpha, beta_max

    def scales(self, step: Step) -> Mapping[str, float]:
        """k by modality, anew in every batch."""
        alone = step.prediction.unimodal
        scores = true_class_scores(list(alone.values()), step.labels)
        k = pace(scores, scores.new_full((), self.alpha), scores.new_full((), self.beta_max))
        return dict(zip(alone, k.tolist(), strict=True))
