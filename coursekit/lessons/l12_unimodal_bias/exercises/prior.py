"""Lesson 12, the exercise about a bias model that counts: which answer goes with which key?"""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, int, int, float]


def _counts(keys: Array, answers: Array, num_keys: int, num_answers: int) -> Array:
    table = np.zeros((num_keys, num_answers))
    np.add.at(table, (keys, answers), 1)
    return table


def _rows(table: Array) -> Array:
    return np.asarray(table / table.sum(axis=1, keepdims=True))


def _prior(keys: Array, answers: Array, num_keys: int, num_answers: int, smoothing: float) -> Array:
    return _rows(_counts(keys, answers, num_keys, num_answers) + smoothing)


def _unsmoothed(keys: Array, answers: Array, k: int, a: int, smoothing: float) -> Array:
    with np.errstate(invalid="ignore"):
        return _rows(_counts(keys, answers, k, a))


def _guarded(keys: Array, answers: Array, k: int, a: int, smoothing: float) -> Array:
    table = _counts(keys, answers, k, a)
    return np.asarray(table / np.maximum(table.sum(axis=1, keepdims=True), 1))


def _added_to_shares(keys: Array, answers: Array, k: int, a: int, smoothing: float) -> Array:
    return np.asarray(_guarded(keys, answers, k, a, smoothing) + smoothing)


def _once_below(keys: Array, answers: Array, k: int, a: int, smoothing: float) -> Array:
    table = _counts(keys, answers, k, a)
    return np.asarray((table + smoothing) / (table.sum(axis=1, keepdims=True) + smoothing))


def _only_where_seen(keys: Array, answers: Array, k: int, a: int, smoothing: float) -> Array:
    table = _counts(keys, answers, k, a)
    table = np.where(table > 0, table + smoothing, 0)
    return np.asarray(table / np.maximum(table.sum(axis=1, keepdims=True), 1e-12))


def _marginal(keys: Array, answers: Array, k: int, a: int, smoothing: float) -> Array:
    counts = _counts(keys, answers, k, a).sum(axis=0) + smoothing
    return np.tile(counts / counts.sum(), (k, 1))


def _per_answer(keys: Array, answers: Array, k: int, a: int, smoothing: float) -> Array:
    table = _counts(keys, answers, k, a) + smoothing
    return np.asarray(table / table.sum(axis=0, keepdims=True))


def _of_everything(keys: Array, answers: Array, k: int, a: int, smoothing: float) -> Array:
    table = _counts(keys, answers, k, a) + smoothing
    return np.asarray(table / table.sum())


# Keys, answers, how many of each, smoothing: a key that never occurs, one question, an answer that
# never occurs, a key with one answer only, equal counts, much smoothing
# and little; none at all, where every key occurs; so little that a key that never occurs has hardly
# anything to be divided by.
FIXED: tuple[tuple[list[int], list[int], int, int, float], ...] = (
    ([0, 0, 0, 1], [1, 1, 2, 0], 3, 3, 1.0),
    ([2], [0], 4, 2, 0.5),
    ([0, 1, 0, 1], [0, 1, 0, 1], 2, 3, 2.0),
    ([1, 1, 1, 1, 1, 0], [3, 3, 3, 0, 3, 2], 2, 4, 0.25),
    ([0, 0, 1, 1, 1, 2], [0, 1, 1, 1, 0, 1], 3, 2, 10.0),
    ([0, 0, 0, 1], [0, 0, 1, 2], 3, 3, 0.0125),
    ([1, 0, 2, 0, 1], [0, 2, 1, 1, 0], 3, 3, 0.0),
    ([0, 2, 2, 0], [1, 0, 1, 1], 3, 3, 0.0001),
)


def _cases(rng: np.random.Generator) -> list[Case]:
    """The fixed ones, and questions of a few keys of which the last never occurs."""
    cases: list[Case] = [(np.array(k), np.array(a), m, n, s) for k, a, m, n, s in FIXED]
    for questions, num_keys, num_answers, smoothing in ((30, 4, 5, 1.0), (60, 3, 3, 0.1)):
        keys = rng.integers(0, num_keys - 1, questions)
        answers = rng.integers(0, num_answers, questions)
        cases.append((keys, answers, num_keys, num_answers, smoothing))
    return cases


count_prior = Exercise(
    key="12-prior",
    points=2,
    task="Return the smoothed share of every answer per key, a row per key.",
    reference=_prior,
    cases=_cases,
    misconceptions=(
        Misconception(
            "no smoothing",
            _unsmoothed,
            "You do not smooth: an answer that was never counted gets 0, whose logarithm is −∞, "
            "and a key that never occurs 0/0. Add smoothing to every count first.",
        ),
        Misconception(
            "no smoothing, guarded",
            _guarded,
            "An answer that was never counted gets 0 here, and its logarithm is −∞. Add smoothing "
            "to every count, also to that of a key that never occurs.",
        ),
        Misconception(
            "one for smoothing",
            lambda k, a, m, n, s: _prior(k, a, m, n, 1.0),
            "You add 1. How much is added the argument smoothing says.",
        ),
        Misconception(
            "added to shares",
            _added_to_shares,
            "You add smoothing to shares, so rows do not sum to one. Add it to the counts.",
        ),
        Misconception(
            "once below the line",
            _once_below,
            "A row does not sum to one: smoothing was added to each of its answers, so the sum has "
            "grown by smoothing times the number of answers.",
        ),
        Misconception(
            "only where seen",
            _only_where_seen,
            "You smooth counts that are there already. It is the answers that were never seen "
            "that must not get 0.",
        ),
        Misconception(
            "the same for all keys",
            _marginal,
            "Those are the shares of the answers among all questions. Each key has its own.",
        ),
        Misconception(
            "keys per answer",
            _per_answer,
            "You divide by the sum of a column: of all questions with this answer, how many have "
            "this key. Asked are the answers per key.",
        ),
        Misconception(
            "shares of everything",
            _of_everything,
            "Your table sums to one as a whole. Each row should.",
        ),
        Misconception(
            "counts",
            lambda k, a, m, n, s: _counts(k, a, m, n) + s,
            "Those are counts. Divide each row by its sum.",
        ),
        Misconception(
            "the favourite only",
            lambda k, a, m, n, s: np.eye(n)[_counts(k, a, m, n).argmax(axis=1)],
            "You keep each key's most frequent answer. The bias model says how frequent each is.",
        ),
    ),
    hints=(
        "Begin with a table of zeros, keys × answers, and count.",
        "np.add.at(table, (keys, answers), 1) counts also what occurs more than once.",
        "table += smoothing; table / table.sum(axis=1, keepdims=True)",
    ),
)
