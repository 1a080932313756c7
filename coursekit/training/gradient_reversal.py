"""Gradient reversal: an adversary learns to read an attribute, and the features learn to hide it.

Ganin and colleagues, Domain-Adversarial Training of Neural Networks (2016),
https://arxiv.org/abs/1505.07818, sections 4.2 (the layer) and 5.2.2 (the schedule).
"""

import math
from typing import Any

import torch
from torch import Tensor

from coursekit.utils.checks import require_not_negative, require_positive, require_share
from coursekit.utils.tensor_checks import require_floats


class _Reversal(torch.autograd.Function):
    """Forward nothing happens; backward the gradient changes its sign and is scaled."""

    generate_vmap_rule = True  # networks may be trained at once

    @staticmethod
    def forward(features: Tensor, strength: float) -> Tensor:
        return features.view_as(features)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:
        ctx.strength = inputs[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None


def reverse_gradient(features: Tensor, strength: float) -> Tensor:
    """The features as they are; their gradient is multiplied by −``strength``.

    features: any shape, floating point.  strength (λ): 0 or more.  The adversary behind them learns
    as ever: its own gradient is *not* scaled. The loss is task + adversary's, a sum; task − λ ·
    adversary without this layer would train the adversary backwards.
    Source: Ganin and colleagues, equations 16 and 17, R_λ(x).
    Errors: TypeError for features that are no floats; TypeError or ValueError for a strength that
    is no number, 0 or more.
    """
    require_floats("features", features)
    require_not_negative("strength", strength)
    return _Reversal.apply(features, float(strength))


def reversal_strength(progress: float, gamma: float = 10.0) -> float:
    """How strong the reversal is by now, from 0 towards 1: 2 / (1 + exp(−γ p)) − 1.

    progress (p): share of the training that is done, so the number of all steps has to be known.
    gamma: how early it rises, 10 in the paper.
    Source: Ganin and colleagues, section 5.2.2, λ_p.
    Errors: TypeError or ValueError for a progress outside [0, 1], a gamma that is not positive.
    """
    require_share("progress", progress)
    require_positive("gamma", gamma)
    return 2 / (1 + math.exp(-gamma * progress)) - 1
