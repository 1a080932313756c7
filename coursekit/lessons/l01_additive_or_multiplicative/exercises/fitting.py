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


def _even_inputs(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Two groups, x_A near zero, so that single precision loses next to nothing in the fit."""
    while True:
        x_a, x_b = make_inputs(rng, n)
        x_a -= 1.6
        if np.linalg.cond(design_of(x_a, x_b)) < 6:
            return x_a, x_b


def _fit_cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array]]:
    """Two groups, as in the lesson; then an x_B of any value; then the fixed tables.

    The last one drawn is long, and its late rows have a steeper interaction, so that they count.
    """
    cases = []
    for case, n in enumerate([*rng.integers(40, 120, 5), 220]):
        x_a, x_b = _even_inputs(rng, int(n))
        if case > 2:
            x_a, x_b = rng.normal(0, 2, n), rng.normal(0, 2, n)
            x_b[:12] = [0, 1] * 6  # a line through either of these groups can be had
        signs = [*rng.choice([-1, 1], 3), 1 - 2 * (case % 2)]  # w3 has either one
        weights = rng.uniform([0.6, 0.6, 0.6, 2], 3) * signs
        y = design_of(x_a, x_b) @ weights + rng.normal(0, 0.5, int(n))
        y[150:] += 2 * signs[3] * (x_a * x_b)[150:]
        cases.append((x_a, x_b, y))
    return [*cases, *_fixed_tables()]


def _fixed_tables() -> list[tuple[Array, Array, Array]]:
    """Few rows, in which each counts: large and small numbers, a large and a small weight."""
    a = np.array([-9.0, -2.5, 0.0125, 0.75, 1.5, 4.0, 6.0, -0.03])
    b = np.array([0.0165, -0.75, 1.0, 0.3125, 0.0, 1.0, -0.0185, 0.0])
    y = np.array([0.0125, 1.0, 0.5, 0.25, -0.75, 0.125, 2.0, -0.0175])
    c = np.array([0.0, 1.0, 9.0, -0.015, -6.0, 1.0, 0.0, 2.5])
    return [(a, b, y / 8), (y, c, 9 * a)]


def _slopes(x_a: Array, x_b: Array, y: Array) -> tuple[float, float]:
    """The slope of y on x_A among the samples with x_B = 0, and with x_B = 1."""
    zero, one = (fit(y[x_b == k], 1.0, x_a[x_b == k])[1] for k in (0, 1))
    return float(zero), float(one)


def _two_lines(x_a: Array, x_b: Array, y: Array) -> float:
    zero, one = _slopes(x_a, x_b, y)
    return one - zero


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
    tolerance=2e-5,  # the normal equations in single precision lose less than half of it
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
            "x_B itself is missing: all lines must start at one point, and w3 bends to it.",
        ),
        Misconception(
            "x_A left out",
            lambda a, b, y: fit(y, 1.0, b, a * b)[2],
            "x_A itself is missing: there is no slope where x_B = 0, and w3 bends to it.",
        ),
        Misconception(
            "slope at x_B = 1",
            lambda a, b, y: _slopes(a, b, y)[1],
            "This is the slope at x_B = 1, not its distance from the slope at x_B = 0.",
        ),
        Misconception(
            "slope at x_B = 1, by the full fit",
            lambda a, b, y: fit(y, 1.0, a, b, a * b)[[1, 3]].sum(),
            "This is the slope at x_B = 1, not its distance from the slope at x_B = 0.",
        ),
        Misconception(
            "two lines",
            _two_lines,
            "A line through each group is enough where x_B is 0 or 1 in every row. Here it has "
            "other values too: fit all four weights to all rows.",
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
            lambda a, b, y: -_interaction_weight(a, b, y),
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
        "Its weight stands last as well. (One line through each group would do only where x_B is 0 "
        "or 1.)",
    ),
)
