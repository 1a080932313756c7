"""Random scale: MLB's steps without MLB's reasons, the control that it has to beat."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.balancing.mlb import pace
from coursekit.balancing.multi_loss import MultiLoss
from coursekit.training.method import Neutral, Step
from coursekit.utils.checks import require, require_count, require_finite, require_not_negative

ALPHA = 2.0  # of MLB's curve: at r = 0 and r = 2 tanh has all but reached its ends


def random_scales(
    modalities: int, spread: float, beta_max: float, generator: torch.Generator | None = None
) -> Tensor:
    """k_m, by MLB's curve, of a ratio r_m that nobody has measured: (M,) in [0, β_max], float64.

    r_m = 1 ± min(1, spread · |z|), z standard normal, for each modality by itself. The sign is plus
    with probability 1 / β_max: fast steps are as much rarer as they are longer, so that k is 1 on
    average, whatever the spread.
    modalities M ≥ 1.  spread ≥ 0: 0 = all k are 1.  beta_max ≥ 1: the largest k; at 1, where
    nothing could make up for a brake, all k are 1.
    Errors: ValueError for no modality, a spread below 0, a beta_max below 1, what is not finite;
    TypeError for modalities that are no whole number.
    Source: ours; the curve is that of `coursekit.balancing.mlb.coefficients`.
    """
    require_count("modalities", modalities, 1)
    _require_own(spread, beta_max)
    z = torch.randn(modalities, generator=generator, dtype=torch.float64)
    away = (spread * z.abs()).clamp_max(1)
    fast = torch.rand(modalities, generator=generator, dtype=torch.float64) < 1 / beta_max
    r = torch.where(fast, 1 + away, 1 - away)
    pair = torch.stack([torch.ones_like(r), r], dim=-1)  # scores of the modality and of its rival
    return pace(pair, r.new_full((), ALPHA), r.new_full((), beta_max))[:, 0]


def _require_own(spread: float, beta_max: float) -> None:
    require_not_negative("spread", spread)
    require_finite("beta_max", beta_max)
    require(beta_max >= 1, f"beta_max is {beta_max}; one or more was expected.")


class RandomScale(MultiLoss):
    """Multi-loss, and each modality's step × k_m from `random_scales`. Any fusion.

    The k are drawn anew in every batch. What MLB gains over this it owes to its scores.
    """

    name = "random-scale"
    neutral = Neutral({"spread": 0.0}, "multi-loss")

    def __init__(self, spread: float = 0.5, beta_max: float = 8.0) -> None:
        _require_own(spread, beta_max)
        self.spread, self.beta_max = spread, beta_max

    def scales(self, step: Step) -> Mapping[str, float]:
        """k by modality, drawn."""
        modalities = step.run.model.modalities
        k = random_scales(len(modalities), self.spread, self.beta_max, step.run.generator)
        return dict(zip(modalities, k.tolist(), strict=True))
