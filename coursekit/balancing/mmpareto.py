"""MMPareto: where the joint and the own loss pull an encoder apart, a direction good for both."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from coursekit.balancing.multi_loss import MultiLoss
from coursekit.balancing.pcgrad import unit_rows
from coursekit.training.method import JOINT, Neutral, Step
from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require, require_finite, require_positive
from coursekit.utils.precision import HALF, not_half
from coursekit.utils.tensor_checks import require_batch

SLACK, HALF_SLACK = 1e-5, 0.01  # how far from 1 weights may add up to, by their precision
NOTHING = 8.0  # times the precision: a shorter sum of opposite gradients is rounding, no direction


def cosine(multimodal: Tensor, unimodal: Tensor) -> Tensor:
    """cos of the angle between two gradients (D,), a scalar in [−1, 1]; 0 where one is zero.

    Half precision gives float64.
    Errors: ValueError for shapes that differ, no entries, NaN; TypeError for no tensors of floats.
    Source: [Wei and Hu 2024](https://arxiv.org/abs/2405.17730), section 3, the measure of conflict.
    """
    first, second = unit_rows(_both(multimodal, unimodal))
    return (first @ second).clamp(-1, 1)


def min_norm_weights(multimodal: Tensor, unimodal: Tensor) -> Tensor:
    """The w, Σ w = 1 and w ≥ 0, for which w_0 g + w_1 g′ is shortest, (2,).

    multimodal g, unimodal g′: (D,).  Equal gradients have ½ each.  Half precision gives float64.
    Errors: ValueError for shapes that differ, no entries, NaN; TypeError for no tensors of floats.
    Source: [Sener and Koltun 2018](https://arxiv.org/abs/1810.04650), algorithm 1. The code of
    MMPareto keeps the weights in 0.001 to 0.999.
    """
    x, y = _both(multimodal, unimodal)
    apart = (x - y).square().sum()
    along = (y * (y - x)).sum() / torch.where(apart > 0, apart, 1)
    first = torch.where(apart > 0, along.clamp(0, 1), 0.5)
    return torch.stack([first, 1 - first])


def pareto_weights(multimodal: Tensor, unimodal: Tensor, conflict: float = 0.0) -> Tensor:
    """w = (½, ½) where the gradients agree, else the `min_norm_weights`, (2,).

    multimodal, unimodal: of one encoder, (D,).  conflict in [−1, 1]: they agree where their cosine
    is above it; at −1 they always do.  Half precision gives float64.
    A gradient of zero, whose cosine is 0, agrees with every other one: a departure from the rule,
    by which it had the whole weight, and the encoder no gradient at all.
    Errors: ValueError for shapes that differ, no entries, NaN, a conflict that is no cosine.
    Source: [Wei and Hu 2024](https://arxiv.org/abs/2405.17730), section 3; gradients of zero: ours.
    """
    _require_conflict(conflict)
    nothing = (_both(multimodal, unimodal) == 0).all(1).any()
    apart = (cosine(multimodal, unimodal) <= conflict) & ~nothing & (conflict > -1)
    shortest = min_norm_weights(multimodal, unimodal)
    return torch.where(apart, shortest, torch.full_like(shortest, 0.5))


def integrated(multimodal: Tensor, unimodal: Tensor, weights: Tensor, gamma: float = 1.5) -> Tensor:
    """γ max(1, ‖g + g′‖ / ‖h‖) h with h = 2 w_0 g + 2 w_1 g′: the gradient that is followed, (D,).

    multimodal g, unimodal g′: (D,).  weights w: (2,), in 0 to 1, their sum 1.  gamma γ > 0.
    Where h is zero, as it is of opposite gradients, so is the result.  Half precision gives
    float64.
    Errors: ValueError for shapes that differ, NaN, weights that are no shares of 1, a γ of 0 or
    less.
    Source: [Wei and Hu 2024](https://arxiv.org/abs/2405.17730), section 3. Their code takes the
    lengths of every parameter by itself, which turns the direction; here they are the encoder's.
    """
    both = _both(multimodal, unimodal)
    require_batch("weights", weights, (2,))
    shares = ((weights >= 0) & (weights <= 1)).all()
    check(shares, lambda: ValueError("weights lie beyond 0 to 1; shares were expected."))
    one = (not_half(weights).sum() - 1).abs() <= (HALF_SLACK if weights.dtype in HALF else SLACK)
    check(one, lambda: ValueError("weights do not add up to 1; shares of 1 were expected."))
    require_positive("gamma", gamma)
    total = both.sum(0)
    mixed = 2 * weights.to(both) @ both
    length = torch.linalg.vector_norm(mixed)
    least = NOTHING * torch.finfo(both.dtype).eps * torch.linalg.vector_norm(both)
    target = torch.where(length > least, torch.maximum(length, total.norm()), 0)
    return gamma * target * unit_rows(mixed[None])[0] * _largest(multimodal, unimodal)


def _both(multimodal: Tensor, unimodal: Tensor) -> Tensor:
    """Both gradients, (2, D), over their largest entry: no square is too large or too small."""
    require_batch("multimodal", multimodal, (None,))
    require_batch("unimodal", unimodal, (len(multimodal),))
    both = torch.stack([not_half(multimodal.detach()), not_half(unimodal.detach())])
    largest = _largest(multimodal, unimodal)
    return both / torch.where(largest > 0, largest, 1)


def _largest(multimodal: Tensor, unimodal: Tensor) -> Tensor:
    return not_half(torch.maximum(multimodal.abs().max(), unimodal.abs().max()))


def _require_conflict(conflict: float) -> None:
    require_finite("conflict", conflict)
    fits = -1 <= conflict <= 1
    require(fits, f"conflict is {conflict}; a cosine from -1 to 1 was expected.")


class MMPareto(MultiLoss):
    """Multi-loss whose joint and own gradients of every encoder are integrated. Any fusion.

    An encoder whose two gradients agree has the multi-loss's, × γ; one whose gradients are in
    conflict has what `integrated` makes of them. Heads and fusion keep theirs. Each step makes
    three backward passes, for the gradients have to be known one by one: read after both passes,
    as in one benchmark's code, they are the same and never in conflict. A parameter of several
    encoders belongs to the first of them, and is integrated once.
    gamma γ, conflict: see `integrated` and `pareto_weights`.
    """

    name = "mmpareto"
    neutral = Neutral({"gamma": 1.0, "conflict": -1.0}, "multi-loss")

    def __init__(self, gamma: float = 1.5, conflict: float = 0.0) -> None:
        require_positive("gamma", gamma)
        _require_conflict(conflict)
        self.gamma, self.conflict = gamma, conflict

    def backward(self, step: Step, loss: Tensor) -> None:
        """The whole loss's gradients, then those of the encoders anew."""
        losses = step.cross_entropies()
        joint = losses.pop(JOINT)
        encoders = step.run.model.encoders.values()
        parameters = _each_once([p for p in e.parameters() if p.requires_grad] for e in encoders)
        every = [p for own in parameters for p in own]
        multimodal, unimodal = (
            iter(_gradients(x, every)) for x in (joint, torch.stack([*losses.values()]).sum())
        )
        loss.backward()
        for own in parameters:
            pairs = [(next(multimodal), next(unimodal)) for _ in own]
            if own:
                self._integrate(own, pairs)

    def _integrate(self, own: Sequence[Tensor], pairs: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Put into the parameters of one encoder the gradient that it shall follow."""
        first, second = (
            torch.cat([g.flatten() for g in side]) for side in zip(*pairs, strict=True)
        )
        weights = pareto_weights(first, second, self.conflict)
        new = integrated(first, second, weights, self.gamma)
        agree = weights[0] == weights[1]
        for p, part in zip(own, new.split([p.numel() for p in own]), strict=True):
            if p.grad is not None:
                p.grad = torch.where(agree, self.gamma * p.grad, part.view_as(p).to(p.dtype))


def _each_once(parameters: Iterable[Sequence[Tensor]]) -> list[list[Tensor]]:
    """Lists of parameters without those that a list before has."""
    seen: set[Tensor] = set()
    lists = []
    for own in parameters:
        lists.append([p for p in own if p not in seen])
        seen |= set(own)
    return lists


def _gradients(loss: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Zeros where the loss does not depend on a parameter."""
    if not parameters:
        return []
    grads = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for g, p in zip(grads, parameters, strict=True)]
