"""Lesson 17, the exercise about growth: what one more modality costs where all pairs are read."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _growth(number: int, width: int, classes: int) -> Array:
    pairs = number * (number - 1)
    return np.array([pairs, pairs * width * classes, 2 * number * width * classes])


def _by(rule: Callable[[int, int, int], tuple[float, float, float]]) -> Callable[..., Array]:
    return lambda number, width, classes: np.array(rule(number, width, classes))


def _cases(rng: np.random.Generator) -> list[tuple[int, int, int]]:
    """Fixed ones, the smallest among them, and drawn ones."""
    fixed = [(2, 3, 5), (6, 64, 10), (3, 1, 1), (10, 16, 4)]
    return fixed + [
        (int(rng.integers(3, 12)), int(rng.integers(2, 65)), int(rng.integers(2, 30)))
        for _ in range(4)
    ]


growth = Exercise(
    key="17-growth",
    points=1,
    task="Return the ordered pairs, the head's weights, and the weights one more modality adds.",
    reference=_growth,
    cases=_cases,
    misconceptions=(
        Misconception(
            "pairs without order",
            _by(lambda m, w, c: (m * (m - 1) / 2, m * (m - 1) / 2 * w * c, m * w * c)),
            "You count each pair once. Picture looks at sound, and sound looks at picture: two.",
        ),
        Misconception(
            "with itself",
            _by(lambda m, w, c: (m * m, m * m * w * c, (2 * m + 1) * w * c)),
            "No modality is paired with itself.",
        ),
        Misconception(
            "one modality, one share",
            _by(lambda m, w, c: (m * (m - 1), m * (m - 1) * w * c, (m - 1) * w * c)),
            "A newcomer looks at all that are there, and all of them look at it.",
        ),
        Misconception(
            "it is only looked at",
            _by(lambda m, w, c: (m * (m - 1), m * (m - 1) * w * c, m * w * c)),
            "A newcomer looks at all that are there, and all of them look at it: two pairs each.",
        ),
        Misconception(
            "one pair",
            _by(lambda m, w, c: (m * (m - 1), m * (m - 1) * w * c, w * c)),
            "That is one pair more. A newcomer makes a pair, twice, with each that is there.",
        ),
        Misconception(
            "classes forgotten",
            _by(lambda m, w, c: (m * (m - 1), m * (m - 1) * w, 2 * m * w)),
            "Those are the head's inputs. It has a weight for each input and each class.",
        ),
        Misconception(
            "the head after it came",
            _by(lambda m, w, c: (m * (m - 1), m * (m - 1) * w * c, m * (m + 1) * w * c)),
            "That is the whole head with the newcomer. Take off what was there.",
        ),
        Misconception(
            "newcomer counted already",
            _by(lambda m, w, c: (m * (m - 1), m * (m - 1) * w * c, 2 * (m - 1) * w * c)),
            "That is what the last of the M has added. The newcomer is number M + 1.",
        ),
    ),
    hints=(
        "Write the ordered pairs of three modalities down. How many are there?",
        "M (M − 1) pairs, each a vector of the width; the head has a weight per number and class.",
        "With a newcomer there are (M + 1) M pairs: take off M (M − 1).",
    ),
)
