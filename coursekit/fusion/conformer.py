"""Conformer fusion, and the layer it is made of: attention and convolution in turn."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.fusion.base import Fusion, Slices, owned
from coursekit.layers.blocks import Blocks
from coursekit.layers.tokens import LearnedTokens, sinusoidal_positions
from coursekit.utils.checks import require, require_count, require_finite
from coursekit.utils.devices import moved


class FeedForward(nn.Sequential):
    """Layer norm, W → expansion·W, Swish, and back, (B, T, W) → (B, T, W); figure 4 there."""

    def __init__(self, width: int, expansion: int, dropout: float) -> None:
        super().__init__(
            nn.LayerNorm(width),
            nn.Linear(width, expansion * width),
            nn.SiLU(),  # Swish by its other name
            nn.Dropout(dropout),
            nn.Linear(expansion * width, width),
            nn.Dropout(dropout),
        )


class Convolution(nn.Module):
    """Neighbours in time meet, channel by channel, (B, T, W) → (B, T, W); figure 2 there.

    Layer norm, W → 2W, GLU, a depthwise convolution over T, norm, Swish, W → W. The norm in the
    middle is a layer norm over the W numbers of a step where the paper has a batch norm: then
    neither the rest of the batch nor what a sequence is padded with changes a step's scale.
    """

    def __init__(self, width: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 2 * width)  # a convolution of length 1 is a linear layer
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.middle = nn.LayerNorm(width)
        self.mix = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, W)."""
        h = F.glu(self.widen(self.norm(x)))
        h = self.depthwise(h.transpose(1, 2)).transpose(1, 2)
        return self.dropout(self.mix(F.silu(self.middle(h))))


class ConformerLayer(nn.Module):
    """One Conformer block, (B, T, W) → (B, T, W).

    x ← x + ½ FFN(x);  x ← x + MHSA(x);  x ← x + Conv(x);  y = LayerNorm(x + ½ FFN'(x)).
    width: W, a multiple of heads.  kernel: odd, so that the length stays; zeros before the start
    and after the end.  dropout: rate at the end of each part and inside FFN, by torch's generator.
    Attention is the plain one, of Vaswani and colleagues 2017: the paper's relative positions are
    left out, and who calls adds `sinusoidal_positions`. Every part begins with its layer norm.
    Errors: TypeError, ValueError for counts, a kernel or a rate that cannot be.
    Source: Gulati and colleagues 2020, eq. 1.
    """

    def __init__(
        self, width: int, heads: int, *, kernel: int = 31, expansion: int = 4, dropout: float = 0.0
    ) -> None:
        super().__init__()
        _require_sizes(width, heads, kernel, expansion, dropout)
        self.before = FeedForward(width, expansion, dropout)
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.convolution = Convolution(width, kernel, dropout)
        self.after = FeedForward(width, expansion, dropout)
        self.last = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, W)."""
        x = x + self.before(x) / 2
        h = self.norm(x)
        x = x + self.dropout(self.attention(h, h, h, need_weights=False)[0])
        x = x + self.convolution(x)
        return self.last(x + self.after(x) / 2)


def _require_sizes(width: int, heads: int, kernel: int, expansion: int, dropout: float) -> None:
    counts = {"width": width, "heads": heads, "kernel": kernel, "expansion": expansion}
    for name, value in counts.items():
        require_count(name, value, 1)
    require(width % heads == 0, f"width is {width}, heads {heads}; width / heads must be whole.")
    require(kernel % 2 == 1, f"kernel is {kernel}; an odd number was expected.")
    require_finite("dropout", dropout)
    require(0 <= dropout < 1, f"dropout is {dropout}; a rate in [0, 1) was expected.")


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
