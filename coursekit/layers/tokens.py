"""Tokens: what a transformer reads, one vector of a common width for each thing to attend to."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.utils.checks import require, require_by_modality, require_count, require_present
from coursekit.utils.tensor_checks import require_batch


def sinusoidal_positions(length: int, width: int) -> Tensor:
    """Position vectors (T, W): sin(t / 10000^(2i/W)) in column 2i, the cosine in column 2i + 1.

    length: T ≥ 1.  width: W ≥ 1; an odd width ends in a sine.  Float64; cast to your tokens' type.
    Source: Vaswani and colleagues 2017, §3.5.
    """
    require_count("length", length, 1)
    require_count("width", width, 1)
    t = torch.arange(length, dtype=torch.float64)[:, None]
    i = torch.arange(0, width, 2, dtype=torch.float64)  # 2i
    angle = t / torch.pow(10_000.0, i / width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]


def mark(
    sequences: Mapping[str, Tensor], class_token: Tensor, marks: Mapping[str, Tensor]
) -> Tensor:
    """[class; x_1 + e_1; …; x_M + e_M]: all tokens in one sequence, each with its modality's mark.

    sequences: (B, T_m, W) by modality.  class_token: (W,).  marks: e_m (W,) by modality.
    Returns (B, 1 + Σ T_m, W), modalities in the order of ``marks``.
    Errors: ValueError for no marks, a missing modality, another width, batches that differ or are
    empty, or NaN; TypeError for what is no floating-point tensor.
    Source: class and modality tokens as in Kontras and colleagues 2024; the class token is that of
    Devlin and colleagues 2019.
    """
    for name, value in (("sequences", sequences), ("marks", marks)):
        require_by_modality(name, value)
    require(len(marks) > 0, "marks is empty; at least one modality was expected.")
    require_present("sequences", sequences, marks, "marks names")
    (width,) = require_batch("class_token", class_token, (None,)).shape
    rows = None
    for m, mark_of_m in marks.items():
        require_batch(f"marks[{m!r}]", mark_of_m, (width,))
        rows = len(require_batch(f"sequences[{m!r}]", sequences[m], (rows, None, width)))
    first = class_token.expand(len(sequences[next(iter(marks))]), 1, width)
    return torch.cat([first, *(sequences[m] + e for m, e in marks.items())], dim=1)


class LearnedTokens(nn.Module):
    """The class token and one mark per modality, learned; drawn with deviation 1/√width."""

    def __init__(self, modalities: Mapping[str, int] | list[str], width: int) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.zeros(width))
        self.marks = nn.Parameter(torch.zeros(len(modalities), width))
        self.modalities = list(modalities)
        self.initialise(torch.Generator().manual_seed(0))

    def initialise(self, generator: torch.Generator) -> None:
        """Draw all of them anew."""
        for p in (self.class_token, self.marks):
            nn.init.normal_(p, std=1 / math.sqrt(p.shape[-1]), generator=generator)

    def forward(self, sequences: Mapping[str, Tensor]) -> Tensor:
        """`mark` with these tokens: (B, T_m, W) by modality → (B, 1 + Σ T_m, W)."""
        return mark(
            sequences, self.class_token, dict(zip(self.modalities, self.marks, strict=True))
        )


def encoder_stack(
    width: int, heads: int, layers: int, *, norm_first: bool
) -> nn.TransformerEncoder:
    """Torch's encoder without dropout: self-attention and a feed-forward part of 4·width, ReLU.

    norm_first: layer norms before each part (and one at the end), else after it.
    Errors: ValueError when ``heads`` does not divide ``width``.
    """
    for name, value in (("width", width), ("heads", heads), ("layers", layers)):
        require_count(name, value, 1)
    require(width % heads == 0, f"width is {width}, heads {heads}; width / heads must be whole.")
    layer = nn.TransformerEncoderLayer(
        width, heads, 4 * width, dropout=0.0, batch_first=True, norm_first=norm_first
    )
    norm = nn.LayerNorm(width) if norm_first else None
    return nn.TransformerEncoder(layer, layers, norm, enable_nested_tensor=False)
