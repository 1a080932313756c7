"""The gradient by which an architecture is learnt: of the validation loss, by α.

Liu, Simonyan and Yang, DARTS: Differentiable Architecture Search (2019),
https://arxiv.org/abs/1806.09055, eqs 5 to 8. Weights w follow the training loss and α the
validation loss, step by step in turn. Parameters are dictionaries by name, and a loss is a function
of all of them, so that it can be asked at other weights than those the model has:
``lambda p: F.cross_entropy(torch.func.functional_call(model, p, inputs), labels)``.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from coursekit.training.optimizers import Adam
from coursekit.utils.checks import (
    require,
    require_callable,
    require_instance,
    require_mapping,
    require_not_negative,
)
from coursekit.utils.tensor_checks import require_scalar, require_weights, within_range

Parameters = Mapping[str, Tensor]
Loss = Callable[[dict[str, Tensor]], Tensor]
STEP = 0.01  # of the finite difference, in units of the gradient's length


def weights_and_alphas(model: nn.Module) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """(w, α): the parameters of ``model`` by name, those called ``alpha`` apart from the others."""
    require_instance("model", model, nn.Module)
    every = dict(model.named_parameters())
    alphas: dict[str, Tensor] = {n: p for n, p in every.items() if n.split(".")[-1] == "alpha"}
    require(len(alphas) > 0, "model has no parameter called alpha; one with a MixedEdge expected.")
    return {n: p for n, p in every.items() if n not in alphas}, alphas


def alpha_optimizer(alphas: Parameters) -> torch.optim.Optimizer:
    """Adam with the paper's settings for α; decay acts through Adam, on a gradient without it."""
    _require("alphas", alphas)
    return Adam(list(alphas.values()), lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3)


def first_order(valid_loss: Loss, weights: Parameters, alphas: Parameters) -> dict[str, Tensor]:
    """∂L_val(w, α)/∂α by name: w as it is, as if it did not hang on α.

    valid_loss: of the dictionary of all parameters, a scalar.  weights w, alphas α: by name.
    """
    _require_all(weights, alphas, valid_loss=valid_loss)
    return _gradient("valid_loss", valid_loss, weights, alphas, by=alphas)


def unrolled_weights(
    train_loss: Loss,
    weights: Parameters,
    alphas: Parameters,
    rate: float,
    momentum: float = 0.0,
    buffers: Parameters | None = None,
    weight_decay: float = 0.0,
) -> dict[str, Tensor]:
    """w′ = w − η (μ · buffer + ∂L_train/∂w + decay · w): one step of SGD ahead, by name.

    rate η ≥ 0; at 0 it is no step.  momentum μ ≥ 0, weight_decay ≥ 0: of the optimiser of w, whose
    momenta are the buffers, by the weights' names; those that are not named are zero.
    """
    _require_all(weights, alphas, train_loss=train_loss)
    buffers = _step_settings(weights, rate, momentum, buffers, weight_decay)
    grads = _gradient("train_loss", train_loss, weights, alphas, by=weights)
    return {
        name: w.detach()
        - rate * (momentum * buffers.get(name, 0) + grads[name] + weight_decay * w.detach())
        for name, w in weights.items()
    }


def second_order(
    train_loss: Loss,
    valid_loss: Loss,
    weights: Parameters,
    alphas: Parameters,
    rate: float,
    momentum: float = 0.0,
    buffers: Parameters | None = None,
    weight_decay: float = 0.0,
) -> dict[str, Tensor]:
    """∂L_val(w′, α)/∂α − η [∂L_train(w⁺, α)/∂α − ∂L_train(w⁻, α)/∂α] / 2R, by name.

    w′: `unrolled_weights`, whose arguments the others are.  w^± = w ± R v with v = ∂L_val/∂w′ and
    R = .01 / ‖v‖: a finite difference in the place of a second derivative. Three passes more than
    `first_order`, all of ``train_loss``; at a rate of 0 it is the same.
    """
    _require_all(weights, alphas, train_loss=train_loss, valid_loss=valid_loss)
    ahead = unrolled_weights(train_loss, weights, alphas, rate, momentum, buffers, weight_decay)
    both = _gradient("valid_loss", valid_loss, ahead, alphas, by={**ahead, **alphas})
    direct, v = {n: both[n] for n in alphas}, {n: both[n] for n in weights}
    length = torch.stack([g.norm() for g in v.values()]).norm()
    within_range("the gradient of valid_loss", length)
    if rate == 0 or float(length) == 0:
        return direct
    r = STEP / length
    sides = []
    for sign in (1, -1):
        moved = {name: w.detach() + sign * r * v[name] for name, w in weights.items()}
        sides.append(_gradient("train_loss", train_loss, moved, alphas, by=alphas))
    plus, minus = sides
    return {n: direct[n] - rate * (plus[n] - minus[n]) / (2 * r) for n in alphas}


def exact_second_order(
    train_loss: Loss,
    valid_loss: Loss,
    weights: Parameters,
    alphas: Parameters,
    rate: float,
    momentum: float = 0.0,
    buffers: Parameters | None = None,
    weight_decay: float = 0.0,
) -> dict[str, Tensor]:
    """What `second_order` approximates: L_val(w′(α), α) differentiated through the step, by name.

    Costs the memory of the step's own graph, which is why the paper does without.
    """
    _require_all(weights, alphas, train_loss=train_loss, valid_loss=valid_loss)
    buffers = _step_settings(weights, rate, momentum, buffers, weight_decay)
    w, a = _leaves(weights), _leaves(alphas)
    loss = _value("train_loss", train_loss, {**w, **a})
    grads = torch.autograd.grad(loss, list(w.values()), create_graph=True, materialize_grads=True)
    ahead = {
        n: x - rate * (momentum * buffers.get(n, 0) + g + weight_decay * x)
        for (n, x), g in zip(w.items(), grads, strict=True)
    }
    outer = _value("valid_loss", valid_loss, {**ahead, **a})
    by_alpha = torch.autograd.grad(outer, list(a.values()), materialize_grads=True)
    return dict(zip(a, by_alpha, strict=True))


def _gradient(
    name: str, loss: Loss, weights: Parameters, alphas: Parameters, by: Parameters
) -> dict[str, Tensor]:
    """The gradient of a loss by ``by``, some of both; zeros for what the loss does not need."""
    every = _leaves({**weights, **alphas})
    value = _value(name, loss, every)
    grads = torch.autograd.grad(value, [every[n] for n in by], materialize_grads=True)
    return dict(zip(by, grads, strict=True))


def _leaves(parameters: Parameters) -> dict[str, Tensor]:
    return {name: p.detach().requires_grad_() for name, p in parameters.items()}


def _value(name: str, loss: Loss, parameters: dict[str, Tensor]) -> Tensor:
    value = loss(parameters)
    require_scalar(f"what {name} returns", value)
    sentence = f"what {name} returns hangs on no parameter that it was given; a loss was expected."
    require(value.requires_grad, sentence)
    return value


def _step_settings(
    weights: Parameters,
    rate: float,
    momentum: float,
    buffers: Parameters | None,
    weight_decay: float,
) -> Parameters:
    """The momenta, when all that the step is made of has been looked at."""
    require_not_negative("rate", rate)
    require_not_negative("momentum", momentum)
    require_not_negative("weight_decay", weight_decay)
    require_instance("buffers", buffers, Mapping | None)
    buffers = buffers or {}
    for name, buffer in buffers.items():
        known = f"buffers has {name!r}; names of weights were expected, {list(weights)}."
        require(name in weights, known)
        require_weights(f"buffers[{name!r}]", buffer)
        want, shape = tuple(weights[name].shape), tuple(buffer.shape)
        require(shape == want, f"buffers[{name!r}] has shape {shape}; {want} was expected.")
    return buffers


def _require_all(weights: Parameters, alphas: Parameters, **losses: Loss) -> None:
    """Refuse parameters that are none, a name in both, and what cannot be called."""
    for name, loss in losses.items():
        require_callable(name, loss)
    _require("weights", weights)
    _require("alphas", alphas)
    both = sorted(set(weights) & set(alphas))
    require(not both, f"alphas has {both}, which weights has, too; other names were expected.")


def _require(name: str, parameters: Parameters) -> None:
    require_mapping(name, parameters, "tensors")
    for key, p in parameters.items():
        require_weights(f"{name}[{key!r}]", p)
