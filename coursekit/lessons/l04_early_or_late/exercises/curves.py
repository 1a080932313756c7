"""Lesson 04, the exercise about convergence: how many epochs until a curve is nearly there."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def first_at(curve: Array, level: float) -> int:
    """First epoch, from 1, at which ``curve`` is ``level`` or more."""
    return int(np.argmax(curve >= level)) + 1


def first_after(curve: Array, level: float) -> int:
    """First epoch, from 1, at which ``curve`` is more than ``level``; 1 if it never is."""
    return int(np.argmax(curve > level)) + 1


def _epochs(curve: Array) -> int:
    return first_at(curve, 0.95 * curve.max())


def _stays(curve: Array) -> int:
    below = np.flatnonzero(curve < 0.95 * curve.max())
    return int(below[-1]) + 2 if len(below) else 1


def _of_range(curve: Array) -> int:
    return first_at(curve, curve[0] + 0.95 * (curve.max() - curve[0]))


def _of_last(curve: Array) -> int:
    return first_at(curve, min(0.95 * curve[-1], curve.max()))


def _absolute(curve: Array) -> int:
    return first_at(curve, 0.95)


def _points(curve: Array) -> int:
    return first_at(curve, curve.max() - 0.05)


def _counted_from_zero(curve: Array) -> int:
    return _epochs(curve) - 1


def _of_the_best(curve: Array) -> int:
    return int(np.argmax(curve)) + 1


def _curves(rng: np.random.Generator) -> list[tuple[Array]]:
    """Curves that dip after their first arrival and end below their best."""
    wrong = (_stays, _of_range, _of_last, _absolute, _points, _counted_from_zero, _of_the_best)
    cases: list[tuple[Array]] = []
    while len(cases) < 6:
        n = int(rng.integers(18, 30))
        best, start = rng.uniform(0.4, 0.7), rng.uniform(0.1, 0.25)
        t = np.arange(n) / rng.uniform(2.5, 4.5)
        curve = best - (best - start) * np.exp(-t) + rng.normal(0, 0.006, n)
        peak = int(rng.integers(n // 2, n - 3))
        curve[peak:] -= np.linspace(0, 0.14, n - peak) * best  # overfitting
        dip = _epochs(curve)
        if dip + 2 < n:
            curve[dip + 1] -= 0.07 * best
        apart = [_epochs(curve) != f(curve) for f in wrong]
        if all(apart) and len({f(curve) for f in wrong}) == len(wrong):
            cases.append((np.clip(curve, 0.02, 0.99),))
    return [*cases, *((np.array(curve),) for curve in EDGES)]


def _ninety(curve: Array) -> int:
    return first_at(curve, 0.9 * curve.max())


# 0.5776 is 95 % of 0.608, however one computes it: enough. 0.66495 is a hair less than 95 % of 0.7,
# 0.5767 a hair more than that of 0.607. The best comes first; or last; or is low; or so high that
# five points below are not 90 %, or that 0.95 itself is reached. The last one rises slowly for
# fifty epochs, and the rise since its first epoch is not that from its lowest value.
EDGES = (
    [0.1, 0.2, 0.4, 0.5776, 0.56, 0.6, 0.608, 0.55, 0.49],
    [0.2, 0.66495, 0.61, 0.68, 0.7, 0.66],
    [0.3, 0.5767, 0.56, 0.6, 0.607, 0.5],
    [0.62, 0.5, 0.4, 0.3],
    [0.1, 0.2, 0.3, 0.6],
    [0.03, 0.09, 0.07, 0.08, 0.02],
    [0.3, 0.73, 0.755, 0.78, 0.8, 0.77],
    [0.2, 0.777, 0.797, 0.8],
    [0.4, 0.9, 0.94, 0.96, 0.98, 0.97],
    [0.45, *np.linspace(0.1, 0.6, 50)],
)


epochs_to = Exercise(
    key="04-epochs-to",
    points=1,
    task="Return the first epoch, from 1, at which the curve has 95 % of its own best value.",
    reference=_epochs,
    cases=_curves,
    tolerance=1e-9,
    misconceptions=(
        Misconception(
            "counted from zero",
            _counted_from_zero,
            "That is the position in the array. Epochs are counted from 1.",
        ),
        Misconception(
            "epoch of the best value",
            _of_the_best,
            "That is where the curve is best. Asked is where it first has 95 % of that.",
        ),
        Misconception(
            "share of the last value",
            _of_last,
            "You took 95 % of the last value. A curve may fall again; take its best.",
        ),
        Misconception(
            "absolute 0.95",
            _absolute,
            "You waited for an accuracy of 0.95. Asked is 0.95 times the curve's own best.",
        ),
        Misconception(
            "five points below the best",
            _points,
            "You allowed 0.05 below the best. 95 % of the best is a share, not a difference.",
        ),
        Misconception(
            "share of the rise",
            _of_range,
            "You took 95 % of the rise since the first epoch. Asked is 95 % of the best value "
            "itself.",
        ),
        Misconception(
            "stays there",
            _stays,
            "You waited until the curve never falls below the level again. The first time counts.",
        ),
        Misconception(
            "number of epochs above",
            lambda curve: int(np.sum(curve >= 0.95 * curve.max())),
            "That is how many epochs lie above the level, not which one is the first.",
        ),
        Misconception(
            "more than 95 %",
            lambda curve: first_after(curve, 0.95 * curve.max()),
            "95 % exactly is enough: at least, not more than.",
        ),
        Misconception(
            "90 %",
            _ninety,
            "You took 90 % of the best. Asked is 95 %.",
        ),
    ),
    hints=(
        "Two steps: the level, then the first place where the curve reaches it.",
        "level = 0.95 * curve.max()",
        "np.argmax(curve >= level) is the first place that holds, counted from zero.",
    ),
)
