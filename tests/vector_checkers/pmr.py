"""PMR: prototypes, similarities, coefficients and losses."""

from types import SimpleNamespace

import torch
from torch.nn import functional as F

from coursekit.balancing import pmr
from coursekit.balancing.unimodal_scores import true_class_scores

BOTH = (0, 1)


def prototypes_entry(entry):
    """Class means of two epochs, the second mixed with the first, by the method itself."""
    used_batches(entry)
    first, second = entry.part("first"), entry.part("second")
    classes = len(first.tensor("proto_0"))
    epochs = [features_used(part) for part in (first, second)]
    method = pmr.PMR(momentum=second.number("momentum_coef"), share=1.0)
    method.centres, method.known = {}, torch.zeros(classes, dtype=torch.bool)
    present = torch.ones(classes, dtype=torch.bool)
    for part, (features, labels) in zip((first, second), epochs, strict=True):
        method.begin_epoch(epoch_run(features, labels, classes))
        present &= pmr.present(labels, classes)  # the release never gets rid of a NaN again
        for m in BOTH:
            part.same(f"proto_{m}", with_nan(method.centres[m], present))
    features, labels = epochs[1]
    for m in BOTH:
        fresh = pmr.prototypes(features[m], labels, classes)
        second.same(f"fresh_proto_{m}", with_nan(fresh, pmr.present(labels, classes)))
    absent_class(entry.part("absent_class"), classes)
    entry.same("zero_distance_gradient_is_nan", root_of_nothing_has_no_gradient())


def features_used(part):
    """Features by modality, and labels."""
    data = part.part("features_used")
    return {m: data.tensor(f"feat_{m}") for m in BOTH}, data.whole("labels")


def epoch_run(features, labels, classes):
    """As much of a training as the method looks at before an epoch, all rows in one part."""

    class Rows:
        """All rows, of which the method takes a part."""

        def __len__(self):
            return len(labels)

        def part(self, rows):
            """These rows."""
            return SimpleNamespace(labels=labels[rows], rows=rows)

    return SimpleNamespace(
        train=Rows(),
        generator=torch.Generator().manual_seed(0),
        model=SimpleNamespace(num_classes=classes),
        predict=lambda part: SimpleNamespace(
            features={m: z[part.rows] for m, z in features.items()}
        ),
    )


def with_nan(centres, present):
    """A class that does not occur is 0/0 in the release; the package has zeros or an old row."""
    return torch.where(present[:, None], centres, torch.nan)


def used_batches(entry):
    """The release stops after a tenth of the batches, after one at least."""
    entry.same("n_batches_used", max(1, entry.count("n_batches_total") // 10))


def absent_class(entry, classes):
    """The rows without a sample; the labels are not in the file, so all others stand for them."""
    used_batches(entry)
    nothing = entry.whole("nan_rows").tolist()
    labels = torch.tensor([c for c in range(classes) if c not in nothing])
    entry.same("nan_rows", (~pmr.present(labels, classes)).nonzero().flatten())


def root_of_nothing_has_no_gradient():
    """Whether the plain root of a squared distance has; the package's must have one."""
    z = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    pmr.similarities(z, torch.zeros_like(z)).sum().backward()
    if not z.grad.isfinite().all():
        raise AssertionError("the package's similarity of equal points has no finite gradient")
    (grad,) = torch.autograd.grad(z.square().sum().sqrt(), z)
    return bool(grad.isnan().all())


def pmr_case(case):
    """Similarities, then the rule of the released code and that of the paper."""
    labels = case.whole("labels")
    features = [case.tensor(f"feat_{m}").requires_grad_() for m in BOTH]
    s = [
        pmr.similarities(z, case.tensor(f"proto_{m}")) for m, z in zip(BOTH, features, strict=True)
    ]
    for m in BOTH:
        case.same(f"sim_{m}", s[m])
    case_losses = {
        "ce": F.cross_entropy(case.tensor("fused_logits"), labels),
        "pce": [F.cross_entropy(x, labels) for x in s],
        "scores": true_class_scores(s, labels),
    }
    released(case, features, labels, case_losses)
    paper(case, s, case_losses)


def released(case, features, labels, losses):
    """One of the two losses × α, all or nothing."""
    entry, alpha = case.part("repo"), case.number("alpha")
    rho = losses["scores"][0] / losses["scores"][1]
    entry.same("ratio_0_over_1", rho)
    c = [alpha * float(rho < 1), alpha * float(rho > 1)]
    for m in BOTH:
        entry.same(f"coef_on_pce_{m}", c[m])
        entry.same(f"pce_{m}", losses["pce"][m])
    pull = c[0] * losses["pce"][0] + c[1] * losses["pce"][1]
    entry.same("ce", losses["ce"])
    entry.same("total", losses["ce"] + pull)
    if "encoder_grads" in entry:
        encoder_grads(entry.part("encoder_grads"), case, features, labels, pull)


def encoder_grads(grads, case, features, labels, pull):
    """Gradients of the last layer, and of the encoders as far as the file tells them.

    A bias of an encoder has the sum of its features' gradients. They need the weights of the last
    layer, which follow from features and logits where there are samples enough. The weights of an
    encoder would need its inputs, which are not in the file.
    """
    z, logits = torch.cat(features, dim=1).detach(), case.tensor("fused_logits").requires_grad_()
    (at_logits,) = torch.autograd.grad(F.cross_entropy(logits, labels), logits)
    grads.same("fusion_module.fc_out.weight", at_logits.T @ z)
    grads.same("fusion_module.fc_out.bias", at_logits.sum(0))
    with_one = torch.cat([z, torch.ones_like(z[:, :1])], dim=1)
    follows = torch.linalg.matrix_rank(with_one) == with_one.shape[1]
    at_pull = torch.autograd.grad(pull, features)
    w = torch.linalg.lstsq(with_one, logits.detach()).solution[:-1]
    by_modality = (at_logits @ w.T).split([x.shape[1] for x in features], dim=1)
    for m, name in enumerate(("gray_net", "colored_net")):
        if follows:
            grads.same(f"{name}.bias", (by_modality[m] + at_pull[m]).sum(0))
        else:
            grads.cannot_be_computed(f"{name}.bias")
        grads.cannot_be_computed(f"{name}.weight")


def paper(case, s, losses):
    """Clipped coefficients, and the entropy that is taken off in the first epochs."""
    entry, alpha = case.part("paper_eq8_to_13"), case.number("alpha")
    beta, gamma = pmr.coefficients(losses["scores"])
    entry.same("rho", losses["scores"][0] / losses["scores"][1])
    entry.same("beta", beta)
    entry.same("gamma", gamma)
    entropy = [-(x.softmax(1) * x.log_softmax(1)).sum(1).mean() for x in s]
    for m in BOTH:
        entry.same(f"pce_{m}", losses["pce"][m])
        entry.same(f"entropy_{m}", entropy[m])
    pull = beta * losses["pce"][0] + gamma * losses["pce"][1]
    accelerated = losses["ce"] + alpha * pull
    entry.same("L_acc", accelerated)
    bonus = gamma * entropy[0] + beta * entropy[1]
    entry.same("L_final", accelerated - entry.number("mu") * bonus)


CHECKERS = {"pmr.json": {"cases": pmr_case, "prototypes": prototypes_entry}}
