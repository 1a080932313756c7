"""Activations that are not kept but computed again in the backward pass: memory for time.

A second forward pass must be the first one again: the same dropout, and batch statistics that are
counted once. PyTorch takes care of its global generators; a `Dropout` has one of its own, and so
may any module.
"""

from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from coursekit.training.extra_state import generators_of
from coursekit.utils.accelerator_checks import gathered
from coursekit.utils.random_generators import set_state, state_of


def recomputed(module: nn.Module, x: Tensor) -> Tensor:
    """``module(x)``, of which only ``x`` is kept for the backward pass.

    Source: Chen, Xu, Zhang, Guestrin 2016, by `torch.utils.checkpoint`.
    """
    if not torch.is_grad_enabled():
        return module(x)
    again = _Again(module)  # before the first pass, which draws
    return checkpoint(module, x, use_reentrant=False, context_fn=lambda: (nullcontext(), again))


class _Again:
    """Inside, generators draw what they drew and batch norms leave their running statistics alone.

    Entered once for each backward pass, of which a method may make several. Checks of values that
    an accelerator would be waited for were made in the first pass, and nobody asks for them again.
    """

    def __init__(self, module: nn.Module) -> None:
        self.generators = generators_of(module)
        self.norms = [n for n in module.modules() if isinstance(n, _BatchNorm)]
        self.drawn = [state_of(g) for g in self.generators]

    def __enter__(self) -> None:
        self.unasked = gathered()
        self.unasked.__enter__()
        self.later = [state_of(g) for g in self.generators]
        self.before = [(n.momentum, n.num_batches_tracked) for n in self.norms]
        for g, state in zip(self.generators, self.drawn, strict=True):
            set_state(g, state)
        for n in self.norms:
            n.momentum = 0.0
            if n.num_batches_tracked is not None:
                n.num_batches_tracked = n.num_batches_tracked.clone()

    def __exit__(self, *error: object) -> None:
        self.unasked.__exit__(None, None, None)
        for g, state in zip(self.generators, self.later, strict=True):
            set_state(g, state)
        for n, (momentum, count) in zip(self.norms, self.before, strict=True):
            n.momentum, n.num_batches_tracked = momentum, count
