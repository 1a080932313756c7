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
    Source: Yu and colleagues 2020, algorithm 1.
    """
    require_batch("grads", grads, (None, None))
    projected = grads.clone()
    for i in range(len(grads)):
        for j in torch.randperm(len(grads), generator=generator).tolist():
            if j == i:
                continue
            along = projected[i] @ grads[j] / (grads[j] @ grads[j])
            # Not an `if`, for which an accelerator would be waited for at every pair of tasks.
            projected[i] -= torch.where(along < 0, along, 0) * grads[j]
    return projected


class PCGrad(MultiLoss):
    """Multi-loss whose losses are tasks: their gradients are projected and averaged. Any fusion."""

    name = "pcgrad"

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
        mean = project(torch.stack(rows), step.run.generator).mean(0)
        for p, g in zip(parameters, mean.split([p.numel() for p in parameters]), strict=True):
            p.grad = g.view_as(p).clone()
