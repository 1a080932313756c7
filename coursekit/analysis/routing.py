"""Which expert answers for a sample, what that costs, and the rivals that a gate has to beat.

A choice is (N,), int64: per row the place of an expert, the cheap ones first.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.training.resource_loss import require_costs
from coursekit.utils.checks import (
    require,
    require_count,
    require_instance,
    require_not_negative,
    require_share,
)
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import (
    NoValue,
    require_bools,
    require_labels,
    require_same_batches,
)

SLACK = 0.02  # how far from 1 probabilities of a row may add up to; bfloat16 has three digits


def confidence_cascade(probabilities: Sequence[Tensor], threshold: float) -> Tensor:
    """The first expert whose largest probability is at least ``threshold``, else the last; (N,).

    probabilities: (N, C), one per expert in the order in which they are asked, rows sum to one.
    threshold: in [0, 1]; at 0 the first expert always answers. The cost is `cascade_cost`.
    Errors: ValueError for logits in place of probabilities, shapes that differ, NaN.
    Source: Viola and Jones 2001 for the idea; confidence as the rule: ours.
    """
    require_same_batches("probabilities", probabilities)
    require_share("threshold", threshold)
    sure = []
    for k, own in enumerate(probabilities):
        p = not_half(own.detach())
        if float(p.min()) < 0 or float((p.sum(1) - 1).abs().max()) > SLACK:
            sentence = "has rows that are no probabilities; a softmax was expected."
            raise NoValue(f"probabilities[{k}] {sentence}")
        sure.append(p.max(1).values >= threshold)
    sure[-1] = torch.ones_like(sure[-1])
    return torch.stack(sure, 1).int().argmax(1)  # the first of equals


def cheapest_right(right: Tensor, costs: Sequence[float]) -> Tensor:
    """The cheapest expert that is right; where none is, the cheapest of all; (N,).

    An oracle: it knows the labels, and says how much there is to gain.
    right: (N, K), bool.  costs: K numbers, 0 or more; of equal ones the first counts as cheaper.
    """
    require_bools("right", right, tuple(getattr(right, "shape", ())))
    fits = right.ndim == 2 and right.numel() > 0
    require(fits, f"right has shape {tuple(right.shape)}; (any, experts) was expected.")
    require_costs(costs, right.shape[1])
    order = torch.tensor(sorted(range(len(costs)), key=lambda k: costs[k]), device=right.device)
    return order[right[:, order].int().argmax(1)]


def shuffled(choice: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """The same choices, given to rows at random: a gate with the same shares that knows nothing."""
    require_labels("choice", choice)
    require_instance("generator", generator, torch.Generator | None)
    return choice[torch.randperm(len(choice), generator=generator)]


def routing_cost(choice: Tensor, costs: Sequence[float], gate: float = 0.0) -> float:
    """Mean cost of the experts that were run, and of the gate, which is run for every row.

    choice: (N,).  costs, gate: 0 or more, in one unit.
    """
    each = _in_float64(costs)
    require_labels("choice", choice, None, len(costs))
    require_not_negative("gate", gate)
    return float(each[choice.cpu()].mean()) + gate


def cascade_cost(choice: Tensor, costs: Sequence[float]) -> float:
    """Mean cost of a cascade, which has run every expert before the one that answers, too."""
    each = _in_float64(costs)
    require_labels("choice", choice, None, len(costs))
    return float(each.cumsum(0)[choice.cpu()].mean())


def choice_shares(choice: Tensor, experts: int, groups: Tensor | None = None) -> Tensor:
    """How often each expert is chosen in each group of rows, (G, K) float64, rows sum to one.

    groups: (N,), int64 from 0, classes say; None = one group. A group without rows has NaN.
    """
    require_count("experts", experts, 1)
    require_labels("choice", choice, None, experts)
    groups = torch.zeros_like(choice) if groups is None else groups
    require_labels("groups", groups, len(choice))
    many = (int(groups.max()) + 1) * experts
    cells = torch.bincount((groups * experts + choice).cpu(), minlength=many)
    numbers = cells.reshape(-1, experts).double()
    return numbers / numbers.sum(1, keepdim=True)


def _in_float64(costs: Sequence[float]) -> Tensor:
    require_costs(costs)
    return torch.tensor(list(costs), dtype=torch.float64)
