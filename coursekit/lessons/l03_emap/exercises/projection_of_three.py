"""Lesson 03, the projection of three modalities."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.lessons.l03_emap.exercises.projection import diagonal, project

Array = np.ndarray


def _alone(grid: Array) -> list[Array]:
    return [grid.mean(axis=tuple(a for a in range(3) if a != m)) for m in range(3)]


def _project_three(grid: Array) -> Array:
    return sum(_alone(grid)) - 2 * grid.mean(axis=(0, 1, 2))


def _pairs(grid: Array) -> Array:
    """Means over one axis, two samples equal: what two modalities say together."""
    i = np.arange(len(grid))
    return sum(grid.mean(axis=m)[i, i] for m in range(3)) - 2 * grid.mean(axis=(0, 1, 2))


def _fixed_others(grid: Array) -> Array:
    """The mean along one axis, the others on the diagonal."""
    i = np.arange(len(grid))
    rows = [np.moveaxis(grid, m, 0).mean(axis=0)[i, i] for m in range(3)]
    return sum(rows) / 3


def _alone_without_itself(grid: Array) -> list[Array]:
    """The three terms, each without the sample's own cell."""
    cells = len(grid) ** 2
    return [(cells * term - diagonal(grid)) / (cells - 1) for term in _alone(grid)]


def _triples(rng: np.random.Generator) -> list[tuple[Array]]:
    """Logits of the usual size, some of ten times that, and some below 0.05.

    One class, and one sample, whose axes are to stay.
    """
    sizes = [(2, 2, 1.0), (3, 1, 1.0), (1, 2, 1.0), (6, 3, 10.0), (3, 4, 0.01)]
    return [(scale * rng.normal(0.7, 2, (n, n, n, c)),) for n, c, scale in sizes]


project_three = Exercise(
    key="03-three-modalities",
    points=2,
    task="Project a grid of three modalities, (N, N, N, C), on its additive part, (N, C).",
    reference=_project_three,
    cases=_triples,
    misconceptions=(
        Misconception(
            "overall mean once",
            lambda g: sum(_alone(g)) - g.mean(axis=(0, 1, 2)),
            "Three terms, and the overall mean is in each of them. It may stay once, so how often "
            "must it go?",
        ),
        Misconception(
            "overall mean three times",
            lambda g: sum(_alone(g)) - 3 * g.mean(axis=(0, 1, 2)),
            "You took the overall mean off every term. It has to stay in once.",
        ),
        Misconception(
            "overall mean never",
            lambda g: sum(_alone(g)),
            "The overall mean is in all three terms. It may stay in one of them.",
        ),
        Misconception(
            "one mean for all classes",
            lambda g: sum(_alone(g)) - 2 * g.mean(),
            "You subtract one number for all classes. Every class has its own mean.",
        ),
        Misconception(
            "third modality forgotten",
            lambda g: project(g.mean(axis=2)),
            "You averaged the third modality away and projected the rest. It has a term of its "
            "own.",
        ),
        Misconception(
            "means over one axis",
            _pairs,
            "You average over one axis, which leaves what two modalities say together. Average "
            "over both others.",
        ),
        Misconception(
            "average over one axis",
            _fixed_others,
            "You average over one axis and then over the terms. Each term averages over both other "
            "modalities, and the terms are added.",
        ),
        Misconception(
            "mean of the terms",
            lambda g: sum(_alone(g)) / 3,
            "You averaged the three terms. They are added, and the overall mean is taken off "
            "twice.",
        ),
        Misconception(
            "sample itself left out",
            lambda g: sum(_alone_without_itself(g)) - 2 * g.mean(axis=(0, 1, 2)),
            "You left the sample itself out of its means. All N² cells of a term count.",
        ),
        Misconception(
            "diagonal",
            diagonal,
            "That is the diagonal, the model itself.",
        ),
        Misconception(
            "what is left over",
            lambda g: diagonal(g) - _project_three(g),
            "That is the interaction, what the projection leaves out. Wanted is the projection.",
        ),
    ),
    hints=(
        "What does the model say about the first modality of sample i, whatever the other two are? "
        "Average over both other axes.",
        "grid.mean(axis=(1, 2)), (0, 2) and (0, 1) are the three terms.",
        "Check with a constant grid: every term is the constant, and so must the answer be.",
    ),
)
