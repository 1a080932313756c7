"""Cross-attention: a sequence, such as words, looks at another one, such as patches."""

from torch import Tensor, nn

from coursekit.layers.self_attention import (
    either_way,
    feed_forward,
    require_block,
    require_sequence,
)
from coursekit.utils.checks import require, require_flag


class CrossAttentionBlock(nn.Module):
    """Words attend to each other, then to patches; patches stay as they are.

    x ← x + MHSA(LayerNorm(x));  x ← x + MHA(LayerNorm(x), patches);  y = x + FFN(x).
    hidden: width of the feed-forward part.  Without dropout.
    Source: the multimodal encoder of Li and colleagues, Align before Fuse (2021),
    https://arxiv.org/abs/2107.07651, section 3.1; norms stand before each part here.
    """

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        require_block(width, heads, hidden)
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm_before_cross = nn.LayerNorm(width)
        self.cross_attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.feed_forward = feed_forward(width, hidden)

    def forward(
        self, words: Tensor, patches: Tensor, padding: Tensor | None = None, weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Words (B, L, W), and if ``weights`` what each looks at, (B, H, L, P), else None.

        patches: (B, P, W).  padding: (B, L) bool, words that are none.
        Errors: ValueError, TypeError for other shapes, types, NaN, batches of different size.
        """
        require_sequence("words", words, self.attention)
        require_sequence("patches", patches, self.cross_attention)
        require_flag("weights", weights)
        rows = f"words has {len(words)} rows, patches {len(patches)}"
        require(len(words) == len(patches), f"{rows}; they must agree.")
        change, _ = either_way(self.attention, self.norm(words), None, padding, False)
        words = words + change
        query = self.norm_before_cross(words)
        change, seen = either_way(self.cross_attention, query, patches, None, weights)
        words = words + change
        return words + self.feed_forward(words), seen
