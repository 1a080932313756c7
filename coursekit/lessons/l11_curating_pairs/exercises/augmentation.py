"""Lesson 11, the exercise about augmentation: is the caption still true of the changed picture?"""

from collections.abc import Callable, Sequence

import numpy as np

from coursekit.course.exercises.drawing import until_told_apart
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

SIDES = frozenset({"left", "right"})
HEIGHTS = frozenset({"above", "below"})
COLOURS = frozenset({"red", "green", "blue", "yellow"})
CHANGES = ("mirror", "upside down", "half turn", "grey", "shift")


def _words(caption: str) -> set[str]:
    return set(caption.lower().split())


def _effects(changes: Sequence[str]) -> tuple[bool, bool, bool]:
    """Whether sides are exchanged at the end, whether heights are, whether colours are gone."""
    mirrored = (changes.count("mirror") + changes.count("half turn")) % 2 == 1
    turned = (changes.count("upside down") + changes.count("half turn")) % 2 == 1
    return mirrored, turned, "grey" in changes


def _true(caption: str, changes: Sequence[str]) -> bool:
    return _read(_words(caption), *_effects(changes))


def _read(words: set[str], mirrored: bool, turned: bool, grey: bool) -> bool:
    broken = (mirrored and words & SIDES) or (turned and words & HEIGHTS)
    return not (broken or (grey and words & COLOURS))


def _once(caption: str, changes: Sequence[str]) -> bool:
    """Each change breaks by itself, whatever comes later."""
    return all(_true(caption, [change]) for change in changes)


def _without(kind: frozenset[str]) -> Callable[..., bool]:
    """Words of one kind not looked for."""
    return lambda caption, changes: _read(_words(caption) - kind, *_effects(changes))


def _parts(caption: str, changes: Sequence[str]) -> bool:
    """Parts of words count too."""
    words = {w for w in SIDES | HEIGHTS | COLOURS if w in caption.lower()}
    return _read(words, *_effects(changes))


def _capitals(caption: str, changes: Sequence[str]) -> bool:
    return _read(set(caption.split()), *_effects(changes))


def _replaced(**other: Sequence[str]) -> Callable[..., bool]:
    """A change taken for others."""
    names = {name.replace("_", " "): list(value) for name, value in other.items()}

    def answer(caption: str, changes: Sequence[str]) -> bool:
        return _true(caption, [new for c in changes for new in names.get(c, [c])])

    return answer


def _grey_twice(caption: str, changes: Sequence[str]) -> bool:
    mirrored, turned, _ = _effects(changes)
    return _read(_words(caption), mirrored, turned, changes.count("grey") % 2 == 1)


def _any_change(caption: str, changes: Sequence[str]) -> bool:
    return len(changes) == 0


def _any_side(caption: str, changes: Sequence[str]) -> bool:
    """Any of the turning changes breaks any word of place."""
    mirrored, turned, grey = _effects(changes)
    words = _words(caption)
    broken = (mirrored or turned) and words & (SIDES | HEIGHTS)
    return not (broken or (grey and words & COLOURS))


CAPTIONS = (
    "cat left dog",
    "moon above red star",
    "yellow car right blue bus",
    "cat below dog",
    "Red heart and cat",
    "bright covered wagon",
    "tree and house",
    "LEFT hand above head",
    "dog upright beside leftovers",
    "blue key",
)
PLANS: tuple[tuple[str, ...], ...] = (
    (), ("mirror",), ("upside down",), ("half turn",), ("grey",), ("shift",),
    ("mirror", "mirror"), ("grey", "grey"), ("half turn", "mirror"), ("half turn", "upside down"),
    ("half turn", "half turn"), ("mirror", "shift", "mirror", "mirror"), ("mirror", "grey"),
    ("upside down", "mirror", "half turn"), ("shift", "grey", "shift"), ("upside down",) * 2,
    ("upside down",) * 3, ("shift", "upside down"), ("grey", "mirror"), ("mirror",) * 3,
)  # fmt: skip
# Each word alone; changes more often, and two kinds together.
MORE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("green leaf", ("grey",)), ("Yellow star", ("grey",)), ("house right", ("mirror",)),
    ("kite above house", ("upside down",)), ("kite above house", ("upside down",) * 5),
    ("cat left dog", ("mirror",) * 4), ("cat left dog", ("mirror",) * 5),
    ("Red heart and cat", ("half turn", "grey")), ("blue key", ("grey", "upside down")),
    ("cat left dog", ("mirror", "upside down")), ("cat below dog", ("mirror", "upside down")),
    ("cat below dog", ("upside down", "shift", "mirror")),
)  # fmt: skip


def _drawn(rng: np.random.Generator) -> list[tuple[str, list[str]]]:
    """Every caption with every plan and `MORE`, in another order each time."""
    cases = [(caption, list(plan)) for caption in CAPTIONS for plan in PLANS]
    cases += [(caption, list(plan)) for caption, plan in MORE]
    return [cases[i] for i in rng.permutation(len(cases))]


def _cases(rng: np.random.Generator) -> list[tuple[str, list[str]]]:
    return until_told_apart(_drawn, rng, lambda: stays_true.misconceptions)


stays_true = Exercise(
    key="11-augment",
    points=2,
    task="Return True where the caption is still true of the changed picture.",
    reference=_true,
    cases=_cases,
    misconceptions=(
        Misconception(
            "broken for true",
            lambda c, a: not _true(c, a),
            "True means that the pair is kept: the caption still says what the picture shows.",
        ),
        Misconception(
            "every change breaks",
            _any_change,
            "Most changes leave most captions true; that is why one augments at all.",
        ),
        Misconception(
            "each by itself",
            _once,
            "A mirror image of a mirror image is the picture again. Ask what all changes together "
            "have done.",
        ),
        Misconception(
            "grey twice is colour",
            _grey_twice,
            "What is grey stays grey: making it grey again brings no colour back.",
        ),
        Misconception(
            "half turn for upside down",
            _replaced(half_turn=("upside down",)),
            "A half turn exchanges left and right too.",
        ),
        Misconception(
            "half turn for mirror",
            _replaced(half_turn=("mirror",)),
            "A half turn exchanges above and below too.",
        ),
        Misconception(
            "half turn for nothing",
            _replaced(half_turn=()),
            "A half turn exchanges left with right and above with below.",
        ),
        Misconception(
            "mirror and height",
            _any_side,
            "A mirror leaves above and below as they are; a picture upside down keeps its sides.",
        ),
        Misconception(
            "parts of words",
            _parts,
            "“bright” is not “right”, and “leftovers” are on no side: compare whole words.",
        ),
        Misconception(
            "capitals",
            _capitals,
            "“Red” and “LEFT” are the same words in capitals: make the caption lower case first.",
        ),
        Misconception(
            "colours not looked for",
            _without(COLOURS),
            "A grey picture shows no red. Look for words of colour too.",
        ),
        Misconception(
            "sides not looked for",
            _without(SIDES),
            "A mirror makes right of left. Look for words of side too.",
        ),
        Misconception(
            "heights not looked for",
            _without(HEIGHTS),
            "Upside down, above is below. Look for words of height too.",
        ),
    ),
    hints=(
        "What have all changes together done: are the sides exchanged, the heights, are colours "
        "gone?",
        'sides = (changes.count("mirror") + changes.count("half turn")) % 2 == 1',
        'words = set(caption.lower().split()); a pair is broken if sides and words & {"left", '
        '"right"}, and so on',
    ),
)
