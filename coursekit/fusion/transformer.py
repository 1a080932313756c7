"""Transformer fusion: every modality's features are a token, and a class token attends to all."""

from collections.abc import Mapping

from torch import Tensor, nn

from coursekit.fusion.base import Fusion, Slices, owned
from coursekit.layers.tokens import LearnedTokens, encoder_stack


class Transformer(Fusion):
    """logits = V h_0 + c, h = encoder([class; P_1 z_1 + e_1; …; P_M z_M + e_M]), one token each.

    P_m projects to a common width, e_m is a learned token that says which modality it is, h_0 is
    what became of the class token. Inside, tokens meet in softmax(Q Kᵀ/√d) V (Vaswani and
    colleagues 2017, eq. 1), pre-norm, by torch. Any number of modalities.
    Source: class and modality tokens as in Kontras and colleagues 2024, whose encoder is a
    Conformer of two layers; this small pre-norm encoder is ours.
    """

    name = "transformer"

    def __init__(
        self,
        widths: Mapping[str, int],
        num_classes: int,
        *,
        width: int = 32,
        heads: int = 4,
        layers: int = 2,
    ) -> None:
        super().__init__(widths, num_classes)
        self.projections = nn.ModuleDict({m: nn.Linear(d, width) for m, d in widths.items()})
        self.tokens = LearnedTokens(list(widths), width)
        self.encoder = encoder_stack(width, heads, layers, norm_first=True)
        self.linear = nn.Linear(width, num_classes)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        parts = dict(zip(self.widths, self.ordered(features), strict=True))
        projected = {m: self.projections[m](z)[:, None] for m, z in parts.items()}  # (B, 1, W)
        return self.linear(self.encoder(self.tokens(projected))[:, 0])

    def slices(self) -> Slices:
        """P_m by modality."""
        return owned(self.projections.values(), self.widths)
