"""Lesson 14, the exercise about loss weights from gradients of what the losses share."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, float]


def _norms(gradients: Array) -> Array:
    return np.sqrt((np.asarray(gradients) ** 2).sum(1))


def _with(
    norms: Callable[[Array], Array] = _norms,
    weigh: Callable[[Array, float], Array] = lambda n, ratio: ratio * n[0] / n,
    first: bool = True,
) -> Callable[[Array, float], Array]:
    """Weights of the losses; ``first``: that of the first one is 1."""

    def answer(gradients: Array, ratio: float) -> Array:
        weights = np.array(weigh(norms(gradients), ratio), dtype=float)
        if first:
            weights[0] = 1.0
        return weights

    return answer


_weights = _with()


def _summing(gradients: Array, ratio: float) -> Array:
    """Made to add up to the number of losses."""
    weights = _weights(gradients, ratio)
    return weights * len(weights) / weights.sum()


def _cases(rng: np.random.Generator) -> list[Case]:
    """Two to four losses whose gradients differ up to a hundredfold."""
    plan = (((1, 10), 1.0), ((1, 10), 0.5), ((1, 100, 3), 0.1), ((5, 0.1), 0.5),
            ((2, 7, 0.3, 20), 0.8), ((1, 1.5), 2.0), ((3, 4, 9), 1.0), ((2, 3), 0.012),
            ((0.004, 0.006), 0.3217), ((1, 2), 7.5))  # fmt: skip
    cases: list[Case] = []
    for scales, ratio in plan:
        size = int(rng.integers(5, 12))
        directions = rng.normal(size=(len(scales), size))
        directions[:, 0] += rng.choice([-2.0, 2.0], len(scales))  # so that norms are no L1 norms
        cases.append((np.array(scales)[:, None] * directions, ratio))
    return cases


loss_weights = Exercise(
    key="14-calibrate",
    points=2,
    task="Return the weight of each loss that makes its gradient a ratio of the first one's.",
    reference=_weights,
    cases=_cases,
    misconceptions=(
        Misconception(
            "upside down",
            _with(weigh=lambda n, ratio: ratio * n / n[0]),
            "You make the loud louder. A loss with a long gradient gets a small weight.",
        ),
        Misconception(
            "ratio on the first loss too",
            _with(first=False),
            "The first loss is the yardstick: its weight is 1.",
        ),
        Misconception(
            "no ratio",
            _with(weigh=lambda n, ratio: n[0] / n),
            "Then all gradients are equally long. The others shall be `ratio` times the first.",
        ),
        Misconception(
            "divided by the ratio",
            _with(weigh=lambda n, ratio: n[0] / (ratio * n)),
            "A ratio of .1 shall leave the others a tenth: multiply by it.",
        ),
        Misconception(
            "squared lengths",
            _with(norms=lambda g: (np.asarray(g) ** 2).sum(1)),
            "These are squared lengths. Take the root.",
        ),
        Misconception(
            "sum of absolute values",
            _with(norms=lambda g: abs(np.asarray(g)).sum(1)),
            "You add absolute values. The length is the root of the sum of squares.",
        ),
        Misconception(
            "largest entry",
            _with(norms=lambda g: abs(np.asarray(g)).max(1)),
            "You compare the largest entries. Take the lengths.",
        ),
        Misconception(
            "plain sums",
            _with(norms=lambda g: abs(np.asarray(g).sum(1))),
            "You add the entries, which cancel. Take the lengths.",
        ),
        Misconception(
            "adding up to the number of losses",
            _summing,
            "Do not rescale the weights: the first one stays 1.",
        ),
    ),
    hints=(
        "One length per row: np.linalg.norm(gradients, axis=1).",
        "weight of loss j: ratio · length of the first / length of j.",
        "Last, set the first weight to 1.",
    ),
)
