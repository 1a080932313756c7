"""Cross-attention behind gates that start closed, to let something new into a trained network."""

import torch
from torch import Tensor, nn

from coursekit.layers.self_attention import feed_forward, require_block, require_sequence
from coursekit.utils.checks import require


class GatedCrossAttentionBlock(nn.Module):
    """Words look at patches as far as two gates let them; both start at 0: nothing is changed.

    x ← x + tanh(a) · MHA(LayerNorm(x), patches);  y = x + tanh(f) · FFN(x), a and f learned.
    hidden: width of the feed-forward part.  Without dropout.
    Source: Alayrac and colleagues, Flamingo (2022), https://arxiv.org/abs/2204.14198, section 3.1.2
    and figure 4; theirs is a feed-forward part of 4 · width with another non-linearity.
    """

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        require_block(width, heads, hidden)
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.feed_forward = feed_forward(width, hidden)
        self.attention_gate = nn.Parameter(torch.zeros(()))
        self.feed_forward_gate = nn.Parameter(torch.zeros(()))

    def initialise(self, _: torch.Generator) -> None:
        """Close both gates, whatever the seed."""
        nn.init.zeros_(self.attention_gate)
        nn.init.zeros_(self.feed_forward_gate)

    def gates(self) -> tuple[float, float]:
        """How far they are open, tanh(a) and tanh(f), each in (−1, 1)."""
        attention, feed_forward = self.attention_gate, self.feed_forward_gate
        return float(attention.detach().tanh()), float(feed_forward.detach().tanh())

    def forward(self, words: Tensor, patches: Tensor) -> Tensor:
        """Words (B, L, W) that have looked at patches (B, P, W): (B, L, W).

        Errors: ValueError, TypeError for other shapes, types, NaN, batches of different size.
        """
        require_sequence("words", words, self.attention)
        require_sequence("patches", patches, self.attention)
        rows = f"words has {len(words)} rows, patches {len(patches)}"
        require(len(words) == len(patches), f"{rows}; they must agree.")
        seen, _ = self.attention(self.norm(words), patches, patches, need_weights=False)
        words = words + self.attention_gate.tanh() * seen
        return words + self.feed_forward_gate.tanh() * self.feed_forward(words)
