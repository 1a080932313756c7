"""Mid-MLP fusion: two layers on the concatenated features, so modalities can interact."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion, Slices, SplitHead, batched_linear, columns
from coursekit.utils.checks import require_count


class MidMLP(Fusion):
    """logits = W₂ ReLU(W₁ [z_1; …; z_M] + b₁) + b₂."""

    name = "mid-mlp"

    def __init__(self, widths: Mapping[str, int], num_classes: int, hidden: int = 64) -> None:
        super().__init__(widths, num_classes)
        require_count("hidden", hidden, 1)
        self.first = nn.Linear(sum(widths.values()), hidden)
        self.last = nn.Linear(hidden, num_classes)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        return self.last(torch.relu(self.first(self.concatenated(features))))

    def stacked(self, weights: Mapping[str, Tensor], features: Mapping[str, Tensor]) -> Tensor:
        """K at once: (K, B, D_m) by modality → (K, B, C)."""
        z = torch.cat([features[m] for m in self.widths], dim=2)
        hidden = batched_linear(z, weights["first.weight"], weights["first.bias"]).relu()
        return batched_linear(hidden, weights["last.weight"], weights["last.bias"])

    def split(self, features: Mapping[str, Tensor]) -> SplitHead:
        """W₁ [z_1; …; z_M] is Σ_m W₁,m z_m: each modality's share of the hidden layer by itself."""
        blocks = self.first.weight.split(list(self.widths.values()), dim=1)  # W₁,m: (H, D_m)
        parts = [z @ w.T for z, w in zip(self.ordered(features), blocks, strict=True)]
        parts[0] = parts[0] + self.first.bias
        return SplitHead(parts, torch.relu, self.last)

    def slices(self) -> Slices:
        """W₁,m by modality."""
        return columns(self.first, self.widths)
