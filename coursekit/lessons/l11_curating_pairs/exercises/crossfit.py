"""Lesson 11, the exercise about leaks: which models may judge a pair?"""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _has_seen(learnt: Array, copies: Array) -> Array:
    """Whether a model has learnt from a pair or a copy of it, (M, N)."""
    same = copies[:, None] == copies[None, :]
    return np.asarray(((learnt > 0).astype(int) @ same.astype(int)) > 0)


def _mean_where(scores: Array, fair: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.asarray((scores * fair).sum(0) / fair.sum(0))


def _fair(scores: Array, learnt: Array, copies: Array) -> Array:
    return _mean_where(scores, ~_has_seen(learnt, copies))


def _first(scores: Array, learnt: Array, copies: Array) -> Array:
    fair = ~_has_seen(learnt, copies)
    return np.asarray(np.take_along_axis(scores, fair.argmax(0)[None], 0)[0])


def _all_share(scores: Array, learnt: Array, copies: Array) -> Array:
    """Unfair scores as zeros: the sum over all models."""
    return np.asarray((scores * ~_has_seen(learnt, copies)).mean(0))


def _next_row(copies: Array) -> Array:
    """Copies that stand side by side only: numbers of runs."""
    return np.concatenate([[0], np.cumsum(np.diff(copies) != 0)])


# Which models (rows) have learnt from which pairs (columns), and which pairs are copies: two
# halves; two halves with a copy across, which nobody may judge unless a third model may; copies
# that do not stand side by side; three of one kind; one model that has learnt from nothing; copies
# side by side; five models.
FIXED = (
    ([[1, 1, 0, 0], [0, 0, 1, 1]], [0, 1, 2, 3]),
    ([[1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1]], [0, 1, 0, 2]),
    ([[1, 0, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 1, 0]], [5, 2, 5, 9, 5]),
    ([[0, 0, 0], [1, 1, 1]], [4, 4, 1]),
    ([[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]], [3, 8, 3, 1, 8, 2]),
    ([[0], [0], [1]], [7]),
    ([[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], [1, 0, 1, 6]),
    ([[1, 0, 0], [0, 0, 1], [0, 0, 0]], [2, 2, 5]),
    ([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 1]], [0, 3, 0, 1]),
    ([[1, 0], [0, 1], [0, 0], [1, 1], [0, 0]], [1, 0]),
    # Three copies, of which a model has learnt one: the first, the middle, the last.
    ([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], [4, 4, 9, 4]),
    ([[1, 0, 0], [0, 0, 1], [0, 0, 0]], [-2, -2, 0]),  # any numbers
    ([[0, 0], [0, 0], [0, 0], [0, 0], [0, 1]], [3, 5]),  # many that may judge
)
SCALES = (1.0, 10.0, 0.01)  # of the scores, table by table


def _cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array]]:
    """Every fixed table, in this order, with new scores, some of them below zero."""
    cases = []
    for number, (learnt, copies) in enumerate(FIXED):
        table = np.array(learnt)
        scores = SCALES[number % len(SCALES)] * rng.uniform(-0.9, 0.9, table.shape)
        cases.append((scores, table, np.array(copies)))
    nought = np.array([[0.0, 0.5], [0.4, 0.0], [0.2, 0.3]])  # a cosine of 0 is a score
    return [*cases, (nought, np.array([[0, 1], [0, 0], [1, 0]]), np.array([0, 1]))]


fair_scores = Exercise(
    key="11-crossfit",
    points=2,
    task="Return the mean score of each pair over the models that may judge it.",
    reference=_fair,
    cases=_cases,
    misconceptions=(
        Misconception(
            "all models",
            lambda s, t, c: s.mean(0),
            "You take the mean over all models, those included that have learnt the very pair they "
            "judge.",
        ),
        Misconception(
            "who has learnt it",
            lambda s, t, c: _mean_where(s, _has_seen(t, c)),
            "You ask those who have learnt from the pair. They know it by heart; ask the others.",
        ),
        Misconception(
            "copies not looked at",
            lambda s, t, c: _mean_where(s, t == 0),
            "A model that has learnt from a copy has seen the pair as well. Look at `copies`.",
        ),
        Misconception(
            "copies side by side",
            lambda s, t, c: _fair(s, t, _next_row(c)),
            "Copies need not stand side by side: compare every pair's number with every other's.",
        ),
        Misconception(
            "the first fair model",
            _first,
            "You take the first model that may judge. Asked is the mean over all that may.",
        ),
        Misconception(
            "the kindest",
            lambda s, t, c: np.where(~_has_seen(t, c), s, -np.inf).max(0),
            "You take the highest score. Asked is the mean over the models that may judge.",
        ),
        Misconception(
            "the sternest",
            lambda s, t, c: np.where(~_has_seen(t, c), s, np.inf).min(0),
            "You take the lowest score. Asked is the mean over the models that may judge.",
        ),
        Misconception(
            "divided by all",
            _all_share,
            "You divide by the number of all models. Divide by the number of those that may judge.",
        ),
        Misconception(
            "added",
            lambda s, t, c: (s * ~_has_seen(t, c)).sum(0),
            "You add the scores up. Pairs that more models may judge would score higher.",
        ),
    ),
    hints=(
        "For each model and pair: has it learnt from the pair, or from one with the same number?",
        "same = copies[:, None] == copies[None, :]; learnt @ same counts the copies it has learnt.",
        "fair = (learnt @ same) == 0; (scores * fair).sum(0) / fair.sum(0)",
    ),
)
