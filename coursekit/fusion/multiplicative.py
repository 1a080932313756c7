"""Multiplicative fusion: the modalities' projections are multiplied, unit by unit."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion, Slices, owned, require_vectors
from coursekit.utils.checks import require, require_count


def multiplicative(factors: Sequence[Tensor]) -> Tensor:
    """Π_m factors_m, element by element.

    factors: (B, D) each, one per modality, all of one shape.  Returns (B, D).
    """
    require_vectors("factors", factors)
    shapes = [tuple(f.shape) for f in factors]
    require(len(set(shapes)) == 1, f"factors have shapes {shapes}; one shape for all was expected.")
    return torch.stack(list(factors)).prod(0)


class Multiplicative(Fusion):
    """logits = W (U_1 z_1 ⊙ … ⊙ U_M z_M) + b, no biases inside: the products and nothing else."""

    name = "multiplicative"

    def __init__(self, widths: Mapping[str, int], num_classes: int, width: int = 32) -> None:
        super().__init__(widths, num_classes)
        require_count("width", width, 1)
        self.projections = nn.ModuleList(nn.Linear(d, width, bias=False) for d in widths.values())
        self.linear = nn.Linear(width, num_classes)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        parts = zip(self.projections, self.ordered(features), strict=True)
        return self.linear(multiplicative([u(z) for u, z in parts]))

    def slices(self) -> Slices:
        """U_m by modality."""
        return owned(self.projections, self.widths)
