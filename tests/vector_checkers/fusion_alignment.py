"""Momentum distillation, matching with hard negatives, masked words, words moved to patches."""

import copy
import math

import torch
from scipy.optimize import linprog
from torch import nn
from torch.nn import functional as F

from coursekit.training.contrastive_losses import cosines
from coursekit.training.image_text_matching import hard_negative_weights, matching_loss
from coursekit.training.masked_words import masked_word_loss
from coursekit.training.momentum_distillation import distilled_contrast, follow, share_at
from coursekit.training.pair_queue import PairQueue
from coursekit.training.word_patch_alignment import (
    cosine_costs,
    transport_distance,
    transport_plan,
    word_patch_loss,
)

NONE = torch.zeros(0, 3, dtype=torch.float64)
SIDES = ("vision", "text")


def projection(case, side, teacher=False):
    """A linear map of the case; the teacher has the student's bias, the file lists no other."""
    weight = case.tensor(f"{side}_proj_m_weight_before" if teacher else f"{side}_proj_weight")
    layer = nn.Linear(weight.shape[1], weight.shape[0]).double()
    layer.load_state_dict({"weight": weight, "bias": case.tensor(f"{side}_proj_bias")})
    return layer


def queue_of(case, size, width):
    """The queue before the step."""
    queue = PairQueue(size, width).double()
    queue.first.copy_(case.tensor("image_queue_before"))
    queue.second.copy_(case.tensor("text_queue_before"))
    if case.take("idx_queue_before") is not None:
        queue.ids.copy_(case.whole("idx_queue_before"))
    return queue


def step_case(case):
    """A whole step: the teacher moves, targets, contrast, queue, negatives, matching."""
    ids = None if case.take("idx") is None else case.whole("idx")
    inputs = [case.tensor("image"), case.tensor("text")]
    students = [projection(case, side) for side in SIDES]
    temperature = case.tensor("temp").clamp(0.001, 0.5).requires_grad_()
    case.same("temp_after_clamp", temperature)
    share = case.number("alpha")

    teachers = [projection(case, side, teacher=True) for side in SIDES]
    for side, teacher, student in zip(SIDES, teachers, students, strict=True):
        follow(teacher, student, case.number("momentum"))
        case.same(f"{side}_proj_m_weight_after", teacher.weight)

    features = [layer(x) for layer, x in zip(students, inputs, strict=True)]
    slow = [layer(x) for layer, x in zip(teachers, inputs, strict=True)]
    queue = queue_of(case, case.count("queue_size"), slow[0].shape[1])
    queue_ids = None if ids is None else queue.ids.clone()
    kept = queue.first.clone(), queue.second.clone()
    loss = distilled_contrast(*features, *slow, *kept, temperature, share, ids, queue_ids)
    case.same("loss_itc", loss)
    leaves = [students[0].weight, students[1].weight, temperature]
    names = ("grad_vision_proj_weight", "grad_text_proj_weight", "grad_temp")
    for name, gradient in zip(names, torch.autograd.grad(loss, leaves), strict=True):
        case.same(name, gradient)
    own = None if ids is None else (ids, queue_ids)
    halves_case(case, features, slow, kept, temperature, share, own)

    queue.enqueue(*slow, ids)
    case.same("image_queue_after", queue.first)
    case.same("text_queue_after", queue.second)
    case.same("queue_pointer_after", queue.next_place)
    both = cosines(features[0], slow[1]), cosines(slow[0], features[1])  # the other side's teacher
    matching_case(case, [scores / temperature for scores in both], ids, inputs)


def halves_case(case, features, slow, kept, temperature, share, own):
    """Targets and loss of each direction, written out."""
    rows, columns = len(features[0]), len(features[0]) + len(kept[0])
    belongs = torch.eye(rows, columns, dtype=torch.bool)
    if own is not None:
        belongs = own[0][:, None] == torch.cat(own)
    hard = belongs / belongs.sum(1, keepdim=True, dtype=torch.float64)
    for name, one, other in (("image_to_text", 0, 1), ("text_to_image", 1, 0)):
        keys = torch.cat([slow[other], kept[other]])
        soft = (cosines(slow[one], keys) / temperature).softmax(1)
        targets = share * soft + (1 - share) * hard
        case.same(f"targets_{name}", targets)
        logits = cosines(features[one], keys) / temperature
        case.same(f"loss_{name}", F.cross_entropy(logits, targets))


def matching_case(case, similarities, ids, inputs):
    """The released weights of negatives, ours on the same scores, and the matching loss."""
    case.take("note")  # where it is no null, the released weights of a row are all 0
    of_texts = hard_negative_weights(similarities[0], ids)[0]
    of_pictures = hard_negative_weights(similarities[1], ids)[1]
    ids = torch.arange(len(of_texts)) if ids is None else ids
    apart = ids[:, None] != ids
    for key, scores, ours in (
        ("weights_negative_text_for_image", similarities[0], of_texts),
        ("weights_negative_image_for_text", similarities[1].T, of_pictures),
    ):
        # Released: softmax over all, then what belongs together is cleared; not scaled to sum to 1.
        mass = scores.softmax(1) * apart
        case.same(key, mass)
        some = mass.sum(1) > 0
        scaled = mass[some] / mass[some].sum(1, keepdim=True)
        torch.testing.assert_close(ours[some], scaled.detach(), rtol=1e-8, atol=1e-12)
    pairs = case.part("itm_pairs")
    pictures, texts = inputs
    drawn_pictures, drawn_texts = pictures[of_pictures.argmax(1)], texts[of_texts.argmax(1)]
    pairs.same("image", torch.cat([pictures, drawn_pictures, pictures]))
    pairs.same("text", torch.cat([texts, texts, drawn_texts]))
    joint = pairs.tensor("image") + pairs.tensor("text")
    logits = joint @ case.tensor("itm_head_weight").T + case.tensor("itm_head_bias")
    case.same("loss_itm", matching_loss(logits, pairs.whole("label").bool()))


def negatives_case(case):
    """Weights by the package's rule, and by the three that are released."""
    scores = case.tensor("similarity_over_temperature")
    ids = None if case.take("ids") is None else case.whole("ids")
    own = torch.eye(len(scores), dtype=torch.bool)
    together = own if ids is None else ids[:, None] == ids
    case.same("own_masked_softmax", hard_negative_weights(scores, ids)[0])
    case.same("own_masked_softmax", hard_negative_weights(scores.T, ids)[1])
    albef = scores.softmax(1).masked_fill(own, 0)
    inside = (scores + 1e-4).softmax(1).masked_fill(together, 0)
    blip = (scores.softmax(1) + 1e-4).masked_fill(own, 0)
    case.same("albef_pretrain", albef)
    case.same("albef_retrieval_plus_inside", inside)
    case.same("blip_plus_outside", blip)
    case.same("probabilities_albef", albef / albef.sum(1, keepdim=True))
    case.same("probabilities_blip", blip / blip.sum(1, keepdim=True))
    case.same("albef_row_sum", albef.sum(1))
    fails = [bool(row) for row in albef.sum(1) <= 0]
    if case.take("albef_fails") != fails:
        case.refuse(f"'albef_fails' is {case.take('albef_fails')}; {fails} was computed.")


def words_case(case):
    """Loss of masked words with and without a teacher, and its gradient."""
    logits, teacher = case.tensor("logits").requires_grad_(), case.tensor("momentum_logits")
    labels, share = case.whole("labels"), case.number("alpha")
    masked = labels >= 0
    case.same("cross_entropy", masked_word_loss(logits, labels, masked))
    case.same("distillation", masked_word_loss(logits, labels, masked, teacher, 1.0))
    loss = masked_word_loss(logits, labels, masked, teacher, share)
    case.same("loss", loss)
    case.same("grad_logits", torch.autograd.grad(loss, logits)[0])


def ramp_case(case):
    """The teacher's share at a step."""
    step, steps = case.count("step"), case.count("steps_per_epoch")
    whole = case.count("epoch") * steps + step
    case.same("alpha", share_at(whole, steps) if case.flag("warm") else share_at(steps, steps))


def moving_average_case(case):
    """One parameter followed over a series; the first value is where the teacher begins."""
    series, momentum = case.tensor("parameter"), case.number("momentum")
    teacher = nn.ParameterList([series[0].clone()])
    averages = [series[0]]
    for value in series[1:]:
        follow(teacher, nn.ParameterList([value.clone()]), momentum)
        averages.append(copy.deepcopy(teacher[0].detach()))
    case.same("ema", torch.stack(averages))
    if case.take("half_life_steps") is not None:
        case.same("half_life_steps", math.log(0.5) / math.log(momentum))


def transport_case(case):
    """Costs, plans and distances with their gradients."""
    has_word, has_patch = case.tensor("text_pad") == 0, case.tensor("image_pad") == 0
    words, patches = case.tensor("text"), case.tensor("image")
    both = has_word[:, :, None] & has_patch[:, None, :]
    cost = cosine_costs(words, patches) * both
    case.same("cost", cost)
    for row in case.parts("settings"):
        if row.count("inner") != 1:
            row.refuse("'inner' is not 1; more inner steps are not in the package.")
        settings = row.number("beta"), row.count("iterations")
        plan = transport_plan(cost, has_word, has_patch, *settings)
        row.same("plan_image_by_text", plan.transpose(1, 2))
        row.same("row_sums_image", plan.sum(1))
        row.same("column_sums_text", plan.sum(2))
        leaves = [words.clone().requires_grad_(), patches.clone().requires_grad_()]
        distance = transport_distance(*leaves, has_word, has_patch, *settings)
        row.same("distance", distance)
        gradients = torch.autograd.grad(distance.sum(), leaves)
        row.same("grad_text", gradients[0])
        row.same("grad_image", gradients[1])
    exact_case(case.part("exact_optimal_transport"), cost, has_word, has_patch)


def exact_case(case, cost, has_word, has_patch):
    """The least cost of any plan by linear programming, and what the plan of the file costs."""
    parts = [one[w][:, p] for one, w, p in zip(cost, has_word, has_patch, strict=True)]
    least = torch.tensor([least_cost(part) for part in parts], dtype=torch.float64)
    case.same("distance", least)
    for part, plan, distance in zip(parts, case.take("plan_text_by_image"), least, strict=True):
        there = (part * torch.tensor(plan, dtype=torch.float64)).sum()
        torch.testing.assert_close(there, distance, rtol=0, atol=1e-8)


def least_cost(cost):
    """Of moving words, which give 1/n each, to patches, which take 1/m each; cost (n, m)."""
    n, m = cost.shape
    cells = torch.arange(n * m).reshape(n, m)
    sums = [*(cells // m == word for word in range(n)), *(cells % m == patch for patch in range(m))]
    given = [1 / n] * n + [1 / m] * m
    equations = torch.stack(sums).reshape(n + m, n * m).double()
    result = linprog(cost.flatten().tolist(), A_eq=equations.tolist(), b_eq=given)
    assert result.success, result.message
    return result.fun


def loss_case(case):
    """Distances of pairs count, those of what is no pair count against."""
    matched = case.tensor("matched") == 1
    loss = word_patch_loss(case.tensor("distances"), matched)
    case.same("ot_loss", loss)
    case.same("itm_wpa_loss", 0.1 * loss)


CHECKERS = {
    "albef_itc_itm.json": {"cases": step_case, "cases_retrieval_with_ids": step_case},
    "itm_hard_negatives.json": {"cases": negatives_case},
    "mlm_distillation.json": {"cases": words_case},
    "ema_alpha.json": {"alpha": ramp_case, "ema": moving_average_case},
    "ipot_wpa.json": {"cases": transport_case, "wpa_loss": loss_case},
}
