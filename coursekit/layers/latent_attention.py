"""A few latent vectors attend to many inputs: cost grows with their product, not with N².

Source: Jaegle and colleagues, Perceiver (2021), https://arxiv.org/abs/2103.03206, section 3.1, as
in perceiver-pytorch 0.11.0.
"""

import math

from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.utils.checks import require, require_count
from coursekit.utils.tensor_checks import require_batch, require_bools, require_dtype


class LatentAttention(nn.Module):
    """softmax(q kᵀ / √D) v per head, heads side by side, then a linear layer.

    q from the latents (width), k and v from the inputs (input_width), no biases in the three.
    head_width: D; heads · D need not be the width.
    """

    def __init__(self, width: int, input_width: int, heads: int, head_width: int) -> None:
        super().__init__()
        sizes = {"width": width, "input_width": input_width, "heads": heads}
        for name, value in (sizes | {"head_width": head_width}).items():
            require_count(name, value, 1)
        self.heads, inner = heads, heads * head_width
        self.query = nn.Linear(width, inner, bias=False)
        self.key = nn.Linear(input_width, inner, bias=False)
        self.value = nn.Linear(input_width, inner, bias=False)
        self.out = nn.Linear(inner, width)

    def forward(self, latents: Tensor, inputs: Tensor, padding: Tensor | None = None) -> Tensor:
        """Latents (B, L, W) that have looked at inputs (B, N, F): (B, L, W), without a residual.

        padding: (B, N) bool, inputs that are none; a row of nothing else has no answer.
        Errors: ValueError, TypeError for other shapes, types, NaN, batches of different size.
        """
        require_batch("latents", latents, (None, None, self.query.in_features))
        require_batch("inputs", inputs, (len(latents), None, self.key.in_features))
        require_dtype("latents", latents, self.query)
        require_dtype("inputs", inputs, self.key)
        q, k, v = self.query(latents), self.key(inputs), self.value(inputs)
        q, k, v = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in (q, k, v))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        if padding is not None:
            scores = scores.masked_fill(_hidden(padding, inputs)[:, None, None], -math.inf)
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(-2))


class GatedFeedForward(nn.Module):
    """W → 2 · factor · W, its first half times the GELU of the second, → W.

    Source: GEGLU, Shazeer, GLU Variants Improve Transformer (2020),
    https://arxiv.org/abs/2002.05202, equation 6.
    """

    def __init__(self, width: int, factor: int = 4) -> None:
        super().__init__()
        require_count("width", width, 1)
        require_count("factor", factor, 1)
        self.first = nn.Linear(width, 2 * factor * width)
        self.last = nn.Linear(factor * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(…, W) → (…, W)."""
        value, gate = self.first(x).chunk(2, dim=-1)
        return self.last(value * F.gelu(gate))


class LatentBlock(nn.Module):
    """x ← x + attention(LayerNorm(x), LayerNorm(inputs));  y = x + feed-forward(LayerNorm(x)).

    input_width: None for latents that attend to themselves.
    """

    def __init__(
        self, width: int, heads: int, head_width: int, input_width: int | None = None
    ) -> None:
        super().__init__()
        require_count("width", width, 1)
        if input_width is not None:
            require_count("input_width", input_width, 1)
        self.norm = nn.LayerNorm(width)
        self.input_norm = None if input_width is None else nn.LayerNorm(input_width)
        self.attention = LatentAttention(
            width, width if input_width is None else input_width, heads, head_width
        )
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward = GatedFeedForward(width)

    def forward(
        self, latents: Tensor, inputs: Tensor | None = None, padding: Tensor | None = None
    ) -> Tensor:
        """(B, L, W) → (B, L, W).  inputs: (B, N, F), where the block reads some, else None.

        padding, errors: as in `LatentAttention`.
        """
        reads = self.input_norm is not None
        sentence = "None was expected" if inputs is not None else "a tensor was expected"
        require(reads == (inputs is not None), f"inputs is {type(inputs).__name__}; {sentence}.")
        # Before the norms, which refuse in words of their own.
        require_batch("latents", latents, (None, None, self.attention.query.in_features))
        require_dtype("latents", latents, self)
        own = others = self.norm(latents)
        if self.input_norm is not None and inputs is not None:
            width = self.attention.key.in_features
            require_batch("inputs", inputs, (len(latents), None, width))
            require_dtype("inputs", inputs, self)
            others = self.input_norm(inputs)
        x = latents + self.attention(own, others, padding)
        return x + self.feed_forward(self.feed_forward_norm(x))


def _hidden(padding: Tensor, inputs: Tensor) -> Tensor:
    require_bools("padding", padding, tuple(inputs.shape[:2]))
    nothing = bool(padding.all(1).any())
    require(not nothing, "padding hides every input of a row; one or more was expected.")
    return padding
