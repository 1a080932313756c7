"""Students and teachers: logits, features, and a teacher per modality."""

import torch
from torch.nn import functional as F

from coursekit.training.distillation import (
    feature_distillation,
    logit_distillation,
    teacher_distance,
)
from vector_checkers.scores import names_after
from vector_checkers.unimodal_bias import gradient, leaf


def logits_case(case):
    """The loss at a temperature and its gradient."""
    student = leaf(case, "student_logits")
    loss = logit_distillation(student, case.tensor("teacher_logits"), case.number("temperature"))
    case.same("loss", loss)
    case.same("grad_student", gradient(loss, student))


def features_entry(entry):
    """The squared difference of features."""
    entry.same("loss", feature_distillation(entry.tensor("student"), entry.tensor("teacher")))


def umt_case(case):
    """Cross entropy of a linear head on all features, the distances, and all gradients."""
    names, labels = names_after(case, "z_"), case.whole("labels")
    features = [leaf(case, f"z_{m}") for m in names]
    teachers = [case.tensor(f"teacher_{m}") for m in names]
    logits = torch.cat(features, 1) @ case.tensor("head_weight").T + case.tensor("head_bias")
    entropy = F.cross_entropy(logits, labels)
    case.same("cross_entropy", entropy)
    for m, z, teacher in zip(names, features, teachers, strict=True):
        case.same(f"mse_{m}", feature_distillation(z, teacher))
    loss = entropy + case.number("lambda") * teacher_distance(features, teachers)
    case.same("loss", loss)
    for m, z in zip(names, features, strict=True):
        case.same(f"grad_z_{m}", gradient(loss, z))


CHECKERS = {
    "distillation.json": {"cases": logits_case, "features": features_entry, "umt": umt_case}
}
