"""ARL: let the joint answer rely on each modality in inverse proportion to its variance."""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require, require_finite, require_positive
from coursekit.utils.precision import finite_logs, not_half
from coursekit.utils.tensor_checks import (
    NoValue,
    require_batch,
    require_no_negative,
    require_same_batches,
    within_range,
)

LEAST_SHARE = 0.3  # of the entropy, so that a modality that is sure of all has a bound


def mean_entropies(logits: Sequence[Tensor]) -> Tensor:
    """H_m = mean over rows of −Σ_c p log p of softmax(logits_m), in nats, (M,).

    It stands for the modality's variance: 0 where it is sure of every row, log C where it says
    nothing.  logits: (B, C) each.  Half precision gives float64.
    Errors: ValueError for shapes that differ, no rows, NaN.
    Source: [Wei and colleagues 2025](https://arxiv.org/abs/2507.10203), section 3, by their code.
    """
    require_same_batches("logits", logits)
    logs = finite_logs(torch.stack([not_half(x).log_softmax(1) for x in logits]))
    return -(logs.exp() * logs).sum(2).mean(1)


def logit_shares(logits: Sequence[Tensor]) -> Tensor:
    """mean |logits_m| over Σ of the same, (M,): how much the joint logits rely on each modality.

    logits: (B, C) each, that of the joint head where the others' features are zero.  1/M each where
    all are zero.  Half precision gives float64.
    Errors and source as in `mean_entropies`.
    """
    require_same_batches("logits", logits)
    sizes = torch.stack([(not_half(x).abs() / x.numel()).sum() for x in logits])
    return _shares(sizes)


def floored_shares(entropies: Tensor, least: float | None = None) -> Tensor:
    """Each modality's share of Σ H_m, ``least`` at least, (M,): their sum may be above 1.

    entropies H: (M,), 0 or more; 1/M each where all are 0.  least: 1/M at most, else no share would
    be left as it is; None = 0.3, or 1/M where that is less.  Half precision gives float64.
    Errors: ValueError for negative numbers, NaN, another ``least``.
    Source: the released code of [Wei and colleagues 2025](https://arxiv.org/abs/2507.10203), which
    has 0.3 of two modalities; the bound of 1/M, which counts from four on, is ours.
    """
    require_batch("entropies", entropies, (None,))
    require_no_negative("entropies", entropies)
    m = len(entropies)
    least = min(LEAST_SHARE, 1 / m) if least is None else least
    require_finite("least", least)
    fits = 0 < least <= 1 / m
    require(fits, f"least is {least}; above 0 and at most 1/{m}, an equal share, was expected.")
    return _shares(not_half(entropies)).clamp_min(least)


def inverse_shares(shares: Tensor) -> Tensor:
    """(1 / share_m) / Σ of the same, (M,), sum 1: the best dependence, if shares are variances.

    shares: (M,), above 0.  Half precision gives float64.
    Errors: ValueError for zero, negative numbers, NaN.
    Source: [Wei and colleagues 2025](https://arxiv.org/abs/2507.10203), section 3.
    """
    require_batch("shares", shares, (None,))
    wide = not_half(shares)
    lowest = wide.detach().min()
    sentence = "positive numbers were expected."
    check(lowest > 0, lambda: NoValue(f"shares holds {lowest.item()}; {sentence}"))
    inverse = lowest / wide  # 1 / share, times what all have: no reciprocal is too large
    return inverse / inverse.sum()


def coefficients(
    logits: Sequence[Tensor], sharpness: float = 8.0, least: float | None = None
) -> Tensor:
    """w_m = softmax_m(T · (mean share of the others) · inverse share of entropy), (M,), sum 1.

    The gradient of encoder m is multiplied by 1 + w_m: who is sure, and is relied on little, gets
    more. The losses are CE(joint) + γ Σ_m CE(m), γ = 4.
    logits: (B, C) each, two modalities or more, see `logit_shares`.  sharpness T > 0.  least: see
    `floored_shares`.  No gradient flows through.  Half precision gives float64.
    Errors: ValueError for one modality, shapes that differ, NaN.
    Source: [Wei and colleagues 2025](https://arxiv.org/abs/2507.10203), section 3, by their code,
    which computes these weights and does not use them; more than two modalities: ours.
    """
    require_same_batches("logits", logits, 2)
    require_positive("sharpness", sharpness)
    alone = [x.detach() for x in logits]
    others = (1 - logit_shares(alone)) / (len(alone) - 1)
    best = inverse_shares(floored_shares(mean_entropies(alone), least))
    return within_range("coefficients", sharpness * others * best).softmax(0)


def _shares(sizes: Tensor) -> Tensor:
    """Sizes (M,), 0 or more, over their sum; of equal ones where all are zero."""
    largest = sizes.max()
    relative = torch.where(largest > 0, sizes / largest, 1.0)  # a sum of large ones is too large
    return relative / relative.sum()
