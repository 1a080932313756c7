"""Eight modalities of different kinds that show one label: a digit."""

import math
from collections.abc import Mapping
from functools import lru_cache

import torch
from torch import Tensor

from coursekit.layers.fourier_positions import fourier_positions
from coursekit.lessons.l17_many_modalities.clips import clips_of, motion_vectors
from coursekit.lessons.l17_many_modalities.rows_at_once import Rows, RowSets, by_split

# In the order in which lessons add them.
KINDS: Mapping[str, str] = {
    "table": "eight columns that show the digit mod 5",
    "series": "a wave whose frequency shows half the digit, two channels",
    "picture": "a written digit with noise, row by row",
    "thermometer": "four readings that rise with the digit",
    "motion": "vectors of 16 blocks, three steps; they tell the digit mod 4 in six clips of ten",
    "text": "three to eight words, some of which name the digit",
    "accelerometer": "ten readings on three axes that show a third of the digit",
    "sound": "the spoken digit with noise, step by step",
}
LONGEST_TEXT, NAMES, FILLERS = 8, 2, 10  # words; names per digit; words that say nothing
BANDS, FREQUENCY, TIED = 2, 4.0, 0.6
AT = {"picture": (14,), "sound": (16,), "motion": (4, 4), "text": (8,), "series": (12,),
      "accelerometer": (10,), "thermometer": (4,), "table": (1,)}  # fmt: skip
STREAM = 18_000_000


@lru_cache(maxsize=4)
def mixed_rows(seeds: tuple[int, ...]) -> RowSets:
    """All eight, tokens (K, N, T_m, D_m) by modality. Words that are none are zeros."""
    each = [mixed_seed(seed) for seed in seeds]

    def rows(split: str) -> Rows:
        inputs = {}
        for m in KINDS:
            own = [standardised(x[m], at["train"])[at[split]] for x, _, at in each]
            inputs[m] = torch.stack(own)
        return Rows(inputs, torch.stack([y[at[split]] for _, y, at in each]))

    return by_split(rows, seeds)


def standardised(x: Tensor, train: Tensor) -> Tensor:
    """Tokens over their deviation on the training rows, less their mean where none is padding."""
    if bool(padding_of(x).any()):
        return x / x[train].std()
    return (x - x[train].mean()) / x[train].std()


def mixed_seed(seed: int) -> tuple[dict[str, Tensor], Tensor, dict[str, Tensor]]:
    """Tokens (N, T_m, D_m) by modality without positions, digits (N,), rows by split."""
    clips, sound, digits, _, splits = clips_of(seed, tied=TIED)
    used = torch.cat(list(splits.values()))
    clips, sound, digits = clips[used], sound[used], digits[used]
    counts = [len(rows) for rows in splits.values()]
    where = torch.arange(len(used)).split(counts)
    generator = torch.Generator().manual_seed(STREAM + seed)

    def noise(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    n = len(digits)
    blurred = clips + 0.05 * noise(*clips.shape)
    vectors = motion_vectors(blurred)  # (N, 3, 4, 4, 2)
    picture = cut_out(clips[:, 1]) + 1.2 * noise(n, 14, 14)
    time = torch.linspace(0, 2 * math.pi, 12)
    angles = (1 + digits // 2)[:, None] * time + 6.3 * torch.rand(n, 1, generator=generator)
    axes = torch.nn.functional.one_hot(digits // 3, 4).float() @ _pattern(4, 3)
    tokens = {
        "table": (_pattern(5, 8)[digits % 5] + 0.9 * noise(n, 8))[:, None],
        "series": torch.stack([angles.sin(), angles.cos()], 2) + 1.4 * noise(n, 12, 2),
        "picture": picture,
        "thermometer": digits.float()[:, None, None] / 3 + 2 * noise(n, 4, 1),
        "motion": vectors.permute(0, 2, 3, 1, 4).reshape(n, 16, 6),
        "text": sentences(digits, generator),
        "accelerometer": axes[:, None] + 2.5 * noise(n, 10, 3),
        "sound": sound.transpose(1, 2) + 2.0 * noise(n, 16, 16),
    }
    rows = dict(zip(splits, where, strict=True))
    return {m: tokens[m] for m in KINDS}, digits, rows


def cut_out(frames: Tensor) -> Tensor:
    """The digit of each frame (N, S, S), 14 × 14: where it stands is cut away."""
    rows = frames.abs().sum(2) > 0
    columns = frames.abs().sum(1) > 0
    top, left = rows.float().argmax(1).clamp_max(10), columns.float().argmax(1).clamp_max(10)
    span = torch.arange(14)
    at = torch.arange(len(frames))[:, None, None]
    return frames[at, (top[:, None] + span)[:, :, None], (left[:, None] + span)[:, None]]


def sentences(digits: Tensor, generator: torch.Generator) -> Tensor:
    """Words (N, 8, V) as one-hot tokens, zeros behind the last word of a sentence.

    Three to eight words; each names the digit with probability 0.08, by one of its two names, else
    it is one of ten words that say nothing.
    """
    n, words = len(digits), LONGEST_TEXT
    vocabulary = 10 * NAMES + FILLERS
    name = NAMES * digits[:, None] + torch.randint(NAMES, (n, words), generator=generator)
    filler = 10 * NAMES + torch.randint(FILLERS, (n, words), generator=generator)
    says = torch.rand(n, words, generator=generator) < 0.08
    length = torch.randint(3, words + 1, (n, 1), generator=generator)
    one_hot = torch.nn.functional.one_hot(torch.where(says, name, filler), vocabulary).float()
    return one_hot * (torch.arange(words) < length)[..., None]


def _pattern(classes: int, width: int) -> Tensor:
    """A fixed direction of length 1 for each class."""
    generator = torch.Generator().manual_seed(classes * 100 + width)
    drawn = torch.randn(classes, width, generator=generator)
    return 1.5 * drawn / drawn.norm(dim=1, keepdim=True)


def padding_of(x: Tensor) -> Tensor:
    """Tokens that are none: all their numbers are 0, (…, T, D) → (…, T)."""
    return (x == 0).all(-1)


def hidden_of(inputs: Mapping[str, Tensor]) -> Tensor:
    """`padding_of` all modalities behind each other, (…, Σ T_m)."""
    return torch.cat([padding_of(x) for x in inputs.values()], dim=-1)


def with_positions(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tokens (…, T, D) with their Fourier positions behind, zeros where a token is none."""
    made = {}
    for m, x in inputs.items():
        positions = (
            fourier_positions(AT.get(m, x.shape[-2:-1]), BANDS, FREQUENCY)
            .flatten(-2)
            .flatten(0, -2)
            .to(x)
        )
        added = torch.cat([x, positions.expand(*x.shape[:-1], -1)], dim=-1)
        made[m] = added * ~padding_of(x)[..., None]
    return made
