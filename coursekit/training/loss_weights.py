"""Weights of several losses from the gradients that each sends into what they share.

weight_j = ratio · (‖g_1‖ / ‖g_j‖)^exponent, g_j the gradient of loss j by the shared parameters.
Source: ours; made equal once, rarely renewed. Weights that are learnt along the way:
`coursekit.balancing.gradnorm`, `coursekit.training.uncertainty_weights`.

Weights matter only where losses share parameters. A parameter that one loss alone reaches is moved
by Adam alike for any weight of that loss, since Adam divides by the gradient's own size.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from coursekit.utils.checks import (
    require,
    require_count,
    require_positive,
    require_share,
)
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import (
    NoValue,
    require_batch,
    require_floats,
    require_no_negative,
    require_scalar,
    within_range,
)


def shared_parameters(losses: Sequence[Tensor], parameters: Iterable[Tensor]) -> list[Tensor]:
    """Those of ``parameters`` that every one of the losses reaches; heads are left out.

    losses: scalars, whose graphs stay.
    Errors: ValueError where they share none.
    """
    every = _require_parameters("parameters", parameters)
    _require_losses(losses)
    reached = [_gradients(loss, every) for loss in losses]
    grads = zip(*reached, strict=True)
    shared = [p for p, own in zip(every, grads, strict=True) if all(g is not None for g in own)]
    require(len(shared) > 0, "parameters holds none that every loss reaches; one was expected.")
    return shared


def gradient_norms(losses: Sequence[Tensor], shared: Iterable[Tensor]) -> Tensor:
    """‖∂L_j/∂shared‖, all shared parameters as one vector, (J,); the losses' graphs stay.

    losses: scalars.  shared: parameters, see `shared_parameters`. A loss that reaches none has a
    norm of 0.  Half precision gives float64.
    """
    every = _require_parameters("shared", shared)
    _require_losses(losses)
    norms = []
    for loss in losses:
        grads = [not_half(g).norm() for g in _gradients(loss, every) if g is not None]
        norms.append(torch.stack(grads).norm() if grads else not_half(loss.detach()) * 0)
    return within_range("gradient_norms", torch.stack(norms))


def calibrated_weights(
    norms: Tensor, ratio: float = 1.0, exponent: float = 1.0, reference: int = 0
) -> Tensor:
    """weight_j = ratio · (n_1 / n_j)^exponent, and 1 for loss 1 itself, (J,).

    norms: (J,), from `gradient_norms`, best a mean over some batches (`running_norms`).  ratio > 0:
    what the other losses' gradients are then long, in lengths of the first one's; 1 makes all
    equal, .1 leaves the others a tenth.  exponent in [0, 1]: how much of the difference is taken
    away; at 0 none, at ½ gradients of 100 : 1 become 10 : 1.  reference: which loss is "1".
    Half precision gives float64.
    Errors: ValueError for a norm of 0, NaN, one loss only, a weight too large for a number.
    """
    require_batch("norms", norms, (None,))
    require(len(norms) > 1, f"norms has shape {tuple(norms.shape)}; two losses or more expected.")
    require_positive("ratio", ratio)
    require_share("exponent", exponent)
    require_count("reference", reference, 0, len(norms) - 1)
    norms = not_half(norms.detach())
    lowest = float(norms.min())
    if lowest <= 0:
        raise NoValue(f"norms holds {lowest}; positive numbers were expected.")
    weights = ratio * (norms[reference] / norms) ** exponent
    weights[reference] = 1.0
    return within_range("calibrated_weights", weights)


def running_norms(before: Tensor | None, now: Tensor, keep: float = 0.9) -> Tensor:
    """keep · before + (1 − keep) · now: an average over batches in which the last count most, (J,).

    before: None at the first batch, which is then the whole average.  keep: in [0, 1].
    Half precision gives float64.
    """
    require_batch("now", now, (None,))
    require_no_negative("now", now)
    require_share("keep", keep)
    now = not_half(now.detach())
    if before is None:
        return now.clone()
    require_batch("before", before, tuple(now.shape))
    require_no_negative("before", before)
    return keep * not_half(before.detach()) + (1 - keep) * now


def weighted_sum(losses: Sequence[Tensor], weights: Tensor) -> Tensor:
    """Σ_j w_j L_j, a scalar.  losses: scalars.  weights: (J,), 0 or more, taken as constants.

    Half precision gives float64.
    """
    _require_losses(losses)
    require_batch("weights", weights, (len(losses),))
    require_no_negative("weights", weights)
    return within_range(
        "weighted_sum",
        (not_half(weights.detach()) * torch.stack([not_half(x) for x in losses])).sum(),
    )


def _gradients(loss: Tensor, parameters: list[Tensor]) -> Sequence[Tensor | None]:
    """The gradient by each; None where the loss does not need it."""
    return torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)


def _require_losses(losses: Sequence[Tensor]) -> None:
    """Refuse what is no list of finite scalars with a graph, two of them or more."""
    if isinstance(losses, str) or not isinstance(losses, Sequence):
        raise TypeError(f"losses is a {type(losses).__name__}; scalars in a list were expected.")
    require(len(losses) > 1, f"losses holds {len(losses)}; two or more were expected.")
    for j, loss in enumerate(losses):
        require_scalar(f"losses[{j}]", loss)
        grad = f"losses[{j}] hangs on no parameter; one that was computed from some was expected."
        require(loss.requires_grad, grad)


def _require_parameters(name: str, parameters: Iterable[Tensor]) -> list[Tensor]:
    """The parameters in a list; one or more, each of which has a gradient."""
    if isinstance(parameters, str | Tensor) or not isinstance(parameters, Iterable):
        kind = type(parameters).__name__
        raise TypeError(f"{name} is a {kind}; tensors in a list were expected.")
    every = list(parameters)
    require(len(every) > 0, f"{name} is empty; one parameter or more were expected.")
    for i, p in enumerate(every):
        require_floats(f"{name}[{i}]", p)
        require(p.requires_grad, f"{name}[{i}] has no gradient; a parameter was expected.")
    return every
