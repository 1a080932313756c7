"""torch's optimisers, ready at once.

torch.optim wraps some methods so that its compiler leaves them alone, and for that the first use
imports the compiler: four seconds in every process, longer than many a training of the course.
Optimisers are never compiled here (`coursekit.training.engine` compiles encoders only), so these
classes are torch's own with the wrappers taken off; what they compute is the same.
"""

import inspect
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.optim import Optimizer

WRAPPED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
Kind = TypeVar("Kind", bound=Optimizer)


def _unwrapped(kind: type[Kind]) -> type[Kind]:
    """``kind`` with its methods as they were written."""
    bare = {name: inspect.unwrap(getattr(kind, name)) for name in WRAPPED}
    bare["step"] = torch.no_grad()(inspect.unwrap(kind.step))  # the wrapper had no_grad in it too
    return type(kind.__name__, (kind,), bare)


class _AnyBegin(torch.optim.SGD):
    """SGD whose parameters may have their first gradient at different steps.

    Where only some have a momentum yet, torch's fused kernel fails; a momentum of zeros is none.
    """

    def _init_group(
        self,
        group: dict[str, Any],
        params: list[Tensor],
        grads: list[Tensor],
        momentum_buffer_list: list[Tensor | None],
    ) -> bool:
        sparse = super()._init_group(group, params, grads, momentum_buffer_list)
        momenta = momentum_buffer_list
        if not all(momentum is None for momentum in momenta):
            for i, momentum in enumerate(momenta):
                momenta[i] = torch.zeros_like(params[i]) if momentum is None else momentum
        return bool(sparse)


SGD = _unwrapped(_AnyBegin)
Adam = _unwrapped(torch.optim.Adam)
AdamW = _unwrapped(torch.optim.AdamW)
Adagrad = _unwrapped(torch.optim.Adagrad)
