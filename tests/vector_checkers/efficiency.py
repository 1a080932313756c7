"""Pruning and its costs; several losses weighed, by norms, by uncertainty, under AdamW."""

import re

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.device_flops import flop_counter
from coursekit.analysis.costs import multiply_adds, parameters
from coursekit.balancing.mmpareto import cosine
from coursekit.models.structured_pruning import strongest_rows
from coursekit.training.loss_weights import calibrated_weights, gradient_norms
from coursekit.training.optimizers import AdamW
from coursekit.training.parameter_groups import parameter_groups
from coursekit.training.pruning import global_masks, local_masks, lowest_mask, magnitudes
from coursekit.training.uncertainty_weights import best_log_variances, uncertainty_loss
from vector_checkers.scores import names_after
from vector_checkers.unimodal_bias import gradient, leaf


def local_case(case):
    """One tensor, pruned in steps: each takes from what the ones before have left."""
    weight = case.tensor("weight")
    mask = torch.ones_like(weight, dtype=torch.bool)
    for step in case.parts("steps"):
        mask = next_mask(step, weight, mask)
        step.same("mask", mask.double())
    case.same("effective_weight", weight * mask)


def next_mask(step, weight, mask):
    """A whole number is a count, another one a share of what is left."""
    amount, rule = step.take("amount"), step.text("rule")
    if rule == "entries by |w|":
        if isinstance(amount, int):
            return lowest_mask(weight.abs(), amount, mask)
        return local_masks(magnitudes({"w": weight}), amount, {"w": mask})["w"]
    if rule != "rows by L2 norm":
        step.refuse(f"the rule {rule!r} is not known.")
    left = int(mask.any(1).sum())
    gone = amount if isinstance(amount, int) else round(amount * left)
    return mask & strongest_rows(weight * mask, left - gone)[:, None]


def across_case(case):
    """One ranking of all modalities, and one for each."""
    names, amount = names_after(case, "weight_"), case.number("amount")
    scores = magnitudes({m: case.tensor(f"weight_{m}") for m in names})
    masks = global_masks(scores, amount)
    shares = [1 - float(masks[m].double().mean()) for m in names]
    case.same(f"share_pruned_{'_'.join(names)}", torch.tensor(shares, dtype=torch.float64))
    for m, alone in local_masks(scores, amount).items():
        case.same(f"global_mask_{m}", masks[m].double())
        case.same(f"per_modality_mask_{m}", alone.double())


class OnOneInput(nn.Module):
    """A layer that is called with inputs by modality."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, inputs):
        return self.layer(*inputs.values())


def flops_case(case):
    """A layer from its description: two flops are one multiply-add."""
    (*shapes,) = [[int(n) for n in shape] for shape in case.take("input")]
    layer = OnOneInput(described(case, shapes))
    inputs = {str(i): torch.randn(shape, requires_grad=True) for i, shape in enumerate(shapes)}
    case.same("parameters", parameters(layer))
    case.same("flops_forward", 2 * multiply_adds(layer, inputs))
    with flop_counter() as counter:
        layer(inputs).sum().backward()
    case.same("flops_forward_and_backward", counter.get_total_flops())


def described(case, shapes):
    """The layer; what its words leave out follows from the input and the parameters."""
    words = case.text("layer")
    first, size = shapes[0], re.search(r"(\d+)->(\d+)", words)
    if words.startswith("Linear"):
        width = first[-1]
        bias = "no bias" not in words
        out = int(size[2]) if size else case.count("parameters") // (width + bias)
        return nn.Linear(width, out, bias)
    if words.startswith("Conv2d") and size:
        named = {key: int(value) for key, value in re.findall(r"(pad|stride|groups) (\d+)", words)}
        kernel = tuple(int(n) for n in re.search(r"(\d+)x(\d+)", words).groups())
        return nn.Conv2d(
            int(size[1]), int(size[2]), kernel,
            named.get("stride", 1), named.get("pad", 0), groups=named.get("groups", 1),
            bias="no bias" not in words,
        )  # fmt: skip
    return case.refuse(f"the layer {words!r} is not known.")


def calibration_case(case):
    """Cross entropy and squared error of one linear map."""
    weight = leaf(case, "W")
    output = case.tensor("x") @ weight.T
    losses = [
        F.cross_entropy(output, case.whole("labels")),
        F.mse_loss(output, case.tensor("targets")),
    ]
    norms = gradient_norms(losses, [weight])
    case.same("losses_ce_mse", torch.stack(losses))
    case.same("gradient_norms_on_W", norms)
    ways = [torch.autograd.grad(x, weight, retain_graph=True)[0].flatten() for x in losses]
    case.same("cosine", cosine(*ways))
    case.same("weight_of_mse_for_equal_norms", calibrated_weights(norms)[1])
    case.same("weight_of_mse_for_a_tenth", calibrated_weights(norms, ratio=0.1)[1])


def uncertainty_case(case):
    """At log variances of zero, and where the sum is least."""
    losses = case.tensor("losses")
    start = torch.zeros_like(losses).requires_grad_()
    total = uncertainty_loss(losses, start)
    case.same("total_at_s_0", total)
    case.same("grad_s_at_0", gradient(total, start))
    best = best_log_variances(losses)
    case.same("best_s", best)
    case.same("weights_at_best", (-best).exp())
    case.same("total_at_best", uncertainty_loss(losses, best))


GROUPS = {  # as the file's words have it: the gradients are those of the rule, step by step
    "first": {"lr": 0.1, "weight_decay": 0.0},
    "second": {"lr": 0.01, "weight_decay": 0.5},
    "third": {"lr": 0.001, "weight_decay": 0.1},
}


def adamw_gradients(weight, step):
    """Gradients by group; the third is reached by both losses."""
    first = weight * step * torch.tensor([1.0, -0.3], dtype=torch.float64)
    second = torch.tensor([2.0 * (-1) ** (step - 1)], dtype=torch.float64)
    third = torch.tensor([(1 + weight) * 0.5], dtype=torch.float64)
    return {"first": first, "second": second, "third": third}


def adamw_case(case):
    """Three groups; where they began, which the file does not say, is one step back."""
    for run in case.parts("runs"):
        weight, after = run.number("weight_of_first_loss"), run.take("after_each_step")
        grads = adamw_gradients(weight, 1)
        model = nn.ParameterDict()
        for (name, settings), values in zip(GROUPS.items(), after[0], strict=True):
            g, end = grads[name], torch.tensor(values, dtype=torch.float64)
            start = (end + settings["lr"] * g / (g.abs() + 1e-8)) / (
                1 - settings["lr"] * settings["weight_decay"]
            )
            model[name] = nn.Parameter(start[None].round(decimals=6))  # a matrix, so that it decays
        optimizer = AdamW(parameter_groups(model, GROUPS))
        for step, rows in enumerate(after, 1):
            for name, g in adamw_gradients(weight, step).items():
                model[name].grad = g[None]
            optimizer.step()
            there = torch.tensor([x for values in rows for x in values], dtype=torch.float64)
            gap = float((there - torch.cat([p.detach()[0] for p in model.values()])).abs().max())
            if not gap <= 1e-8:
                run.refuse(f"step {step} differs by {gap}.")
        run.compared.add("after_each_step")
        run.report.compared += sum(len(values) for rows in after for values in rows)


CHECKERS = {
    "pruning_flops.json": {
        "local": local_case,
        "across_modalities": across_case,
        "flops": flops_case,
    },
    "loss_weights.json": {
        "calibration": calibration_case,
        "uncertainty": uncertainty_case,
        "adamw": adamw_case,
    },
}
