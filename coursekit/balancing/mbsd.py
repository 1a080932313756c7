"""MBSD: the surer modality teaches the other one, sample by sample."""

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor

from coursekit.training.evaluate import largest
from coursekit.utils.precision import finite_logs, not_half
from coursekit.utils.tensor_checks import (
    require_labels,
    require_one_shape,
    require_same_batches,
    within_range,
)


def gap_weights(first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    """|p_1[y] − p_2[y]| where either modality is right, else 0, sample by sample, (B,).

    first, second: logits (B, C) of two modalities.  labels y: (B,) in 0 … C − 1.  Where neither is
    right there is nothing to be learnt of the other. The gradient flows through, as in the source.
    Half precision gives float64.
    Errors: ValueError for shapes that differ, NaN, labels outside the classes.
    Source: MBSD as in [BalanceBenchmark](https://arxiv.org/abs/2502.10816), a benchmark's form.
    """
    logs = _true_class(first, second, labels)
    right = (largest(first) == labels) | (largest(second) == labels)
    return (logs[0].exp() - logs[1].exp()).abs() * right


def squared_gaps(first: Tensor, second: Tensor) -> Tensor:
    """Mean over classes of the squared difference of two modalities' logits, (B, C)² → (B,).

    Half precision gives float64.  Errors: ValueError for shapes that differ, NaN, too large ones.
    Source: see `gap_weights`.
    """
    require_one_shape("first", first, "second", second)
    gaps = (not_half(first) - not_half(second)).square().mean(1)
    return within_range("squared_gaps", gaps)


def true_class_divergence(first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    """w log(w / s), sample by sample, (B,): w the lower, s the higher of p_1[y] and p_2[y].

    The true class's term of KL(lower ‖ higher), by itself no divergence: it is 0 or less, least at
    w = s / e.  The benchmark hands ``kl_div`` probabilities where it wants logarithms, and computes
    w (log w − s).
    Arguments, errors and source: see `gap_weights`.
    """
    logs = _true_class(first, second, labels)
    low, high = logs.amin(0), logs.amax(0)
    return low.exp() * (low - high)


def gap_loss(logits: Sequence[Tensor], labels: Tensor) -> Tensor:
    """Mean over rows of weight · (squared gap + divergence), a scalar; beside the multi-loss.

    It can be below 0, and then drives two modalities apart that are meant to meet: the squared gap
    is a mean over classes, the divergence is not, so that of many classes the latter is the larger.
    That is so wherever squared gap < w log(s / w). With the other logits at 0 the loss of a row is
    least where the two have true-class logits 3.8 and 6.9 for C = 100 (p = .31 and .91, loss −.14),
    1.9 and 3.0 for C = 10 (−.02).
    logits: (B, C) each, two modalities or more; of more the mean over pairs.  labels: (B,) in
    0 … C − 1.  The weights are `gap_weights`, the terms `squared_gaps` and
    `true_class_divergence`.  Half precision gives float64.
    Errors: ValueError for one modality, shapes that differ, NaN, labels outside the classes.
    Source: see `gap_weights`, signs included; of three modalities the benchmark squares the gap of
    probabilities.
    """
    require_same_batches("logits", logits, 2)
    require_labels("labels", labels, *logits[0].shape)
    losses = []
    for first, second in combinations(logits, 2):
        apart = squared_gaps(first, second) + true_class_divergence(first, second, labels)
        losses.append((gap_weights(first, second, labels) * apart).mean())
    return within_range("gap_loss", torch.stack(losses).mean())


def _true_class(first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    """log p_1[y] and log p_2[y], (2, B)."""
    require_one_shape("first", first, "second", second)
    require_labels("labels", labels, *first.shape)
    column = labels[:, None]
    logs = [not_half(x).log_softmax(1).gather(1, column).squeeze(1) for x in (first, second)]
    return finite_logs(torch.stack(logs))
