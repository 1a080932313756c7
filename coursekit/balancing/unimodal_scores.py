"""What several methods ask of a batch: how well does each modality do by itself?"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import (
    NoValue,
    not_finite,
    require_batch,
    require_labels,
    require_tensors,
)


def true_class_scores(logits: Sequence[Tensor], labels: Tensor) -> Tensor:
    """s_m = Σ_batch softmax(logits_m)[y], (M,).

    logits: (B, C) each, one per modality.  labels: (B,) in 0 … C − 1.  No gradient flows through.
    Half precision is summed in float64.
    Errors: ValueError for no modality, shapes that differ, labels outside the classes, NaN or
    infinite logits; TypeError for another type of numbers.
    Source: Peng and colleagues 2022, section 3.2; Kontras and colleagues 2024, eq. 4.
    """
    _require_logits(logits)
    if not isinstance(labels, Tensor) or labels.shape != logits[0].shape[:1]:
        require_labels("labels", labels, len(logits[0]))
    # Asked at every step: torch's own look at the labels and the sum at the end cost least.
    try:
        column = labels[:, None]
        totals = torch.stack(
            [not_half(x.detach()).softmax(1).gather(1, column).sum() for x in logits]
        )
    except (RuntimeError, IndexError):
        require_labels("labels", labels, *logits[0].shape)
        raise
    check(totals.sum().isfinite(), lambda: not_finite("logits"))
    return totals


def _require_logits(logits: Sequence[Tensor]) -> None:
    require_tensors("logits", logits)
    for m, x in enumerate(logits):
        fits = x.ndim == 2 and x.numel() > 0 and x.shape == logits[0].shape
        if not fits:
            want = "(any, any), the same for all,"
            raise ValueError(f"logits[{m}] has shape {tuple(x.shape)}; {want} was expected.")


def rivals(scores: Tensor) -> Tensor:
    """For each modality the mean score of all others, (…, M) → (…, M)."""
    scores = not_half(scores)
    return (scores.sum(-1, keepdim=True) - scores) / (scores.shape[-1] - 1)


def in_range(scores: Tensor) -> Tensor:
    """Scores (…, M) times a power of two where their sum would overflow: ratios stay, to the bit.

    Half precision becomes float64.
    """
    scores = not_half(scores)
    huge = scores.amax(-1, keepdim=True) > torch.finfo(scores.dtype).max * 2.0**-20
    return torch.where(huge, scores * 2.0**-20, scores)


def all_equal(scores: Tensor) -> Tensor:
    """Whether all M scores are the same, (…, M) → (…, 1); rounding must not say who is ahead."""
    return (scores == scores[..., :1]).all(-1, keepdim=True)


def ratio(above: Tensor, below: Tensor) -> Tensor:
    """above / below of numbers that are not negative, in the limit: 0/0 = 1, as of equals.

    What is too large, as anything over 0, is the largest number that there is.
    """
    equal = (above == 0) & (below == 0)
    return torch.where(equal, 1.0, above / below).clamp(max=torch.finfo(above.dtype).max)


def require_scores(name: str, scores: Tensor) -> None:
    """Refuse what is no (M,) of positive finite numbers with two modalities or more."""
    require_batch(name, scores, (None,))
    require(len(scores) > 1, f"{name} has shape {tuple(scores.shape)}; two or more were expected.")
    low = scores.min()

    def problem() -> NoValue:
        places = torch.nonzero(scores <= 0).flatten().tolist()
        return NoValue(f"{name} holds {low.item()}; positive numbers were expected.", places)

    check(low > 0, problem)
