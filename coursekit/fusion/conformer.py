"""Conformer fusion: conformer layers over the marked features of all modalities."""

from collections.abc import Mapping

from torch import Tensor, nn

from coursekit.fusion.base import Fusion, Slices, owned
from coursekit.layers.conformer import ConformerLayer
from coursekit.layers.sequential_blocks import Blocks
from coursekit.layers.tokens import LearnedTokens, sinusoidal_positions
from coursekit.utils.checks import require_count
from coursekit.utils.devices import moved


class ConformerFusion(Fusion, Blocks):
    """logits = V h_0 + c, h = Conformer([class; P_1 x_1 + p + e_1; …; P_M x_M + p + e_M]).

    Each modality is a vector (B, D_m), one token, or a sequence (B, T_m, D_m). P_m projects to a
    common width, p are sinusoidal positions, counted in each modality from 0 (none for a single
    token, which has no order), e_m is a learned token that says which modality it is, h_0 is what
    became of the class token. The convolution runs over the joined sequence, so the order of the
    modalities in ``widths`` matters. Any number of modalities.
    Source: class and modality tokens and two Conformer layers as in Kontras and colleagues 2024;
    the layer of Gulati and colleagues 2020. The sizes are ours, with a kernel of 3 for few tokens.
    """

    name = "conformer"

    def __init__(
        self,
        widths: Mapping[str, int],
        num_classes: int,
        *,
        width: int = 32,
        heads: int = 4,
        layers: int = 2,
        kernel: int = 3,
    ) -> None:
        super().__init__(widths, num_classes)
        require_count("layers", layers, 1)
        self.projections = nn.ModuleDict({m: nn.Linear(d, width) for m, d in widths.items()})
        self.tokens = LearnedTokens(list(widths), width)
        self.layers = nn.ModuleList(
            ConformerLayer(width, heads, kernel=kernel) for _ in range(layers)
        )
        self.linear = nn.Linear(width, num_classes)

    def blocks(self) -> list[nn.Module]:
        """The Conformer layers, first to last."""
        return list(self.layers)

    def _shape(self, width: int, x: Tensor, rows: int | None) -> tuple[int | None, ...]:
        """(B, D_m), or (B, T_m, D_m) for a sequence."""
        return (rows, None, width) if x.ndim == 3 else (rows, width)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) or (B, T_m, D_m) by modality → (B, C)."""
        parts = zip(self.widths, self.ordered(features), strict=True)
        sequences = {m: self._sequence(m, x) for m, x in parts}
        return self.linear(self.through(self.tokens(sequences))[:, 0])

    def _sequence(self, modality: str, x: Tensor) -> Tensor:
        """P_m x, plus positions where there is an order, (B, T_m, W)."""
        projected = self.projections[modality](x if x.ndim == 3 else x[:, None])
        if projected.shape[1] == 1:
            return projected
        return projected + moved(sinusoidal_positions(*projected.shape[1:]), projected)

    def slices(self) -> Slices:
        """P_m by modality."""
        return owned(self.projections.values(), self.widths)
