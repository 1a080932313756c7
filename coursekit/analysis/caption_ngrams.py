"""Captions as words, and runs of n words: what BLEU and CIDEr count.

Both metrics take words, not text: how a caption is cut changes the score. `tokens_of` is the cut of
this course; `str.split` takes captions that are cut already.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

from coursekit.utils.checks import require, require_count, require_instance, require_list

Tokens = Sequence[str]
Ngram = tuple[str, ...]

# A number with its points and commas, or letters and digits, also joined by hyphens.
TOKEN = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+(?:-[^\W_]+)*")


def tokens_of(caption: str) -> list[str]:
    """The words of a caption in lower case, in their order; punctuation is dropped.

    A word with a hyphen, and a number with a point or comma, stay whole; an apostrophe divides:
    "it's" becomes it, s. That is near what the scripts of COCO do, but not the same: they run a
    Java program, the Penn Treebank tokeniser, which writes 's and n't as words of their own. So a
    score with these words is not one to put beside published figures.
    Errors: TypeError for what is no text.
    """
    require_instance("caption", caption, str)
    return TOKEN.findall(unicodedata.normalize("NFC", caption).lower())


def ngrams(tokens: Tokens, n: int) -> list[Ngram]:
    """Every run of n words, in order, repeated ones too; none where there are fewer words.

    Errors: TypeError for a text that is not cut into words, ValueError for n below one.
    """
    require_tokens("tokens", tokens)
    require_count("n", n, 1)
    return [tuple(tokens[start : start + n]) for start in range(len(tokens) - n + 1)]


def ngram_counts(tokens: Tokens, max_n: int) -> list[Counter[Ngram]]:
    """How often each n-gram occurs, a counter for each n from 1 to ``max_n``.

    Errors: as in `ngrams`.
    """
    require_count("max_n", max_n, 1)
    return [Counter(ngrams(tokens, n)) for n in range(1, max_n + 1)]


def require_tokens(name: str, tokens: Any) -> None:
    """Refuse, with TypeError, what is no list of words; no word at all is a caption too.

    A text would be taken letter by letter.
    """
    fits = not isinstance(tokens, str) and isinstance(tokens, Sequence)
    if not fits or not all(isinstance(token, str) for token in tokens):
        raise TypeError(f"{name} is {tokens!r}; words in a list were expected, see `tokens_of`.")


def require_references(references: Any) -> None:
    """Refuse what is not, per image, a list of one or more references as words."""
    require_list("references", references, "references of each image")
    for i, own in enumerate(references):
        require_own_references(f"references[{i}]", own)


def require_own_references(name: str, references: Any) -> None:
    """Refuse what is not a list of one or more references as words, those of an image."""
    require_list(name, references, "references as words")
    for j, reference in enumerate(references):
        require_tokens(f"{name}[{j}]", reference)


def require_captions(candidates: Any, references: Any) -> None:
    """Refuse what is not a candidate per image, and references of the same images, as words."""
    require_list("candidates", candidates, "captions as words")
    for i, candidate in enumerate(candidates):
        require_tokens(f"candidates[{i}]", candidate)
    require_references(references)
    sentence = f"references are of {len(references)} images, candidates of {len(candidates)}"
    require(len(references) == len(candidates), f"{sentence}; equally many were expected.")
