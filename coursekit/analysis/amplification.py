"""Does a model repeat the bias of its data, or make more of it? Numbers, and one that misleads.

Contexts (an action, a role) and attributes (who does it) are classes, (N,) int64 each.
"""

import math

import torch
from torch import Tensor

from coursekit.utils.checks import require, require_count
from coursekit.utils.tensor_checks import require_labels


def stereotypes(contexts: Tensor, attributes: Tensor, num_contexts: int) -> Tensor:
    """The most frequent attribute of each context, (num_contexts,); −1 for a tie or no example."""
    require_count("num_contexts", num_contexts, 1)
    counts = _counts(contexts, attributes, num_contexts)
    if counts.shape[1] == 1:
        return torch.where(counts[:, 0] > 0, 0, -1)
    best, second = counts.topk(2, dim=1).values.T
    return torch.where(best > second, counts.argmax(1), -1)


def stereotyped_share(contexts: Tensor, predicted: Tensor, stereotype: Tensor) -> float:
    """Share of predictions that are their context's stereotype, among contexts that have one.

    On a test in which every attribute is as frequent beside each context, one divided by the number
    of attributes is neutral.  contexts: the true ones.  stereotype: (contexts,) from `stereotypes`.
    Errors: ValueError where no row's context has a stereotype.
    """
    require_labels("predicted", predicted)
    _require_stereotype(stereotype)
    require_labels("contexts", contexts, len(predicted), len(stereotype))
    own = stereotype[contexts]
    asked = own >= 0
    require(bool(asked.any()), "stereotype is −1 for all contexts; one was expected.")
    return float((predicted == own)[asked].double().mean())


def error_rate(predicted: Tensor, truth: Tensor) -> float:
    """Share of predictions that are not the truth."""
    require_labels("predicted", predicted)
    require_labels("truth", truth, len(predicted))
    return float((predicted != truth).double().mean())


def count_ratio(attributes: Tensor, first: int, second: int) -> float:
    """How many of ``first`` there are per one of ``second``; infinite or NaN where there is none.

    A ratio that is right in sum says nothing of who was called what: errors may cancel.
    """
    require_labels("attributes", attributes)
    require_count("first", first)
    require_count("second", second)
    require(first != second, f"second is {second}, as first; another class was expected.")
    one, other = ((attributes == which).sum().item() for which in (first, second))
    return one / other if other else math.inf if one else math.nan


def amplification(
    train_contexts: Tensor, train_attributes: Tensor, contexts: Tensor, attributes: Tensor
) -> float:
    """Mean rise of the stereotype's share, from the training data to the predictions.

    The share of an attribute among all rows of a context, predicted contexts and attributes against
    those of training; mean over contexts in which an attribute has more than its even share there.
    Contexts that are never predicted are left out.
    It misleads where contexts are confused: rows that are predicted into a context from elsewhere
    bring the other attributes with them, and a model that guesses more than the data do may come
    out below zero. Read `stereotyped_share` beside it.
    Source: [Zhao and colleagues 2017](https://arxiv.org/abs/1707.09457), section 3, equation 3,
    which divides by the number of all contexts; here it is that of those that count.
    Errors: ValueError where no context leans to an attribute.
    """
    pairs = (("train_contexts", train_contexts, train_attributes),)
    for name, x, other in (*pairs, ("contexts", contexts, attributes)):
        require_labels(name, x)
        require_labels(name.replace("contexts", "attributes"), other, len(x))
    many = 1 + int(max(train_contexts.max(), contexts.max()))
    kinds = 1 + int(max(train_attributes.max(), attributes.max()))
    before, after = (
        _counts(x, a, many, kinds).double()
        for x, a in ((train_contexts, train_attributes), (contexts, attributes))
    )
    share = before / before.sum(1, keepdim=True).clamp(min=1)
    leans = (share > 1 / kinds) & (after.sum(1, keepdim=True) > 0)
    sentence = (
        "train_attributes has no more frequent one in any predicted context; one was expected."
    )
    require(bool(leans.any()), sentence)
    rise = after / after.sum(1, keepdim=True).clamp(min=1) - share
    return float(rise[leans].sum() / leans.any(1).sum())


def _counts(contexts: Tensor, attributes: Tensor, many: int, kinds: int | None = None) -> Tensor:
    """How often each attribute stands beside each context, (many, kinds)."""
    require_labels("contexts", contexts, num_classes=many)
    require_labels("attributes", attributes, len(contexts))
    kinds = 1 + int(attributes.max()) if kinds is None else kinds
    cells = torch.bincount(contexts * kinds + attributes, minlength=many * kinds)
    return cells.reshape(many, kinds)


def _require_stereotype(stereotype: Tensor) -> None:
    if not isinstance(stereotype, Tensor) or stereotype.dtype != torch.int64:
        what = getattr(stereotype, "dtype", type(stereotype).__name__)
        raise TypeError(f"stereotype is {what}; classes as int64, −1 for none, were expected.")
    fits = stereotype.ndim == 1 and len(stereotype) > 0 and int(stereotype.min()) >= -1
    shape = tuple(stereotype.shape)
    require(fits, f"stereotype has shape {shape}; a class or −1 per context was expected.")
