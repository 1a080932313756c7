"""Adversarial debiasing by projection: no step of the task may help the adversary.

Zhang, Lemoine and Mitchell, Mitigating Unwanted Biases with Adversarial Learning (2018),
https://arxiv.org/abs/1801.07593, section 3, equation 1.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.utils.checks import require, require_flag, require_mapping, require_not_negative
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_weights


def project_away(task: Tensor, adversary: Tensor, alpha: float) -> Tensor:
    """g − proj_h g − α h, for one tensor of parameters or all of them in a row.

    task (g): gradient of the task's loss by these parameters, of any shape.  adversary (h): the
    gradient of the adversary's loss by the same ones, of the same shape.  alpha (α): 0 or more.
    The projection is on h as one long vector: (g·h / h·h) h, products summed over *all* entries. A
    release that multiplies rows with rows is right for vectors only. Where h is zero there is
    nothing to project on, and g is returned.
    Errors: TypeError or ValueError for what are not two finite tensors of one shape.
    """
    require_weights("task", task)
    require_weights("adversary", adversary)
    require(
        task.shape == adversary.shape,
        f"adversary has shape {tuple(adversary.shape)}; {tuple(task.shape)}, as task, was "
        "expected.",
    )
    require_not_negative("alpha", alpha)
    wide_task, wide_adversary = not_half(task), not_half(adversary)
    # By way of the largest entry: the square of 1e-30 would be zero in single precision.
    largest = wide_adversary.abs().amax() if adversary.numel() else torch.tensor(0.0)
    unit = wide_adversary / torch.where(largest > 0, largest, 1)
    length = (unit * unit).sum()
    along = (wide_task * unit).sum() / torch.where(length > 0, length, 1)
    return wide_task - along * unit - alpha * wide_adversary


def projected_gradients(
    task: Mapping[str, Tensor],
    adversary: Mapping[str, Tensor],
    alpha: float,
    *,
    whole_vector: bool = True,
) -> dict[str, Tensor]:
    """The predictor's gradients by parameter: see `project_away`.

    task, adversary: gradients by the parameter's name, of the same names and shapes.
    whole_vector: project all parameters as one vector, as the paper's formula reads; else tensor by
    tensor, as the common packages do.
    Errors: TypeError or ValueError for none, for other names or shapes.
    """
    require_mapping("task", task, "gradients")
    require_mapping("adversary", adversary, "gradients")
    require_flag("whole_vector", whole_vector)
    require(
        set(task) == set(adversary),
        f"adversary has gradients of {sorted(adversary)}; {sorted(task)} were expected.",
    )
    if not whole_vector:
        return {name: project_away(g, adversary[name], alpha) for name, g in task.items()}
    for name, gradient in task.items():
        require_weights(f"task[{name!r}]", gradient)
        require_weights(f"adversary[{name!r}]", adversary[name])
        require(
            gradient.shape == adversary[name].shape,
            f"adversary[{name!r}] has shape {tuple(adversary[name].shape)}; "
            f"{tuple(gradient.shape)}, as in task, was expected.",
        )
    rows = [torch.cat([g[name].flatten() for name in task]) for g in (task, adversary)]
    changed = project_away(rows[0], rows[1], alpha)
    parts = changed.split([g.numel() for g in task.values()])
    return {name: part.view_as(g) for part, (name, g) in zip(parts, task.items(), strict=True)}
