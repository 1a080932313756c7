"""Lesson 11, the exercise about sampling: how often is each sample drawn?"""

from collections.abc import Sequence

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _sizes(groups: Sequence[str]) -> Array:
    return np.array([list(groups).count(group) for group in groups], dtype=float)


def _scaled(weights: Array) -> Array:
    return np.asarray(weights / weights.sum())


def _weights(groups: Sequence[str], gamma: float) -> Array:
    return _scaled(_sizes(groups) ** -gamma)


def _first_of_each(groups: Sequence[str], weights: Array) -> Array:
    """One number per group, in the order of appearance."""
    names = list(dict.fromkeys(groups))
    return np.array([weights[list(groups).index(name)] for name in names])


def _of_groups(groups: Sequence[str], gamma: float) -> Array:
    return _scaled(_first_of_each(groups, _sizes(groups) ** -gamma))


def _largest_one(groups: Sequence[str], gamma: float) -> Array:
    weights = _sizes(groups) ** -gamma
    return np.asarray(weights / weights.max())


def _neighbours(groups: Sequence[str], gamma: float) -> Array:
    """Only samples of a group that stand side by side are counted."""
    runs: list[int] = []
    for i, group in enumerate(groups):
        first, last = i, i
        while first and groups[first - 1] == group:
            first -= 1
        while last + 1 < len(groups) and groups[last + 1] == group:
            last += 1
        runs.append(last - first + 1)
    return _scaled(np.array(runs, dtype=float) ** -gamma)


# Groups of the samples: unequal ones, mixed up; one group; all different; capitals; one sample.
FIXED = (
    ["cat", "dog", "cat", "cat", "bird", "dog"],
    ["a", "b", "b", "b", "b", "b", "b", "b"],
    ["x", "x", "x"],
    ["p", "q", "r"],
    ["A", "a", "a", "A", "a"],
    ["one"],
    ["red", "bored", "red", "redder", "re", "bored", "red"],
    ["u", "v", "u", "w", "w", "u", "v", "u", "u"],
)
EXPONENTS = (0.0, 0.5, 1.0, 0.3, 1.0, 0.7, 0.6, 0.25)


def _cases(rng: np.random.Generator) -> list[tuple[list[str], float]]:
    """The fixed groups in another order with exponents 0, ½, 1 and between; beyond 1; many rows."""
    cases = []
    for groups, gamma in zip(FIXED, EXPONENTS, strict=True):
        order = rng.permutation(len(groups))
        cases.append(([groups[i] for i in order], gamma))
    cases.append((["a", "b", "a", "c", "a", "c"], float(rng.uniform(0.4, 0.9))))
    cases.append((["b", "a", "b", "a", "b", "c", "b"], 1.0))
    cases.append((["a", "b", "b", "a", "b"], 2.0))
    cases.append((["a", "b", "b"], 7.0))
    cases.append((["a"] + ["b"] * 9, 0.0156))
    cases.append((["a"] * 3 + ["b"] * 57, 1.0))
    return cases


draw_weights = Exercise(
    key="11-weights",
    points=2,
    task="Return with which probability each sample is drawn.",
    reference=_weights,
    cases=_cases,
    misconceptions=(
        Misconception(
            "more of the many",
            lambda g, y: _weights(g, -y),
            "Your weights rise with the size of the group: its samples would be drawn more often "
            "still. The exponent is −γ.",
        ),
        Misconception(
            "not scaled",
            lambda g, y: _sizes(g) ** -y,
            "Your weights do not sum to one. Divide by their sum over all samples.",
        ),
        Misconception(
            "the largest is one",
            _largest_one,
            "You divide by the largest weight; probabilities sum to one.",
        ),
        Misconception(
            "inverse counts always",
            lambda g, y: _weights(g, 1.0),
            "Those are inverse counts, γ = 1. Other exponents lie between them and the data as "
            "they are.",
        ),
        Misconception(
            "share of the group",
            lambda g, y: _scaled(_sizes(g) ** (1 - y)),
            "n^(1−γ) is the share that a whole group gets. A sample's own weight is n^−γ.",
        ),
        Misconception(
            "per group",
            _of_groups,
            "One number per sample was asked for, not one per group.",
        ),
        Misconception(
            "softmax of sizes",
            lambda g, y: _scaled(np.exp(-y * _sizes(g))),
            "You take e to the power of the size. Asked is the size to the power of −γ.",
        ),
        Misconception(
            "divided by the exponent",
            lambda g, y: _scaled(1 / (1 + y * (_sizes(g) - 1))),
            "Your weights fall with 1 + γ(n − 1). Asked is a power of n.",
        ),
        Misconception(
            "neighbours only",
            _neighbours,
            "You count samples that stand side by side. Count all of the group.",
        ),
        Misconception(
            "capitals lost",
            lambda g, y: _weights([name.lower() for name in g], y),
            "“A” and “a” are two groups here.",
        ),
    ),
    hints=(
        "How many samples has each sample's own group?",
        "sizes = np.array([groups.count(g) for g in groups])",
        "w = sizes ** -gamma; w / w.sum()",
    ),
)
