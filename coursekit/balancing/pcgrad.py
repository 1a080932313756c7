"""PCGrad: take out of each gradient what goes against another one."""

import torch
from torch import Tensor

from coursekit.balancing.multi_loss import MultiLoss
from coursekit.training.method import Step
from coursekit.utils.tensor_checks import require_batch


def project(grads: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """g_i ← g_i − (g_i·g_j / ‖g_j‖²) g_j wherever g_i·g_j < 0, over the other j in random order.

    grads: (T, D), one row per task; the g_j are those given, not the projected ones.  generator:
    draws the orders (they matter from three tasks on).  Returns (T, D).
    Source: [Yu and colleagues 2020](https://arxiv.org/abs/2001.06782), algorithm 1, lines 2 to 9.
    """
    require_batch("grads", grads, (None, None))
    units = unit_rows(grads)
    projected = grads.clone()
    for i in range(len(grads)):
        for j in torch.randperm(len(grads), generator=generator).tolist():
            if j == i:
                continue
            along = projected[i] @ units[j]
            # Not an `if`, for which an accelerator would be waited for at every pair of tasks.
            projected[i] -= torch.where(along < 0, along, 0) * units[j]
    return projected


def merge(grads: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Σ_i of the projected gradients: the one gradient that the optimiser gets.

    grads, generator: see `project`.  Returns (D,).
    Source: the same, line 10. It is a sum: tasks that agree get the step of the summed losses. A
    widely used release for PyTorch averages by default, which divides the learning rate by T.
    """
    return project(grads, generator).sum(0)


def unit_rows(grads: Tensor) -> Tensor:
    """Each row over its length; a row of zeros stays one.

    By way of the row's largest entry: the square of 1e-23 would be zero in single precision.
    """
    largest = grads.abs().amax(1, keepdim=True)
    scaled = grads / torch.where(largest > 0, largest, 1)
    return scaled / torch.linalg.vector_norm(scaled, dim=1, keepdim=True).clamp_min(1)


class PCGrad(MultiLoss):
    """Multi-loss whose losses are tasks: their gradients are projected and summed. Any fusion.

    The tasks share all parameters of the model: encoders, unimodal heads and the fusion.
    """

    name = "pcgrad"
    neutral = None
    never_neutral = "Its rule has no settings, and acts wherever two gradients conflict."
    identity_test = "tests/balancing/test_identities.py::test_without_a_conflict_it_is_multi_loss"

    def __init__(self) -> None:
        """Without settings: all losses weigh the same."""

    def merged(self, grads: Tensor, generator: torch.Generator) -> Tensor:
        """The one gradient (D,) in place of those of all tasks, (T, D)."""
        return merge(grads, generator)

    def backward(self, step: Step, loss: Tensor) -> None:
        """One backward pass per task instead of one for the sum."""
        parameters = [p for p in step.run.model.parameters() if p.requires_grad]
        rows = []
        for task in step.cross_entropies().values():
            grads = torch.autograd.grad(task, parameters, retain_graph=True, allow_unused=True)
            parts = [
                torch.zeros_like(p) if g is None else g
                for g, p in zip(grads, parameters, strict=True)
            ]
            rows.append(torch.cat([g.flatten() for g in parts]))
        merged = self.merged(torch.stack(rows), step.run.generator)
        for p, g in zip(parameters, merged.split([p.numel() for p in parameters]), strict=True):
            p.grad = g.view_as(p).clone()
