"""Self-attention before a norm, and attention whose weights can be read and differentiated."""

import math

from torch import Tensor, nn

from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require, require_count, require_flag, require_instance
from coursekit.utils.tensor_checks import require_bools, require_dtype, require_weights


def attend(
    attention: nn.MultiheadAttention,
    query: Tensor,
    keys: Tensor,
    padding: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Attention with the parameters of ``attention``, and its weights, as part of the graph.

    softmax(Q Kᵀ / √(W/H)) V per head, heads side by side, then its last linear layer. Torch's own
    call gives the same numbers, but weights by which nothing can be differentiated.
    query: (B, L, W).  keys: (B, S, W), values too.  padding: (B, S) bool, keys that are none.
    Returns (B, L, W) and (B, H, L, S), whose rows sum to one.
    Errors: ValueError, TypeError for other shapes, types, NaN.
    Source: Vaswani and colleagues 2017, https://arxiv.org/abs/1706.03762, section 3.2.
    """
    require_instance("attention", attention, nn.MultiheadAttention)
    require_sequence("query", query, attention)
    require_sequence("keys", keys, attention)
    rows = f"query has {len(query)} rows, keys {len(keys)}"
    require(len(query) == len(keys), f"{rows}; they must agree.")
    require_padding(padding, keys)
    heads, width = attention.num_heads, attention.embed_dim
    weight, bias = attention.in_proj_weight, attention.in_proj_bias
    projected = [
        nn.functional.linear(x, w, b).unflatten(2, (heads, width // heads)).transpose(1, 2)
        for x, w, b in zip((query, keys, keys), weight.chunk(3), bias.chunk(3), strict=True)
    ]
    q, k, v = projected  # (B, H, L or S, W/H)
    scores = q @ k.transpose(2, 3) / math.sqrt(width // heads)
    if padding is not None:
        scores = scores.masked_fill(padding[:, None, None], -math.inf)
    weights = scores.softmax(3)
    return attention.out_proj((weights @ v).transpose(1, 2).flatten(2)), weights


def require_padding(padding: Tensor | None, keys: Tensor) -> None:
    """Refuse what does not say of each of the keys (B, S, W) whether it is none, or leaves no key.

    A softmax over nothing has no value.
    """
    if padding is None:
        return
    require_bools("padding", padding, tuple(keys.shape[:2]))
    sentence = "padding leaves a row without a key; one or more per row were expected."
    check((~padding).any(1).all(), lambda: ValueError(sentence))


def require_sequence(name: str, x: Tensor, module: nn.MultiheadAttention) -> None:
    """Refuse what is no finite (B, T, W) in the weights' dtype; B may be 0."""
    require_weights(name, x)
    require_dtype(name, x, module)
    width = module.embed_dim
    fits = x.ndim == 3 and x.shape[2] == width
    require(fits, f"{name} has shape {tuple(x.shape)}; (any, any, {width}) was expected.")


def feed_forward(width: int, hidden: int) -> nn.Sequential:
    """Layer norm, W → hidden, ReLU, hidden → W."""
    return nn.Sequential(
        nn.LayerNorm(width), nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width)
    )


def require_block(width: int, heads: int, hidden: int) -> None:
    """Refuse sizes of a block that cannot be."""
    for name, value in (("width", width), ("heads", heads), ("hidden", hidden)):
        require_count(name, value, 1)
    require(width % heads == 0, f"width is {width}, heads {heads}; width / heads must be whole.")


class SelfAttentionBlock(nn.Module):
    """x ← x + MHSA(LayerNorm(x));  y = x + FFN(x), (B, T, W) → (B, T, W).

    hidden: width of the feed-forward part.  Without dropout.
    """

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        require_block(width, heads, hidden)
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.feed_forward = feed_forward(width, hidden)

    def forward(
        self, x: Tensor, padding: Tensor | None = None, weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Tokens (B, T, W), and if ``weights`` the attention (B, H, T, T), else None.

        padding: (B, T) bool, tokens that nobody attends to.
        """
        require_sequence("x", x, self.attention)
        require_flag("weights", weights)
        change, seen = either_way(self.attention, self.norm(x), None, padding, weights)
        x = x + change
        return x + self.feed_forward(x), seen


def either_way(
    attention: nn.MultiheadAttention,
    query: Tensor,
    keys: Tensor | None,
    padding: Tensor | None,
    weights: bool,
) -> tuple[Tensor, Tensor | None]:
    """`attend`, or torch's faster call where nobody asks for weights.  keys: None for ``query``."""
    keys = query if keys is None else keys
    require_padding(padding, keys)
    if weights or len(query) == 0:  # torch's call fails where there is padding and no row
        out, seen = attend(attention, query, keys, padding)
        return out, seen if weights else None
    out, _ = attention(query, keys, keys, key_padding_mask=padding, need_weights=False)
    return out, None
