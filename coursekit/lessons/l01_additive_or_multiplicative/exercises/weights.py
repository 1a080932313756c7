"""Lesson 01, the exercises about reading the weights: matrix, slope, centring."""

from typing import Any

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def make_inputs(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """x_A (n,): positive and skewed.  x_B (n,): 0 or 1, both present, leaning on x_A a little."""
    x_a = rng.gamma(3.0, 0.4, n) + rng.uniform(0.2, 0.8)
    x_b = (x_a + rng.normal(0, 2, n) > rng.uniform(0.5, 1.5)).astype(float)
    x_b[:6] = [0, 1, 0, 1, 0, 1]
    return x_a, x_b


def columns(*parts: Any) -> Array:
    """Vectors (n,) and numbers side by side, (n, k)."""
    return np.column_stack(np.broadcast_arrays(*parts))


def design_of(x_a: Array, x_b: Array) -> Array:
    """The columns 1, x_A, x_B, x_A x_B, (n, 4)."""
    return columns(1.0, x_a, x_b, x_a * x_b)


def _design_cases(rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """Tables as in the lesson, and vectors of any numbers: a product is one of those as well."""
    cases = [make_inputs(rng, n) for n in rng.integers(7, 20, 4)]
    cases += [(rng.normal(0, 2, n), rng.normal(0, 2, n)) for n in (4, 9)]
    wide = [-9.0, 0.01, 6.0, 0.0, 1.5, 2.25], [7.0, 1.0, -8.0, 0.5, 0.01, 0.0]
    cases.append((np.array(wide[0]), np.array(wide[1])))
    return [cases[i] for i in rng.permutation(len(cases))]


design_matrix = Exercise(
    key="01-design-matrix",
    points=1,
    task="Return the (n, 4) matrix with the columns 1, x_A, x_B and x_A times x_B.",
    reference=design_of,
    cases=_design_cases,
    misconceptions=(
        Misconception(
            "no intercept",
            lambda a, b: columns(a, b, a * b),
            "w0 needs a column too: one of ones. Without it the fit must pass through zero.",
        ),
        Misconception(
            "no product",
            lambda a, b: columns(1.0, a, b),
            "This is the additive model. The multiplicative term needs its own column.",
        ),
        Misconception(
            "modalities swapped",
            lambda a, b: columns(1.0, b, a, a * b),
            "x_A and x_B have changed places, so w1 would be the critic's effect.",
        ),
        Misconception(
            "intercept last",
            lambda a, b: columns(a, b, a * b, 1.0),
            "All four columns are there. Put the ones first, so that the first weight is w0.",
        ),
        Misconception(
            "product before x_B",
            lambda a, b: columns(1.0, a, a * b, b),
            "The order is 1, x_A, x_B, product: yours would exchange w2 and w3.",
        ),
        Misconception(
            "sum for product",
            lambda a, b: columns(1.0, a, b, a + b),
            "A sum of two columns adds nothing that they do not say already. Multiply them.",
        ),
        Misconception(
            "zeros for the intercept",
            lambda a, b: columns(0.0, a, b, a * b),
            "The intercept's column is of ones: w0 times 1 is w0; w0 times 0 is nothing.",
        ),
        Misconception(
            "square of x_A",
            lambda a, b: columns(1.0, a, b, a**2),
            "x_A squared bends the line; the interaction is x_A times x_B.",
        ),
        Misconception(
            "rows and columns turned",
            lambda a, b: design_of(a, b).T,
            "One row per sample, one column per weight: yours is turned round. Transpose it.",
        ),
        Misconception(
            "centred product",
            lambda a, b: columns(1.0, a, b, (a - a.mean()) * (b - b.mean())),
            "You centred inside the product. Here the product is of the columns as they are.",
        ),
        Misconception(
            "centred columns",
            lambda a, b: design_of(a - a.mean(), b),
            "You centred x_A first. That is a later exercise; here take the columns as they are.",
        ),
    ),
    hints=(
        "Each weight multiplies one column. What does w0 multiply?",
        "np.column_stack puts vectors of length n side by side.",
        "np.ones(len(x_a)), then x_a, then x_b, then x_a * x_b.",
    ),
)


def _slope_for(weights: Array, x_b: float) -> float:
    return weights[1] + weights[3] * x_b


def _slope_cases(rng: np.random.Generator) -> list[tuple[Array, float]]:
    """A voter, a critic and what is between them; then large and small numbers of either sign."""
    points = [0.0, 1.0, 0.0, 1.0, *rng.uniform(0.1, 0.9, 2)]
    slopes = [-1, -1, 1, 1, -1, 1]  # signs of w1 and w3; the others are by chance
    signs = [[rng.choice([-1, 1]), s, rng.choice([-1, 1]), s] for s in slopes]
    cases = [(rng.uniform(0.5, 4, 4) * s, float(x)) for s, x in zip(signs, points, strict=True)]
    cases.append((np.array([0.25, -9.0, 2.0, 1.5]), -2.0))
    cases.append((np.array([-1.0, 3.0, 8.0, -7.0]), 6.0))
    cases.append((np.array([0.25, 0.01, -0.5, 0.5]), 0.00625))
    return cases


slope_for = Exercise(
    key="01-slope-for",
    points=1,
    task="Return how much y changes per unit of x_A when x_B has the given value.",
    reference=_slope_for,
    cases=_slope_cases,
    misconceptions=(
        Misconception(
            "w1 alone",
            lambda w, b: w[1],
            "w1 is the slope only where x_B = 0. With an interaction the slope moves with x_B.",
        ),
        Misconception(
            "w3 alone",
            lambda w, b: w[3],
            "w3 is the difference between two slopes, not a slope.",
        ),
        Misconception(
            "w3 x_B alone",
            lambda w, b: w[3] * b,
            "That is what x_B adds to the slope. Added to what? At x_B = 0 the slope is not zero.",
        ),
        Misconception(
            "x_B forgotten",
            lambda w, b: w[1] + w[3],
            "That is the slope at x_B = 1. Use the x_B that was given.",
        ),
        Misconception(
            "w2 for w3",
            lambda w, b: w[1] + w[2] * b,
            "w2 lifts the whole line and leaves its slope alone. Which weight meets x_A and x_B?",
        ),
        Misconception(
            "w2 added",
            lambda w, b: w[1] + w[2] + w[3] * b,
            "w2 lifts the line; it is no part of its slope. Only terms with x_A count.",
        ),
        Misconception(
            "w2 x_B added",
            lambda w, b: w[1] + w[2] * b + w[3] * b,
            "w2 x_B lifts the line; it is no part of its slope. Only terms with x_A count.",
        ),
        Misconception(
            "modalities swapped",
            lambda w, b: w[2] + w[3] * b,
            "This starts from w2, the weight of x_B. The slope asked for is that along x_A.",
        ),
        Misconception(
            "prediction at x_A = 1",
            lambda w, b: w[0] + w[1] + w[2] * b + w[3] * b,
            "That is the predicted y at x_A = 1. A slope is the change per unit of x_A.",
        ),
        Misconception(
            "minus",
            lambda w, b: w[1] - w[3] * b,
            "The interaction enters the model with a plus; its sign is inside w3.",
        ),
        Misconception(
            "product",
            lambda w, b: w[1] * w[3] * b,
            "The weights are not multiplied with each other. Collect the terms that hold x_A.",
        ),
        Misconception(
            "weights counted from one",
            lambda w, b: w[0] + w[2] * b,
            "Python counts from 0: weights[0] is w0, the intercept.",
        ),
    ),
    hints=(
        "Collect everything in the model that is multiplied by x_A.",
        "w1 x_A + w3 x_A x_B = (…) x_A. What stands in the brackets?",
        "weights[1] is w1 and weights[3] is w3.",
    ),
)


def _centred_effects(weights: Array, mean_a: float) -> tuple[float, float]:
    w0, w1, w2, w3 = weights
    return w0 + w1 * mean_a, w2 + w3 * mean_a


def _centre_cases(rng: np.random.Generator) -> list[tuple[Array, float]]:
    means = [*rng.uniform(0.4, 3, 4), *rng.uniform(-3, -0.4, 2)]
    signs = rng.choice([-1, 1], (6, 4))
    signs[:2] = [-1, -1, 1, 1], [1, 1, -1, -1]  # both numbers below zero now and then, and above
    cases = [(rng.uniform(0.5, 4, 4) * s, float(m)) for s, m in zip(signs, means, strict=True)]
    # Large and small numbers, one that comes to .01, and two that rounding to four digits changes.
    cases.append((np.array([9.0, -8.0, 0.01, 7.0]), 0.01))
    cases.append((np.array([0.51, 0.0625, 3.0, -9.0]), -8.0))
    cases.append((np.array([0.3, 0.02, 0.01, -0.7]), 0.12345))
    return cases


centred_effects = Exercise(
    key="01-centred-effects",
    points=2,
    task="Return w0 and w2 of the same model when x_A is replaced by x_A minus its mean.",
    reference=_centred_effects,
    cases=_centre_cases,
    misconceptions=(
        Misconception(
            "minus",
            lambda w, m: (w[0] - w[1] * m, w[2] - w[3] * m),
            "The sign: x_A = (x_A − mean) + mean. Put that into the model and collect.",
        ),
        Misconception(
            "nothing changes",
            lambda w, m: (w[0], w[2]),
            "w1 and w3 stay as they are, but w0 and w2 are effects at x_A = 0, which has moved.",
        ),
        Misconception(
            "only the intercept",
            lambda w, m: (w[0] + w[1] * m, w[2]),
            "w0 is right. w2 is the effect of x_B at x_A = 0: with an interaction it moves too.",
        ),
        Misconception(
            "only w2",
            lambda w, m: (w[0], w[2] + w[3] * m),
            "w2 is right. w0 is the value at x_A = 0, x_B = 0: it moves with the slope w1.",
        ),
        Misconception(
            "w2 moved by w1",
            lambda w, m: (w[0] + w[1] * m, w[2] + w[1] * m),
            "w0 is right. What moves the effect of x_B is the term that holds x_A and x_B.",
        ),
        Misconception(
            "w1 and w3 exchanged",
            lambda w, m: (w[0] + w[3] * m, w[2] + w[1] * m),
            "w1 x_A is in the model without x_B, so it belongs to w0; w3 x_A x_B goes to w2.",
        ),
        Misconception(
            "w2 scaled by the mean",
            lambda w, m: (w[0] + w[1] * m, w[2] * m),
            "w2 is not multiplied by the mean: it gains what w3 x_A x_B holds at the mean.",
        ),
        Misconception(
            "mean itself",
            lambda w, m: (w[0] + m, w[2] + m),
            "The mean is in units of x_A; it takes a weight to turn it into units of y.",
        ),
        Misconception(
            "means of x_B forgotten inside w0",
            lambda w, m: (w[0] + (w[1] + w[3]) * m, w[2] + w[3] * m),
            "w2 is right. w0 is the value where x_B = 0, so w3 has no say in it.",
        ),
        Misconception(
            "order",
            lambda w, m: (w[2] + w[3] * m, w[0] + w[1] * m),
            "Both numbers are right; return w0 first and w2 second.",
        ),
        Misconception(
            "w2 of the critics' line",
            lambda w, m: (w[0] + w[1] * m, w[0] + w[2] + (w[1] + w[3]) * m),
            "The second one is the critics' value at the mean. w2 is how far it lies from w0.",
        ),
        Misconception(
            "w1 and w3 returned",
            lambda w, m: (w[1], w[3]),
            "These are w1 and w3, the two that do not change. w0 and w2 were asked for.",
        ),
    ),
    hints=(
        "w0 is the value, and w2 the effect of x_B, at x_A = 0. Where is that after centring?",
        "Write x_A = c + mean, with c the centred x_A, and multiply out.",
        "w1 · mean has no c and no x_B in it; w3 · mean · x_B has x_B and no c.",
    ),
)
