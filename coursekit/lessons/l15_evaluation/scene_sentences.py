"""Sentences about scenes: what several describers write of one, and what is right of a sentence.

The describers are scripts: each scene gets sentences that are drawn from a small grammar, all true.
Whoever scores captions by them scores agreement with this grammar, not with people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from coursekit.analysis.caption_ngrams import tokens_of
from coursekit.data.scene_captions import COLOURS, NOUNS, OBJECTS, RELATIONS, SHAPES
from coursekit.data.scenes import SIDE, Scenes
from coursekit.utils.checks import require, require_count, require_instance

Name = tuple[str, ...]  # of an object: ("red", "heart") or ("cat",)

INVERSE = {"left": "right", "right": "left", "above": "below", "below": "above"}
OPPOSITE = INVERSE | {"over": "under", "under": "over"}  # of the word that tells two phrases apart
PHRASES = {
    "left": ("left of", "to the left of"),
    "right": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
}
FORMS = (
    "{a} is {relation} {b} and there is {c}",
    "there is {a} {relation} {b} and {c}",
    "{a} {relation} {b} with {c} elsewhere",
    "a picture of {a} {relation} {b} and {c}",
)
# The same in words that no describer uses.
OTHER_WORDS = {
    "red": "crimson", "blue": "navy", "green": "emerald", "yellow": "golden",
    "circle": "disc", "square": "box", "cat": "kitten", "dog": "puppy", "moon": "crescent",
    "car": "automobile", "house": "home", "tree": "fir", "cake": "gateau", "bus": "coach",
}  # fmt: skip
OTHER_RELATIONS = {
    "left": "on the left-hand side of",
    "right": "on the right-hand side of",
    "above": "higher than",
    "below": "beneath",
}
OTHER_FORM = "one sees {c} as well as {a} {relation} {b}"
MEANS = (
    {other: word for word, other in OTHER_WORDS.items()}
    | {"left-hand": "left", "right-hand": "right", "higher": "above", "beneath": "below"}
    | {"over": "above", "under": "below"}
)


@dataclass(frozen=True)
class Shown:
    """What one scene shows: object → its cell, A, B and C in this order; A stands so to B."""

    cells: dict[Name, int]
    relation: str

    @property
    def names(self) -> list[Name]:
        """A, B, C."""
        return list(self.cells)


@dataclass(frozen=True)
class Facts:
    """What is right of a sentence about a scene, and how it is built.

    named: objects it names, each once.  right: those of them that are shown.  relation: None where
    it says none between two objects, else whether they stand so.  repeated: objects named again.
    broken: words that hang in the air: a colour or a shape alone, a relation without two objects,
    a second one, a word twice in a row, an object without its article.
    """

    named: int
    right: int
    relation: bool | None
    repeated: int
    broken: int


def shown_in(scenes: Scenes) -> list[Shown]:
    """What each scene shows."""
    require_instance("scenes", scenes, Scenes)
    rows = zip(scenes.objects.tolist(), scenes.cells.tolist(), scenes.relation, strict=True)
    return [
        Shown({OBJECTS[o]: c for o, c in zip(objects, cells, strict=True)}, RELATIONS[int(r)])
        for objects, cells, r in rows
    ]


def described(scene: Shown, count: int, rng: np.random.Generator) -> list[str]:
    """Sentences of ``count`` scripted describers, different ones, all true.

    Each draws which of A and B it begins with, how it says the relation, and the sentence's form.
    """
    require_count("count", count, 1, 2 * len(FORMS))
    sentences: list[str] = []
    while len(sentences) < count:
        a, b, c = scene.names
        relation = scene.relation
        if rng.random() < 0.5:
            a, b, relation = b, a, INVERSE[relation]
        phrase = PHRASES[relation][rng.integers(len(PHRASES[relation]))]
        form = FORMS[rng.integers(len(FORMS))]
        new = form.format(a=with_article(a), b=with_article(b), c=with_article(c), relation=phrase)
        if new not in sentences:
            sentences.append(new)
    return sentences


def in_other_words(scene: Shown) -> str:
    """A true sentence that shares few words with any describer's."""
    a, b, c = (tuple(OTHER_WORDS.get(word, word) for word in name) for name in scene.names)
    phrase = OTHER_RELATIONS[scene.relation]
    return OTHER_FORM.format(
        a=with_article(a), b=with_article(b), c=with_article(c), relation=phrase
    )


def with_article(name: Sequence[str]) -> str:
    """The words of an object behind "a" or "an"."""
    words = " ".join(name)
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def as_sentence(caption: str) -> str:
    """A caption of lesson 10 with articles and "of", by rule: "cat left red heart and dog" → "a cat
    left of a red heart and a dog". What is no caption keeps its faults.
    """
    words: list[str] = []
    for word in caption.split():
        begins = word in COLOURS or word in NOUNS or word in SHAPES
        if begins and not (words and words[-1] in COLOURS):
            words.append("an" if word[0] in "aeiou" else "a")
        words += [word, "of"] if word in ("left", "right") else [word]
    return " ".join(words)


def facts_of(sentence: str, scene: Shown) -> Facts:
    """What is right of a sentence; it reads the describers' words and the other ones.

    Errors: TypeError for what is no text or no scene.
    """
    require_instance("scene", scene, Shown)
    words = [MEANS.get(word, word) for word in tokens_of(sentence)]
    objects, loose = _objects(words)
    relations = [i for i, word in enumerate(words) if word in RELATIONS]
    stated = _relation(words, relations, objects)
    named = list(dict.fromkeys(name for _, name in objects))
    doubled = sum(one == other for one, other in pairwise(words))
    bare = sum(start == 0 or words[start - 1] not in ("a", "an", "the") for start, _ in objects)
    hanging = max(0, len(relations) - 1) + (bool(relations) and stated is None)
    return Facts(
        named=len(named),
        right=sum(name in scene.cells for name in named),
        relation=None if stated is None else _stands(scene, *stated),
        repeated=len(objects) - len(named),
        broken=loose + doubled + bare + hanging,
    )


def _objects(words: Sequence[str]) -> tuple[list[tuple[int, Name]], int]:
    """Place and name of each object, and how many colours and shapes belong to none."""
    objects: list[tuple[int, Name]] = []
    loose, i = 0, 0
    while i < len(words):
        pair = tuple(words[i : i + 2])
        if len(pair) == 2 and pair in OBJECTS:
            objects.append((i, pair))
            i += 1
        elif words[i] in NOUNS:
            objects.append((i, (words[i],)))
        elif words[i] in COLOURS or words[i] in SHAPES:
            loose += 1
        i += 1
    return objects, loose


def _relation(
    words: Sequence[str], relations: Sequence[int], objects: Sequence[tuple[int, Name]]
) -> tuple[Name, str, Name] | None:
    """The first relation with the objects that stand next to it, on both sides."""
    if not relations:
        return None
    at = relations[0]
    before = [name for place, name in objects if place < at]
    after = [name for place, name in objects if place > at]
    return (before[-1], words[at], after[0]) if before and after else None


def _stands(scene: Shown, first: Name, relation: str, second: Name) -> bool:
    """Whether two objects are shown and the first stands so to the second, in one line with it."""
    if first not in scene.cells or second not in scene.cells or first == second:
        return False
    (row, column), (other, beside) = (divmod(scene.cells[name], SIDE) for name in (first, second))
    if relation in ("left", "right"):
        return row == other and column != beside and (column < beside) == (relation == "left")
    return column == beside and row != other and (row < other) == (relation == "above")


def require_rows(name: str, sentences: Sequence[str], scenes: Sequence[Shown]) -> None:
    """Refuse sentences that are not one per scene."""
    sentence = f"{name} are {len(sentences)}, scenes {len(scenes)}; one per scene was expected."
    require(len(sentences) == len(scenes), sentence)
