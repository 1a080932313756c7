"""Lesson 08, how results are read: where is a model right?"""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _groups(a: Array, b: Array) -> tuple[Array, Array, Array, Array]:
    return a & b, a & ~b, ~a & b, ~a & ~b


def _right_where(answers: Array, first: Array, second: Array, labels: Array) -> Array:
    right = answers == labels
    return np.array([right[g].mean() for g in _groups(first == labels, second == labels)])


def _same_answer(answers: Array, first: Array, second: Array, labels: Array) -> Array:
    right = answers == labels
    a, b, same = first == labels, second == labels, first == second
    return np.array([right[same].mean(), right[a & ~b].mean(), right[b & ~a].mean(),
                     right[~same].mean()])  # fmt: skip


def _answers_of(rng: np.random.Generator, labels: Array, right: Array) -> Array:
    shift = rng.integers(1, 4, len(labels))
    return np.where(right, labels, (labels + shift) % 4)


def _right_where_cases(rng: np.random.Generator) -> list[tuple[Array, ...]]:
    cases: list[tuple[Array, ...]] = []
    for _ in range(5):
        labels = rng.integers(0, 4, 160)
        a, b = rng.random(160) < 0.65, rng.random(160) < 0.45
        middle = rng.uniform(0.6, 0.8), rng.uniform(0.35, 0.5)
        chance = np.select(list(_groups(a, b))[:3], [0.95, *middle], 0.2)
        right = rng.random(160) < chance
        cases.append((*(_answers_of(rng, labels, x) for x in (right, a, b)), labels))
    return cases


right_where = Exercise(
    key="08-right-where",
    points=2,
    task="Return a model's accuracy where both unimodal models are right, one of them, or none.",
    reference=_right_where,
    cases=_right_where_cases,
    misconceptions=(
        Misconception(
            "shares of all samples",
            lambda x, a, b, y: np.array([np.mean((x == y) & g) for g in _groups(a == y, b == y)]),
            "You divided by all samples. Divide by the samples of the group: how often is the "
            "model right *there*?",
        ),
        Misconception(
            "size of the groups",
            lambda x, a, b, y: np.array([np.mean(g) for g in _groups(a == y, b == y)]),
            "That is how large each group is. The question is how often the model is right in it.",
        ),
        Misconception(
            "only is not only",
            lambda x, a, b, y: np.array(
                [
                    (x == y)[g].mean()
                    for g in ((a == y) & (b == y), a == y, b == y, (a != y) & (b != y))
                ]
            ),
            "“Only A” means that A is right and B is not; yours contains the samples that both "
            "answer right.",
        ),
        Misconception(
            "order",
            lambda x, a, b, y: _right_where(x, b, a, y),
            "Only-first and only-second have changed places.",
        ),
        Misconception(
            "agreement instead of being right",
            _same_answer,
            "Two models may agree and both be wrong. The groups are about being right.",
        ),
        Misconception(
            "both agree instead of both right",
            lambda x, a, b, y: np.array([(x == y)[a == b].mean(), *_right_where(x, a, b, y)[1:]]),
            "Two models may agree and both be wrong. The groups are about being right.",
        ),
        Misconception(
            "agreement with the model",
            lambda x, a, b, y: np.array([(x == y)[g].mean() for g in _groups(a == x, b == x)]),
            "You grouped by whether the unimodal models agree with the model. The groups are about "
            "the truth: first == labels, second == labels.",
        ),
        Misconception(
            "errors",
            lambda x, a, b, y: 1 - _right_where(x, a, b, y),
            "Those are the shares of errors; the accuracy is the rest.",
        ),
        Misconception(
            "counts",
            lambda x, a, b, y: np.array([((x == y) & g).sum() for g in _groups(a == y, b == y)]),
            "Those are counts. Divide each by the size of its group.",
        ),
    ),
    hints=(
        "Three arrays of True and False first: is the model right, is the first, is the second?",
        "The groups are a & b, a & ~b, ~a & b, ~a & ~b.",
        "right[group].mean() is the accuracy in a group.",
    ),
)
