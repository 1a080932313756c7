"""Lesson 11, the exercise about a cut: which pairs are kept, when exactly a share of them is?"""

import math

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _count(scores: Array, share: float) -> int:
    return math.floor(share * len(scores))


def _best(scores: Array, count: int) -> Array:
    """Places of the ``count`` highest scores, best first, of equal ones the earlier."""
    return np.argsort(-scores, kind="stable")[:count]


def _keep(scores: Array, share: float) -> Array:
    return np.sort(_best(scores, _count(scores, share)))


def _at_least(scores: Array, place: int) -> Array:
    """Everything that reaches the score at a place of the ranking, from 0; beyond the last, all."""
    ordered = np.sort(scores)[::-1]
    lowest = ordered[place] if place < len(scores) else -np.inf
    return np.flatnonzero(scores >= lowest)


def _above(scores: Array, share: float) -> Array:
    count = _count(scores, share)
    if count == len(scores):
        return np.arange(count)
    return np.flatnonzero(scores > np.sort(scores)[::-1][count])


def _reached(scores: Array, share: float) -> Array:
    """What the last one kept scores, or more."""
    count = _count(scores, share)
    return _at_least(scores, count - 1) if count else np.arange(0)


def _later(scores: Array, share: float) -> Array:
    order = len(scores) - 1 - np.argsort(-scores[::-1], kind="stable")
    return np.sort(order[: _count(scores, share)])


def _distinct(scores: Array, share: float) -> Array:
    """Equal scores taken for one: a share of the different scores."""
    values = np.unique(scores)[::-1]
    return np.flatnonzero(np.isin(scores, values[: math.floor(share * len(values))]))


def _quantile(scores: Array, share: float) -> Array:
    return np.flatnonzero(scores >= np.quantile(scores, 1 - share))


# Scores and shares: different ones; ties at the cut, one or several of which stay; all equal; one
# row; everything, nothing, less than one; below zero; shares that are no whole number of rows; ties
# above the cut only; large and small scores, a share a hair below one row.
FIXED = (
    ([0.31, 0.12, 0.25, 0.28, 0.19, 0.33, 0.22, 0.27, 0.05, 0.3], 0.3),
    ([0.3, 0.1, 0.3, 0.3, 0.2, 0.3, 0.1, 0.2, 0.1, 0.1], 0.3),
    ([0.1, 0.4, 0.2, 0.2, 0.4, 0.2, 0.1, 0.2], 0.5),
    ([0.5, 0.5, 0.5, 0.5], 0.5),
    ([0.2], 1.0),
    ([0.2], 0.9),
    ([0.3, 0.1, 0.2], 1.0),
    ([0.3, 0.1, 0.2], 0.0),
    ([-0.4, -0.1, -0.3, -0.2, -0.5], 0.4),
    ([-0.2, 0.3, 0.0, 0.1, -0.1], 0.75),
    ([0.9, 0.1, 0.5, 0.7, 0.3, 0.8, 0.2], 0.45),
    ([0.6, 0.2, 0.9, 0.4, 0.8, 0.1, 0.7, 0.3], 0.8),
    ([-0.2, 0.9, 0.9, 0.3, 0.3, -0.2], 0.6),
    ([0.9, 0.2, 0.9, 0.1, 0.9, 0.05], 0.5),
    ([7.0, 1.2, 6.0, 8.0, 1.5, 9.0], 0.5),
    ([1.2, -7.0, 1.5, -6.0, 1.1, -8.0], 0.4),
    ([0.0101, 0.0104, 0.0102, 0.0103, 0.0105], 0.4),
    ([0.3, 0.1, 0.2, 0.7, 0.5, 0.4, 0.6, 0.8], 0.1249),
    ([0.3, 0.1, 0.2, 0.7, 0.5, 0.4, 0.6, 0.8], 0.3751),  # not a whole number of per cent
    ([0.30001, 0.30002, 0.3, 0.30003], 0.5),
)


def _cases(rng: np.random.Generator) -> list[tuple[Array, float]]:
    """The fixed ones, and some with three decimals, a tie among them."""
    cases = [(np.array(scores), share) for scores, share in FIXED]
    for rows, share in ((9, 0.25), (12, 0.7), (20, 0.15)):
        scores = rng.permutation(400)[:rows] / 400 - 0.2
        scores[rng.integers(1, rows)] = scores[0]
        cases.append((scores, share))
    # So many ties that an order which is not stable shuffles them.
    cases.append((np.tile([0.2, 0.1, 0.3, 0.2, 0.2], 40), 0.5))
    cases.append((rng.permutation(100) / 100, 0.0149))
    return cases


keep_share = Exercise(
    key="11-keep",
    points=1,
    task="Return the places of the pairs that are kept, in rising order.",
    reference=_keep,
    cases=_cases,
    misconceptions=(
        Misconception(
            "one too many",
            lambda s, f: _at_least(s, _count(s, f)),
            "You keep what reaches the score after the last one kept: one pair too many, as the "
            "released code does, and with ties more.",
        ),
        Misconception(
            "all that tie",
            _reached,
            "Where several have the score of the last one kept you keep them all. Exactly so many "
            "were asked for, of equal ones the earlier.",
        ),
        Misconception(
            "none that tie",
            _above,
            "Where scores at the cut are equal you drop them all. Of equal ones the earlier stay, "
            "as many as there is room for.",
        ),
        Misconception(
            "the worst",
            lambda s, f: np.sort(np.argsort(s, kind="stable")[: _count(s, f)]),
            "You keep the lowest scores. High is alike, and stays.",
        ),
        Misconception(
            "share for the rest",
            lambda s, f: _keep(s, 1 - f),
            "You drop the share that is to be kept.",
        ),
        Misconception(
            "best first",
            lambda s, f: _best(s, _count(s, f)),
            "The right pairs, by score. Asked are their places in rising order.",
        ),
        Misconception(
            "the later of equals",
            _later,
            "Of equal scores you keep the later ones; the earlier were asked for.",
        ),
        Misconception(
            "rounded up",
            lambda s, f: np.sort(_best(s, math.ceil(f * len(s)))),
            "A share that is no whole number of pairs is rounded down: 0.75 of five are three.",
        ),
        Misconception(
            "rounded",
            lambda s, f: np.sort(_best(s, round(f * len(s)))),
            "A share that is no whole number of pairs is rounded down, not to the nearest one.",
        ),
        Misconception(
            "share of different scores",
            _distinct,
            "You count equal scores once. The share is one of the pairs.",
        ),
        Misconception(
            "quantile",
            _quantile,
            "A quantile lies between two scores or on several: it keeps one too many, or all that "
            "tie. Sort, and take so many.",
        ),
        Misconception(
            "scores for places",
            lambda s, f: s[_keep(s, f)],
            "Those are the scores of the pairs that stay. Asked are their places, from 0.",
        ),
    ),
    hints=(
        "How many are kept? Then sort by score, and take as many.",
        'np.argsort(-scores, kind="stable") keeps the earlier of equal ones before the later.',
        'np.sort(np.argsort(-scores, kind="stable")[: int(share * len(scores))])',
    ),
)
