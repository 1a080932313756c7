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


def _rows(generator: np.random.Generator, n: int, classes: int, lost: tuple[float, float]) -> Case:
    parts = [generator.dirichlet(np.ones(classes), n).round(3) for _ in range(3)]
    lacks = [generator.random(n) < share for share in lost]
    return parts[0], parts[1], parts[2], lacks[0], lacks[1]


def _clear(case: Case) -> bool:
    """No two classes alike in the mean of all, nor in any row."""
    joint, alone_a, alone_b, *_ = case
    rows = [*joint, *alone_a, *alone_b, joint.mean(0)]
    return all(np.diff(np.sort(row))[-1] > 0.004 for row in rows)


def _cases(rng: np.random.Generator) -> list[Case]:
    def draw(generator: np.random.Generator) -> list[Case]:
        drawn: list[Case] = []
        plans = ((14, 3, (0.3, 0.3)), (25, 4, (0.4, 0.5)), (9, 2, (0.0, 0.4)), (8, 5, (0.5, 0.0)))
        for n, classes, lost in plans:
            case = _rows(generator, n, classes, lost)
            while not _clear(case):
                case = _rows(generator, n, classes, lost)
            drawn.append(case)
        return drawn

    rivals = [m.function for m in routed.misconceptions]
    return until_refused(draw, rng, _routed, [*rivals, *map(_fixed_for_both, range(3))])


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
    ),
    hints=(
        "np.where takes a condition per row if it has the shape (N, 1): lacks_a[:, None].",
        "Begin with joint; replace rows without A by alone_b, rows without B by alone_a.",
        "Last, rows without both: joint.mean(0). Then argmax over classes.",
    ),
)  # fmt: skip
