"""Lesson 07, the exercise about directions: PCGrad's projection."""

from collections.abc import Callable

import numpy as np
import torch

from coursekit.balancing import pcgrad
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _projected(g: Array, h: Array) -> tuple[Array, Array]:
    pair = torch.as_tensor(np.stack([g, h]), dtype=torch.float64)
    first, second = pcgrad.project(pair).numpy()
    return first, second


def _gradient_cases(rng: np.random.Generator) -> list[tuple[Array, Array]]:
    cases = []
    for conflict in (True, True, False, True, False, True):
        g, h = rng.normal(0, 1, (2, int(rng.integers(3, 6)))) * rng.uniform(0.5, 3, (2, 1))
        cases.append((g, h if (g @ h < 0) == conflict else -h))
    cases += [(np.array(g), np.array(h)) for g, h in EDGES]
    return [cases[i] for i in rng.permutation(len(cases))]


# Hardly in conflict, hardly in agreement, plainly, opposite, long against short, plainly
# again, both short, almost at right angles; a gradient of zeros conflicts with nobody.
EDGES = (
    ([0.3, 0.2], [0.4, -0.8]),
    ([0.3, 0.2], [0.8, -0.9]),
    ([2.0, 1.0], [1.5, 3.0]),
    ([0.5, -1.0], [-1.0, 2.0]),
    ([30.0, 0.0], [-0.01, 0.02]),
    ([6.0, -2.0], [-7.0, 3.0]),
    ([0.01, 0.04], [0.03, -0.015]),
    ([1.0, 0.5], [0.5, -1.002]),
    ([1.0, 0.5], [0.5, -0.998]),
    ([2.0, -1.0], [0.0, 0.0]),
)


def _without(g: Array, h: Array) -> Array:
    return g - g @ h / (h @ h) * h


def _both(
    change: Callable[[Array, Array], Array],
) -> Callable[[Array, Array], tuple[Array, Array]]:
    """Both gradients changed, each by the other, where they conflict."""

    def of_both(g: Array, h: Array) -> tuple[Array, Array]:
        return (change(g, h), change(h, g)) if g @ h < 0 else (g, h)

    return of_both


ZERO = (
    "A gradient may be all zeros; then its squared length is 0 too, and 0/0 is NaN. Such a pair "
    "is not in conflict: ask for a negative product first, and divide only there."
)
AS_IT_CAME = (
    "The second one is projected on the first as it came. You used the first one as already "
    "projected: keep g, or its length, before you change it."
)
PLACES = "The two gradients have changed places: first g, then h."
HALVED = "The projected gradients are whole ones: nothing is divided by 2 here."


def _unasked(g: Array, h: Array) -> tuple[Array, Array]:
    """A wrong answer, without a branch."""
    dot = min(0.0, g @ h)
    return g - dot / (h @ h) * h, h - dot / (g @ g) * g


def _one_by_one(g: Array, h: Array, length_only: bool) -> tuple[Array, Array]:
    """A wrong answer: g is written over before h is projected on it."""
    if g @ h >= 0:
        return g, h
    new = _without(g, h)
    return new, h - g @ h / (new @ new) * (g if length_only else new)


def _times(factor: float, always: bool) -> Callable[[Array, Array], tuple[Array, Array]]:
    def wrong(g: Array, h: Array) -> tuple[Array, Array]:
        changed = factor if always or g @ h < 0 else 1.0
        first, second = _projected(g, h)
        return changed * first, changed * second

    return wrong


project_pair = Exercise(
    key="07-pcgrad",
    points=2,
    task="Return both gradients, each without what goes against the other one.",
    reference=_projected,
    cases=_gradient_cases,
    misconceptions=(
        Misconception(
            "always",
            lambda g, h: (_without(g, h), _without(h, g)),
            "You project always. Gradients that agree stay as they are: look at the sign of their "
            "product.",
        ),
        Misconception(
            "where they agree",
            lambda g, h: (_without(g, h), _without(h, g)) if g @ h > 0 else (g, h),
            "You project where they agree and leave conflicts alone; it is the other way round.",
        ),
        Misconception(
            "the part that conflicts",
            _both(lambda g, h: g @ h / (h @ h) * h),
            "That is the part that goes against the other. Take it away from the gradient.",
        ),
        Misconception(
            "added",
            _both(lambda g, h: g + g @ h / (h @ h) * h),
            "You added the part that goes against the other one, so the conflict grew. Subtract.",
        ),
        Misconception(
            "length not squared",
            _both(lambda g, h: g - g @ h / np.linalg.norm(h) * h),
            "Divide by the squared length, h·h, so that a longer h changes nothing.",
        ),
        Misconception(
            "own direction",
            _both(lambda g, h: g - g @ h / (g @ g) * g),
            "You took away a part along the gradient itself. The part to take away lies along the "
            "other gradient.",
        ),
        Misconception(
            "first only",
            lambda g, h: (_without(g, h), h) if g @ h < 0 else (g, h),
            "Both give way. The second one is projected on the first as it came; once that one has "
            "given way there is no conflict left to see.",
        ),
        Misconception("zero divided by zero", _unasked, ZERO),
        Misconception("one by one", lambda g, h: _one_by_one(g, h, False), AS_IT_CAME),
        Misconception("new length", lambda g, h: _one_by_one(g, h, True), AS_IT_CAME),
        Misconception("exchanged", lambda g, h: _projected(g, h)[::-1], PLACES),
        Misconception(
            "exchanged in a conflict",
            lambda g, h: _projected(g, h)[::-1] if g @ h < 0 else (g, h),
            PLACES,
        ),
        Misconception("halved", _times(0.5, always=True), HALVED),
        Misconception("halved in a conflict", _times(0.5, always=False), HALVED),
        Misconception(
            "dropped",
            _both(lambda g, h: np.zeros_like(g)),
            "A gradient in conflict is not thrown away; only its part against the other one is.",
        ),
    ),
    hints=(
        "They conflict when g @ h is negative; otherwise return them as they came.",
        "The part of g along h is (g @ h) / (h @ h) * h.",
        "Return (g minus its part along h, h minus its part along g), both from the old ones.",
    ),
)
