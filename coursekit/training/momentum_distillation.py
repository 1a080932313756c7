"""A teacher that follows the student slowly, and a contrast whose targets it softens.

Li and colleagues, Align before Fuse (ALBEF, 2021), https://arxiv.org/abs/2107.07651, section 3.2
(contrast with queues) and 3.3 (momentum distillation, equation 6).
"""

import torch
from torch import Tensor, nn

from coursekit.training.contrastive_losses import cosines
from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require, require_count, require_instance, require_share
from coursekit.utils.precision import HALF
from coursekit.utils.tensor_checks import (
    require_batch,
    require_labels,
    require_pairs,
    require_scalar,
    require_weights,
)


@torch.no_grad()
def follow(teacher: nn.Module, student: nn.Module, momentum: float) -> None:
    """Move each parameter of the teacher towards the student's: m · teacher + (1 − m) · student.

    In place; buffers, as a batch norm's statistics, stay.  momentum: m in [0, 1]; .995 halves the
    distance in 138 steps. The paper updates before the step's gradient is taken.
    Errors: ValueError for networks whose parameters differ in number or shape, and for a teacher of
    half precision, in which so small a step is rounded away.
    """
    require_instance("teacher", teacher, nn.Module)
    require_instance("student", student, nn.Module)
    require_share("momentum", momentum)
    shapes = [[tuple(p.shape) for p in network.parameters()] for network in (teacher, student)]
    differ = "the parameters of teacher and student differ in number or shape"
    require(shapes[0] == shapes[1], f"{differ}; a copy of the student was expected.")
    for old, new in zip(teacher.parameters(), student.parameters(), strict=True):
        sentence = f"teacher has dtype {old.dtype}, in which small steps are lost"
        require(old.dtype not in HALF, f"{sentence}; float32 or float64 was expected.")
        old.lerp_(new.to(old.dtype), 1 - momentum)


def share_at(step: int, steps: int, share: float = 0.4) -> float:
    """The teacher's share of the targets (α): from 0 at step 0 to ``share`` at step ``steps``.

    step: counted from 0 over the whole training.  steps: of the ramp; the paper's is one epoch.
    """
    require_count("step", step)
    require_count("steps", steps, 1)
    require_share("share", share)
    return share * min(1.0, step / steps)


def distilled_contrast(
    first: Tensor,
    second: Tensor,
    teacher_first: Tensor,
    teacher_second: Tensor,
    queue_first: Tensor,
    queue_second: Tensor,
    temperature: Tensor,
    share: float,
    ids: Tensor | None = None,
    queue_ids: Tensor | None = None,
) -> Tensor:
    """Contrast of B pairs, both ways, against the teacher's features and Q of earlier steps.

    first, second (B, D): the student's features; row i of both is a pair; lengths do not matter.
    teacher_first, teacher_second (B, D), queue_first, queue_second (Q, D), Q may be 0: the keys, in
    this order.  temperature (τ): a scalar above zero, shared by student and teacher.
    share (α): targets are α · softmax(teacher's cosines / τ) + (1 − α) · own pair.
    ids (B,), queue_ids (Q,) int64: pairs of one id belong together, and "own pair" is then spread
    evenly over them; a negative one in the queue stands for a place that no pair has filled
    yet. Without ids only row i belongs to row i.
    Returns a scalar; no gradient reaches targets or keys.
    Source: equation 6; ids as in the authors' code for retrieval.
    Errors: ValueError for shapes that do not fit, rows of zeros, NaN, a temperature of 0 or less.
    """
    _require_features(first, second, teacher_first, teacher_second)
    _require_queues(queue_first, queue_second, first.shape[1])
    require_temperature(temperature)
    require_share("share", share)
    own = _own(len(first), len(queue_first), ids, queue_ids, first.device)
    ways = (
        (first, teacher_first, teacher_second, queue_second),
        (second, teacher_second, teacher_first, queue_first),
    )
    losses = []
    for student, teacher, others, queue in ways:
        keys = torch.cat([others, queue.to(others.dtype)]).detach()
        with torch.no_grad():
            soft = (cosines(teacher, keys) / temperature).softmax(1)
        even = own.to(soft.dtype) / own.sum(1, keepdim=True)
        targets = share * soft + (1 - share) * even
        log_shares = (cosines(student, keys) / temperature).log_softmax(1)
        losses.append(-(targets * log_shares).sum(1).mean())
    return (losses[0] + losses[1]) / 2


def require_temperature(temperature: Tensor) -> None:
    """Refuse what is no scalar above zero by which cosines can be divided."""
    require_scalar("temperature", temperature)
    sentence = "temperature is zero or less, or so small that nothing can be divided by it"
    fits = (temperature > 0) & (1 / temperature).isfinite()
    check(fits, lambda: ValueError(f"{sentence}; a number above zero was expected."))


def _own(
    rows: int, queued: int, ids: Tensor | None, queue_ids: Tensor | None, device: torch.device
) -> Tensor:
    """Which keys belong to each row, (B, B + Q) of True and False."""
    if ids is None:
        require(queue_ids is None, "queue_ids came without ids; both or neither were expected.")
        return torch.eye(rows, rows + queued, device=device, dtype=torch.bool)
    require_labels("ids", ids, rows)
    if queue_ids is None:
        require(queued == 0, f"queue_ids is None; ids of {queued} queued pairs were expected.")
        keys = ids
    else:
        _require_ids("queue_ids", queue_ids, queued)
        keys = torch.cat([ids, queue_ids])
    return ids[:, None] == keys[None, :]


def _require_features(first: Tensor, second: Tensor, *teacher: Tensor) -> None:
    require_pairs(first, second)
    for name, features in zip(("teacher_first", "teacher_second"), teacher, strict=True):
        require_batch(name, features, tuple(first.shape))


def _require_queues(first: Tensor, second: Tensor, width: int) -> None:
    """Two tables of one length, which may be 0."""
    for name, queue in (("queue_first", first), ("queue_second", second)):
        require_weights(name, queue)
        fits = queue.ndim == 2 and queue.shape[1] == width
        require(fits, f"{name} has shape {tuple(queue.shape)}; (any, {width}) was expected.")
    lengths = f"queue_first has {len(first)} rows, queue_second {len(second)}"
    require(len(first) == len(second), f"{lengths}; pairs were expected.")


def _require_ids(name: str, ids: Tensor, rows: int) -> None:
    """Whole numbers, (rows,), negative ones too: they stand for empty places."""
    if not isinstance(ids, Tensor) or ids.dtype != torch.int64:
        what = getattr(ids, "dtype", type(ids).__name__)
        raise TypeError(f"{name} is {what}; int64 was expected.")
    require(ids.shape == (rows,), f"{name} has shape {tuple(ids.shape)}; ({rows},) was expected.")
