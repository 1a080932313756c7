"""Whom to have checked first: orders of samples for people who can look at some of them only.

Settles, Active Learning Literature Survey (2009), https://minds.wisconsin.edu/handle/1793/60660,
section 3.1: uncertainty by entropy and by margin. Sener and Savarese, Active Learning for
Convolutional Neural Networks: A Core-Set Approach (2018), https://arxiv.org/abs/1708.00489,
section 4.2: the greedy k-centre choice.
"""

import torch
from torch import Tensor

from coursekit.utils.checks import require, require_count, require_finite
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch

ROUNDED = 0.02  # by so much a row of probabilities in half precision may miss 1


def entropy(probabilities: Tensor) -> Tensor:
    """Entropy of each row in nats, (N,): how unsure a classifier is; 0 log 0 is 0.

    probabilities: (N, C), rows sum to one.  Errors: ValueError for rows that are none, NaN.
    """
    p = _distributions(probabilities)
    return -torch.xlogy(p, p).sum(1)


def margin(scores: Tensor) -> Tensor:
    """The best score of each row less the second best, (N,): small is unsure.

    scores: (N, C), C ≥ 2, probabilities of classes or similarities to candidates.
    Errors: ValueError for a single column, NaN.
    """
    require_batch("scores", scores, (None, None))
    columns = scores.shape[1]
    require(columns > 1, f"scores has {columns} column; two or more were expected.")
    best = not_half(scores).topk(2, dim=1).values
    return best[:, 0] - best[:, 1]


def lowest_first(scores: Tensor, count: int) -> Tensor:
    """The ``count`` rows with the lowest of the scores (N,), lowest first; of equal ones the first.

    For scores that say how well a pair fits, these are the most likely errors.
    Errors: ValueError for NaN, more rows than there are.
    """
    require_batch("scores", scores, (None,))
    require_count("count", count, 0, len(scores))
    return torch.argsort(not_half(scores), stable=True)[:count]


def nearest_cut_first(scores: Tensor, cut: float, count: int) -> Tensor:
    """The ``count`` rows whose scores (N,) are nearest to ``cut``, nearest first.

    For a filter that keeps what is above the cut these are the least sure decisions.
    Errors: as `lowest_first`; ValueError for a cut that is no finite number.
    """
    require_batch("scores", scores, (None,))
    require_finite("cut", cut)
    return lowest_first((not_half(scores) - cut).abs(), count)


def k_centres(features: Tensor, count: int, first: int = 0) -> Tensor:
    """``count`` rows that lie far from each other, so that no batch asks the same twice.

    Greedy: begin with row ``first``, then always the row that is farthest (Euclidean) from all
    chosen ones; of equally far ones the first. A row is chosen twice only where all rows left are
    copies of chosen ones, and then not: the first that was not chosen follows.
    features: (N, D).  Errors: ValueError for more rows than there are, NaN.
    """
    require_batch("features", features, (None, None))
    rows = len(features)
    require_count("count", count, 0, rows)
    require_count("first", first, 0, rows - 1)
    points = not_half(features)
    away = torch.full((rows,), torch.inf, dtype=points.dtype, device=points.device)
    chosen: list[int] = []
    row = first
    for _ in range(count):
        chosen.append(row)
        away = torch.minimum(away, (points - points[row]).norm(dim=1))
        away[chosen] = -1.0
        row = int(away.argmax())
    return torch.tensor(chosen, dtype=torch.int64, device=features.device)


def _distributions(probabilities: Tensor) -> Tensor:
    require_batch("probabilities", probabilities, (None, None))
    p = not_half(probabilities)
    fits = bool((p >= 0).all()) and bool(((p.sum(1) - 1).abs() < ROUNDED).all())
    require(
        fits,
        "probabilities has rows that are no distribution; numbers from 0 on that sum to 1 were "
        "expected.",
    )
    return p
