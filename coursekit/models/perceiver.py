"""Perceiver: one network for any number of modalities, its latents read all of their tokens."""

import math

import torch
from torch import Tensor, nn

from coursekit.layers.latent_attention import LatentBlock
from coursekit.utils.checks import require_count
from coursekit.utils.tensor_checks import require_batch, require_dtype


class Perceiver(nn.Module):
    """Latents read tokens, then each other, ``depth`` times; their mean goes through a head.

    token_width: F.  num_classes: C.  latents: how many, L, of ``width`` each.  heads, head_width:
    of all attention.  depth: how often; all times share their weights, as in a recurrent network.
    Cost grows with N · L for N tokens, not with N².
    Source: Jaegle and colleagues, Perceiver (2021), https://arxiv.org/abs/2103.03206, section 3.
    """

    def __init__(
        self,
        token_width: int,
        num_classes: int,
        *,
        latents: int = 8,
        width: int = 32,
        heads: int = 2,
        head_width: int = 16,
        depth: int = 1,
    ) -> None:
        super().__init__()
        sizes = {"token_width": token_width, "num_classes": num_classes, "latents": latents}
        for name, value in (sizes | {"width": width, "depth": depth}).items():
            require_count(name, value, 1)
        self.depth = depth
        self.latents = nn.Parameter(torch.zeros(latents, width))
        self.reading = LatentBlock(width, heads, head_width, token_width)
        self.thinking = LatentBlock(width, heads, head_width)
        self.head = nn.Linear(width, num_classes)
        self.initialise(torch.Generator().manual_seed(0))

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the latents anew, with deviation 1/√width."""
        nn.init.normal_(self.latents, std=1 / math.sqrt(self.latents.shape[1]), generator=generator)

    def read(self, tokens: Tensor, padding: Tensor | None = None) -> Tensor:
        """The latents (B, L, W) after tokens (B, N, F); padding: (B, N) bool, tokens that are none.

        Errors: ValueError, TypeError for other shapes, types, NaN, a row of padding alone.
        """
        require_batch("tokens", tokens, (None, None, self.reading.attention.key.in_features))
        require_dtype("tokens", tokens, self)
        x = self.latents.expand(len(tokens), -1, -1)
        for _ in range(self.depth):
            x = self.thinking(self.reading(x, tokens, padding))
        return x

    def forward(self, tokens: Tensor, padding: Tensor | None = None) -> Tensor:
        """Tokens (B, N, F), of all modalities behind each other → logits (B, C)."""
        return self.head(self.read(tokens, padding).mean(1))
