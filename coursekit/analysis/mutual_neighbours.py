"""Do two encoders agree about who is near whom? Their features need not be comparable.

Huh and colleagues, The Platonic Representation Hypothesis (2024),
https://arxiv.org/abs/2405.07987, appendix A: m_NN.
"""

import torch
from torch import Tensor

from coursekit.training.contrastive_losses import unit
from coursekit.utils.checks import require, require_count
from coursekit.utils.tensor_checks import require_batch


def nearest(features: Tensor, k: int) -> Tensor:
    """Which rows are among the k with the largest cosine to each row of (N, D), (N, N) float64.

    1 or 0, and a share of the places that are left where cosines are equal: the probability over
    all orders of the tied. A row is no neighbour of itself.
    Errors: ValueError for fewer than two rows, a row of zeros, NaN, k from N on.
    """
    return _nearest("features", features, k)


def _nearest(name: str, features: Tensor, k: int) -> Tensor:
    """`nearest`, whose refusals call the features ``name``."""
    x = unit(name, features)
    require(len(x) > 1, f"{name} has {len(x)} row; two or more were expected.")
    require_count("k", k, 1, len(x) - 1)
    cosine = x @ x.T
    cosine.fill_diagonal_(-torch.inf)
    last = cosine.topk(k, dim=1).values[:, -1:]
    above, tied = cosine > last, cosine == last
    left = k - above.sum(1, keepdim=True)
    return above + tied * (left.double() / tied.sum(1, keepdim=True))


def mutual_neighbours(first: Tensor, second: Tensor, k: int = 10) -> Tensor:
    """Share of the k nearest neighbours of a row that both encoders agree on, mean, a scalar.

    first (N, D), second (N, E): row i of both is the same sample. By chance it is k / (N − 1), and
    so it is for features that are all alike: ties count as their expected value.
    Errors: as `nearest`; ValueError for another number of rows.
    """
    require_batch("first", first, (None, None))
    require_batch("second", second, (len(first), None))
    one, other = _nearest("first", first, k), _nearest("second", second, k)
    return (one * other).sum(1).mean() / k
