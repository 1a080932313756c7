"""A conformer layer: attention over the sequence, convolution along it, two half feed-forwards.

Source: [Gulati et al., Conformer](https://arxiv.org/abs/2005.08100), section 2.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.utils.checks import require, require_count, require_finite


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
