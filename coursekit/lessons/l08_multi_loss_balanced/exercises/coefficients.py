"""Lesson 08, what is computed in a step: MLB's coefficients."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _rivals(s: Array) -> Array:
    return (s.sum() - s) / (len(s) - 1)


def _k(r: Array, alpha: float, low: float, high: float) -> Array:
    """k with β = ``low`` where r ≤ 1 and ``high`` where r > 1."""
    return 1 + (np.where(r > 1, high, low) - 1) * np.tanh(alpha * (r - 1))


def _pace(s: Array, alpha: float, beta_max: float) -> Array:
    return _k(_rivals(s) / s, alpha, 2.0, beta_max)


def _largest_rival(s: Array) -> Array:
    return np.array([np.delete(s, i).max() for i in range(len(s))])


def _pace_cases(rng: np.random.Generator) -> list[tuple[Array, float, float]]:
    cases: list[tuple[Array, float, float]] = []
    for m in (2, 3, 2, 4, 3, 5):
        s = np.geomspace(20, 100, m) * rng.uniform(0.92, 1.08, m)
        alpha, beta = rng.uniform(0.3, 0.9), rng.uniform(2.8, 9)
        cases.append((rng.permutation(s), round(float(alpha), 2), round(float(beta), 1)))
    cases += [(np.array(scores), alpha, beta) for scores, alpha, beta in EDGES]
    return [cases[i] for i in rng.permutation(len(cases))]


# All level; nearly level, and far apart, with a β_max below 2; level but for a hair; almost
# stopped, with a large β_max; a large α; small scores and a small α; small scores and five
# digits of β_max.
EDGES = (
    ([40.0, 40.0, 40.0], 0.5, 4.0),
    ([30.0, 34.0], 0.4, 1.5),
    ([5.0, 90.0, 60.0, 10.0], 0.3, 1.0),
    ([40.0, 40.04], 0.5, 4.0),
    ([60.0, 6.0], 3.0, 12.0),
    ([40.0, 42.0], 6.0, 3.0),
    ([0.0125, 0.03, 0.05], 0.0125, 6.0),
    ([0.0125, 0.0275], 0.45, 3.1254),
)


pace = Exercise(
    key="08-pace",
    points=2,
    task="Return MLB's coefficients of M modalities from their scores.",
    reference=_pace,
    cases=_pace_cases,
    misconceptions=(
        Misconception(
            "ratio upside down",
            lambda s, a, b: _k(s / _rivals(s), a, 2.0, b),
            "Your ratio is upside down: r is large for the modality that is behind.",
        ),
        Misconception(
            "mean of all",
            lambda s, a, b: _k(s.mean() / s, a, 2.0, b),
            "Your mean contains the modality itself. r compares it with the *others*.",
        ),
        Misconception(
            "sum of the others",
            lambda s, a, b: _k((s.sum() - s) / s, a, 2.0, b),
            "You took the sum of the others. With three modalities everybody would be behind: take "
            "their mean.",
        ),
        Misconception(
            "largest of the others",
            lambda s, a, b: _k(_largest_rival(s) / s, a, 2.0, b),
            "You compare with the strongest rival. The paper takes the mean of the others; with "
            "two modalities it is the same.",
        ),
        Misconception(
            "beta_max on both sides",
            lambda s, a, b: _k(_rivals(s) / s, a, b, b),
            "β_max stands on both sides. Where r ≤ 1, β is 2, so that k stays between 0 and 1.",
        ),
        Misconception(
            "beta two on both sides",
            lambda s, a, b: _k(_rivals(s) / s, a, 2.0, 2.0),
            "β_max does nothing. Where r > 1 it is the largest k there can be.",
        ),
        Misconception(
            "sides exchanged",
            lambda s, a, b: _k(_rivals(s) / s, a, b, 2.0),
            "The sides are exchanged: β_max belongs to r > 1, where the modality is behind.",
        ),
        Misconception(
            "beta instead of beta minus one",
            lambda s, a, b: _k(_rivals(s) / s, a, 3.0, b + 1),
            "The factor before tanh is β − 1; with β itself, k passes β_max.",
        ),
        Misconception(
            "one is not added",
            lambda s, a, b: _pace(s, a, b) - 1,
            "At r = 1 nothing should change, so k has to be 1 there: a 1 is missing.",
        ),
        Misconception(
            "one is not subtracted",
            lambda s, a, b: (
                1 + (np.where(_rivals(s) > s, b, 2.0) - 1) * np.tanh(a * _rivals(s) / s)
            ),
            "tanh takes α(r − 1), which is zero at r = 1; yours takes αr.",
        ),
        Misconception(
            "no saturation",
            lambda s, a, b: 1 + (np.where(_rivals(s) > s, b, 2.0) - 1) * a * (_rivals(s) / s - 1),
            "The tanh is missing. Without it k has no largest value.",
        ),
        Misconception(
            "sign",
            lambda s, a, b: 2 - _pace(s, a, b),
            "You took the tanh away from 1. It is added: k is above 1 for whoever is behind.",
        ),
        Misconception(
            "accelerate only",
            lambda s, a, b: _k(_rivals(s) / s, a, 1.0, b),
            "You accelerate and never brake. Where r ≤ 1, β is 2, so that k falls below 1.",
        ),
        Misconception(
            "brake only",
            lambda s, a, b: np.minimum(_pace(s, a, b), 1.0),
            "You brake and never accelerate. Where r > 1, k goes up to β_max.",
        ),
    ),
    hints=(
        "Three lines: the mean of the others, the ratio, k.",
        "The mean of the others is (s.sum() - s) / (M - 1).",
        "beta = np.where(r > 1, beta_max, 2.0); then 1 + (beta - 1) * np.tanh(alpha * (r - 1)).",
    ),
)
