"""Lesson 01, the exercise about testing: does the model need the interaction?"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import fdtrc, stdtr, stdtrit

from coursekit.course.exercises.drawing import until_told_apart
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.lessons.l01_additive_or_multiplicative.exercises.fitting import fit
from coursekit.lessons.l01_additive_or_multiplicative.exercises.interaction_studies import (
    KINDS,
    robust_p,
    studies,
)
from coursekit.lessons.l01_additive_or_multiplicative.exercises.weights import Array, columns


def _p_values(y: Array, *parts: Any) -> Array:
    """Two-sided t-test p-value of each weight of the least-squares fit."""
    t, free = _t_values(y, *parts)
    return 2 * stdtr(free, -np.abs(t))


def _t_values(y: Array, *parts: Any) -> tuple[Array, int]:
    """Each weight over its standard error, and the degrees of freedom."""
    design = columns(y, *parts)[:, 1:]
    weights = np.linalg.lstsq(design, y, rcond=None)[0]
    free = len(y) - design.shape[1]
    variance = np.sum((y - design @ weights) ** 2) / free
    errors = np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))
    return weights / errors, free


def _t_value(x_a: Array, x_b: Array, y: Array) -> float:
    return float(_t_values(y, 1.0, x_a, x_b, x_a * x_b)[0][3])


def _correlation_p(x: Array, y: Array) -> float:
    """Two-sided t-test p-value of Pearson's correlation."""
    r, free = np.corrcoef(x, y)[0, 1], len(y) - 2
    return float(2 * stdtr(free, -abs(r) * np.sqrt(free / (1 - r**2))))


def _interaction_p(x_a: Array, x_b: Array, y: Array) -> float:
    return float(_p_values(y, 1.0, x_a, x_b, x_a * x_b)[3])


def _needs_interaction(x_a: Array, x_b: Array, y: Array) -> bool:
    return _interaction_p(x_a, x_b, y) < 0.05


def _study_cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array]]:
    return until_told_apart(studies, rng, lambda: needs_interaction.misconceptions)


def _r_squared(y: Array, *parts: Any) -> float:
    design = columns(y, *parts)[:, 1:]
    rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(1 - rest.var() / y.var())


def _gain(x_a: Array, x_b: Array, y: Array) -> float:
    """What the product adds to R²."""
    return _r_squared(y, 1.0, x_a, x_b, x_a * x_b) - _r_squared(y, 1.0, x_a, x_b)


def _log_ratio(x_a: Array, x_b: Array, y: Array) -> float:
    """Twice the logarithm of the full model's likelihood over the additive one's."""
    full = 1 - _r_squared(y, 1.0, x_a, x_b, x_a * x_b)
    additive = 1 - _r_squared(y, 1.0, x_a, x_b)
    return float(len(y) * np.log(additive / full))


def _overall_p(x_a: Array, x_b: Array, y: Array) -> float:
    """F-test of the three weights together against the intercept alone."""
    r2, free = _r_squared(y, 1.0, x_a, x_b, x_a * x_b), len(y) - 4
    return float(fdtrc(3, free, (r2 / 3) / ((1 - r2) / free)))


def _gains_more_than(limit: float) -> Callable[[Array, Array, Array], bool]:
    return lambda x_a, x_b, y: _gain(x_a, x_b, y) > limit


GAIN = (
    "You look at the gain in R². Chance alone gives a large one in few rows, and a real one is "
    "small in many: the test takes the number of rows into account."
)

FIXED_LIMIT = (
    "You hold t against the same number in every table. The limit depends on the degrees of "
    "freedom, n − 4: 2.45 in ten rows, 1.96 in very many."
)

FREE = (
    "Four weights are estimated, so n − 4 stands in two places: under the residual's sum of "
    "squares, and as the degrees of freedom of t."
)

needs_interaction = Exercise(
    key="01-needs-interaction",
    points=3,
    task="Return True if the test of the interaction term rejects w3 = 0 at level 0.05.",
    reference=_needs_interaction,
    cases=_study_cases,
    misconceptions=(
        Misconception(
            "turned round",
            lambda a, b, y: _interaction_p(a, b, y) >= 0.05,
            "A small p-value speaks against w3 = 0, so it asks for the interaction.",
        ),
        Misconception(
            "w2 tested",
            lambda a, b, y: _p_values(y, 1.0, a, b, a * b)[2] < 0.05,
            "You test x_B's own effect, w2. H2 is about the product's weight, w3.",
        ),
        Misconception(
            "w2 tested, without the product",
            lambda a, b, y: _p_values(y, 1.0, a, b)[2] < 0.05,
            "You test x_B in a model without the product. H2 is about the product's weight, w3.",
        ),
        Misconception(
            "w1 tested",
            lambda a, b, y: _p_values(y, 1.0, a, b, a * b)[1] < 0.05,
            "You test x_A's own effect, w1. H2 is about the product's weight, w3.",
        ),
        Misconception(
            "whole model tested",
            lambda a, b, y: _overall_p(a, b, y) < 0.05,
            "You test whether the model explains anything at all. Main effects alone pass that.",
        ),
        Misconception(
            "product without main effects",
            lambda a, b, y: _p_values(y, 1.0, a * b)[1] < 0.05,
            "Without x_A and x_B in the model the product stands in for them. Keep them in.",
        ),
        Misconception(
            "correlation of the product",
            lambda a, b, y: _correlation_p(a * b, y) < 0.05,
            "Without x_A and x_B in the model the product stands in for them. Keep them in.",
        ),
        Misconception(
            "level too strict",
            lambda a, b, y: _interaction_p(a, b, y) < 0.01,
            "The right test at another level: it misses an interaction that 0.05 finds.",
        ),
        Misconception(
            "level too lax",
            lambda a, b, y: _interaction_p(a, b, y) < 0.1,
            "The right weight at another level: at 0.05 one of your findings is chance.",
        ),
        Misconception(
            "AIC",
            lambda a, b, y: _log_ratio(a, b, y) > 2,
            "AIC is laxer than the test at 0.05: of six interactions that are not there it takes "
            "about one for real.",
        ),
        Misconception(
            "adjusted R²",
            lambda a, b, y: abs(_t_value(a, b, y)) > 1,
            "Adjusted R² grows as soon as w3 is larger than its standard error: of three "
            "interactions that are not there it takes about one for real.",
        ),
        Misconception(
            "two standard errors",
            lambda a, b, y: abs(_t_value(a, b, y)) > 2,
            FIXED_LIMIT,
        ),
        Misconception(
            "normal quantile",
            lambda a, b, y: abs(_t_value(a, b, y)) > 1.959964,
            FIXED_LIMIT,
        ),
        *(
            Misconception(
                f"degrees of freedom: n − {less}",
                lambda a, b, y, less=less: abs(_t_value(a, b, y)) > stdtrit(len(y) - less, 0.975),
                FREE,
            )
            for less in (0, 1, 2, 3)
        ),
        *(
            Misconception(
                f"variance over n − {less}",
                lambda a, b, y, less=less: (
                    abs(_t_value(a, b, y)) * np.sqrt((len(y) - less) / (len(y) - 4))
                    > stdtrit(len(y) - 4, 0.975)
                ),
                FREE,
            )
            for less in (0, 1)
        ),
        *(
            Misconception(
                f"robust errors, {kind}",
                lambda a, b, y, kind=kind: robust_p(a, b, y, kind) < 0.05,
                "You let the variance differ from row to row. Asked is the ordinary t-test, which "
                "has one variance for all rows.",
            )
            for kind in KINDS
        ),
        Misconception(
            "one-sided",
            lambda a, b, y: _t_value(a, b, y) > stdtrit(len(y) - 4, 0.95),
            "Your test looks to one side. An interaction may have either sign: two-sided.",
        ),
        Misconception(
            "no intercept",
            lambda a, b, y: _p_values(y, a, b, a * b)[2] < 0.05,
            "Your model has no intercept: its lines pass through zero, and w3 makes up for it.",
        ),
        Misconception(
            "BIC",
            lambda a, b, y: _log_ratio(a, b, y) > np.log(len(y)),
            "BIC is stricter than the test, and more so the more rows there are: with hundreds it "
            "misses an interaction that the test at 0.05 finds.",
        ),
        *(
            Misconception(f"gain in R² above {limit:g}", _gains_more_than(limit), GAIN)
            for limit in (0.01, 0.02)
        ),
        Misconception(
            "share of what the additive model leaves",
            lambda a, b, y: _gain(a, b, y) > 0.04 * (1 - _r_squared(y, 1.0, a, b)),
            GAIN,
        ),
        Misconception(
            "always",
            lambda a, b, y: True,
            "Your rule says True each time. R² always grows with a column, and no estimate is "
            "exactly zero: hold the gain against what chance would give.",
        ),
        Misconception(
            "never",
            lambda a, b, y: False,
            "Your rule says False each time, also where the interaction is plain. Which number do "
            "you compare with 0.05, and in which direction?",
        ),
        *(
            Misconception(
                f"size above {limit:g}",
                lambda a, b, y, limit=limit: abs(fit(y, 1.0, a, b, a * b)[3]) > limit,
                "You look at the size of w3. It depends on the units of y: divide by its standard "
                "error.",
            )
            for limit in (0.05, 0.1, 0.2, 0.5)
        ),
    ),
    hints=(
        "Two models differ in one column. Is the gain of the larger one more than luck gives?",
        "statsmodels: sm.OLS(y, design).fit().pvalues holds one p-value a column.",
        "Compare the last p-value with 0.05, and mind the direction.",
    ),
)
