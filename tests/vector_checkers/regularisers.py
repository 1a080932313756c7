"""Terms of the loss that want every modality to count: functional entropy, MCR."""

from inspect import signature

import torch

from coursekit.balancing import functional_entropy, mcr
from vector_checkers.reading import WHOLE
from vector_checkers.scores import names_after


def toy_logits(case, features):
    """The file's model: Σ_m tanh(z_m) W_m + the product of the first columns, in every class."""
    sums = [torch.tanh(z) @ case.tensor(f"W{m}") for m, z in features.items()]
    firsts = torch.stack([z[:, :1] for z in features.values()]).prod(0)
    return torch.stack(sums).sum(0) + firsts


def functional_entropy_case(case):
    """Noisy copies, the disagreement, its gradients, scores and penalties."""
    names = names_after(case, "unit_noise_")
    if case.text("estimation") != "ent":
        case.refuse(f"estimation is {case.text('estimation')!r}; 'ent' was expected.")
    clean = {m: case.tensor(m) for m in names}
    noisy = {}
    for m, z in clean.items():
        noise = case.tensor(f"unit_noise_{m}")
        case.same("n_samples", len(noise) // len(z))
        noisy[m] = functional_entropy.noisy_copies(z, noise).requires_grad_()
        case.same(f"perturbed_{m}", noisy[m])
    target = toy_logits(case, clean)
    copies = case.count("n_samples")
    case.same("target_probs_expanded", target.softmax(1).repeat_interleave(copies, 0))
    loss = functional_entropy.disagreement(toy_logits(case, noisy), target)
    case.same("bce", loss)
    gradients = torch.autograd.grad(loss, list(noisy.values()))
    for m, g in zip(names, gradients, strict=True):
        case.same(f"grad_{m}", g)
    scores = functional_entropy.information_scores(gradients, loss)
    case.same("information_scores", scores)
    case.same("max_ent", functional_entropy.inverse_information(scores))
    case.same("min_ent", scores.norm())  # the release's other forms
    case.same("max_ent_minus", 0.1 - scores.norm())


def functional_entropy_defaults(entry):
    """Those of the method; the norm and the two forms are not to be chosen in the package."""
    method = functional_entropy.FunctionalEntropy()
    entry.same("lambda_", method.strength)
    entry.same("n_samples", method.copies)
    entry.same("norm", 2)


def functional_entropy_file(top):
    """Whether there is a setting δ, as the release's guide has it and its code has not."""
    settings = signature(functional_entropy.FunctionalEntropy).parameters
    if "readme_delta_attribute_exists" in top:
        top.same("readme_delta_attribute_exists", "delta" in settings)


def jsd_case(case):
    """The divergence of two batches of answers."""
    case.same("jsd", mcr.jensen_shannon(case.tensor("logits_1"), case.tensor("logits_2")))


def mcr_case(case):
    """Divergences under given permutations, and each strategy's gradients of the features."""
    names, strength = names_after(case, "z_"), case.number("lambda")
    features = {m: case.tensor(f"z_{m}").requires_grad_() for m in names}
    weights = {m: case.tensor(f"W_{m}") for m in names}

    def logits(given):
        return torch.stack([given[m] @ w.T for m, w in weights.items()]).sum(0) + bias

    bias, divergences, permuted, whole = case.tensor("bias"), [], [], []
    again = {m: z.detach().requires_grad_() for m, z in features.items()}
    for m, z in features.items():
        answer = logits({**features, m: z[case.whole(f"permutation_{m}")]})
        divergences.append(mcr.jensen_shannon(answer, logits(again)))
        case.same(f"jsd_{m}_permuted", divergences[-1])
        inputs = [*features.values(), *again.values()]
        grads = torch.autograd.grad(divergences[-1], inputs)
        permuted.append(grads[: len(names)])
        whole.append(grads[len(names) :])
    sums = [torch.stack(parts).sum(0) for parts in zip(*whole, strict=True)]
    total = torch.stack(divergences).sum()
    for strategy in mcr.STRATEGIES:
        entry = case.part(strategy)
        # The release's greedy value is each divergence less itself: only its gradients tell.
        entry.same("loss", 0.0 if strategy == "greedy" else -strength * total)
        for m, g in zip(names, mcr.pulls(permuted, sums, strategy), strict=True):
            entry.same(f"grad_z_{m}", strength * g)


CHECKERS = {
    "mcr.json": {"jsd": jsd_case, "cases": mcr_case},
    "functional_entropy.json": {
        WHOLE: functional_entropy_file,
        "cases": functional_entropy_case,
        "defaults": functional_entropy_defaults,
    },
}
