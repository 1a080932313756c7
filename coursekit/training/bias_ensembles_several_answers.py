"""The losses of `bias_ensembles` where several answers are right, each with a logistic of its own.

Clark, Yatskar and Zettlemoyer, Don't Take the Easy Way Out (2019),
https://arxiv.org/abs/1909.03683, section 3.2, for visual questions, where labels are the shares of
people who gave an answer. Model and bias both say yes or no to each answer; yes and no are
multiplied and scaled to sum to one, answer by answer.

Arguments of all losses: logits (B, A) of the model, bias (B, A) *probabilities*, not logarithms as
there, labels (B, A) from 0 to 1. Losses are sums over answers and means over rows, but for
`reweighted_loss`. Half precision gives float64.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require_not_negative
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch, require_scalar

Pair = tuple[Tensor, Tensor]  # logarithms of yes and no


def plain_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross entropy without any bias, a scalar."""
    require_batch("logits", logits, (None, None))
    _require_shares("labels", labels, logits)
    return _loss(_log_yes_no(not_half(logits)), not_half(labels))


def reweighted_loss(logits: Tensor, bias: Tensor, labels: Tensor) -> Tensor:
    """Each answer of each row weighted by 1 − b, over the sum of all weights, a scalar.

    Errors: ValueError where the bias says yes to everything for certain, so that nothing counts.
    """
    _check(logits, bias, labels)
    yes, no = _log_yes_no(not_half(logits))
    weight = 1 - not_half(bias)
    sentence = "bias is 1 everywhere, so that nothing counts; a number below 1 was expected."
    check(weight.sum() > 0, lambda: ValueError(sentence))
    return -(weight * (labels * yes + (1 - labels) * no)).sum() / weight.sum()


def product_loss(
    logits: Tensor, bias: Tensor, labels: Tensor, smoothing: Tensor | float = 0.0
) -> Tensor:
    """The loss of the product of both, a scalar.

    smoothing: added to the bias's yes and no before the logarithm, 0 or more; a number, or a scalar
    that learns, such as the paper's σ(a), where a begins at −1.
    Errors: ValueError where a bias of 0 or 1 is left without smoothing, as its logarithm is −∞.
    """
    _check(logits, bias, labels)
    pair = _product(_log_yes_no(not_half(logits)), _log_bias(bias, smoothing))
    return _loss(pair, not_half(labels))


def mixin_loss(
    logits: Tensor,
    bias: Tensor,
    factor: Tensor,
    labels: Tensor,
    smoothing: Tensor | float = 0.0,
    entropy_weight: float = 0.0,
) -> Tensor:
    """Learned-mixin: the bias's logarithms are multiplied by a `BiasFactor` per row, a scalar.

    factor: (B,), 0 or more.  entropy_weight, λ: of the entropy of the multiplied bias, scaled to
    sum to one; here the mean over rows *and* answers, where `bias_ensembles` sums over answers.
    """
    _check(logits, bias, labels)
    require_not_negative("entropy_weight", entropy_weight)
    require_batch("factor", factor, (len(logits),))
    sentence = "factor has numbers below 0; zero or more was expected."
    check(factor.detach().min() >= 0, lambda: ValueError(sentence))
    yes, no = _log_bias(bias, smoothing)
    by = not_half(factor)[:, None]
    scaled = by * yes, by * no
    loss = _loss(_product(_log_yes_no(not_half(logits)), scaled), not_half(labels))
    return loss + entropy_weight * _entropy(scaled) if entropy_weight > 0 else loss


def _log_yes_no(logits: Tensor) -> Pair:
    return F.logsigmoid(logits), F.logsigmoid(-logits)


def _log_bias(bias: Tensor, smoothing: Tensor | float) -> Pair:
    if isinstance(smoothing, Tensor):
        require_scalar("smoothing", smoothing)
        smoothing = not_half(smoothing)
        require_not_negative("smoothing", smoothing.item())
    else:
        require_not_negative("smoothing", smoothing)
    bias = not_half(bias)
    yes, no = bias + smoothing, 1 - bias + smoothing
    sentence = "bias has a 0 or 1, whose logarithm is −∞; a smoothing above 0 was expected."
    check((torch.minimum(yes, no) > 0).all(), lambda: ValueError(sentence))
    return yes.log(), no.log()


def _product(one: Pair, other: Pair) -> Pair:
    return _scaled(one[0] + other[0], one[1] + other[1])


def _scaled(yes: Tensor, no: Tensor) -> Pair:
    """Less the logarithm of their sum, so that both sum to one."""
    total = torch.logaddexp(yes, no)
    return yes - total, no - total


def _entropy(pair: Pair) -> Tensor:
    yes, no = _scaled(*pair)
    return -(yes.exp() * yes + no.exp() * no).mean()


def _loss(pair: Pair, labels: Tensor) -> Tensor:
    yes, no = pair
    return -(labels * yes + (1 - labels) * no).sum(1).mean()


def _check(logits: Tensor, bias: Tensor, labels: Tensor) -> None:
    require_batch("logits", logits, (None, None))
    _require_shares("bias", bias, logits)
    _require_shares("labels", labels, logits)


def _require_shares(name: str, x: Tensor, logits: Tensor) -> None:
    require_batch(name, x, tuple(logits.shape))
    sentence = f"{name} has numbers outside 0 to 1; shares were expected."
    low, high = torch.aminmax(x.detach())
    check((low >= 0) & (high <= 1), lambda: ValueError(sentence))
