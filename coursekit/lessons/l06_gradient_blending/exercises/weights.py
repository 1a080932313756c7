"""Lesson 06, the exercise about the closed form: the optimal weights."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.softmax import softmax

Array = np.ndarray


def share(raw: Array) -> Array:
    """Made to sum to one."""
    return raw / raw.sum()


def _blend(g: Array, o: Array) -> Array:
    return share(g / o**2)


# G and O: the sum of G/O² is negative; a weight is large; all is large; all is small.
OTHER_HEADS = (
    ([-0.8, 0.3], [0.4, -0.6]),
    ([0.6, -0.5], [0.5, 0.5]),
    ([9.0, 6.0], [6.0, 2.0]),
    ([0.01, 0.05], [0.04, 0.01]),
)


def _blend_cases(rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """Some heads have lost ground, and some O are negative; the sum of G/O² stays far from 0."""
    cases: list[tuple[Array, Array]] = []
    while len(cases) < 6:
        k = 2 + len(cases) % 4
        g, o = rng.uniform(0.1, 1.0, k), rng.uniform(0.2, 0.9, k)
        g[0] *= (-0.3, 1)[len(cases) % 2]
        o[-1] *= (1, -1)[len(cases) % 2]
        raw = g / o**2
        if raw.sum() > 0.3 * np.abs(raw).sum() and np.abs(share(g / o)).max() < 5:
            cases.append((g, o))
    cases += [(np.array(g), np.array(o)) for g, o in OTHER_HEADS]
    return [cases[i] for i in rng.permutation(len(cases))]


blend = Exercise(
    key="06-blend",
    points=2,
    task="Return the weights that minimise OGR² and sum to one, by the paper's rule.",
    reference=_blend,
    cases=_blend_cases,
    misconceptions=(
        Misconception(
            "not normalised",
            lambda g, o: g / o**2,
            "The proportions are right. Divide by their sum, so that the weights sum to one.",
        ),
        Misconception(
            "squared numerator in Z",
            lambda g, o: g / o**2 / np.sum(g**2 / o**2),
            "Your Z has a square too many: with Σ G²/O² the weights do not sum to one. Sum what "
            "you divide.",
        ),
        Misconception(
            "absolute values",
            lambda g, o: share(np.abs(g) / o**2),
            "You took |G|, as released code does. Under the paper's rule a head that lost ground "
            "gets a negative weight.",
        ),
        Misconception(
            "negative gains cut off",
            lambda g, o: share(np.maximum(g, 0) / o**2),
            "You cut negative gains off. A sensible floor, but not the paper's rule, which keeps "
            "the sign.",
        ),
        Misconception(
            "O not squared",
            lambda g, o: share(g / o),
            "O enters squared: twice the overfitting, a quarter of the weight.",
        ),
        Misconception(
            "G squared",
            lambda g, o: share((g / o) ** 2),
            "You weigh by 1/OGR². The closed form has G once, not squared.",
        ),
        Misconception(
            "upside down",
            lambda g, o: share(o**2 / g),
            "Upside down: overfitting must lower a weight, so O² stands below.",
        ),
        Misconception(
            "by gain",
            lambda g, o: share(g),
            "You weigh by what each head gained, and leave out what it overfitted.",
        ),
        Misconception(
            "by overfitting",
            lambda g, o: share(1 / o**2),
            "You weigh by 1/O² and leave out what each head gained.",
        ),
        Misconception(
            "softmax",
            lambda g, o: softmax(g / o**2),
            "A softmax sums to one too, but it is not the closed form: divide G/O² by its sum.",
        ),
        Misconception(
            "equal weights",
            lambda g, o: np.full(len(g), 1 / len(g)),
            "Equal weights: that is multi-loss up to scale. Use G and O.",
        ),
        Misconception(
            "equal weights of one",
            lambda g, o: np.ones(len(g)),
            "Equal weights: that is multi-loss up to scale. Use G and O.",
        ),
    ),
    hints=(
        "The derivation ends with w_k proportional to G_k/O_k².",
        "raw = g / o**2; what is its sum?",
        "raw / raw.sum()",
    ),
)
