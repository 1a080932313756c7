"""What a training may see when: easy before hard, or the pairs with small losses only.

Bengio and colleagues, Curriculum Learning (2009), https://doi.org/10.1145/1553374.1553380; Hacohen
and Weinshall, On the Power of Curriculum Learning (2019), https://arxiv.org/abs/1904.03626,
section 2: a frozen difficulty and a pacing function; Kumar and colleagues, Self-Paced Learning
(2010), section 3; Han and colleagues, Co-teaching (2018), https://arxiv.org/abs/1804.06872,
algorithm 1: small losses.
"""

import torch
from torch import Tensor

from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_finite,
    require_instance,
    require_share,
)
from coursekit.utils.precision import not_half
from coursekit.utils.share_counts import count_of
from coursekit.utils.tensor_checks import require_batch

ORDERS = ("easy first", "hard first", "random")


def paced_share(step: int, steps: int, start: float) -> float:
    """Share of the samples that may be drawn in a step, min(1, c₀ + (1 − c₀) · step/steps).

    step: from 0.  steps: after which all may be drawn.  start: c₀, above 0 and at most 1.
    Errors: ValueError for a start of 0, at which nothing could be drawn, or numbers below 0.
    """
    require_count("step", step)
    require_count("steps", steps, 1)
    require_share("start", start)
    require(start > 0, "start is 0; a share above 0 was expected, for the first batch needs some.")
    return min(1.0, start + (1 - start) * step / steps)


def learning_order(difficulty: Tensor, order: str, generator: torch.Generator) -> Tensor:
    """Rows in the order in which a training may see them, (N,) int64.

    difficulty: (N,), of a model that does not change meanwhile; of equal ones the first comes
    first.  order: "easy first", "hard first" (anti-curriculum) or "random", the control that has
    the same pacing and no idea.  Errors: ValueError for another order, NaN.
    """
    require_batch("difficulty", difficulty, (None,))
    choose("order", order, ORDERS)
    require_instance("generator", generator, torch.Generator)
    if order == "random":
        return torch.randperm(len(difficulty), generator=generator)
    return torch.argsort(not_half(difficulty), descending=order == "hard first", stable=True)


def small_losses(losses: Tensor, share: float) -> Tensor:
    """Which samples of a batch to learn from: the ⌊share · B⌋ with the smallest losses, (B,) bool.

    losses: (B,).  Of equal ones the first.
    Errors: ValueError for NaN, another shape, a share outside 0 to 1.
    """
    require_batch("losses", losses, (None,))
    order = torch.argsort(not_half(losses.detach()), stable=True)
    small = torch.zeros(len(losses), dtype=torch.bool, device=losses.device)
    small[order[: count_of(share, len(losses))]] = True
    return small


def self_paced(losses: Tensor, largest: float) -> Tensor:
    """Which samples to learn from: a loss below ``largest``, λ there, which grows; (B,) bool.

    Errors: ValueError for NaN, another shape.
    """
    require_batch("losses", losses, (None,))
    require_finite("largest", largest)
    return not_half(losses.detach()) < largest
