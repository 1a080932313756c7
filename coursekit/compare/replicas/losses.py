"""Cross-entropies of K classifiers. The classes stand before the batch: a softmax over few numbers
in a row is slow.
"""

from torch import Tensor


def classes_first(logits: Tensor) -> Tensor:
    """log softmax(logits) of (…, B, C) as (…, C, B)."""
    return logits.transpose(-1, -2).contiguous().log_softmax(-2)


def of_label(log: Tensor, labels: Tensor) -> Tensor:
    """The labels' entries, (…, C, B) and (…, B) → (…, B)."""
    return log.gather(-2, labels.unsqueeze(-2)).squeeze(-2)


def log_true(logits: Tensor, labels: Tensor) -> Tensor:
    """log softmax(logits)[y] of logits (…, B, C) and labels (…, B); returns (…, B)."""
    return of_label(classes_first(logits), labels)


def true_class(logits: Tensor, labels: Tensor) -> Tensor:
    """Σ_batch softmax(logits)[y], logits (K, B, C) → (K,)."""
    return log_true(logits, labels).exp().sum(-1)
