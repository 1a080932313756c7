"""Lesson 10, the exercise about foils: can this score tell these two captions apart at all?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

UNKNOWN = "[unk]"
Score = Mapping[str, Any]


def _read(caption: str, score: Score) -> list[str]:
    """What is left of a caption when it is cut off and unknown words are all made one."""
    words = caption.split()[: score["longest"]]
    known = [word if word in score["knows"] else UNKNOWN for word in words]
    return known if score["order"] else sorted(known)


def _fooled(caption: str, foil: str, score: Score) -> bool:
    return _read(caption, score) == _read(foil, score)


def _with(caption: str, foil: str, score: Score, **changes: Any) -> bool:
    return _fooled(caption, foil, {**score, **changes})


def _dropped(caption: str, score: Score) -> list[str]:
    words = [w for w in caption.split()[: score["longest"]] if w in score["knows"]]
    return words if score["order"] else sorted(words)


def _cut_last(caption: str, score: Score) -> list[str]:
    """Sorted before it is cut off: another part of it is read."""
    known = [w if w in score["knows"] else UNKNOWN for w in caption.split()]
    return (known if score["order"] else sorted(known))[: score["longest"]]


def _cut_after_dropping(caption: str, score: Score) -> list[str]:
    words = [w for w in caption.split() if w in score["knows"]][: score["longest"]]
    return words if score["order"] else sorted(words)


def _letters(caption: str, score: Score) -> list[str]:
    """Letters for words, where the order does not count."""
    words = _read(caption, score)
    return words if score["order"] else sorted("".join(words))


# Captions of scenes and what became of them; the last ones are words of the same letters, words in
# another number, a repeated word, the same caption, a longer one, parts of words, equal sums.
PAIRS = (
    ("cat left dog and star", "dog left cat and star"),
    ("cat left dog and star", "cat right dog and star"),
    ("cat left dog and star", "cat left dog and moon"),
    ("cat left dog and star", "cat left dog and ship"),
    ("cat left dog and ship", "cat left dog and frog"),
    ("cat left dog and star", "star and dog left cat"),
    ("cat left ship dog", "cat left dog"),
    ("cat frog left dog and star", "ship cat left dog and star"),
    ("cat left dog and star", "cat left dog star and"),
    ("cat left dog and star moon", "cat left dog and moon star"),
    ("dog and star left cat", "dog and star left moon"),
    ("cat left dog and star", "cat left dog and rats"),
    ("cat cat dog", "cat dog dog"),
    ("cat cat dog", "cat dog"),
    ("moon and star", "moon and star"),
    ("cat left dog", "cat left dog and star"),
    ("cat left at", "cat left ship"),
    ("cat and rats", "dog and moon"),
)
WORDS = ("cat", "dog", "star", "rats", "moon", "left", "right", "and")
SOME = ("cat", "dog", "star", "moon", "left")
# How many words are read, and which are known.
READS = ((3, WORDS), (4, WORDS), (4, SOME), (77, WORDS), (77, SOME), (77, ("left", "right", "and")))


def _cases(rng: np.random.Generator) -> list[tuple[str, str, Score]]:
    """Every pair for scores with and without order, which read more or less of it.

    The pairs, and which of the two comes first, are in another order each time.
    """
    cases: list[tuple[str, str, Score]] = []
    for caption, foil in PAIRS:
        for order in (True, False):
            for longest, known in READS:
                words = [str(word) for word in rng.permutation(known)]
                score = {"order": order, "knows": words, "longest": longest}
                names = [str(name) for name in rng.permutation(list(score))]
                two = (caption, foil) if rng.random() < 0.5 else (foil, caption)
                cases.append((*two, {name: score[name] for name in names}))
    return [cases[i] for i in rng.permutation(len(cases))]


is_fooled = Exercise(
    key="10-fooled",
    points=2,
    task="Return True where a score gives two captions the same number whatever the picture.",
    reference=_fooled,
    cases=_cases,
    misconceptions=(
        Misconception(
            "sees for is fooled",
            lambda c, f, s: not _fooled(c, f, s),
            "True means that the score is fooled: it reads the same in both.",
        ),
        Misconception(
            "order always counts",
            lambda c, f, s: _with(c, f, s, order=True),
            "A score that does not read the order is fooled by exchanged words: compare the words "
            "sorted.",
        ),
        Misconception(
            "order never counts",
            lambda c, f, s: _with(c, f, s, order=False),
            "This score may read the order, and then it is not fooled by exchanged words.",
        ),
        Misconception(
            "which words, not how often",
            lambda c, f, s: (
                _fooled(c, f, s) if s["order"] else set(_read(c, s)) == set(_read(f, s))
            ),
            "A bag of words counts: “cat cat dog” is not “cat dog dog”. Sort the words rather "
            "than make a set of them.",
        ),
        Misconception(
            "everything is known",
            lambda c, f, s: _with(c, f, s, knows=[*c.split(), *f.split()]),
            "Words that the score does not know all look the same to it.",
        ),
        Misconception(
            "unknown words left out",
            lambda c, f, s: _dropped(c, s) == _dropped(f, s),
            "An unknown word is not left out: it becomes [unk] and keeps its place, so that one "
            "word more is noticed.",
        ),
        Misconception(
            "everything is read",
            lambda c, f, s: _with(c, f, s, longest=len(c) + len(f)),
            "The score reads the first words only. What differs behind them it does not see.",
        ),
        Misconception(
            "sorted, then cut off",
            lambda c, f, s: _cut_last(c, s) == _cut_last(f, s),
            "Cut off first, then sort: the score never gets to the words behind its end.",
        ),
        Misconception(
            "left out, then cut off",
            lambda c, f, s: _cut_after_dropping(c, s) == _cut_after_dropping(f, s),
            "You leave unknown words out and then cut off. They become [unk], and count among the "
            "words that are read.",
        ),
        Misconception(
            "letters for words",
            lambda c, f, s: _letters(c, s) == _letters(f, s),
            "You sort letters: “star” and “rats” have the same ones. Split into words first.",
        ),
        Misconception(
            "same words in the foil",
            lambda c, f, s: sorted(c.split()) == sorted(f.split()),
            "You compare the captions themselves. What matters is what is left of them when this "
            "score has read them.",
        ),
    ),
    hints=(
        "Write down what the score reads of each caption; it is fooled where both are the same.",
        "Three things in this order: the first `longest` words, unknown words made “[unk]”, and "
        "sorted unless the order counts.",
        'words = caption.split()[: score["longest"]]; then [w if w in score["knows"] else "[unk]" '
        'for w in words]; then sorted(…) unless score["order"].',
    ),
)
