"""Lesson 01, studies for the test of the interaction: with t-values that are put in exactly."""

import numpy as np
from scipy.special import stdtr, stdtrit

from coursekit.lessons.l01_additive_or_multiplicative.exercises.weights import (
    Array,
    design_of,
    make_inputs,
)

Study = tuple[Array, Array, Array]
FIXED = 32  # the generator's seed of the tables that are always the same
KINDS = ("HC0", "HC1", "HC2", "HC3")


def robust_p(x_a: Array, x_b: Array, y: Array, kind: str) -> float:
    """p-value of w3 with errors that allow for unequal variances.  kind: one of `KINDS`."""
    design = design_of(x_a, x_b)
    inverse = np.linalg.inv(design.T @ design)
    weights = inverse @ design.T @ y
    squares = (y - design @ weights) ** 2
    leverage = np.sum(design @ inverse * design, axis=1)
    if kind == "HC1":
        squares = squares * len(y) / (len(y) - 4)
    elif kind != "HC0":
        squares = squares / (1 - leverage) ** (2 if kind == "HC3" else 1)
    error = np.sqrt((inverse @ (design.T * squares) @ design @ inverse)[3, 3])
    return float(2 * stdtr(len(y) - 4, -abs(weights[3] / error)))


def ordinary_p(x_a: Array, x_b: Array, y: Array) -> float:
    """p-value of w3 in the ordinary t-test, two-sided."""
    design = design_of(x_a, x_b)
    inverse = np.linalg.inv(design.T @ design)
    weights = inverse @ design.T @ y
    variance = np.sum((y - design @ weights) ** 2) / (len(y) - 4)
    return float(2 * stdtr(len(y) - 4, -abs(weights[3]) / np.sqrt(variance * inverse[3, 3])))


def _study(
    rng: np.random.Generator,
    t_values: tuple[float, float, float],
    noise: float,
    hide: bool,
    size: tuple[int, int] = (60, 140),
) -> Study:
    """A table of ``size`` rows as in the lesson, with these t-values; see `_with_t_values`."""
    inputs = make_inputs(rng, int(rng.integers(*size)))
    return _with_t_values(rng, inputs, t_values, noise, hide)


def _with_t_values(
    rng: np.random.Generator,
    inputs: tuple[Array, Array],
    t_values: tuple[float, float, float],
    noise: float,
    hide: bool = False,
) -> Study:
    """A study of these inputs whose full fit has exactly these t-values of w1, w2 and w3.

    The noise is made orthogonal to the design, so that the estimates are the weights put in and
    no draw makes the right answer a matter of luck. hide: choose w2 instead so that the product
    has no correlation with y, though it may have a weight.
    """
    x_a, x_b = inputs
    n = len(x_a)
    design = design_of(x_a, x_b)
    rest = rng.normal(0, 1, n)
    rest -= design @ np.linalg.lstsq(design, rest, rcond=None)[0]
    rest *= noise / np.sqrt(np.sum(rest**2) / (n - 4))
    errors = noise * np.sqrt(np.diag(np.linalg.inv(design.T @ design)))
    weights = np.array([rng.uniform(1, 3) * noise, *(np.array(t_values) * errors[1:])])
    if hide:
        with_product = np.cov(design, rowvar=False)[3]
        weights[2] -= with_product @ weights / with_product[2]
    return x_a, x_b, design @ weights + rest


def _at_the_limit(rng: np.random.Generator, factor: float, rows: int) -> Study:
    """A study whose t-value of w3 is ``factor`` times the critical one.

    Errors that allow for unequal variances find the opposite, whichever of them one takes.
    """
    t = factor * float(stdtrit(rows - 4, 0.975)) * float(rng.choice([-1, 1]))
    while True:
        study = _study(rng, (0.5, -3.0, t), 1.0, False, (rows, rows + 1))
        robust = [robust_p(*study, kind) < 0.05 for kind in KINDS]
        if not any(r == (factor > 1) for r in robust):
            return study


def _turning(rng: np.random.Generator, study: Study) -> Study:
    """The rows in an order in which the first 100, 200 and 300 alone do not reject w3 = 0."""
    while True:
        order = rng.permutation(len(study[2]))
        x_a, x_b, y = (column[order] for column in study)
        if not any(ordinary_p(x_a[:n], x_b[:n], y[:n]) < 0.05 for n in (100, 200, 300)):
            return x_a, x_b, y


def _edges(rng: np.random.Generator) -> list[Study]:
    """Just beyond and just short of the critical value, in few rows and in many, both signs.

    Few: there it is far from 1.96 and 2, and each degree of freedom counts.
    """
    few = [_at_the_limit(rng, factor, rows) for factor in (1.015, 0.985) for rows in (10, 14)]
    many = [
        _study(rng, (4.0, -0.5, sign * factor * float(stdtrit(396, 0.975))), 1.0, False, (400, 401))
        for factor, sign in ((1.008, -1), (0.992, 1), (0.992, -1))
    ]
    # Ten rows, where the limit is 2.45: between the limits of other rules, and at last beyond it.
    between = [
        _study(rng, (0.5, -3.0, t), 1.0, False, (10, 11))
        for t in (1.4, 1.8, 1.95, -1.98, 2.1, -3.0)
    ]
    laxer = _study(rng, (0.5, -3.0, 1.2), 1.0, False, (40, 41))
    return [*few, *many, *between, laxer]


def _hair_beside_the_limit() -> list[Study]:
    """Ten rows of any numbers, p one per mille beside the level; the same in every draw.

    The numbers are large and small, of either sign: where some are rounded, cut off or lose their
    sign, the test says the opposite in one of them.
    """
    rng = np.random.default_rng(FIXED)
    drawn = []
    for scale_a, scale_b, noise in ((4.0, 4.0, 2.0), (4.0, 0.1, 0.05), (0.1, 4.0, 0.05)):
        for factor in (1.0003, 0.9997):
            inputs = scale_a * rng.normal(size=10), scale_b * rng.normal(size=10)
            t = factor * float(stdtrit(6, 0.975)) * float(rng.choice([-1, 1]))
            drawn.append(_with_t_values(rng, inputs, (0.5, -3.0, t), noise))
    return drawn


def studies(rng: np.random.Generator) -> list[Study]:
    """Interactions that are plain, hidden, absent, and at the limit, in random order."""

    def t() -> float:  # clearly there, either sign
        return float(rng.uniform(5, 8) * rng.choice([-1, 1]))

    def none() -> float:  # clearly not there, either sign
        return float(rng.uniform(0.2, 0.7) * rng.choice([-1, 1]))

    plans = [
        ((t(), t(), t()), 20.0, False),
        ((none(), none(), t()), 0.01, False),
        ((t(), none(), t()), 1.0, True),
        ((t(), t(), none()), 1.0, True),
        ((none(), t(), none()), 20.0, False),
        ((t(), none(), none()), 0.01, False),
        # Correlated columns can be weak one by one and strong together; here they are neither.
        ((none() / 10, none() / 10, none() / 10), 1.0, False),
        ((none(), t(), t()), 0.01, False),
        # Plain main effects and next to no interaction; an x_B that is nearly rejected.
        ((t(), t(), none() / 20), 1.0, False),
        ((none(), 1.6, none()), 1.0, False),
        # A main effect beside which the residuals are small, and an interaction far from the limit.
        ((60.0, none(), 4.0), 1.0, False),
        # Rejected at 0.05 and not at 0.01; then not rejected at 0.05, though at 0.1.
        ((none(), t(), 2.4), 1.0, False),
        ((none(), t(), 1.8), 20.0, False),
    ]
    drawn = [_study(rng, *plan) for plan in plans]
    # Many rows: rejected, though BIC says no and R² hardly grows. Few rows: R² grows by chance.
    drawn += [
        _turning(rng, _study(rng, (3 * t(), none(), 2.15), 1.0, False, (390, 410))),
        _study(rng, (none() / 10, none() / 10, 1.7), 1.0, False, (38, 43)),
        *_edges(rng),
        *_hair_beside_the_limit(),
    ]
    return [drawn[i] for i in rng.permutation(len(drawn))]
