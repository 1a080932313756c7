"""Losses by which a student follows a teacher that is trained already.

Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network (2015),
https://arxiv.org/abs/1503.02531, section 2: `logit_distillation`. Du and colleagues, On Uni-Modal
Feature Learning in Supervised Multi-Modal Learning (2023), https://arxiv.org/abs/2305.01233, the
uni-modal teacher: `teacher_distance`. No gradient flows into a teacher. Half precision gives
float64.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.utils.checks import require, require_positive
from coursekit.utils.precision import as_before, in_one_dtype, not_half, wide
from coursekit.utils.tensor_checks import (
    require_batch,
    require_one_shape,
    require_tensors,
    within_range,
)


def logit_distillation(student: Tensor, teacher: Tensor, temperature: float = 4.0) -> Tensor:
    """T² KL(softmax(teacher / T) ‖ softmax(student / T)), a scalar; mean over rows.

    student, teacher: logits (B, C).  temperature T > 0; the larger, the more of the teacher's
    doubts are learnt. The gradient by the student is T (p_student − p_teacher) / B; without T² it
    would fade with a high temperature.
    Errors: ValueError for shapes that differ, NaN, a loss too large for a number.
    A mean over all B · C terms, PyTorch's ``reduction="mean"``, would be C times too small.
    """
    require_one_shape("student", student, "teacher", teacher)
    require_positive("temperature", temperature)
    like, _ = in_one_dtype(not_half(student), not_half(teacher))
    # At a high temperature a small difference of nearly equal numbers is multiplied by T².
    wanted = (wide(teacher.detach()) / temperature).log_softmax(1)
    given = (wide(student) / temperature).log_softmax(1)
    divergence = (wanted.exp() * (wanted - given)).sum(1).mean()
    loss = as_before(temperature**2 * divergence, like)
    return within_range("logit_distillation", loss)


def feature_distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean over rows and width of the squared difference of features, (B, D)² → a scalar.

    Where widths differ, a layer that is trained along has to bring the student's to the teacher's.
    Errors: ValueError for shapes that differ, NaN, a loss too large for a number.
    """
    require_one_shape("student", student, "teacher", teacher)
    difference = not_half(student) - not_half(teacher.detach())
    return within_range("feature_distillation", difference.square().mean())


def teacher_distance(features: Sequence[Tensor], teachers: Sequence[Tensor]) -> Tensor:
    """Σ_m `feature_distillation` of modality m's features and its own teacher's, a scalar.

    features: (B, D_m) each, of the multimodal model's encoders.  teachers: the same of models that
    were trained on one modality each, and are kept as they are. The uni-modal teacher's loss is
    CE(joint) + λ times this; λ is 10 in a benchmark.
    Errors: ValueError for no modality, other numbers of them, shapes that differ, NaN.
    """
    for name, parts in (("features", features), ("teachers", teachers)):
        require_tensors(name, parts)
    counts = f"features holds {len(features)}, teachers {len(teachers)}"
    fits = len(features) == len(teachers)
    require(fits, f"{counts}; as many of one as of the other were expected.")
    for m, z in enumerate(features):
        require_batch(f"features[{m}]", z, (len(features[0]) if m else None, None))
        require_batch(f"teachers[{m}]", teachers[m], tuple(z.shape))
    pairs = zip(features, teachers, strict=True)
    distances = [feature_distillation(z, teacher) for z, teacher in pairs]
    return within_range("teacher_distance", torch.stack(distances).sum())
