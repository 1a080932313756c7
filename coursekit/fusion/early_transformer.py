"""Early fusion in a transformer: the tokens of all modalities in one sequence from the start."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion, Slices, owned
from coursekit.layers.tokens import encoder_stack, sinusoidal_positions
from coursekit.utils.devices import moved


class MultiModalTransformer(Fusion):
    """logits = V · mean_t h_t + c, h = encoder([P_1 x_1; …; P_M x_M] + positions).

    Each modality is a vector (B, D_m), one token, or a sequence (B, T_m, D_m). P_m projects every
    token to a common width; the sequences are joined end to end; the positions run through the
    joined sequence, so they also tell the modalities apart. Any number of modalities.
    Source: the video and audio transformer of the course's training chapter, with post-norm
    layers as there, without its dropout; positions of Vaswani and colleagues 2017, §3.5.
    """

    name = "early-transformer"

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
        self.encoder = encoder_stack(width, heads, layers, norm_first=False)
        self.linear = nn.Linear(width, num_classes)

    def _shape(self, width: int, x: Tensor, rows: int | None) -> tuple[int | None, ...]:
        """(B, D_m), or (B, T_m, D_m) for a sequence."""
        return (rows, None, width) if x.ndim == 3 else (rows, width)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) or (B, T_m, D_m) by modality → (B, C)."""
        parts = self.ordered(features)
        tokens = torch.cat(
            [
                self.projections[m](x if x.ndim == 3 else x[:, None])
                for m, x in zip(self.widths, parts, strict=True)
            ],
            dim=1,
        )  # (B, Σ T_m, W)
        positions = moved(sinusoidal_positions(*tokens.shape[1:]), tokens)
        return self.linear(self.encoder(tokens + positions).mean(dim=1))

    def slices(self) -> Slices:
        """P_m by modality."""
        return owned(self.projections.values(), self.widths)
