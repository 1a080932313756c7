"""Additive fusion: every modality votes by itself, and the votes are added."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion, Slices, SplitHead, owned, require_vectors
from coursekit.utils.checks import require


def additive(terms: Sequence[Tensor]) -> Tensor:
    """Σ_m terms_m.

    terms: (B, D) each, one per modality, all of one shape.  Returns (B, D).
    """
    require_vectors("terms", terms)
    shapes = [tuple(t.shape) for t in terms]
    require(len(set(shapes)) == 1, f"terms have shapes {shapes}; one shape for all was expected.")
    return torch.stack(list(terms)).sum(0)


class Additive(Fusion):
    """logits = Σ_m (W_m z_m + b_m): the same functions as late-linear, with one bias too many."""

    name = "additive"

    def __init__(self, widths: Mapping[str, int], num_classes: int) -> None:
        super().__init__(widths, num_classes)
        self.votes = nn.ModuleList(nn.Linear(d, num_classes) for d in widths.values())

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        return additive(self.split(features).parts)

    def split(self, features: Mapping[str, Tensor]) -> SplitHead:
        """W_m z_m + b_m by modality; nothing comes after the sum."""
        parts = [vote(z) for vote, z in zip(self.votes, self.ordered(features), strict=True)]
        return SplitHead(parts, None, lambda total: total)

    def slices(self) -> Slices:
        """W_m and b_m by modality."""
        return owned(self.votes, self.widths)
