"""What a gate is charged for the experts that it uses.

Xue and Marculescu, Dynamic Multimodal Fusion (DynMM, 2023), https://arxiv.org/abs/2204.00102,
eq. 1: L = L_task + λ Σ_k g_k C(E_k), with the multiply-adds C of expert k.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.utils.checks import require, require_list, require_not_negative
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import (
    NoValue,
    require_batch,
    require_no_negative,
    require_scalar,
    within_range,
)

SLACK = 0.02  # how far from 1 a row of shares may add up to; bfloat16 has three digits


def expected_cost(gate: Tensor, costs: Sequence[float]) -> Tensor:
    """Σ_k g_k C_k, mean over the batch, a scalar in the unit of the costs.

    gate g: (B, K), shares of the experts, rows sum to one; of a hard gate, one-hot.  costs C: K
    numbers, 0 or more, of `coursekit.analysis.costs.multiply_adds` say.
    With a soft gate, which runs every expert, it is what a hard one would cost on average.
    Half precision gives float64.
    Errors: ValueError for rows that are no shares, other numbers of experts, NaN.
    """
    require_batch("gate", gate, (None, None))
    require_no_negative("gate", gate)
    shares = not_half(gate)
    furthest = float((shares.detach().sum(1) - 1).abs().max())
    if furthest > SLACK:
        raise NoValue("gate has a row that does not add up to 1; shares of experts were expected.")
    require_costs(costs, gate.shape[1])
    each = torch.tensor(list(costs), dtype=shares.dtype, device=shares.device)
    return within_range("expected_cost", shares.mean(0) @ each)


def resource_loss(gate: Tensor, costs: Sequence[float]) -> Tensor:
    """`expected_cost` in units of the dearest expert, a scalar in [0, 1]; times λ it is the loss.

    The released code charges the mean share of the last expert only, λ · mean g_K: the same but for
    a constant where there are two experts, and the first is as good as free.
    Errors: as `expected_cost`; ValueError where no expert costs anything.
    """
    require_costs(costs)
    dearest = max(costs)
    require(dearest > 0, "costs are all 0; one above it was expected.")
    return expected_cost(gate, [cost / dearest for cost in costs])


def over_budget(cost: Tensor, budget: float) -> Tensor:
    """max(0, cost − budget), a scalar: nothing is charged below the budget, in the cost's unit.

    At the fusion level the released code compares a fifth of the expected cost with the budget,
    since it takes the mean over the five branches where the sum is meant.
    """
    require_scalar("cost", cost)
    require_not_negative("budget", budget)
    return (not_half(cost) - budget).clamp_min(0)


def require_costs(costs: Sequence[float], experts: int | None = None) -> None:
    """Refuse what is no list of numbers, 0 or more, one per expert (None = any number of them)."""
    require_list("costs", costs, "numbers")
    fits = experts in (None, len(costs))
    require(fits, f"costs holds {len(costs)}; {experts}, one per expert, expected.")
    for k, cost in enumerate(costs):
        require_not_negative(f"costs[{k}]", cost)
