"""Late-linear fusion: one linear layer on the concatenated features."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion, Slices, SplitHead, batched_linear, columns


class LateLinear(Fusion):
    """logits = W [z_1; …; z_M] + b = Σ_m W_m z_m + b, additive in the modalities."""

    name = "late-linear"

    def __init__(self, widths: Mapping[str, int], num_classes: int) -> None:
        super().__init__(widths, num_classes)
        self.linear = nn.Linear(sum(widths.values()), num_classes)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        return self.linear(self.concatenated(features))

    def stacked(self, weights: Mapping[str, Tensor], features: Mapping[str, Tensor]) -> Tensor:
        """K at once: (K, B, D_m) by modality → (K, B, C)."""
        z = torch.cat([features[m] for m in self.widths], dim=2)
        return batched_linear(z, weights["linear.weight"], weights["linear.bias"])

    def split(self, features: Mapping[str, Tensor]) -> SplitHead:
        """W_m z_m by modality; b is added once, in the readout."""
        blocks = self.linear.weight.split(list(self.widths.values()), dim=1)  # W_m: (C, D_m)
        parts = [z @ w.T for z, w in zip(self.ordered(features), blocks, strict=True)]
        return SplitHead(parts, None, lambda total: total + self.linear.bias)

    def slices(self) -> Slices:
        """W_m by modality."""
        return columns(self.linear, self.widths)
