"""Lesson 11, the exercise about NCR: from how right a pair seems to the margin it gets."""

import math
from typing import Any

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
THRESHOLD, BASE = 0.5, 10.0


def _label(p: Array, own: Array, other: Array) -> Array:
    return np.where(p > THRESHOLD, p + (1 - p) * own, (own + other) / 2)


def _grown(label: Array, margin: float) -> Array:
    return np.asarray(margin * (BASE**label - 1) / (BASE - 1))


def _margin(p: Array, own: Array, other: Array, margin: float) -> Array:
    return _grown(_label(p, own, other), margin)


def _with(label: Any) -> Any:
    """The right curve over another label."""
    return lambda p, own, other, margin: _grown(label(p, own, other), margin)


def _curve(curve: Any) -> Any:
    """Another curve over the right label."""
    return lambda p, own, other, margin: margin * curve(_label(p, own, other))


# Probabilities, both networks' labels, margin: at the threshold and a hair beside it; sure both
# ways; labels at their ends; networks that disagree; one pair; larger margins and small ones.
FIXED = (
    ([0.5, 0.5001, 0.4999], [0.3, 0.3, 0.3], [0.9, 0.9, 0.9], 0.2),
    ([1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.4, 0.2, 0.0, 0.6], 0.2),
    ([0.9, 0.7, 0.2, 0.4], [0.1, 0.8, 0.6, 0.0], [0.5, 0.3, 1.0, 0.5], 0.5),
    ([0.6], [0.25], [0.75], 1.0),
    ([0.3], [0.25], [0.65], 0.1),
    ([0.95, 0.6, 0.3], [0.012, 0.034, 0.011], [0.5, 0.6, 0.0133], 7.0),
    ([0.8, 0.2, 0.1], [0.1234567, 0.2345678, 0.03], [0.5, 0.3456789, 0.04], 0.0156),
)


def _cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array, float]]:
    """The fixed ones and a batch drawn anew."""
    cases = [(*(np.array(x) for x in three), margin) for *three, margin in FIXED]
    p = np.append(rng.uniform(0.55, 0.95, 4), rng.uniform(0.05, 0.45, 4)).round(3)
    own, other = rng.uniform(0.05, 0.95, (2, 8))
    return [*cases, (p, own, other, float(rng.uniform(0.1, 0.4)))]  # type: ignore[list-item]


soft_margin = Exercise(
    key="11-margin",
    points=2,
    task="Return the margin of each pair.",
    reference=_margin,
    cases=_cases,
    misconceptions=(
        Misconception(
            "straight",
            _curve(lambda y: y),
            "Your margin grows in a straight line with the label. Asked is (10^y − 1)/9, which "
            "stays small until a pair seems right.",
        ),
        Misconception(
            "base e",
            _curve(lambda y: (np.exp(y) - 1) / (math.e - 1)),
            "The curve has base 10, not e.",
        ),
        Misconception(
            "divided by ten",
            _curve(lambda y: (BASE**y - 1) / BASE),
            "Divide by 9: a pair that is right for certain, y = 1, gets the whole margin.",
        ),
        Misconception(
            "one not taken away",
            _curve(lambda y: BASE**y / BASE),
            "Take 1 away from 10^y: a pair that is wrong for certain, y = 0, gets no margin.",
        ),
        Misconception(
            "margin forgotten",
            lambda p, own, other, margin: _margin(p, own, other, 1.0),
            "You have not multiplied by the margin.",
        ),
        Misconception(
            "label for margin",
            lambda p, own, other, margin: _label(p, own, other),
            "Those are the labels. Asked are the margins that they give.",
        ),
        Misconception(
            "clean means one",
            _with(lambda p, own, other: np.where(p > THRESHOLD, 1.0, (own + other) / 2)),
            "A pair taken for clean is not right for certain: its label is p + (1 − p) · own.",
        ),
        Misconception(
            "wrong means zero",
            _with(lambda p, own, other: np.where(p > THRESHOLD, p + (1 - p) * own, 0.0)),
            "A pair taken for wrong is not thrown away: its label is the mean of both networks'.",
        ),
        Misconception(
            "own label only",
            _with(lambda p, own, other: np.where(p > THRESHOLD, p + (1 - p) * own, own)),
            "For pairs taken for wrong the mean of both networks' labels is used: one alone would "
            "believe its own mistakes.",
        ),
        Misconception(
            "both for all",
            _with(
                lambda p, own, other: np.where(
                    p > THRESHOLD, p + (1 - p) * (own + other) / 2, (own + other) / 2
                )
            ),
            "For pairs taken for clean only the network's own label enters.",
        ),
        Misconception(
            "shares exchanged",
            _with(
                lambda p, own, other: np.where(p > THRESHOLD, (1 - p) + p * own, (own + other) / 2)
            ),
            "You have exchanged p and 1 − p: p is how sure the caption as it stands may be taken.",
        ),
        Misconception(
            "half is clean",
            _with(
                lambda p, own, other: np.where(p >= THRESHOLD, p + (1 - p) * own, (own + other) / 2)
            ),
            "A probability of exactly one half is not above it: that pair is taken for wrong.",
        ),
        Misconception(
            "no threshold",
            _with(lambda p, own, other: p + (1 - p) * own),
            "Only pairs with p above one half are taken for clean; the others get the mean of both "
            "networks' labels.",
        ),
    ),
    hints=(
        "First a label from 0 to 1 for each pair, by its side of the threshold; then the curve.",
        "np.where(p > 0.5, p + (1 - p) * own, (own + other) / 2)",
        "margin * (10**y - 1) / 9",
    ),
)
