"""Mid-MLP fusion: two layers on the concatenated features, so modalities can interact."""

from collections.abc import Mapping

from torch import Tensor, nn

from coursekit.fusion.base import Fusion


class MidMLP(Fusion):
    """logits = W₂ ReLU(W₁ [z_1; …; z_M] + b₁) + b₂."""

    name = "mid-mlp"

    def __init__(self, widths: Mapping[str, int], num_classes: int, hidden: int = 64) -> None:
        super().__init__(widths, num_classes)
        self.layers = nn.Sequential(
            nn.Linear(sum(widths.values()), hidden), nn.ReLU(), nn.Linear(hidden, num_classes)
        )

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        return self.layers(self.concatenated(features))
