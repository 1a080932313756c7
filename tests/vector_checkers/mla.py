"""MLA: the head's gradient through the projection, and the fusion by certainty."""

import torch

from coursekit.balancing import certainty_ensemble, mla
from vector_checkers.scores import names_after


def gradient_modification(step):
    """One step of a chain: the released division is by a matrix, the package's by a number."""
    before, features = step.tensor("P_before"), step.tensor("features")
    alpha = mla.damping_at(step.count("batch_index"), step.count("batches"))
    first = step.count("exp_count") == 0
    after = before if first else released_projection(before, features, alpha)
    step.same("P_after", after)
    scalar = before if first else mla.next_projection(before, features, alpha)
    step.same("P_after_if_denominator_were_the_scalar", scalar)
    step.same("head_grad_after", mla.project(step.tensor("head_grad"), after))


def released_projection(before, features, alpha):
    """P − k kᵀ, entry by entry over the matrix α + k r."""
    r = features.mean(0)
    k = before @ r
    after = before - torch.outer(k, k) / (alpha + torch.outer(k, r))
    return after / after.norm()


def fusion_by_certainty(case):
    """Weights per sample by the package; those of the release are one per modality and batch."""
    logits = [case.tensor(f"logits_{m}") for m in names_after(case, "logits_")]
    case.same("paper_one_weight_per_sample", certainty_ensemble.certainties(logits))
    case.same("paper_fused_logits", certainty_ensemble.fuse_by_certainty(logits))
    spread = [x.softmax(0) for x in logits]  # over the samples, as released
    entropies = torch.stack([-(p * p.log()).sum() for p in spread])
    case.same("released_one_weight_per_batch", (-entropies).softmax(0))


CHECKERS = {
    "mla.json": {"gradient_modification": gradient_modification, "test_fusion": fusion_by_certainty}
}
