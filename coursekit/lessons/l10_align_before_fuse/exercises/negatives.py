"""Lesson 10, the exercise about wrong partners: with which probability is each text drawn?"""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.softmax import softmax

Array = np.ndarray


def _apart(ids: Array) -> Array:
    """True where picture and text do not belong together."""
    return np.asarray(ids[:, None] != ids[None, :])


def _masked(similarity: Array, allowed: Array) -> Array:
    return softmax(np.where(allowed, similarity, -np.inf))


def _weights(similarity: Array, ids: Array) -> Array:
    return _masked(similarity, _apart(ids))


def _rescaled(weights: Array) -> Array:
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


# Similarities over the temperature, ids: one's own pair as sure as can be; all others far below or
# far above; level ones; a caption that two pictures share, the most alike of all; small numbers.
FIXED = (
    (1000 * np.eye(3), [0, 1, 2]),
    (-1000 * (1 - np.eye(4)) - np.diag([0.0, 1, 2, 3]), [3, 1, 2, 0]),
    ([[0, 1e3, 999, -1e3], [-1e3, 0, -9, 1e3], [1e3, 1e3, 0, 1], [2, -1e3, 1e3, 0]], [5, 6, 7, 8]),
    ([[0, -900, -901], [900, 0, 901], [1, 2, 0]], [1, 2, 3]),
    (np.zeros((4, 4)), [0, 1, 0, 2]),
    (np.arange(36.0).reshape(6, 6) % 5, [4, 7, 4, 7, 4, 9]),  # three of one id, two of another
    (np.arange(25.0).reshape(5, 5) % 4, [1, 2, 3, 2, 3]),
    (1000 * (2 * np.eye(3) - 1), [3, 1, 2]),
    ([[2.0, 0.3, 9], [-0.5, 1.5, 0.02], [8, -9, 1]], [4, 2, 4]),
    ([[9, 0.01, 0.02, -7], [6, -6, 0.5, -5.5], [0.03, 1, 7, 0.7], [-8, 0.04, -9, 3]], [1, 2, 3, 4]),
)  # fmt: skip


def _cases(rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """The fixed ones, and batches of several sizes in which two rows or more share an id."""
    cases = [(np.array(s, dtype=float), np.array(ids)) for s, ids in FIXED]
    for rows in (3, 5, 6):
        ids = rng.permutation(30)[:rows]
        ids[-1] = ids[0]
        cases.append((rng.normal(0, 2, (rows, rows)) + 2 * np.eye(rows), ids))
    return cases


hard_negative_weights = Exercise(
    key="10-negatives",
    points=2,
    task="Return with which probability each text is drawn as a wrong partner of each picture.",
    reference=_weights,
    cases=_cases,
    misconceptions=(
        Misconception(
            "cleared after the softmax",
            lambda s, ids: _rescaled(softmax(s) * _apart(ids)),
            "Where the own pair is far above the rest nothing is left of your row, and 0/0 is no "
            "number. Mask with −∞ before anything else, also before the largest is subtracted.",
        ),
        Misconception(
            "not rescaled",
            lambda s, ids: softmax(s) * _apart(ids),
            "Your rows do not sum to one: the mass of the own pair is lost, all of it where the "
            "model is sure. Mask with −∞ before the softmax.",
        ),
        Misconception(
            "ids not looked at",
            lambda s, ids: _masked(s, ~np.eye(len(s), dtype=bool)),
            "You mask the diagonal only. A row with the same id has a caption that is right as "
            "well, and is no wrong partner.",
        ),
        Misconception(
            "zero for minus infinity",
            lambda s, ids: softmax(np.where(_apart(ids), s, 0.0)),
            "You set similarities to 0 before the softmax, and e⁰ is 1. −∞ is what becomes 0.",
        ),
        Misconception(
            "a little for everybody",
            lambda s, ids: _rescaled((softmax(s) + 1e-4) * _apart(ids)),
            "A constant that is added after the softmax keeps the sum from 0, and where the model "
            "is sure it makes all wrong partners alike. Mask with −∞ first; then none is needed.",
        ),
        Misconception(
            "softmax of columns",
            lambda s, ids: softmax(np.where(_apart(ids), s, -np.inf), axis=0),
            "Your softmax goes down the columns. Each picture, a row, draws among the texts.",
        ),
        Misconception(
            "pictures for texts",
            lambda s, ids: _masked(s.T, _apart(ids)),
            "Those are the weights of the pictures for each text. Asked are those of the texts "
            "for each picture.",
        ),
        Misconception(
            "the hardest only",
            lambda s, ids: np.eye(len(s))[np.where(_apart(ids), s, -np.inf).argmax(axis=1)],
            "You take the most alike only. Drawn is with probabilities, for the most alike may be "
            "right, and unlabelled.",
        ),
        Misconception(
            "all alike",
            lambda s, ids: _rescaled(_apart(ids).astype(float)),
            "Those are random wrong partners. Hard ones are drawn by softmax of the similarity.",
        ),
        Misconception(
            "the easiest",
            lambda s, ids: _masked(-s, _apart(ids)),
            "You prefer the least alike. Hard are those that are most alike.",
        ),
        Misconception(
            "right partners",
            lambda s, ids: _masked(s, ~_apart(ids)),
            "You kept what belongs together and masked the rest.",
        ),
    ),
    hints=(
        "Who may not be drawn at all? Take them out first, then let a softmax choose.",
        "ids[:, None] == ids[None, :] is True where picture and text belong together.",
        "s = np.where(same, -np.inf, similarity); e = np.exp(s - s.max(1, keepdims=True)); "
        "e / e.sum(1, keepdims=True)",
    ),
)
