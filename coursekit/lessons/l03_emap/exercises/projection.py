"""Lesson 03, the projection: on paper, as a function, and for three modalities."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.softmax import softmax

Array = np.ndarray


def _paper(grid: Array) -> Array:
    return grid.mean(axis=1) + grid.mean(axis=0) - grid.mean()


def _others(grid: Array) -> Array:
    """Row and column means over the other samples only, added."""
    diagonal = np.diag(grid)
    rows, columns = ((grid.sum(axis=a) - diagonal) / (len(grid) - 1) for a in (1, 0))
    return rows + columns


ITSELF_LEFT_OUT = (
    "You left the sample itself out of the means. All three cells of a row count, the one on the "
    "diagonal too."
)

REST_OR_ROWS = (
    "That is either the interaction, what the projection leaves out, or the row means minus the "
    "overall mean, without the column means. Wanted: row mean plus column mean minus overall mean."
)

by_hand = Exercise(
    key="03-by-hand",
    points=1,
    task="Project the 3×3 grid by hand: a list of three numbers.",
    reference=_paper,
    misconceptions=(
        Misconception(
            "diagonal",
            np.diag,
            "That is the diagonal, the model itself. The projection replaces each of these numbers "
            "by a row mean plus a column mean minus the overall mean.",
        ),
        Misconception(
            "overall mean not subtracted",
            lambda g: g.mean(axis=1) + g.mean(axis=0),
            "Row mean and column mean each contain the overall mean, so it is in there twice. "
            "Subtract it once.",
        ),
        Misconception(
            "rows only",
            lambda g: g.mean(axis=1),
            "Those are the row means, what A says alone. Add what B says alone, and correct.",
        ),
        Misconception(
            "columns only",
            lambda g: g.mean(axis=0),
            "Those are the column means, what B says alone. Add what A says alone, and correct.",
        ),
        Misconception(
            "overall mean subtracted twice",
            lambda g: _paper(g) - g.mean(),
            "You subtracted the overall mean twice. It has to stay in once.",
        ),
        # On this grid the two are the same numbers.
        Misconception(
            "what is left over",
            lambda g: np.diag(g) - _paper(g),
            REST_OR_ROWS,
        ),
        Misconception(
            "rows, overall mean subtracted",
            lambda g: g.mean(axis=1) - g.mean(),
            REST_OR_ROWS,
        ),
        Misconception(
            "sample itself left out",
            lambda g: _others(g) - g.mean(),
            ITSELF_LEFT_OUT,
        ),
        Misconception(
            "all samples themselves left out",
            lambda g: _others(g) - (g.sum() - np.diag(g).sum()) / (g.size - len(g)),
            ITSELF_LEFT_OUT,
        ),
        Misconception(
            "average of row and column",
            lambda g: (g.mean(axis=1) + g.mean(axis=0)) / 2,
            "You averaged the two means. They are added, and the overall mean is taken off.",
        ),
        Misconception(
            "sums for means",
            lambda g: g.sum(axis=1) + g.sum(axis=0) - g.sum(),
            "You added whole rows and columns. Divide: a mean over three cells, or nine.",
        ),
    ),
    hints=(
        "Write the mean of each row to its right, of each column below it, and of all nine cells "
        "in the corner.",
        "Sample 1 stands in the first row and the first column: 3 + 2 − overall mean.",
        "The overall mean is 1.",
    ),
)


def _project(grid: Array) -> Array:
    return grid.mean(axis=1) + grid.mean(axis=0) - grid.mean(axis=(0, 1))


def _diagonal(grid: Array) -> Array:
    i = np.arange(len(grid))
    return grid[(i,) * (grid.ndim - 1)]


def _leave_one_out(grid: Array) -> tuple[Array, Array]:
    """What the means without the sample's own cell say alone, and the overall mean without it."""
    n, diagonal = len(grid), _diagonal(grid)
    rows, columns = ((grid.sum(axis=a) - diagonal) / (n - 1) for a in (1, 0))
    overall = (grid.sum(axis=(0, 1)) - diagonal.sum(axis=0)) / (n * (n - 1))
    return rows + columns, overall


LEFT_OUT = "You left the sample itself out of its means. All N cells of a row count."


def _grids(rng: np.random.Generator) -> list[tuple[Array]]:
    """Logits of the usual size, some of ten times that, and some below 0.05.

    One class, and one sample, whose axes are to stay.
    """
    sizes = [(3, 1, 1.0), (1, 3, 1.0), (5, 5, 10.0), (2, 4, 1.0), (9, 3, 0.01)]
    return [(scale * rng.normal(0.5, 2, (n, n, c)),) for n, c, scale in sizes]


project_two = Exercise(
    key="03-project",
    points=2,
    task="Project a grid of logits (N, N, C) on its additive part, (N, C).",
    reference=_project,
    cases=_grids,
    misconceptions=(
        Misconception(
            "diagonal",
            _diagonal,
            "That is the diagonal, the model itself. Take means along rows and columns.",
        ),
        Misconception(
            "overall mean not subtracted",
            lambda g: g.mean(axis=1) + g.mean(axis=0),
            "The overall mean is in both terms. Subtract it once.",
        ),
        Misconception(
            "one mean for all classes",
            lambda g: g.mean(axis=1) + g.mean(axis=0) - g.mean(),
            "You subtract one number for all classes. Every class has its own mean: average over "
            "the first two axes only.",
        ),
        Misconception(
            "rows only",
            lambda g: g.mean(axis=1),
            "Those are the row means. The second modality has not spoken yet.",
        ),
        Misconception(
            "columns only",
            lambda g: g.mean(axis=0),
            "Those are the column means. The first modality has not spoken yet.",
        ),
        Misconception(
            "rows twice",
            lambda g: 2 * g.mean(axis=1) - g.mean(axis=(0, 1)),
            "You added the row means twice. Axis 1 gives the rows' means, axis 0 the columns'.",
        ),
        Misconception(
            "columns twice",
            lambda g: 2 * g.mean(axis=0) - g.mean(axis=(0, 1)),
            "You added the column means twice. Axis 1 gives the rows' means, axis 0 the columns'.",
        ),
        Misconception(
            "sample itself left out",
            lambda g: _leave_one_out(g)[0] - g.mean(axis=(0, 1)),
            LEFT_OUT,
        ),
        Misconception(
            "all samples themselves left out",
            lambda g: _leave_one_out(g)[0] - _leave_one_out(g)[1],
            LEFT_OUT,
        ),
        Misconception(
            "average",
            lambda g: (g.mean(axis=1) + g.mean(axis=0)) / 2,
            "You averaged the two terms. They are added, and the overall mean is taken off.",
        ),
        Misconception(
            "overall mean twice",
            lambda g: _project(g) - g.mean(axis=(0, 1)),
            "You subtracted the overall mean twice. It has to stay in once.",
        ),
        Misconception(
            "what is left over",
            lambda g: _diagonal(g) - _project(g),
            "That is the interaction, what the projection leaves out. Wanted is the projection.",
        ),
        Misconception(
            "probabilities",
            lambda g: _project(softmax(g)),
            "You projected probabilities. EMAP works on the logits; softmax comes later, if at "
            "all.",
        ),
    ),
    hints=(
        "grid[i] holds everything that the model says about sample i's first modality.",
        "Axis 1 runs over the partners of the first modality, axis 0 over those of the second.",
        "grid.mean(axis=(0, 1)) is the overall mean, one number per class.",
    ),
)


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
    return [(cells * term - _diagonal(grid)) / (cells - 1) for term in _alone(grid)]


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
            lambda g: _project(g.mean(axis=2)),
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
            _diagonal,
            "That is the diagonal, the model itself.",
        ),
        Misconception(
            "what is left over",
            lambda g: _diagonal(g) - _project_three(g),
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
