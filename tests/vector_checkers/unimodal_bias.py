"""Losses beside a bias model, RUBi's mask, and the two losses about a word for a person."""

import torch
from torch import nn
from torch.nn import functional as F

from coursekit.training import bias_ensembles as one_answer
from coursekit.training import bias_ensembles_several_answers as several
from coursekit.training.equalizer import (
    appearance_confusion,
    confident_loss,
    confusion_per_position,
)
from coursekit.training.rubi import QuestionMask, rubi_loss


def filled(layer, case, weight, bias):
    """Put the weights of a case into a linear layer."""
    layer.weight = nn.Parameter(case.tensor(weight))
    layer.bias = nn.Parameter(case.tensor(bias))


def leaf(case, key):
    """A tensor that wants a gradient."""
    return case.tensor(key).requires_grad_()


def gradient(loss, x):
    """The loss's gradient by x, zeros where it does not reach it."""
    grad = torch.autograd.grad(loss, x, retain_graph=True, allow_unused=True)[0]
    return torch.zeros_like(x) if grad is None else grad


def rubi_case(case):
    """Masked logits, the question's own, the losses, and all gradients."""
    features, logits = leaf(case, "q_emb"), leaf(case, "logits")
    labels = case.whole("labels")
    ends = case.flag("end_classif")
    mask = QuestionMask(features.shape[1], logits.shape[1], second_layer=ends).double()
    filled(mask.answer, case, "c1_weight", "c1_bias")
    if ends:
        filled(mask.question, case, "c2_weight", "c2_bias")
    masked, question = mask(features, logits)
    case.same("logits_rubi", masked)
    case.same("logits_q", question)
    weight = case.number("question_loss_weight")
    loss = rubi_loss(masked, question, labels, weight)
    case.same("loss", loss)
    case.same("loss_fusion", F.cross_entropy(masked, labels))
    case.same("loss_question", F.cross_entropy(question, labels))
    case.same("grad_q_emb", gradient(loss, features))
    case.same("grad_logits", gradient(loss, logits))
    case.same("grad_c1_weight", gradient(loss, mask.answer.weight))
    if ends:
        case.same("grad_c2_weight", gradient(loss, mask.question.weight))
        return
    # Without a second layer a file may have null for its numbers.
    for key in ("c2_weight", "c2_bias", "grad_c2_weight"):
        if key in case and case.value[key] is None:
            case.take(key)


def same_row(row, loss, leaves):
    """A loss and its gradients, where the file has them."""
    row.same("loss", loss)
    for key, x in leaves.items():
        if key not in row:
            continue
        if row.value[key] is None:  # the loss does not reach it
            assert not gradient(loss, x).any()
            row.take(key)
        else:
            row.same(key, gradient(loss, x).reshape(torch.as_tensor(row.value[key]).shape))


def factor_of(case, hidden):
    """The learned factor of a case, and its layer."""
    factor = one_answer.BiasFactor(hidden.shape[1])
    filled(factor.linear, case, "factor_weight", "factor_bias")
    return factor


def softmax_case(case):
    """Every way of training beside a bias, one right answer."""
    hidden, logits = leaf(case, "hidden"), leaf(case, "logits")
    bias, labels = case.tensor("bias_log_probability"), case.whole("labels")
    layer = factor_of(case, hidden)
    factor, penalty = layer(hidden), case.number("penalty")
    case.same("learned_factor", factor)
    leaves = {"grad_logits": logits, "grad_hidden": hidden}
    leaves |= {"grad_bias_lin.weight": layer.linear.weight, "grad_bias_lin.bias": layer.linear.bias}
    losses = {
        "plain": F.cross_entropy(logits, labels),
        "reweight": one_answer.reweighted_loss(logits, bias, labels),
        "bias_product": one_answer.product_loss(logits, bias, labels),
        "learned_mixin": one_answer.mixin_loss(logits, bias, factor, labels),
        "learned_mixin_h": one_answer.mixin_loss(logits, bias, factor, labels, penalty),
    }
    for name, loss in losses.items():
        same_row(case.part(name), loss, leaves)
    difference = losses["learned_mixin_h"] - losses["learned_mixin"]
    assert torch.isclose(difference, penalty * one_answer.bias_entropy(bias, factor))


def sigmoid_case(case):
    """The same where several answers are right."""
    hidden, logits = leaf(case, "hidden"), leaf(case, "logits")
    bias, labels = case.tensor("bias_probability"), case.tensor("labels")
    layer = factor_of(case, hidden)
    factor, weight = layer(hidden), case.number("entropy_weight")
    case.same("learned_factor", factor)
    smoothing = case.number("constant_smooth")
    case.take("smooth_parameter")  # null where nothing is learnt
    leaves = {"grad_logits": logits, "grad_hidden": hidden}
    leaves |= {"grad_bias_lin.weight": layer.linear.weight, "grad_bias_lin.bias": layer.linear.bias}
    if case.flag("smooth"):
        start = case.number("smooth_parameter")
        learned = torch.tensor([start], dtype=torch.float64, requires_grad=True)
        smoothing = smoothing + learned.sigmoid().squeeze()
        leaves["grad_smooth_param"] = learned
    losses = {
        "plain": several.plain_loss(logits, labels),
        "reweight": several.reweighted_loss(logits, bias, labels),
        "bias_product": several.product_loss(logits, bias, labels, smoothing),
        "learned_mixin": several.mixin_loss(logits, bias, factor, labels, smoothing),
        "learned_mixin_h": several.mixin_loss(logits, bias, factor, labels, smoothing, weight),
    }
    for name, loss in losses.items():
        same_row(case.part(name), loss, leaves)


def equalizer_case(case):
    """Confusion and confidence with masks that mean "one word or another", and as released."""
    words = case.whole("words_woman").tolist(), case.whole("words_man").tolist()
    targets, mask = case.whole("targets"), case.tensor("mask") > 0
    logits, hidden = leaf(case, "logits"), leaf(case, "logits_person_hidden")
    case.same("appearance_confusion_per_position", confusion_per_position(hidden, words))
    confusion = appearance_confusion(hidden, targets, words, mask, allow_none=True)
    confident = confident_loss(logits, targets, words, mask, allow_none=True)
    case.same("appearance_confusion_sum", confusion)
    case.same("confident_sum", confident)
    case.same("grad_logits_hidden_of_confusion", gradient(confusion, hidden))
    case.same("grad_logits_of_confident", gradient(confident, logits))
    per_position = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    case.same("cross_entropy_mean", (per_position * mask).sum() / mask.sum())
    others = mask & ~torch.isin(targets, torch.tensor([*words[0], *words[1]]))
    behind = F.cross_entropy(hidden.transpose(1, 2), targets, reduction="none")
    case.same("cross_entropy_hidden_without_gender_words", (behind * others).sum() / others.sum())
    as_released(case, logits, targets, words, mask)


def as_released(case, logits, targets, words, mask):
    """The sums with masks that ask for all words of a set at once."""
    every = released_mask(targets, [*words[0], *words[1]], mask)
    hidden = confusion_per_position(case.tensor("logits_person_hidden"), words)
    case.same("appearance_confusion_as_released", (hidden * every).sum())
    first, second = (logits.softmax(-1)[..., own].sum(-1) for own in words)
    of_first, of_second = (released_mask(targets, own, mask) for own in words)
    quotient = second / (first + 1e-5) * of_first + first / (second + 1e-5) * of_second
    case.same("confident_as_released", quotient.sum())


def released_mask(targets, words, mask):
    """Positions that are this word, and of these those that are that one, and so on."""
    there = mask.clone()
    for word in words:
        there &= targets == word
    return there


CHECKERS = {
    "rubi.json": {"cases": rubi_case},
    "learned_mixin.json": {"sigmoid_cases": sigmoid_case, "softmax_cases": softmax_case},
    "equalizer.json": {"cases": equalizer_case},
}
