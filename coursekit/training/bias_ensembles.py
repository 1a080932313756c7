"""Train a model beside a fixed one that knows the bias only, so that it need not learn the bias.

Clark, Yatskar and Zettlemoyer, Don't Take the Easy Way Out (2019),
https://arxiv.org/abs/1909.03683, section 3.2. One right answer per question; several are in
`bias_ensembles_several_answers`. At test time the model answers alone: no bias is added.

Arguments of all losses: logits (…, B, C) of the model, log_bias (…, B, C) *logarithms* of the
bias model's probabilities, b in the paper, labels (…, B) int64. Axes before B are those of networks
that are trained at once; a loss has them, and is a scalar where there are none.
Half precision gives float64.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require, require_count, require_not_negative
from coursekit.utils.precision import in_one_dtype, not_half
from coursekit.utils.tensor_checks import require_dtype, require_labels, require_weights

# A sum of probabilities may be rounded to a little more than one.
ROUNDING = 1e-3


class BiasFactor(nn.Module):
    """How far the bias of each question is to be believed: softplus(w · h + c), g in the paper.

    hidden (…, B, H) → (…, B), above 0. ``hidden`` is the model's own last layer, and the gradient
    flows into it.
    """

    def __init__(self, width: int) -> None:
        """width: H."""
        super().__init__()
        require_count("width", width, 1)
        self.linear = nn.Linear(width, 1)

    def forward(self, hidden: Tensor) -> Tensor:
        """The factor of every row.

        Errors: TypeError for numbers of another type than the weights, ValueError for other widths.
        """
        require_dtype("hidden", hidden, self)
        shape, width = tuple(hidden.shape), self.linear.in_features
        require(shape[-1:] == (width,), f"hidden has shape {shape}; (…, B, {width}) was expected.")
        return F.softplus(self.linear(hidden)).squeeze(-1)


def reweighted_loss(logits: Tensor, log_bias: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy in which a row counts the less, the surer the bias is of its label.

    Weights 1 − b[label], over their sum.
    Errors: ValueError where the bias is certain of every label, so that no row counts.
    """
    logits, log_bias = _checked(logits, log_bias, labels)
    weight = (1 - _of_label(log_bias, labels).exp()).clamp(min=0)
    total = weight.sum(-1)
    sentence = "log_bias is certain of every label, so that no row counts; a doubt was expected."
    check((total > 0).all(), lambda: ValueError(sentence))
    loss = -_of_label(logits.log_softmax(-1), labels)
    return (weight * loss).sum(-1) / total


def product_loss(logits: Tensor, log_bias: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of the product of both models' probabilities, scaled to sum to one.

    Where the bias is flat it is plain cross entropy.
    """
    logits, log_bias = _checked(logits, log_bias, labels)
    return cross_entropy(logits.log_softmax(-1) + log_bias, labels)


def mixin_loss(
    logits: Tensor, log_bias: Tensor, factor: Tensor, labels: Tensor, entropy_weight: float = 0.0
) -> Tensor:
    """Learned-mixin: the product with b to the power of ``factor``, a `BiasFactor` of each row.

    entropy_weight, λ: of the entropy of that power of b, scaled to sum to one; without it nothing
    keeps the factor from becoming 0, where the bias is ignored. Above 0 it is learned-mixin +H.
    factor: (…, B), 0 or more.
    """
    logits, log_bias = _checked(logits, log_bias, labels)
    require_not_negative("entropy_weight", entropy_weight)
    scaled = _checked_factor(factor, labels)[..., None] * log_bias
    loss = cross_entropy(logits.log_softmax(-1) + scaled, labels)
    return loss + entropy_weight * _entropy(scaled) if entropy_weight > 0 else loss


def bias_entropy(log_bias: Tensor, factor: Tensor) -> Tensor:
    """Entropy in nats of b to the power of ``factor``, scaled to sum to one; mean of rows.

    log_bias (…, B, C), factor (…, B).
    """
    log_bias = _checked_bias(log_bias)
    labels = torch.zeros(log_bias.shape[:-1], dtype=torch.int64)
    return _entropy(_checked_factor(factor, labels)[..., None] * log_bias)


def _entropy(scaled: Tensor) -> Tensor:
    logs = scaled.log_softmax(-1)
    return -(logs.exp() * logs).sum(-1).mean(-1)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over rows of the cross entropy of checked logits (…, B, C), (…)."""
    return -_of_label(logits.log_softmax(-1), labels).mean(-1)


def _of_label(values: Tensor, labels: Tensor) -> Tensor:
    """The value at every row's label, (…, B)."""
    return values.gather(-1, labels[..., None]).squeeze(-1)


def _checked(logits: Tensor, log_bias: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Logits and bias in one type.  Errors: a sentence for what does not fit."""
    logits = require_logits_and_labels("logits", logits, labels)
    shape = tuple(logits.shape)
    log_bias = _checked_bias(log_bias)
    other = tuple(log_bias.shape)
    require(other == shape, f"log_bias has shape {other}; {shape}, as logits, was expected.")
    return in_one_dtype(logits, log_bias)


def require_logits_and_labels(name: str, logits: Tensor, labels: Tensor) -> Tensor:
    """Logits (…, B, C) if they fit labels (…, B); half precision in float64.

    Errors: ValueError for other shapes, NaN, no row, a label that is no class; TypeError for what
    are no numbers of the right kind.
    """
    require_weights(name, logits)
    shape = tuple(logits.shape)
    fits = logits.ndim >= 2 and logits.numel() > 0
    require(fits, f"{name} has shape {shape}; (…, B, C) with one row or more was expected.")
    require_labels("labels", labels.flatten() if isinstance(labels, Tensor) else labels)
    rows = tuple(labels.shape)
    require(rows == shape[:-1], f"labels has shape {rows}; {shape[:-1]} was expected.")
    require_labels("labels", labels.flatten(), num_classes=shape[-1])
    return not_half(logits)


def _checked_bias(log_bias: Tensor) -> Tensor:
    require_weights("log_bias", log_bias)
    shape = tuple(log_bias.shape)
    fits = log_bias.ndim >= 2 and log_bias.numel() > 0
    require(fits, f"log_bias has shape {shape}; (…, B, C) with one row or more was expected.")
    sentence = "log_bias has numbers above 0; logarithms of probabilities were expected."
    check(log_bias.detach().max() <= ROUNDING, lambda: ValueError(sentence))
    return not_half(log_bias)


def _checked_factor(factor: Tensor, labels: Tensor) -> Tensor:
    require_weights("factor", factor)
    shape, rows = tuple(factor.shape), tuple(labels.shape)
    require(shape == rows, f"factor has shape {shape}; {rows}, one per row, was expected.")
    sentence = "factor has numbers below 0; zero or more was expected."
    check(factor.detach().min() >= 0, lambda: ValueError(sentence))
    return not_half(factor)
