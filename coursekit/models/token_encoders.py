"""Encoders that keep every patch of a picture and every word of a text as a vector of its own."""

import math

import torch
from torch import Tensor, nn

from coursekit.layers.self_attention import SelfAttentionBlock
from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require, require_count
from coursekit.utils.tensor_checks import require_dtype

HEADS = 4
CELL = 16  # pixels of a patch each way


class Positions(nn.Module):
    """A vector per place, learned, added to the tokens; drawn with deviation 1/√width."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.zeros(length, width))
        self.initialise(torch.Generator().manual_seed(0))

    def initialise(self, generator: torch.Generator) -> None:
        """Draw all of them anew."""
        std = 1 / math.sqrt(self.vectors.shape[1])
        nn.init.normal_(self.vectors, std=std, generator=generator)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, W) → (B, T, W)."""
        return tokens + self.vectors[: tokens.shape[1]]


class TokenEncoder(nn.Module):
    """What both have in common: tokens, a few self-attention blocks, a norm at the end.

    layers: blocks; 0 leaves the embedded tokens as they are.
    """

    def __init__(self, per_token: int, length: int, width: int, layers: int) -> None:
        super().__init__()
        counts = {"per_token": per_token, "length": length, "width": width}
        for name, value in counts.items():
            require_count(name, value, 1)
        require_count("layers", layers, 0)
        self.embedding = nn.Linear(per_token, width, bias=False)
        self.positions = Positions(length, width)
        self.layers = nn.ModuleList(
            SelfAttentionBlock(width, HEADS, 2 * width) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        self.out_features = width

    def encoded(self, tokens: Tensor, padding: Tensor | None = None) -> Tensor:
        """(B, T, per_token) → (B, T, W)."""
        x = self.positions(self.embedding(tokens))
        for layer in self.layers:
            x, _ = layer(x, padding)
        return self.norm(x)


class PatchEncoder(TokenEncoder):
    """Encoder of pictures cut into patches of 16 × 16 pixels, (B, channels, H, W) → (B, P, width).

    Patches go row by row.  Errors: ValueError for a height or width that is no multiple of 16.
    Source: Dosovitskiy and colleagues 2021, https://arxiv.org/abs/2010.11929, section 3.1.
    """

    def __init__(
        self, channels: int, height: int, width: int, features: int = 48, layers: int = 1
    ) -> None:
        for name, size in (("height", height), ("width", width)):
            require_count(name, size, 1)
            require(size % CELL == 0, f"{name} is {size}; a multiple of {CELL} was expected.")
        super().__init__(channels * CELL**2, (height // CELL) * (width // CELL), features, layers)
        self.reads = channels, height, width

    def check_input(self, name: str, x: Tensor) -> None:
        """Refuse what is not (B, channels, H, W) of the size it was made for."""
        require_dtype(name, x, self)
        shape = f"{name} has shape {tuple(x.shape)}; (any, {', '.join(map(str, self.reads))})"
        require(x.ndim == 4 and tuple(x.shape[1:]) == self.reads, f"{shape} was expected.")

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, P, width)."""
        self.check_input("x", x)
        cells = x.unflatten(3, (-1, CELL)).unflatten(2, (-1, CELL))  # (B, C, rows, 16, columns, 16)
        return self.encoded(cells.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2))


class WordEncoder(TokenEncoder):
    """Encoder of texts, a one per word and place: (B, L, V) → (B, L, width).

    Behind the end of a text stand rows of zeros; they come out as rows of zeros, by which whoever
    reads the features knows that there is no word.
    """

    def __init__(self, words: int, length: int, features: int = 48, layers: int = 1) -> None:
        super().__init__(words, length, features, layers)
        self.reads = length, words

    def check_input(self, name: str, x: Tensor) -> None:
        """Refuse what is not (B, L, V) of the size it was made for, and texts without a word."""
        require_dtype(name, x, self)
        shape = f"{name} has shape {tuple(x.shape)}; (any, {', '.join(map(str, self.reads))})"
        require(x.ndim == 3 and tuple(x.shape[1:]) == self.reads, f"{shape} was expected.")
        check(
            ~no_token(x).all(1).any(),
            lambda: ValueError(f"{name} has a text without a word; one or more were expected."),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, L, width)."""
        self.check_input("x", x)
        padding = no_token(x)
        return self.encoded(x, padding).masked_fill(padding[..., None], 0)


def no_token(x: Tensor) -> Tensor:
    """Which rows of (B, T, D) are zeros, places where there is no token: (B, T) bool."""
    return (x == 0).all(2)
