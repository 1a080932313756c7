"""Methods on losses and gradients: G-Blend, PCGrad, GradNorm, MMCosine."""

import re
from types import SimpleNamespace

import torch
from torch.nn import functional as F

from coursekit.balancing import gblend, gradnorm, mmcosine, pcgrad
from coursekit.fusion.late_linear import LateLinear
from coursekit.training.method import JOINT, Method
from vector_checkers.scores import names_after

LOSSES = ("train_N", "valid_N", "train_Nn", "valid_Nn")
# Audio, visual and joint weights that the authors of Gradient-Blending published, to three digits.
PUBLISHED = torch.tensor(
    [
        [0.014, 0.630, 0.356],
        [0.009, 0.485, 0.506],
        [0.070, 0.485, 0.445],
        [0.239, 0.384, 0.377],
        [0.175, 0.460, 0.364],
        [0.524, 0.247, 0.229],
    ],
    dtype=torch.float64,
)


def gblend_case(case):
    """The paper's rule by the package, and those of two other releases from its parts."""
    losses = [case.tensor(k) for k in LOSSES]
    case.same("heads", len(losses[0]))
    gain, overfitting = gblend.ogr_parts(*losses)
    raw = gain / overfitting.square()
    # The package refuses what has no scale; the formula itself then is not finite.
    defined = bool((overfitting != 0).all() and raw.sum() != 0)
    weights = gblend.weights(*losses) if defined else raw / raw.sum()
    paper = {
        "G": gain,
        "O": overfitting,
        "OGR_squared": (overfitting / gain).square(),
        "raw_G_over_O2": raw,
        "weights_sum_to_1": weights,
    }
    case.same_in("paper", paper)
    case.same("multibench_delta_true", shares(raw))
    gap = losses[3] - losses[2]
    clipped = torch.where(gap < 0, 1e-4, gap)
    case.same("multibench_delta_false_default", shares(losses[3] / clipped.square()))
    for key in names_after(case, "balancebenchmark"):
        summed(case.part(f"balancebenchmark{key}"), losses)


def shares(raw):
    """Sizes, normalised to sum to one."""
    return raw.abs() / raw.abs().sum()


def summed(entry, losses):
    """The rule on losses that are sums over batches, of which train and validation differ."""
    entry.count("super_epoch")
    batches = [entry.count("n_train_batches"), entry.count("n_valid_batches")] * 2
    gain, overfitting = gblend.ogr_parts(*(n * x for n, x in zip(batches, losses, strict=True)))
    entry.same("weights", shares(gain / overfitting.square()))


def published_weights(entry):
    """One row of the published table: the nearest."""
    heads = ("audio", "visual", "av")
    row = torch.stack([entry.tensor(head) for head in heads])
    nearest = PUBLISHED[(PUBLISHED - row).abs().sum(1).argmin()]
    for head, weight in zip(heads, nearest, strict=True):
        entry.same(head, weight)


def blend_loss(entry):
    """Σ_k w_k L_k by the loss of every method."""
    losses, weights = entry.tensor("head_losses"), entry.tensor("weights")
    heads = [*(f"m{i}" for i in range(len(losses) - 1)), JOINT]
    by_head = dict(zip(heads, losses, strict=True))
    step = SimpleNamespace(cross_entropies=lambda: by_head)
    entry.same("total", Method().loss(step, dict(zip(heads, weights, strict=True))))


def pcgrad_case(case):
    """Two tasks, or more: then the orders are drawn, and each row is that of one of the draws."""
    tasks = sorted(key for key in case if re.fullmatch(r"g\d+", key))
    grads = torch.stack([case.tensor(key) for key in tasks])
    draws = [pcgrad.project(grads, torch.Generator().manual_seed(i)) for i in range(64)]
    for i, key in enumerate(tasks):
        case.same(f"{key}_projected", _nearest([d[i] for d in draws], case, f"{key}_projected"))
    if len(tasks) == 2:
        case.same("dot", grads[0] @ grads[1])
    merged = [pcgrad.merge(grads, torch.Generator().manual_seed(i)) for i in range(64)]
    total = _nearest(merged, case, "merged_paper_sum")
    case.same("merged_paper_sum", total)
    case.same("merged_mean", total / len(tasks))  # what the release gives by default


def _nearest(draws, case, key):
    """The draw whose order of tasks was the file's."""
    expected = case.tensor(key)
    return min(draws, key=lambda draw: float((draw - expected).abs().sum()))


def gradnorm_case(case):
    """The release's training, its target norms from the package.

    A linear map x Wᵀ is shared; task i has its column of y and the mean squared error × (1 + 2i),
    which the file does not say, but two tasks tell. The release lets the gradient of its second
    loss flow into W, too, and makes the optimiser of the weights anew in every step.
    """
    shared = case.tensor("initial_shared").requires_grad_()
    optimizer = torch.optim.Adam([shared], lr=case.number("lr_net"))
    weights = torch.ones(len(shared), dtype=torch.float64, requires_grad=True)
    alpha, rate, initial = case.number("alpha"), case.number("lr_weights"), None
    before, ratios = [], []
    for batch in case.parts("batches"):
        errors = batch.tensor("x") @ shared.T - batch.tensor("y")
        losses = errors.square().mean(0) * (1 + 2 * torch.arange(len(shared)))
        initial = losses.detach() if initial is None else initial
        before.append(weights.detach().clone())
        ratios.append(losses.detach() / initial)
        lengths = [
            torch.autograd.grad(term, shared, create_graph=True)[0].norm()
            for term in weights * losses
        ]
        norms = torch.stack(lengths)
        aims = gradnorm.targets(norms.detach(), losses.detach(), initial, alpha)
        optimizer.zero_grad()
        own = torch.optim.Adam([weights], lr=rate)
        pull = (norms - aims).abs().sum()
        (weights.grad,) = torch.autograd.grad(pull, weights, retain_graph=True)
        (weights.detach() @ losses + pull).backward(inputs=[shared])
        optimizer.step()
        own.step()
        weights = (weights * len(weights) / weights.sum()).detach().requires_grad_()
    case.same("weights_at_start_of_each_step", torch.stack(before))
    case.same("loss_ratio_each_step", torch.stack(ratios))
    case.same("final_shared", shared)


def mmcosine_case(case):
    """Logits of all modalities and of each, losses, and gradients of the features."""
    names, labels, scale = names_after(case, "feat_"), case.whole("labels"), case.number("scaling")
    z = [case.tensor(f"feat_{m}").requires_grad_() for m in names]
    w = [case.tensor(f"weight_{m}") for m in names]
    joint = mmcosine.logits(z, w, scale)
    loss = F.cross_entropy(joint, labels)
    case.same("logits", joint)
    case.same("loss", loss)
    loss.backward()
    for m, features, weight in zip(names, z, w, strict=True):
        alone = mmcosine.logits([features], [weight], scale)
        case.same(f"logits_{m}", alone)
        case.same(f"loss_{m}", F.cross_entropy(alone, labels))
        case.same(f"grad_feat_{m}", features.grad)
    case.same("bias_receives_gradient", bias_is_trained(names, z, w))


def bias_is_trained(names, z, w):
    """Whether the method's own head would move its bias."""
    head = LateLinear({m: x.shape[1] for m, x in zip(names, z, strict=True)}, len(w[0]))
    model = SimpleNamespace(fusion=head)
    mmcosine.MMCosine().begin(SimpleNamespace(model=model))
    return model.fusion.linear.bias.requires_grad


CHECKERS = {
    "gblend.json": {
        "cases": gblend_case,
        "vmz_published_weights": published_weights,
        "blend_loss": blend_loss,
    },
    "pcgrad.json": {"cases": pcgrad_case},
    "gradnorm.json": {"cases": gradnorm_case},
    "mmcosine.json": {"cases": mmcosine_case},
}
