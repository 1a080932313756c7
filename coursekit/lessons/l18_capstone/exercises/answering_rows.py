"""Lesson 18, the exercise about a missing modality: who answers which row?"""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, Array, Array, Array]


def _routed(
    joint: Array, alone_a: Array, alone_b: Array, lacks_a: Array, lacks_b: Array
) -> Array:  # fmt: skip
    answer = np.where(lacks_a[:, None], alone_b, joint)
    answer = np.where(lacks_b[:, None], alone_a, answer)
    answer = np.where((lacks_a & lacks_b)[:, None], joint.mean(0), answer)
    return answer.argmax(1)


def _median_for_both(j: Array, a: Array, b: Array, la: Array, lb: Array) -> Array:
    """The median over rows in the place of the mean."""
    return np.where(la & lb, np.median(j, 0).argmax(), _routed(j, a, b, la, lb))


def _class_of_most_rows(j: Array, a: Array, b: Array, la: Array, lb: Array) -> Array:
    """The class that wins most rows in the place of the one with the highest mean."""
    return np.where(la & lb, np.bincount(j.argmax(1)).argmax(), _routed(j, a, b, la, lb))


def _rows(generator: np.random.Generator, n: int, classes: int, lost: tuple[float, float]) -> Case:
    parts = [generator.dirichlet(np.ones(classes), n) for _ in range(3)]
    lacks = [generator.random(n) < share for share in lost]
    return parts[0], parts[1], parts[2], lacks[0], lacks[1]


def _clear(case: Case) -> bool:
    """No two classes alike in the mean of all, nor in any row."""
    joint, alone_a, alone_b, *_ = case
    rows = [*joint, *alone_a, *alone_b, joint.mean(0)]
    return all(np.diff(np.sort(row))[-1] > 1e-4 for row in rows)


def _cases(rng: np.random.Generator) -> list[Case]:
    def draw(generator: np.random.Generator) -> list[Case]:
        drawn: list[Case] = []
        plans = ((24, 3, (0.5, 0.5)), (30, 4, (0.6, 0.6)), (9, 2, (0.0, 0.4)), (8, 7, (0.5, 0.0)))
        for n, classes, lost in plans:
            case = _rows(generator, n, classes, lost)
            while not _clear(case):
                case = _rows(generator, n, classes, lost)
            drawn.append(case)
        return drawn

    rivals = [m.function for m in routed.misconceptions]
    rivals += [*map(_fixed_for_both, range(3))]
    near = np.array([[0.3333, 0.3334, 0.3333], [0.4, 0.35, 0.25], [0.26, 0.37, 0.37]])
    close: Case = (near, near[::-1], near[[1, 2, 0]], np.array([0, 0, 1]) > 0, np.zeros(3) > 0)
    other: Case = (near[[1, 1, 0]], near[[0, 1, 1]], near[[1, 1, 0]], np.zeros(3) > 0,
                   np.array([1, 0, 0]) > 0)  # fmt: skip
    return [
        close,
        other,
        _won_by_few(),
        *_decided_by_little(),
        *until_refused(draw, rng, _routed, rivals),
    ]


def _won_by_few() -> Case:
    """The class with the highest mean and the highest median wins one row, another one two."""
    joint = np.array([[0.40, 0.35, 0.15, 0.10], [0.41, 0.35, 0.14, 0.10], [0.05, 0.40, 0.30, 0.25],
                      [0.05, 0.30, 0.40, 0.25], [0.05, 0.30, 0.25, 0.40]])  # fmt: skip
    first = np.arange(5) == 0
    return joint, joint[::-1], joint[[2, 0, 1, 4, 3]], first, first


def _decided_by_little() -> list[Case]:
    """Means that small probabilities decide, with answers of which no two are alike."""
    first, third = np.array([1, 0, 0]) > 0, np.array([0, 0, 1]) > 0
    five = np.array([[0.03, 0.24, 0.2433, 0.2433, 0.2434]] * 2 + [[0.63, 0.22, 0.05, 0.05, 0.05]])
    rest, last = [0.151] * 5, [0.024] * 5
    seven = np.array([[0.23, *rest, 0.015]] * 2 + [[0.22, *last, 0.66]])
    a5, b5 = ([0.1, 0.2, 0.4, 0.05, 0.25], [0.1, 0.2, 0.05, 0.4, 0.25])
    a7, b7 = ([0.05, 0.05, 0.4, 0.05, 0.3, 0.1, 0.05], [0.05, 0.05, 0.05, 0.4, 0.3, 0.1, 0.05])
    return [
        (joint, np.array([a] * 3), np.array([b] * 3), both, both)
        for joint, a, b, both in ((five, a5, b5, third), (seven, a7, b7, first))
    ]


def _fixed_for_both(k: int) -> Callable[..., Array]:
    """One class for all rows that lack both, in every case."""
    return lambda j, a, b, la, lb: np.where(la & lb, k, _routed(j, a, b, la, lb))


def _but(rule: Callable[..., Array]) -> Callable[..., Array]:
    return lambda j, a, b, la, lb: rule(j, a, b, la[:, None], lb[:, None]).argmax(1)


routed = Exercise(
    key="18-route",
    points=1,
    task="Return the class of every row, by the model that can read it.",
    reference=_routed,
    cases=_cases,
    misconceptions=(
        Misconception(
            "the joint model always",
            lambda j, a, b, la, lb: j.argmax(1),
            "The joint model has not learnt what zeros mean. Whoever does not read what is missing "
            "answers.",
        ),
        Misconception(
            "the wrong one alone",
            _but(lambda j, a, b, la, lb: np.where(la & lb, j.mean(0), np.where(
                la, a, np.where(lb, b, j)))),
            "Where A is missing, the model of A sees nothing. The other one is asked.",
        ),
        Misconception(
            "both missing forgotten",
            _but(lambda j, a, b, la, lb: np.where(la, b, np.where(lb, a, j))),
            "Rows that lack both are answered by a model that sees nothing. They get the class "
            "that the joint model gives on average.",
        ),
        Misconception(
            "both missing, the other way",
            _but(lambda j, a, b, la, lb: np.where(lb, a, np.where(la, b, j))),
            "Rows that lack both are answered by a model that sees nothing. They get the class "
            "that the joint model gives on average.",
        ),
        Misconception(
            "both missing, joint",
            _but(lambda j, a, b, la, lb: np.where(la & lb, j, np.where(la, b, np.where(lb, a, j)))),
            "For rows that lack both, the joint model sees nothing either.",
        ),
        Misconception(
            "ensemble on all rows",
            _but(lambda j, a, b, la, lb: a + b),
            "You average both single models on all rows, the blind one among them.",
        ),
        Misconception(
            "ensemble on complete rows",
            _but(lambda j, a, b, la, lb: np.where(la & lb, j.mean(0), np.where(
                la, b, np.where(lb, a, a + b)))),
            "Complete rows are the joint model's.",
        ),
        Misconception(
            "joint and single averaged",
            _but(lambda j, a, b, la, lb: np.where(la & lb, j.mean(0), np.where(
                la, j + b, np.where(lb, j + a, j)))),
            "The joint model's answer is averaged in where it sees half. Leave it out there.",
        ),
        Misconception(
            "mean of complete rows",
            _but(lambda j, a, b, la, lb: np.where(
                la & lb, j[~(la | lb)[:, 0]].mean(0) if (~(la | lb)).any() else j.mean(0),
                np.where(la, b, np.where(lb, a, j)))),
            "On average over all rows, as the task says.",
        ),
        Misconception(
            "class of most rows",
            _class_of_most_rows,
            "The class with the highest mean probability, not the one that wins most rows.",
        ),
        Misconception(
            "median",
            _median_for_both,
            "On average over all rows, as the task says.",
        ),
    ),
    hints=(
        "np.where takes a condition per row if it has the shape (N, 1): lacks_a[:, None].",
        "Begin with joint; replace rows without A by alone_b, rows without B by alone_a.",
        "Last, rows without both: joint.mean(0). Then argmax over classes.",
    ),
)  # fmt: skip
