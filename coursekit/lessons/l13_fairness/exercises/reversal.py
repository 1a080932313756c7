"""Lesson 13, the exercise about gradient reversal: one step of encoder and adversary, by hand."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[float, float, float, float, float, float, float]


def _gradients(w: float, u: float, x: float, y: float, a: float) -> tuple[float, float, float]:
    """Of the task by w, of the adversary's loss by w, of the adversary's loss by u."""
    feature = w * x
    return (feature - y) * x, (u * feature - a) * u * x, (u * feature - a) * feature


def _from(
    rule: Callable[[float, float, float, float], tuple[float, float]],
) -> Callable[..., Array]:
    """The step by ``rule(task by w, adversary by w, adversary by u, strength)``: both gradients."""

    def answer(
        w: float, u: float, x: float, y: float, a: float, strength: float, rate: float
    ) -> Array:
        by_w, by_u = rule(*_gradients(w, u, x, y, a), strength)
        return np.array([w - rate * by_w, u - rate * by_u])

    return answer


_step = _from(lambda task, against, own, s: (task - s * against, own))


def _one_after_the_other(
    w: float, u: float, x: float, y: float, a: float, strength: float, rate: float
) -> Array:
    """The adversary steps from the feature of the encoder that has stepped already."""
    new_w = float(_step(w, u, x, y, a, strength, rate)[0])
    return np.array([new_w, u - rate * _gradients(new_w, u, x, y, a)[2]])


def _without_the_chain(
    w: float, u: float, x: float, y: float, a: float, strength: float, rate: float
) -> Array:
    """The adversary's gradient by the feature, without the u that leads to it."""
    task, _, own = _gradients(w, u, x, y, a)
    against = (u * w * x - a) * x
    return np.array([w - rate * (task - strength * against), u - rate * own])


# Weights of encoder and adversary, input, task's target, attribute, strength, rate: no reversal,
# a strong one, an adversary that is right, one that knows nothing, a negative input, a rate of 0;
# each number once far from one and once near zero.
FIXED: tuple[Case, ...] = (
    (0.5, 0.8, 1.0, 1.0, 1.0, 1.0, 0.1),
    (0.5, 0.8, 2.0, 1.0, 0.0, 0.0, 0.1),
    (1.5, -0.7, 1.0, 2.0, 1.0, 3.0, 0.05),
    (1.0, 1.0, 1.0, 0.0, 1.0, 2.0, 0.1),
    (0.3, 0.0, 1.0, 1.0, 1.0, 1.0, 0.5),
    (-0.6, 1.2, -1.5, 1.0, 0.0, 0.5, 0.2),
    (0.9, 0.4, 1.1, -1.0, 1.0, 0.25, 1.0),
    (0.9, 0.4, 1.1, -1.0, 1.0, 0.25, 0.0),
    (2.0, 3.0, 0.5, 1.0, 0.0, 1.5, 0.1),
    (6.5, 0.3, 0.7, 1.0, 1.0, 0.5, 0.1),
    (0.01, 0.8, 1.2, 0.5, 1.0, 0.7, 0.2),
    (0.03, 0.012, 1.2, 0.5, 1.0, 0.7, 0.0),
    (-1.3, 0.9, 1.4, 0.6, 0.8, 1.2, 0.15),
    (0.4, -7.5, 0.3, 1.0, -1.0, 0.2, 0.05),
    (0.4, 0.015, 0.9, -6.5, 2.345678, 8.0, 0.1),
    (0.8, 0.6, -6.0, 0.013, 0.017, 0.01, 0.3),
    (0.7, 1.1, 0.012, 1.5, 7.25, 0.6, 6.5),
    (0.7, 1.1, 0.9, 1.5, 0.4, 0.6, 0.011),
)


def _cases(rng: np.random.Generator) -> list[Case]:
    """The fixed ones and four drawn ones."""
    cases = list(FIXED)
    for _ in range(4):
        w, u, x, y = (float(v) for v in rng.uniform(0.3, 1.8, 4) * rng.choice([-1, 1], 4))
        a, strength, rate = float(rng.integers(0, 2)), rng.uniform(0.3, 2.5), rng.uniform(0.05, 0.4)
        cases.append((w, u, x, y, a, float(strength), float(rate)))
    return cases


reversed_step = Exercise(
    key="13-reversal",
    points=2,
    task="Return both weights, w and u, after one step with the gradient reversed between them.",
    reference=_step,
    cases=_cases,
    misconceptions=(
        Misconception(
            "one loss, task − λ adversary",
            _from(lambda task, against, own, s: (task - s * against, -s * own)),
            "Your adversary climbs: with task − λ · adversary as *the* loss it is trained to be "
            "wrong. It goes down its own loss; only what passes on to w is reversed.",
        ),
        Misconception(
            "adversary climbs",
            _from(lambda task, against, own, s: (task - s * against, -own)),
            "Your adversary climbs its own loss, and learns to be wrong. It goes down; only what "
            "passes on to w is reversed.",
        ),
        Misconception(
            "adversary slowed down",
            _from(lambda task, against, own, s: (task - s * against, s * own)),
            "You scale the adversary's own step by λ. The layer stands before it, and scales only "
            "what passes on to w.",
        ),
        Misconception(
            "no reversal",
            _from(lambda task, against, own, s: (task + s * against, own)),
            "Nothing is reversed: your encoder helps the adversary. Its part enters w's gradient "
            "with a minus.",
        ),
        Misconception(
            "strength forgotten",
            _from(lambda task, against, own, s: (task - against, own)),
            "λ is missing: what passes on to w is multiplied by −λ.",
        ),
        Misconception(
            "no adversary for the encoder",
            _from(lambda task, against, own, s: (task, own)),
            "Your encoder does not notice the adversary. Its gradient by w comes in, times −λ.",
        ),
        Misconception(
            "no task",
            _from(lambda task, against, own, s: (-s * against, own)),
            "The task is missing in w's gradient.",
        ),
        Misconception(
            "uphill",
            _from(lambda task, against, own, s: (-task + s * against, -own)),
            "You add rate times gradient, so you go up both gradients. A step goes down.",
        ),
        Misconception(
            "encoder only",
            _from(lambda task, against, own, s: (task - s * against, 0.0)),
            "Your adversary does not learn. It takes a step of its own at the same time.",
        ),
        Misconception(
            "one after the other",
            _one_after_the_other,
            "You move w first and use the new one for u. Both gradients are taken before anything "
            "moves.",
        ),
        Misconception(
            "chain cut",
            _without_the_chain,
            "The adversary's loss reaches w through u: by the feature it is (u·f − a)·u, and the "
            "factor u is missing.",
        ),
    ),
    hints=(
        "With f = w·x: by f the task's loss has the gradient f − y, the adversary's (u·f − a)·u. "
        "And by u?",
        "By u: (u·f − a)·f, and u goes down it. By w: ((f − y) − λ(u·f − a)·u)·x.",
        "w - rate * ((f - y) - strength * (u * f - a) * u) * x and u - rate * (u * f - a) * f.",
    ),
)
