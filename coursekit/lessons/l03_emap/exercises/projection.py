"""Lesson 03, the projection of two modalities: on paper, and as a function."""

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


def project(grid: Array) -> Array:
    """The additive projection of a grid of two modalities, (N, N, C) → (N, C)."""
    return grid.mean(axis=1) + grid.mean(axis=0) - grid.mean(axis=(0, 1))


def diagonal(grid: Array) -> Array:
    """The cells in which every modality is the sample's own, (N, …, N, C) → (N, C)."""
    i = np.arange(len(grid))
    return grid[(i,) * (grid.ndim - 1)]


def _leave_one_out(grid: Array) -> tuple[Array, Array]:
    """What the means without the sample's own cell say alone, and the overall mean without it."""
    n, own = len(grid), diagonal(grid)
    rows, columns = ((grid.sum(axis=a) - own) / (n - 1) for a in (1, 0))
    overall = (grid.sum(axis=(0, 1)) - own.sum(axis=0)) / (n * (n - 1))
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
    reference=project,
    cases=_grids,
    misconceptions=(
        Misconception(
            "diagonal",
            diagonal,
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
            lambda g: project(g) - g.mean(axis=(0, 1)),
            "You subtracted the overall mean twice. It has to stay in once.",
        ),
        Misconception(
            "what is left over",
            lambda g: diagonal(g) - project(g),
            "That is the interaction, what the projection leaves out. Wanted is the projection.",
        ),
        Misconception(
            "probabilities",
            lambda g: project(softmax(g)),
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
