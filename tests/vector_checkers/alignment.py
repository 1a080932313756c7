"""Contrastive losses, classes from prompts, and the gap between modalities."""

import math

import torch
from torch.nn import functional as F

from coursekit.analysis.modality_gap import cone, matched_cosine, modality_gap, shift
from coursekit.analysis.zero_shot import class_probabilities, class_weights
from coursekit.lessons.l09_contrastive_alignment.nine_points import (
    EXCHANGED,
    HEIGHTS,
    best_height,
    loss_at,
    nine_points,
)
from coursekit.training.contrastive_losses import (
    clamp_log_scale,
    cosines,
    info_nce,
    info_nce_in_parts,
    siglip,
)


def scalar(case, key):
    """One number as a parameter."""
    return case.tensor(key).requires_grad_()


def pairs(case):
    """Features of pictures and texts, as leaves of a graph."""
    return [case.tensor(key).requires_grad_() for key in ("image", "text")]


def same_gradients(case, loss, leaves):
    """Compare the gradient of a loss by every leaf, under ``grad_`` and its name."""
    gradients = torch.autograd.grad(loss, list(leaves.values()))
    for name, gradient in zip(leaves, gradients, strict=True):
        case.same(f"grad_{name}", gradient)


def clip_case(case):
    """InfoNCE both ways, its two halves and its gradients."""
    image, text = pairs(case)
    log_scale = scalar(case, "log_scale")
    logits = cosines(image, text) * log_scale.exp()
    own = torch.arange(len(logits))
    case.same("logits_per_image", logits)
    case.same("loss_image_to_text", F.cross_entropy(logits, own))
    case.same("loss_text_to_image", F.cross_entropy(logits.T, own))
    loss = info_nce(image, text, log_scale)
    case.same("loss", loss)
    same_gradients(case, loss, {"image": image, "text": text, "log_scale": log_scale})


def clamp_case(case):
    """What a step leaves of the scale."""
    log_scale = case.tensor("before")
    clamp_log_scale(log_scale)
    case.same("after", log_scale)
    case.same("scale_after", log_scale.exp())


def accumulation_case(case):
    """A batch in parts: all at once, with kept features, and as several small batches."""
    images, texts, parts = case.tensor("image"), case.tensor("text"), case.count("parts")
    leaves = {"weight_image": scalar(case, "weight_image")}
    leaves |= {"weight_text": scalar(case, "weight_text"), "log_scale": scalar(case, "log_scale")}
    one, two, log_scale = leaves.values()

    loss = info_nce(images @ one.T, texts @ two.T, log_scale)
    case.same("loss", loss)
    for name, gradient in zip(leaves, torch.autograd.grad(loss, leaves.values()), strict=True):
        case.same(f"full_grad_{name}", gradient)

    info_nce_in_parts(lambda x: x @ one.T, lambda x: x @ two.T, images, texts, log_scale, parts)
    case.same("cached_grad_weight_image", one.grad)
    # The reference leaves the gradient of the scale as many times too large as there are parts.
    case.same("cached_grad_log_scale", log_scale.grad * parts)

    halves = zip(images.chunk(parts), texts.chunk(parts), strict=True)
    loss = sum(info_nce(x @ one.T, y @ two.T, log_scale) for x, y in halves) / parts
    image, scale = torch.autograd.grad(loss, (one, log_scale))
    case.same("naive_small_batches_grad_weight_image", image)
    case.same("naive_small_batches_grad_log_scale", scale)


def siglip_case(case):
    """A logistic loss per combination, and its gradients."""
    image, text = pairs(case)
    leaves = {"image": image, "text": text, "log_scale": scalar(case, "log_scale")}
    if case.take("bias") is not None:
        leaves["bias"] = scalar(case, "bias")
    bias = leaves.get("bias", torch.zeros((), dtype=torch.float64))
    case.same("logits", cosines(image, text) * leaves["log_scale"].exp() + bias)
    loss = siglip(image, text, leaves["log_scale"], bias)
    case.same("loss", loss)
    same_gradients(case, loss, leaves)
    if "bias" not in leaves and "grad_bias" in case:
        case.same("grad_bias", math.nan)  # null stands for a number that there is not


def zero_shot_case(case):
    """Class weights by the package's rule, and by averaging features of any length."""
    prompts, image = case.tensor("text_embeddings"), case.tensor("image")
    weights = class_weights(prompts)
    case.same("class_weights_unit_first", weights)
    case.same("prediction_unit_first", cosines(image, weights).argmax(1))
    used = weights if case.flag("unit_before_mean") else F.normalize(prompts.mean(1), dim=1)
    case.same("class_weights", used)
    logits = 100 * cosines(image, used)
    case.same("logits_scale_100", logits)
    case.same("probabilities", class_probabilities(image, used, math.log(100)))
    case.same("prediction", logits.argmax(1))


def gap_case(case):
    """Where pictures and texts lie, and what moving them towards each other does."""
    image, text = case.tensor("image"), case.tensor("text")
    gap = modality_gap(image, text)
    case.same("gap_vector", gap)
    case.same("gap_length", gap.norm())
    case.same("mean_cosine_image", cone(image))
    case.same("mean_cosine_text", cone(text))
    case.same("mean_cosine_matched", matched_cosine(image, text))
    for row in case.parts("shifted"):
        moved = shift(image, text, row.number("delta"))
        row.same("image", moved[0])
        row.same("text", moved[1])
        row.same("gap_length", modality_gap(*moved).norm())
        row.same("similarity", cosines(*moved))
        hundred = torch.tensor(math.log(100), dtype=torch.float64)
        row.same("loss_temperature_100", info_nce(*moved, hundred))


def sphere_case(case):
    """The loss of nine pairs on a sphere at one temperature, by height."""
    heights, inverse = case.tensor("z").tolist(), case.number("inverse_temperature")
    points = [nine_points(height) for height in heights]
    case.same("gap", torch.stack([modality_gap(*pair).norm() for pair in points]))
    for key, exchanged in (("matched", False), ("swapped_correctly", True)):
        losses = [loss_at(height, inverse, exchanged) for height in heights]
        case.same(key, torch.tensor(losses, dtype=torch.float64))
    losses = [released_loss(height, inverse) for height in heights]
    case.same("swapped_as_released", torch.tensor(losses, dtype=torch.float64))


def released_loss(height, inverse_temperature):
    """The loss where an exchange of two partners' numbers left one of them in both places."""
    logits = inverse_temperature * cosines(*nine_points(height))
    partner = torch.arange(len(logits))
    one, other = EXCHANGED
    partner[one] = other
    both = F.cross_entropy(logits, partner), F.cross_entropy(logits.T, partner)
    return sum(both).item() / 2


def best_height_case(case):
    """Where the loss is least."""
    inverse = case.number("inverse_temperature")
    least(case, "best_z_matched", best_height(inverse))
    least(case, "best_z_swapped", best_height(inverse, exchanged=True))
    losses = [released_loss(height, inverse) for height in HEIGHTS]
    least(case, "best_z_swapped_as_released", float(HEIGHTS[losses.index(min(losses))]))


def least(case, key, best):
    """Compare heights; how fine the file's own grid was is not known, so a step is allowed."""
    there = case.number(key)
    case.same(key, there if abs(there - best) <= HEIGHTS[1] * (1 + 1e-9) else best)


CHECKERS = {
    "clip_loss.json": {
        "cases": clip_case,
        "clamp": clamp_case,
        "accumulation": accumulation_case,
    },
    "siglip_loss.json": {"cases": siglip_case},
    "zero_shot.json": {"cases": zero_shot_case},
    "modality_gap.json": {
        "cases": gap_case,
        "sphere": sphere_case,
        "best_height": best_height_case,
    },
}
