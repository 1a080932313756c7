"""Bilinear fusion: a weight for every product of one feature from each modality."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion, require_modalities, require_vectors
from coursekit.utils.checks import require
from coursekit.utils.tensor_checks import require_batch, require_weights


def bilinear(features: Sequence[Tensor], weight: Tensor, bias: Tensor) -> Tensor:
    """logits_c = z_1ᵀ W_c z_2 + b_c; in general Σ_{i,j,…} W_{c,i,j,…} z_{1,i} z_{2,j} … + b_c.

    features: (B, D_m) each.  weight W: (C, D_1, …, D_M).  bias b: (C,).  Returns (B, C).
    Source: Tenenbaum & Freeman 2000, eq. 1; more than two modalities: the multilinear form.
    """
    require_vectors("features", features)
    require_weights("weight", weight)
    want = tuple(z.shape[1] for z in features)
    fits = weight.shape[1:] == want and weight.ndim == len(features) + 1 and len(weight) > 0
    shape = ", ".join(map(str, want))
    require(fits, f"weight has shape {tuple(weight.shape)}; (classes, {shape}) was expected.")
    require_batch("bias", bias, (len(weight),))
    product = torch.einsum("bi,ci...->bc...", features[0], weight)  # (B, C, D_2, …, D_M)
    for z in features[1:]:
        product = torch.einsum("bci...,bi->bc...", product, z)
    return product + bias


class Bilinear(Fusion):
    """logits_c = z_1ᵀ W_c z_2 + b_c; with M modalities one weight for each of Π D_m products."""

    name = "bilinear"

    def __init__(self, widths: Mapping[str, int], num_classes: int) -> None:
        super().__init__(widths, num_classes)
        require_modalities(self.name, widths)
        self.weight = nn.Parameter(torch.empty(num_classes, *widths.values()))
        self.bias = nn.Parameter(torch.empty(num_classes))
        self.initialise(torch.Generator().manual_seed(0))

    def initialise(self, generator: torch.Generator) -> None:
        """As a linear layer on the Π D_m products: uniform within ±1/√(Π D_m)."""
        bound = 1 / math.sqrt(self.weight[0].numel())
        for parameter in (self.weight, self.bias):
            nn.init.uniform_(parameter, -bound, bound, generator=generator)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        return bilinear(self.ordered(features), self.weight, self.bias)
