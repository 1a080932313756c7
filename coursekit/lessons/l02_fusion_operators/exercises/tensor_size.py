"""Lesson 02, the exercise on the number of weights of tensor fusion."""

import math
from collections.abc import Sequence

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _size(widths: Sequence[int], classes: int) -> int:
    return (math.prod(d + 1 for d in widths) + 1) * classes


def _size_cases(rng: np.random.Generator) -> list[tuple[list[int], int]]:
    """One to six modalities, equal widths, and never fewer than two classes.

    One head has more parameters than single precision can count.
    """
    cases = [([1, 1], 2), ([7], 3), ([5, 3, 5, 2, 4], 2), ([4, 2, 3, 2, 1, 3], 3)]
    cases.append(([40, 101], 4099))
    for modalities in (2, 3, 2, 4, 3):
        widths = [int(d) for d in rng.choice(np.arange(3, 12), modalities, replace=False)]
        cases.append((widths, int(rng.integers(2, 9))))
    return cases


NOT_TWO = "You multiplied the first two modalities only. There may be more, or a single one."

tensor_parameters = Exercise(
    key="02-tensor-size",
    points=1,
    task="Return how many parameters a tensor-fusion head has, weights and biases.",
    reference=_size,
    cases=_size_cases,
    tolerance=1e-9,  # a count is exact
    misconceptions=(
        Misconception(
            "no ones",
            lambda w, c: (math.prod(w) + 1) * c,
            "That is bilinear fusion. Each modality gets a one prepended, so it is D + 1 long.",
        ),
        Misconception(
            "no bias",
            lambda w, c: math.prod(d + 1 for d in w) * c,
            "The linear layer on top has a bias for every class as well.",
        ),
        Misconception(
            "sum of the widths",
            lambda w, c: (sum(w) + 1) * c,
            "That is late-linear fusion: the widths add up there. An outer product multiplies "
            "them.",
        ),
        Misconception(
            "sum with ones",
            lambda w, c: (sum(d + 1 for d in w) + 1) * c,
            "You added the lengths. The outer product has an entry for every combination: "
            "multiply them.",
        ),
        Misconception(
            "one once",
            lambda w, c: (math.prod(w) + 1 + 1) * c,
            "You added a single one to the whole product. Every modality gets its own one before "
            "multiplying.",
        ),
        Misconception(
            "length only",
            lambda w, c: math.prod(d + 1 for d in w),
            "That is the length of the tensor. The layer on top has that many weights a class.",
        ),
        Misconception(
            "one bias",
            lambda w, c: math.prod(d + 1 for d in w) * c + 1,
            "You counted one bias. There is one for every class.",
        ),
        Misconception(
            "first two only",
            lambda w, c: ((w[0] + 1) * (w[1] + 1) + 1) * c,
            NOT_TWO,
        ),
        Misconception(
            "first two at most",
            lambda w, c: (math.prod(d + 1 for d in w[:2]) + 1) * c,
            NOT_TWO,
        ),
        Misconception(
            "single precision",
            lambda w, c: float(np.float32(_size(w, c))),
            "Right up to rounding: single precision holds every whole number only up to 2²⁴. Count "
            "in integers.",
        ),
    ),
    hints=(
        "How long is the vector that comes out of the outer product?",
        "Every modality is D + 1 long with its one; the outer product has the product of these "
        "lengths.",
        "A linear layer from n numbers to C classes has n·C weights and C biases.",
    ),
)
