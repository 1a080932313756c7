"""Lesson 01, the exercise about fitting: the weight of the interaction."""

from typing import Any

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.lessons.l01_additive_or_multiplicative.exercises.weights import (
    Array,
    columns,
    design_of,
    make_inputs,
)


def fit(y: Array, *parts: Any) -> Array:
    """Least-squares weights of ``parts`` (numbers are broadcast to columns)."""
    design = columns(y, *parts)[:, 1:]
    return np.linalg.lstsq(design, y, rcond=None)[0]


def _interaction_weight(x_a: Array, x_b: Array, y: Array) -> float:
    return float(fit(y, 1.0, x_a, x_b, x_a * x_b)[3])


def _fit_cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array]]:
    cases = []
    for case, n in enumerate(rng.integers(40, 120, 6)):
        x_a, x_b = make_inputs(rng, int(n))
        signs = [*rng.choice([-1, 1], 3), 1 - 2 * (case % 2)]  # w3 has either one
        weights = rng.uniform(0.6, 3, 4) * signs
        y = design_of(x_a, x_b) @ weights + rng.normal(0, 0.5, int(n))
        cases.append((x_a, x_b, y))
    return cases


def _slopes(x_a: Array, x_b: Array, y: Array) -> tuple[float, float]:
    """The slope of y on x_A among the samples with x_B = 0, and with x_B = 1."""
    zero, one = (fit(y[x_b == k], 1.0, x_a[x_b == k])[1] for k in (0, 1))
    return float(zero), float(one)


def _gap_of_correlations(x_a: Array, x_b: Array, y: Array) -> float:
    one, zero = (np.corrcoef(x_a[x_b == k], y[x_b == k])[0, 1] for k in (1, 0))
    return float(one - zero)


def _two_steps(x_a: Array, x_b: Array, y: Array) -> float:
    """The additive model first, then its residual on the product."""
    additive = columns(1.0, x_a, x_b)
    rest = y - additive @ fit(y, 1.0, x_a, x_b)
    return float(fit(rest, 1.0, x_a * x_b)[1])


interaction_weight = Exercise(
    key="01-interaction-weight",
    points=2,
    task="Return the least-squares estimate of w3 for the data that are given.",
    reference=_interaction_weight,
    cases=_fit_cases,
    tolerance=1e-3,
    misconceptions=(
        Misconception(
            "no main effects",
            lambda a, b, y: fit(y, 1.0, a * b)[1],
            "Your model has the product without x_A and x_B, so the product speaks for them too.",
        ),
        Misconception(
            "product only",
            lambda a, b, y: fit(y, a * b)[0],
            "Your model has the product and nothing else: add the ones, x_A and x_B.",
        ),
        Misconception(
            "no intercept",
            lambda a, b, y: fit(y, a, b, a * b)[2],
            "Without the column of ones every line is forced through zero, and w3 pays for it.",
        ),
        Misconception(
            "x_B left out",
            lambda a, b, y: fit(y, 1.0, a, a * b)[2],
            "x_B itself is missing: the two lines must start at one point, and w3 bends to it.",
        ),
        Misconception(
            "x_A left out, or the slope at x_B = 1",
            lambda a, b, y: fit(y, 1.0, b, a * b)[2],
            "This is the slope at x_B = 1, not its distance from the other slope. One gets it also "
            "by leaving x_A itself out of the model.",
        ),
        Misconception(
            "correlation",
            lambda a, b, y: np.corrcoef(a * b, y)[0, 1],
            "A correlation has no unit and knows no other columns. Least squares was asked for.",
        ),
        Misconception(
            "difference of correlations",
            _gap_of_correlations,
            "Slopes, not correlations: a correlation also depends on the spread in each group.",
        ),
        Misconception(
            "w0",
            lambda a, b, y: fit(y, 1.0, a, b, a * b)[0],
            "The fit is right and the weight is another one: this is w0.",
        ),
        Misconception(
            "w1",
            lambda a, b, y: fit(y, 1.0, a, b, a * b)[1],
            "The fit is right and the weight is another one: this is w1, the slope at x_B = 0.",
        ),
        Misconception(
            "w2",
            lambda a, b, y: fit(y, 1.0, a, b, a * b)[2],
            "The fit is right and the weight is another one: this is w2.",
        ),
        Misconception(
            "difference the other way",
            lambda a, b, y: _slopes(a, b, y)[0] - _slopes(a, b, y)[1],
            "The size is right, the sign is not: slope at x_B = 1 minus slope at x_B = 0.",
        ),
        Misconception(
            "two steps",
            _two_steps,
            "You fit the additive model first and give the product what is left. Fit all at once.",
        ),
        Misconception(
            "all four weights",
            lambda a, b, y: fit(y, 1.0, a, b, a * b),
            "These are all four weights; only w3 was asked for.",
        ),
    ),
    hints=(
        "You wrote the design matrix already: w3 belongs to its last column.",
        "np.linalg.lstsq(design, y) returns the weights first.",
        "Another way: one line through each group; w3 is the difference of their slopes.",
    ),
)
