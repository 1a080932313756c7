"""One transformer over the tokens of any set of modalities."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH, HEADS = 32, 2


class TokenTransformer(nn.Module):
    """Tokens of all modalities in one self-attention block, then their mean, then a head.

    A token is W x + e_m: a projection, and a vector e_m that is learnt for each modality.
    widths: numbers per token of each modality.  shared: one projection for all, tokens filled up
    with zeros to the widest.  vectors: whether there are e_m.  votes: every modality counts the
    same, however many tokens it has; else every token.
    """

    def __init__(
        self, widths: Mapping[str, int], classes: int, shared: bool = False, vectors: bool = True,
        votes: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.votes = votes
        self.widest = max(widths.values()) if shared else 0
        sizes = {"all": self.widest} if shared else widths
        self.projections = nn.ModuleDict({m: nn.Linear(d, WIDTH) for m, d in sizes.items()})
        self.vectors = nn.ModuleDict({m: Vector(WIDTH) for m in widths} if vectors else {})
        self.block = AttentionBlock(WIDTH, HEADS)
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, classes)

    def token(self, m: str, x: Tensor) -> Tensor:
        """Tokens (B, N, W) of what modality ``m`` measured, (B, N, D)."""
        if self.widest:
            x = F.pad(x, (0, self.widest - x.shape[-1]))
        made = self.projections["all" if self.widest else m](x)
        return made + self.vectors[m]() if m in self.vectors else made

    def tokens(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """All tokens behind each other, (B, Σ N_m, W)."""
        return torch.cat([self.token(m, x) for m, x in inputs.items()], dim=1)

    def weights(self, inputs: Mapping[str, Tensor], hidden: Tensor) -> Tensor:
        """What every token counts, (B, Σ N_m), 0 if hidden; a modality's sum to 1 with votes."""
        seen = (~hidden).to(self.head.weight)
        if not self.votes:
            return seen
        parts = seen.split([x.shape[1] for x in inputs.values()], dim=1)
        return torch.cat([p / p.sum(1, keepdim=True).clamp_min(1) for p in parts], dim=1)

    def features(self, inputs: Mapping[str, Tensor], hidden: Tensor) -> Tensor:
        """The weighted mean over tokens, (B, W)."""
        weights = self.weights(inputs, hidden)
        tokens = self.norm(self.block(self.tokens(inputs), weights))
        return (tokens * weights[..., None]).sum(1) / weights.sum(1, keepdim=True)

    def forward(self, inputs: Mapping[str, Tensor], hidden: Tensor) -> Tensor:
        """inputs: (B, N_m, D_m) by modality.  hidden: (B, Σ N_m) bool, in their order: tokens that
        are padding, or of a modality that is missing. Returns logits (B, C).
        """
        return self.head(self.features(inputs, hidden))


class Vector(nn.Module):
    """A vector that is learnt, zero at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(width))
        self.initialise(torch.Generator())

    def initialise(self, generator: torch.Generator) -> None:
        """Begin at small numbers."""
        nn.init.normal_(self.value, std=0.02, generator=generator)

    def forward(self) -> Tensor:
        """The vector, (W,)."""
        return self.value


class AttentionBlock(nn.Module):
    """x ← x + attention(LayerNorm(x)), y = x + feed-forward(LayerNorm(x)).

    A token of weight w is attended to as if it stood there w times: log w is added to its scores.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.second_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width)
        )

    def attention(self, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """What tokens (B, N, W) gather from each other, and how much from whom, (B, H, N, N)."""
        parts = self.query_key_value(x).chunk(3, dim=-1)
        q, k, v = (p.unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in parts)
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5 + weights.log()[:, None, None]
        shares = scores.softmax(-1)
        return self.out((shares @ v).transpose(1, 2).flatten(-2)), shares

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """(B, N, W) → (B, N, W); weights: (B, N), 0 for tokens that nobody sees."""
        x = x + self.attention(self.norm(x), weights)[0]
        return x + self.feed_forward(self.second_norm(x))
