"""Lesson 15, an exercise: TODO(author): what it is about, in a few words."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception


def _share(throws: list[int], face: int) -> float:
    return throws.count(face) / len(throws)


def _cases(rng: np.random.Generator) -> list[tuple[list[int], int]]:
    """New throws each time, in which the face shows now and then and never in half of them."""
    cases = []
    for face in rng.permutation(6) + 1:
        others = [other for other in range(1, 7) if other != face]
        hits, misses = int(rng.integers(3, 10)), int(rng.integers(20, 50))
        throws = rng.permutation([face] * hits + rng.choice(others, misses).tolist())
        cases.append((throws.tolist(), int(face)))
    # TODO(author): cases that stay, where wrong answers look right: at a limit and just beside it,
    # ties, negative numbers, other orders, other lengths. Here a face that never shows, and one
    # that shows once in a hundred throws.
    cases += [([1, 2, 2, 4, 6], 5), ([3] * 99 + [6], 6)]
    return cases


share_of = Exercise(
    key="15-share-of",
    points=1,
    task="TODO(author): the task, in one sentence.",
    reference=_share,
    cases=_cases,
    misconceptions=(
        Misconception(
            "number of throws",
            lambda throws, face: throws.count(face),
            "That is how many throws show the face. Which part of all throws is it?",
        ),
        Misconception(
            "percent",
            lambda throws, face: 100 * _share(throws, face),
            "Right up to the unit: a share lies between 0 and 1.",
        ),
        Misconception(
            "the other faces",
            lambda throws, face: 1 - _share(throws, face),
            "You count the throws that show another face.",
        ),
        Misconception(
            "odds",
            lambda throws, face: throws.count(face) / (len(throws) - throws.count(face)),
            "You divide by the throws of the other faces. Divide by all throws.",
        ),
        Misconception(
            "one in six",
            lambda throws, face: 1 / 6,
            "That is what a fair die does in the long run. Count in these throws.",
        ),
        Misconception(
            "divided by the faces",
            lambda throws, face: throws.count(face) / 6,
            "You divide by the number of faces. Divide by the number of throws.",
        ),
    ),
    hints=(
        "How many throws are there, and how many of them show the face?",
        "throws.count(face) counts; divide by len(throws).",
    ),
)
