"""A bias model that only counts: how often each answer stood beside each key in training."""

import torch
from torch import Tensor

from coursekit.data.sampling_weights import group_sizes
from coursekit.utils.checks import require, require_count, require_flag, require_positive
from coursekit.utils.tensor_checks import require_labels


def answer_prior(
    keys: Tensor,
    answers: Tensor,
    num_keys: int,
    num_answers: int,
    smoothing: float = 1.0,
    neutral: bool = True,
) -> Tensor:
    """Smoothed shares of the answers per key, (num_keys, num_answers) float64, rows sum to one.

    keys, answers: (N,) int64 of the training questions.  smoothing: added to the count of each
    answer that occurs with the key.  neutral: an answer that does not occur with the key gets the
    least probability among those that do, so that the bias says nothing about it; without it, it
    gets next to nothing (a thousandth of the smoothing), and a model trained beside such a bias
    need not learn it either.  A key that never occurs has a flat row.
    Errors: ValueError for numbers outside their range, or keys and answers of unequal number.
    """
    require_count("num_keys", num_keys, 1)
    require_count("num_answers", num_answers, 1)
    require_labels("keys", keys, num_classes=num_keys)
    require_labels("answers", answers, len(keys), num_answers)
    require_positive("smoothing", smoothing)
    require_flag("neutral", neutral)
    counts = torch.bincount(keys * num_answers + answers, minlength=num_keys * num_answers)
    counts = counts.reshape(num_keys, num_answers).double()
    occurs = counts > 0
    smoothed = counts + smoothing
    least = smoothed.masked_fill(~occurs, torch.inf).amin(1, keepdim=True)
    elsewhere = least if neutral else torch.full_like(least, smoothing / 1000)
    shares = torch.where(occurs, smoothed, elsewhere)
    shares = torch.where(occurs.any(1, keepdim=True), shares, 1.0)
    return shares / shares.sum(1, keepdim=True)


def cross_fitted_prior(
    keys: Tensor,
    answers: Tensor,
    num_keys: int,
    num_answers: int,
    folds: int = 5,
    smoothing: float = 1.0,
    neutral: bool = True,
) -> Tensor:
    """The prior of each training question, counted without its own fold, (N, num_answers) float64.

    So no question's own answer stands in the counts that it is judged by. Question i lies in fold
    i mod ``folds``: questions in random order are expected.  Otherwise as `answer_prior`.
    """
    require_count("folds", folds, 2)
    require_count("num_keys", num_keys, 1)
    require_count("num_answers", num_answers, 1)
    require_labels("keys", keys, num_classes=num_keys)
    require(len(keys) >= folds, f"keys has {len(keys)} questions; {folds} or more were expected.")
    require_labels("answers", answers, len(keys), num_answers)
    fold = torch.arange(len(keys)) % folds
    rows = torch.empty(len(keys), num_answers, dtype=torch.float64)
    for one in range(folds):
        own = fold == one
        others = keys[~own], answers[~own]
        prior = answer_prior(*others, num_keys, num_answers, smoothing, neutral)
        rows[own] = prior[keys[own]]
    return rows


def inverse_count_weights(keys: Tensor, answers: Tensor) -> Tensor:
    """Weights 1/n with n the questions of the same key and answer, (N,) float64, mean one.

    With them each answer of a key that occurs counts the same in total.
    """
    require_labels("keys", keys)
    require_labels("answers", answers, len(keys))
    cells = list(zip(keys.tolist(), answers.tolist(), strict=True))
    weights = 1 / group_sizes(cells).double()
    return weights / weights.mean()
