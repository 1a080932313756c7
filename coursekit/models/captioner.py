"""A text model that goes on with a caption, and what lets a picture into it.

Alayrac and colleagues, Flamingo (2022), https://arxiv.org/abs/2204.14198, section 3.1: the text
model is trained alone and frozen, and gated cross-attention stands before each of its blocks.
"""

import sys
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.layers.gated_cross_attention import GatedCrossAttentionBlock
from coursekit.layers.tokens import encoder_stack
from coursekit.models.token_encoders import HEADS, PatchEncoder, Positions
from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import (
    require,
    require_callable,
    require_count,
    require_instance,
    require_positive,
)
from coursekit.utils.tensor_checks import require_batch

IGNORED = -100  # a target that is none, as torch's cross-entropy has it


class TextModel(nn.Module):
    """Words, one after the other: what is likely to come next, by all that stands before.

    words: ids from 0; one more, ``end``, stands behind the last word.  length: the most words that
    are read.  Two blocks of self-attention in which no word sees a later one.
    """

    def __init__(self, words: int, length: int, width: int = 48, layers: int = 2) -> None:
        super().__init__()
        for name, value in (("words", words), ("length", length)):
            require_count(name, value, 1)
        self.end, self.length = words, length
        self.embedding = nn.Linear(words + 1, width, bias=False)
        self.positions = Positions(length, width)
        self.blocks = encoder_stack(width, HEADS, layers, norm_first=True)
        self.head = nn.Linear(width, words + 1)

    def embedded(self, words: Tensor) -> Tensor:
        """Ids (B, L) int64, negative behind the end → (B, L, W).  Errors: ValueError for others."""
        _require_ids("words", words, self.length, self.end)
        ids = words.masked_fill(words < 0, self.end)
        one_hot = F.one_hot(ids, self.end + 1).to(self.embedding.weight.dtype)
        return self.positions(self.embedding(one_hot))

    def read(self, x: Tensor, layer: int) -> Tensor:
        """One block, (B, L, W) → (B, L, W)."""
        later = nn.Transformer.generate_square_subsequent_mask(
            x.shape[1], device=x.device, dtype=x.dtype
        )
        block = self.blocks.layers[layer]
        return block(x, src_mask=later, is_causal=True)

    def logits(self, x: Tensor) -> Tensor:
        """Behind the last block: (B, L, W) → (B, L, words + 1), of the word that follows each."""
        norm = self.blocks.norm
        return self.head(x if norm is None else norm(x))

    def forward(self, words: Tensor) -> Tensor:
        """Logits (B, L, words + 1) of the word behind each of ``words`` (B, L) int64."""
        x = self.embedded(words)
        for layer in range(len(self.blocks.layers)):
            x = self.read(x, layer)
        return self.logits(x)


class Captioner(nn.Module):
    """A trained text model, frozen, into which gates let a picture that an encoder has read.

    text: kept as it is; what is learned is the encoder of patches and the gated blocks.  At the
    start the gates are closed, and the logits are those of ``text``.
    channels, height, width: of the pictures.
    """

    def __init__(self, text: TextModel, channels: int, height: int, width: int) -> None:
        super().__init__()
        require_instance("text", text, TextModel)
        self.text = text.requires_grad_(False)
        features = text.head.in_features
        self.pictures = PatchEncoder(channels, height, width, features)
        self.gated = nn.ModuleList(
            GatedCrossAttentionBlock(features, HEADS, 2 * features) for _ in text.blocks.layers
        )

    def learned(self) -> list[nn.Parameter]:
        """What training may move."""
        return [*self.pictures.parameters(), *self.gated.parameters()]

    def forward(self, pictures: Tensor, words: Tensor) -> Tensor:
        """Logits (B, L, words + 1) of the word behind each of ``words`` (B, L), given a picture.

        pictures: (B, channels, height, width).
        Errors: ValueError, TypeError for other shapes and types, NaN.
        """
        require_batch("pictures", pictures, (len(words), None, None, None))
        return self.read(self.pictures(pictures), words)

    def given(self, pictures: Tensor) -> Callable[[Tensor], Tensor]:
        """Words (B, L) → logits, for pictures (B, …) that are encoded once."""
        return partial(self.read, self.pictures(pictures))

    def read(self, patches: Tensor, words: Tensor) -> Tensor:
        """The same from patches (B, P, W) that are encoded already."""
        x = self.text.embedded(words)
        for layer, gated in enumerate(self.gated):
            x = self.text.read(gated(x, patches), layer)
        return self.text.logits(x)


def next_words(words: Tensor, end: int) -> Tensor:
    """The word behind each of ``words`` (B, L), ids, negative behind the end: (B, L) int64.

    ``end`` behind the last word, `IGNORED` farther on.
    """
    require_count("end", end, 1)
    _require_ids("words", words, sys.maxsize, end)
    following = torch.cat([words[:, 1:], torch.full_like(words[:, :1], -1)], 1)
    is_word = words >= 0
    return following.masked_fill(is_word & (following < 0), end).masked_fill(~is_word, IGNORED)


def caption_loss(logits: Tensor, words: Tensor) -> Tensor:
    """Cross-entropy of every next word and of the end, mean over them, a scalar.

    logits: (B, L, V), of the word behind each place.  words: (B, L), the caption's ids.
    Teacher forcing: each word is asked for behind the right ones before it.
    Errors: ValueError for other shapes, NaN, captions without any word.
    """
    require_batch("logits", logits, (None, None, None))
    targets = next_words(words, logits.shape[2] - 1)
    sentence = f"logits has shape {tuple(logits.shape)}, words {tuple(words.shape)}"
    require(logits.shape[:2] == words.shape, f"{sentence}; the same rows and places were expected.")
    none = "words has no word in any row; one or more were expected."
    check((words >= 0).any(), lambda: ValueError(none))
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)


@torch.no_grad()
def write_captions(
    logits_of: Callable[[Tensor], Tensor],
    start: Tensor,
    length: int,
    generator: torch.Generator | None = None,
    temperature: float = 1.0,
) -> Tensor:
    """Go on from ``start``, (B, L₀) ids, word by word: (B, length) int64, −1 behind the end.

    logits_of: of the next words, by ids (B, L): a `TextModel`, or `Captioner.given` pictures.
    length: at most so many words, the first ones included.  generator: draws each word from the
    probabilities at ``temperature``; None takes the likeliest one.
    """
    require_callable("logits_of", logits_of)
    require_count("length", length, 1)
    require_positive("temperature", temperature)
    _require_ids("start", start, length)
    words = start
    while words.shape[1] < length:
        last = logits_of(words)[:, -1]
        if generator is None:
            word = last.argmax(1, keepdim=True)
        else:
            word = torch.multinomial((last / temperature).softmax(1), 1, generator=generator)
        ended = (words[:, -1:] < 0) | (word == last.shape[1] - 1)
        words = torch.cat([words, word.masked_fill(ended, -1)], 1)
    return words


def _require_ids(name: str, words: Tensor, length: int, most: int | None = None) -> None:
    """Ids (B, L ≤ length) int64, below ``most`` if there is one; negative ones are no words."""
    if not isinstance(words, Tensor) or words.dtype != torch.int64:
        what = getattr(words, "dtype", type(words).__name__)
        raise TypeError(f"{name} is {what}; ids of words as int64 were expected.")
    fits = words.ndim == 2 and 0 < words.shape[1] <= length
    want = "(any, any)" if length == sys.maxsize else f"(any, {length} or fewer)"
    require(fits, f"{name} has shape {tuple(words.shape)}; {want} was expected.")
    if most is not None:
        sentence = f"{name} has an id of {most} or more; ids below were expected."
        check((words < most).all(), lambda: ValueError(sentence))
