"""What several methods ask of a batch: how well does each modality do by itself?"""

import torch
from torch import Tensor

from coursekit.checks import require, require_batch


def true_class_scores(logits: list[Tensor], labels: Tensor) -> Tensor:
    """s_m = Σ_batch softmax(logits_m)[y], (M,).

    logits: (B, C) each, one a modality.  labels: (B,).  No gradient flows through it.
    Source: Peng and colleagues 2022, section 3.2; Kontras and colleagues 2024, eq. 4.
    """
    rows = torch.arange(len(labels), device=labels.device)
    sums = [x.detach().softmax(dim=1)[rows, labels].sum() for x in logits]
    return torch.stack(sums)


def rivals(scores: Tensor) -> Tensor:
    """For each modality the mean score of all others, (…, M) → (…, M)."""
    return (scores.sum(-1, keepdim=True) - scores) / (scores.shape[-1] - 1)


def require_scores(name: str, scores: Tensor) -> None:
    """Refuse what is no (M,) of positive finite numbers with two modalities or more."""
    require_batch(name, scores, (None,))
    require(len(scores) > 1, f"{name} has shape {tuple(scores.shape)}; two or more were expected.")
    low = float(scores.min())
    require(low > 0, f"{name} holds {low}; positive numbers were expected.")
