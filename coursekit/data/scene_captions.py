"""Captions of scenes: their words, their one sentence, and what a foil exchanges in it.

"[cls] red heart left blue square and cat" says: A, a red heart, stands left of B, a blue square;
C, a cat, anywhere. A foil is a caption that is wrong in one respect.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.utils.checks import choose, require, require_count, require_instance, require_list
from coursekit.utils.tensor_checks import require_batch

CLS, MASK = "[cls]", "[mask]"
COLOURS = ("red", "blue", "green", "yellow")
SHAPES = ("heart", "circle", "square")
# A noun and the English name of its emoji.
NOUNS = {
    "cat": "cat face",
    "dog": "dog face",
    "moon": "crescent moon",
    "sun": "sun",
    "apple": "red apple",
    "banana": "banana",
    "car": "automobile",
    "house": "house",
    "tree": "evergreen tree",
    "fish": "fish",
    "star": "star",
    "key": "key",
    "cake": "birthday cake",
    "bus": "bus",
}
RELATIONS = ("left", "right", "above", "below")
WORDS = (CLS, MASK, *COLOURS, *SHAPES, *NOUNS, *RELATIONS, "and")
COLOURED = tuple((colour, shape) for colour in COLOURS for shape in SHAPES)
OBJECTS: tuple[tuple[str, ...], ...] = (*COLOURED, *((noun,) for noun in NOUNS))  # as words
EMOJI = tuple(NOUNS.get(words[0], " ".join(words)) for words in OBJECTS)  # names of the pictures
FOILS = ("object", "relation", "colour")
LONGEST = 9  # [cls], three objects of two words, a relation, "and"

PLACE_OF_WORD = {word: place for place, word in enumerate(WORDS)}


def caption_words(a: int, relation: int, b: int, c: int | None = None) -> tuple[str, ...]:
    """The caption that says that A stands so to B, and that there is C, if any.

    a, b, c: places in `OBJECTS`.  relation: a place in `RELATIONS`.
    Errors: TypeError, ValueError for what is no such place.
    """
    for name, one in (("a", a), ("b", b), *((("c", c),) if c is not None else ())):
        require_count(name, one, 0, len(OBJECTS) - 1)
    require_count("relation", relation, 0, len(RELATIONS) - 1)
    rest = () if c is None else ("and", *OBJECTS[c])
    return (CLS, *OBJECTS[a], RELATIONS[relation], *OBJECTS[b], *rest)


def parsed(words: Sequence[str]) -> tuple[tuple[str, ...], str, tuple[str, ...], tuple[str, ...]]:
    """A, the relation, B and C of a caption, as words; C is empty where there is none.

    Errors: ValueError for what is no caption of a scene; TypeError for what is no list.
    """
    require_list("words", words, "words")
    relation = [i for i, word in enumerate(words) if word in RELATIONS]
    require(
        len(relation) == 1 and words[0] == CLS,
        f"words is {' '.join(words)!r}; a caption such as '{CLS} cat left dog' was expected.",
    )
    at = relation[0]
    end = words.index("and") if "and" in words else len(words)
    return tuple(words[1:at]), words[at], tuple(words[at + 1 : end]), tuple(words[end + 1 :])


def foil_words(words: Sequence[str], kind: str, generator: torch.Generator) -> tuple[str, ...]:
    """The caption with one thing exchanged; the same caption where there is nothing to exchange.

    kind: "object", the last object becomes a noun that the caption does not have; "relation", A and
    B change places, so that the bag of words stays; "colour", the colours of A and B do, where both
    have one and neither colour nor shape is the same.
    Errors: ValueError for another kind, or for what is no caption of a scene.
    """
    choose("kind", kind, FOILS)
    require_instance("generator", generator, torch.Generator)
    a, relation, b, c = parsed(words)
    if kind == "relation":
        a, b = b, a
    elif kind == "object":
        absent = [noun for noun in NOUNS if noun not in words]
        drawn = (absent[int(torch.randint(len(absent), (), generator=generator))],)
        b, c = (b, drawn) if c else (drawn, c)
    elif may_exchange_colours(a, b):
        a, b = (b[0], a[1]), (a[0], b[1])
    return (CLS, *a, relation, *b, *(("and", *c) if c else ()))


def may_exchange_colours(a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether two objects, as words, have a colour each, and differ in colour and in shape."""
    return len(a) == len(b) == 2 and a[0] != b[0] and a[1] != b[1]


def ids_of(captions: Sequence[Sequence[str]], length: int = LONGEST) -> Tensor:
    """Places in `WORDS` of every caption's words, (N, length) int64; −1 behind the end.

    Errors: ValueError for a word that is none of `WORDS`, or a caption that is too long; TypeError
    for what is no list.
    """
    require_list("captions", captions, "captions as words")
    require_count("length", length, 1)
    ids = torch.full((len(captions), length), -1)
    for row, words in enumerate(captions):
        require(
            len(words) <= length,
            f"captions has one of {len(words)} words; {length} or fewer were expected.",
        )
        for place, word in enumerate(words):
            ids[row, place] = PLACE_OF_WORD[choose("a word of captions", word, WORDS)]
    return ids


def one_hot(ids: Tensor) -> Tensor:
    """(N, L) int64, −1 for no word → (N, L, V) float32: a one per word, zeros behind the end.

    Errors: ValueError for another shape or a place beyond `WORDS`, TypeError for other numbers.
    """
    if not isinstance(ids, Tensor) or ids.dtype != torch.int64:
        what = getattr(ids, "dtype", type(ids).__name__)
        raise TypeError(f"ids is {what}; places of words as int64 were expected.")
    shape = f"ids has shape {tuple(ids.shape)}"
    require(ids.ndim == 2 and ids.numel() > 0, f"{shape}; (N, L), none of them 0, was expected.")
    low, high, most = int(ids.min()), int(ids.max()), len(WORDS) - 1
    fits = low >= -1 and high <= most
    require(fits, f"ids lie in {low} to {high}; -1 to {most} was expected.")
    return F.one_hot(ids + 1, len(WORDS) + 1)[..., 1:].float()


def words_in(text: Tensor) -> list[tuple[str, ...]]:
    """The words of every row of ``text`` (N, L, V), as `one_hot` gives them.

    Errors: ValueError for another shape; TypeError for what is no tensor of floats.
    """
    require_batch("text", text, (None, None, len(WORDS)))
    rows = zip(text.argmax(2).tolist(), text.sum(2).tolist(), strict=True)
    return [tuple(WORDS[place] for place, there in zip(*row, strict=True) if there) for row in rows]


def foils(text: Tensor, kind: str, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """`foil_words` of every row: captions (N, L, V), and which differ from their own, (N,) bool.

    Errors: ValueError for another shape, no captions of scenes, or another kind; TypeError for
    what is no tensor of floats, or no generator.
    """
    choose("kind", kind, FOILS)
    require_instance("generator", generator, torch.Generator)
    changed = [foil_words(words, kind, generator) for words in words_in(text)]
    new = one_hot(ids_of(changed, text.shape[1])).to(text)
    return new, (new != text).flatten(1).any(1)
