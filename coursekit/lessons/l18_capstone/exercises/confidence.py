"""Lesson 18, the exercise about confidence: a score that is best for who says what is true."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array]
FULL = 12


def _marks(credits: Array, confidences: Array) -> float:
    return FULL * max(0.0, 1 - 4 * float(((confidences - credits) ** 2).mean()))


def _cases(rng: np.random.Generator) -> list[Case]:
    fixed: list[Case] = [
        (np.array([1.0, 1.0]), np.array([1.0, 1.0])),
        (np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.5, 0.5])),
        (np.array([0.0, 0.0]), np.array([1.0, 0.9])),
        (np.array([1.0, 0.0, 1.0, 0.6]), np.array([0.9, 1.0, 0.95, 0.7])),  # one far off
        (np.array([0.25]), np.array([0.5])),
        (np.array([1.0, 0.0, 1.0, 0.3]), np.array([0.9, 0.5, 0.8, 0.6])),  # the order counts
        (np.array([1.0, 1.0]), np.array([0.5003, 0.5003])),  # next to nothing
        (np.array([0.013, 0.9876]), np.array([0.5004, 0.8765])),
    ]

    def draw(generator: np.random.Generator) -> list[Case]:
        drawn: list[Case] = []
        for count in (3, 6, 7):
            credits = (generator.random(count) < 0.8).astype(float)
            credits[0] = float(generator.uniform(0.2, 0.9))
            drawn.append((credits, generator.uniform(0.55, 0.98, count)))
        return drawn

    rivals = [m.function for m in sure.misconceptions]
    return fixed + until_refused(draw, rng, _marks, rivals)


def _of(loss: Callable[[Array], float]) -> Callable[[Array, Array], float]:
    """12 times one minus a loss of the differences, no less than 0."""
    return lambda credits, confidences: FULL * max(0.0, 1 - loss(confidences - credits))


sure = Exercise(
    key="18-sure",
    points=1,
    task="Return the marks for confidences, of 12.",
    reference=_marks,
    cases=_cases,
    misconceptions=(
        Misconception(
            "absolute differences",
            _of(lambda d: 2 * float(np.abs(d).mean())),
            "With absolute differences it pays to say 1 wherever one is above one half: squares "
            "make the truth the best thing to say.",
        ),
        Misconception(
            "not times four",
            _of(lambda d: float((d**2).mean())),
            "So whoever says 0.5 of everything gets 9 of 12. Four times the mean takes all of it.",
        ),
        Misconception(
            "sum",
            _of(lambda d: 4 * float((d**2).sum())),
            "The mean over statements, not their sum: else more statements would mean fewer marks.",
        ),
        Misconception(
            "mean before the square",
            _of(lambda d: 4 * float(d.mean()) ** 2),
            "Square each difference, then take the mean: too sure here and too modest there do not "
            "cancel.",
        ),
        Misconception(
            "below nothing",
            lambda c, p: FULL * (1 - 4 * float(((p - c) ** 2).mean())),
            "No less than 0 in all.",
        ),
        Misconception(
            "floor for each",
            lambda c, p: FULL * float(np.maximum(0, 1 - 4 * (p - c) ** 2).mean()),
            "The floor is for the sum. One for each statement makes boldness free: below it, being "
            "wrong and sure costs no more than being wrong.",
        ),
        Misconception(
            "of one",
            lambda c, p: _marks(c, p) / FULL,
            "That is a share. The marks are of 12.",
        ),
        Misconception(
            "confidence alone",
            lambda c, p: FULL * max(0.0, 1 - 4 * float(((1 - p) ** 2).mean())),
            "You hold confidences against 1. Hold them against what was earned.",
        ),
        Misconception(
            "root",
            _of(lambda d: 2 * float(np.sqrt((d**2).mean()))),
            "No root: the mean of the squares itself is proper, its root is not.",
        ),
        Misconception(
            "right is more than half",
            lambda c, p: _marks((c > 0.5).astype(float), p),
            "What was earned may lie between 0 and 1. Take it as it is.",
        ),
    ),
    hints=(
        "Per statement: (confidence − credit) squared.",
        "Mean over statements, times 4; 1 minus that; times 12.",
        "12 * max(0, 1 − 4 * ((confidences − credits) ** 2).mean()).",
    ),
)  # fmt: skip
