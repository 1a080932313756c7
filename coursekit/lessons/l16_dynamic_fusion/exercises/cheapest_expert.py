"""Lesson 16, the exercise about the oracle: the cheapest expert that is right."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array]


def _row(pick: Callable[[Array, Array], int]) -> Callable[[Array, Array], Array]:
    """pick: of one row and the costs, the place of an expert."""
    return lambda right, costs: np.array([pick(row, costs) for row in right])


def _cheapest(row: Array, costs: Array) -> int:
    return int(np.argmin(np.where(row, costs, np.inf))) if row.any() else int(np.argmin(costs))


def _cases(rng: np.random.Generator) -> list[Case]:
    """Fixed ones, with nobody right and with costs in any order; and drawn ones."""
    fixed: list[Case] = [
        (np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 0]], bool), np.array([0.05, 0.5, 1.0])),
        (np.array([[1, 1, 1], [1, 0, 1], [0, 0, 0], [1, 0, 0]], bool), np.array([1.0, 0.05, 0.5])),
        (np.array([[0, 0], [1, 0], [0, 1], [1, 1]], bool), np.array([2.0, 1.0])),
        (np.array([[1], [0]], bool), np.array([0.0])),
        (np.array([[0, 0, 0, 1], [1, 1, 1, 1]], bool), np.array([3.0, 2.0, 1.0, 0.5])),
        (np.array([[1, 1, 1]], bool), np.array([0.0114, 0.0112, 0.0111])),  # all small, all near
        (np.array([[1, 1, 1]], bool), np.array([7.0, 6.0, 9.0])),  # all large
    ]

    def draw(generator: np.random.Generator) -> list[Case]:
        drawn: list[Case] = []
        for experts in (3, 4, 5):
            right = generator.random((20, experts)) < 0.5
            right[0] = False
            costs = generator.permutation(experts) + generator.uniform(0.1, 0.5)
            drawn.append((right, costs.round(2)))
        return drawn

    rivals = [m.function for m in oracle.misconceptions]
    return fixed + until_refused(draw, rng, _row(_cheapest), rivals)


oracle = Exercise(
    key="16-oracle",
    points=1,
    task="Return for each row the cheapest expert that is right; where none is, the cheapest.",
    reference=_row(_cheapest),
    cases=_cases,
    misconceptions=(
        Misconception(
            "first that is right",
            _row(lambda row, costs: int(np.argmax(row)) if row.any() else int(np.argmin(costs))),
            "You take the first that is right. Experts stand in any order: look at the costs.",
        ),
        Misconception(
            "first that is right, else the first",
            _row(lambda row, costs: int(np.argmax(row))),
            "You take the first that is right. Experts stand in any order: look at the costs.",
        ),
        Misconception(
            "zero for who is wrong",
            _row(lambda row, costs: int(np.argmin(row * costs))),
            "Whoever is wrong gets the price zero, and zero is the lowest.",
        ),
        Misconception(
            "first of all where none is right",
            _row(lambda row, costs: _cheapest(row, costs) if row.any() else 0),
            "Where none is right you take the first. The cheapest of all loses least.",
        ),
        Misconception(
            "dearest where none is right",
            _row(lambda row, costs: _cheapest(row, costs) if row.any() else int(np.argmax(costs))),
            "Where none is right, effort is wasted: an oracle spends as little as it can.",
        ),
        Misconception(
            "minus one where none is right",
            _row(lambda row, costs: _cheapest(row, costs) if row.any() else -1),
            "Somebody has to answer every row. Where none is right, take the cheapest.",
        ),
        Misconception(
            "last where none is right",
            _row(lambda row, costs: _cheapest(row, costs) if row.any() else len(costs) - 1),
            "Where none is right you take the last. The cheapest of all loses least.",
        ),
        Misconception(
            "dearest right",
            _row(lambda row, costs: int(np.argmax(np.where(row, costs, -np.inf)))
                 if row.any() else int(np.argmin(costs))),
            "That is the dearest that is right.",
        ),
        Misconception(
            "cheapest of all",
            _row(lambda row, costs: int(np.argmin(costs))),
            "That is the cheapest of all, right or wrong. First ask who is right.",
        ),
        Misconception(
            "cheapest wrong",
            _row(lambda row, costs: _cheapest(~row, costs)),
            "You take the cheapest that is wrong.",
        ),
        Misconception(
            "place among the sorted",
            _row(lambda row, costs: int(np.argsort(np.argsort(costs))[_cheapest(row, costs)])),
            "That is a rank by cost. Return the expert's own place, its column.",
        ),
    ),
    hints=(
        "Put infinity in the place of the cost of whoever is wrong.",
        "np.where(right, costs, np.inf).argmin(1) is nearly it. What does it give where all are "
        "wrong?",
        "Where not right.any(1): costs.argmin().",
    ),
)  # fmt: skip
