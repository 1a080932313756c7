"""Texts as bags of words: which words occur, whatever their order."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from coursekit.utils.checks import require, require_count, require_instance, require_list

WORD = re.compile(r"\w+")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in lower case, letters and digits only, in their order.

    Errors: TypeError for what is no text.
    """
    require_instance("text", text, str)
    return tuple(WORD.findall(text.casefold()))


def require_words(name: str, words: Any) -> None:
    """Refuse, with TypeError, a text that is not cut into words: its letters would be taken."""
    if isinstance(words, str) or not isinstance(words, Iterable):
        raise TypeError(f"{name} is {words!r}; words in a list were expected, see `words_of`.")


@dataclass(frozen=True)
class Vocabulary:
    """Words with a place each; a text becomes a row of numbers, one per word.

    A word that occurs in the text counts 1/√n with n the number of its different known words, so
    that rows of texts with known words have length one; a text without any is a row of zeros.
    Errors: ValueError for no words or a word that stands twice; TypeError, here and in what it
    does, for a text that is not cut into words.
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        require_list("words", self.words, "words")
        require(len(self.words) > 0, "words is empty; at least one was expected.")
        doubled = [word for word, n in Counter(self.words).items() if n > 1]
        require(not doubled, f"words holds {doubled[:3]} more than once.")

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def places(self) -> dict[str, int]:
        """Word → its place."""
        return {word: place for place, word in enumerate(self.words)}

    def known(self, words: Iterable[str]) -> tuple[str, ...]:
        """The different words among these that have a place, in their order."""
        require_words("words", words)
        return tuple(word for word in dict.fromkeys(words) if word in self.places)

    def unknown(self, words: Iterable[str]) -> tuple[str, ...]:
        """The different words among these that have none."""
        require_words("words", words)
        return tuple(word for word in dict.fromkeys(words) if word not in self.places)

    def bags(self, texts: Sequence[Iterable[str]]) -> Tensor:
        """One row per text, given as words: (N, V) float32."""
        require_words("texts", texts)
        rows = torch.zeros(len(texts), len(self))
        for row, words in zip(rows, texts, strict=True):
            known = self.known(words)
            if known:
                row[[self.places[word] for word in known]] = len(known) ** -0.5
        return rows


def vocabulary(texts: Sequence[Iterable[str]], least: int = 2) -> Vocabulary:
    """The words that occur in at least ``least`` of the texts, in the order of the alphabet.

    Errors: ValueError when there is none; TypeError for a text that is not cut into words.
    """
    require_list("texts", texts, "texts as words")
    require_count("least", least, 1)
    for words in texts:
        require_words("a text of texts", words)
    counts = Counter(word for words in texts for word in set(words))
    kept = tuple(sorted(word for word, n in counts.items() if n >= least))
    require(len(kept) > 0, f"texts has no word that occurs in {least} of them.")
    return Vocabulary(kept)
