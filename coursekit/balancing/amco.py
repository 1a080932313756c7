"""AMCo: mask more and more of the modality that the answer depends on."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.utils.checks import (
    require,
    require_count,
    require_not_negative,
    require_positive,
    require_share,
)
from coursekit.utils.precision import not_half
from coursekit.utils.share_counts import count_of
from coursekit.utils.tensor_checks import require_batch, require_same_batches


def dependence(logits: Sequence[Tensor]) -> Tensor:
    """Each modality's share of a softmax over all modalities' classes, mean over rows, (M,), sum 1.

    logits: (B, C) each, two modalities or more.  No gradient flows through.  Half precision gives
    float64.
    Errors: ValueError for one modality, shapes that differ, NaN.
    Source: [Zhou and colleagues 2023](https://doi.org/10.1109/ICASSP49357.2023.10096641), in the
    form of [BalanceBenchmark](https://arxiv.org/abs/2502.10816).
    """
    require_same_batches("logits", logits, 2)
    shares = torch.cat([not_half(x.detach()) for x in logits], 1).softmax(1)
    return shares.unflatten(1, (len(logits), -1)).sum(2).mean(0)


def is_dependent(shares: Tensor, least: float = 0.5) -> Tensor:
    """Which modalities have a larger share than ``least``, (M,) of True and False.

    shares: (M,), see `dependence`; a tie of two is left alone.  least σ: a number from 0 to 1.
    Errors: ValueError for one modality, NaN.  Source: see `dependence`.
    """
    require_batch("shares", shares, (None,))
    require(len(shares) > 1, f"shares has shape {tuple(shares.shape)}; two or more were expected.")
    require_share("least", least)
    return not_half(shares) > least


def progress(epoch: int, batch: int, pace: float = 0.1) -> float:
    """l = pace · epoch · batch, both counted from 0: how far an epoch has come, from 0 each time.

    The first epoch, and the first batch of each, have 0: nothing is masked there.
    Errors: TypeError for epochs or batches that are no whole numbers, ValueError for what is below
    0 or not finite.
    Source: see `dependence`.
    """
    require_count("epoch", epoch)
    require_count("batch", batch)
    require_not_negative("pace", pace)
    return pace * epoch * batch


def masked_share(progress: float, end: float = 0.3) -> float:
    """p = sin(π/2 · min(ε, l)/ε): the share that is masked, from 0 at l = 0 to 1 at l = ε.

    progress l ≥ 0.  end ε > 0.
    Errors: ValueError for a progress below 0, an end of 0 or less, what is not finite.
    Source: see `dependence`.
    """
    require_not_negative("progress", progress)
    require_positive("end", end)
    return math.sin(math.pi / 2 * (min(end, progress) / end))


def masked_count(share: float, places: int) -> int:
    """How many of ``places`` are masked: share · places, rounded down; 29 of 100 for 0.29.

    share: a number from 0 to 1, see `masked_share`.  places: 1 or more.
    Errors: TypeError for places that are no whole number, ValueError outside these ranges.
    Source: see `dependence`.
    """
    require_count("places", places, 1)
    return count_of(share, places)


def mask(masked: int, places: int, generator: torch.Generator | None = None) -> Tensor:
    """(places,) of ones, and zeros in ``masked`` places that are drawn; it multiplies features.

    generator: draws them.  BalanceBenchmark multiplies the modality's logits instead, class by
    class: what is masked there still says which classes it was.
    Errors: TypeError for what is no whole number, ValueError for places below 1, or a number of
    masked ones that is no part of them.
    Source: see `dependence`.
    """
    require_count("places", places, 1)
    require_count("masked", masked, 0, places)
    drawn = torch.ones(places)
    drawn[torch.randperm(places, generator=generator)[:masked]] = 0
    return drawn
