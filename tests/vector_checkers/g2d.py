"""G2D: which modality waits, and what that does to gradients."""

import torch

from coursekit.balancing import g2d
from coursekit.balancing.unimodal_scores import true_class_scores
from vector_checkers.scores import OWNERS, names_after

HALF_TIME = 150  # epochs, from 0, in the release


def g2d_case(case):
    """Scores and coefficients of one batch; the release scales convolutions, no others."""
    names, labels = names_after(case, "coeff_"), case.whole("labels")
    scores = true_class_scores([case.tensor(f"teacher_{m}") for m in names], labels)
    k = g2d.priorities(scores)
    k = k if case.count("epoch") < HALF_TIME else torch.ones_like(k)
    after = dict(case.tensors("grad_before"))
    for m, score, factor in zip(names, scores, k, strict=True):
        case.same(f"teacher_score_{m}", score)
        case.same(f"coeff_{m}", factor)
        own = {n: g for n, g in after.items() if OWNERS[m] in n and g.ndim == 4}
        after |= {n: factor * g for n, g in own.items()}
    case.same_in("grad_after", after)


CHECKERS = {"g2d.json": {"cases": g2d_case}}
