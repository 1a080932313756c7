"""ReconBoost: losses of a stage, the agreement term, and their gradients."""

import torch

from coursekit.balancing import reconboost


def weights_of(case):
    """Of the label, of what the others know, and of the agreement."""
    return case.number("weight1"), case.number("weight2"), case.number("alpha")


def stage_case(case):
    """One stage; the release lets no gradient through the agreement term."""
    w1, w2, alpha = weights_of(case)
    logits, labels = case.tensor("logits").requires_grad_(), case.whole("labels")
    rest, previous = case.tensor("logits_rest"), case.tensor("logits_previous")
    losses = reconboost.boosting_losses(logits, rest, labels, w1, w2)
    case.same("boosting_loss_per_sample", losses)
    agreement = reconboost.agreement(logits, previous)
    case.same("ga_loss", agreement)
    case.same("total", losses.mean() + alpha * agreement)
    released = losses.mean() + alpha * agreement.detach()
    case.same("grad", torch.autograd.grad(released, logits, retain_graph=True)[0])
    (through,) = torch.autograd.grad(agreement, logits)
    if not through.any():
        case.refuse("the package's agreement has no gradient.")
    case.same("ga_term_has_no_gradient", not agreement.detach().requires_grad)


def case_of_many(case):
    """The first modality is trained, against the weighted sum of all others."""
    w1, w2, alpha = weights_of(case)
    rate, labels = case.number("boost_rate"), case.whole("labels")
    every = case.tensor("logits_by_modality_first_is_trained")
    logits, previous = every[0].clone().requires_grad_(), every[case.count("previously_trained")]
    rest = rate * every[1:].sum(0)
    case.same("logits_of_the_rest", rest)
    losses = reconboost.boosting_losses(logits, rest, labels, w1, w2)
    case.same("boosting_loss_per_sample", losses)
    agreement = reconboost.agreement(logits, previous)
    case.same("consistency", agreement)
    total = losses.mean() + alpha * agreement
    case.same("total", total)
    released = losses.mean() + alpha * agreement.detach()
    for key, loss in (
        ("grad_released_consistency_detached", released),
        ("grad_paper_consistency_differentiated", total),
    ):
        case.same(key, torch.autograd.grad(loss, logits, retain_graph=True)[0])
    case.same("joint_logits", summed(every, rate))


def summed(every, rate):
    """The package's fusion on logits (M, B, C), all modalities joined."""
    heads = torch.nn.ModuleDict({f"m{i}": torch.nn.Linear(1, 1) for i in range(len(every))})
    fusion = reconboost.SumOfHeads(heads.double(), dict.fromkeys(heads, 1), every.shape[2])
    fusion.joined += 1
    with torch.no_grad():
        fusion.rate.fill_(rate)
        return fusion.combined(list(every))


CHECKERS = {
    "reconboost.json": {"cases": stage_case},
    "reconboost_more.json": {"cases": case_of_many},
}
