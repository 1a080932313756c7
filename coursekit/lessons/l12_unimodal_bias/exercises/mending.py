"""Lesson 12, the exercise about a bias model that says too much: impossible answers."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _rows(table: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.asarray(table / table.sum(axis=1, keepdims=True))


def _least(prior: Array, possible: Array) -> Array:
    """The smallest of the possible ones per row, (K, 1)."""
    return np.where(possible > 0, prior, np.inf).min(axis=1, keepdims=True)


def _filled(prior: Array, possible: Array, value: Array | float) -> Array:
    return np.where(possible > 0, prior, value)


def _mended(prior: Array, possible: Array) -> Array:
    return _rows(_filled(prior, possible, _least(prior, possible)))


def _mean_of_possible(prior: Array, possible: Array) -> Array:
    mean = (prior * possible).sum(axis=1, keepdims=True) / possible.sum(axis=1, keepdims=True)
    return _rows(_filled(prior, possible, mean))


def _most(prior: Array, possible: Array) -> Array:
    most = np.where(possible > 0, prior, -np.inf).max(axis=1, keepdims=True)
    return _rows(_filled(prior, possible, most))


def _shared_least(prior: Array, possible: Array) -> Array:
    """The least is divided among the impossible ones."""
    number = np.maximum((possible == 0).sum(axis=1, keepdims=True), 1)
    return _rows(_filled(prior, possible, _least(prior, possible) / number))


def _positive_least(prior: Array, possible: Array) -> Array:
    """The least of a row that is not 0, possible or not."""
    least = np.where(prior > 0, prior, np.inf).min(axis=1, keepdims=True)
    return _rows(_filled(prior, possible, least))


def _positive_least_of_possible(prior: Array, possible: Array) -> Array:
    """The least of the possible ones that is not 0."""
    least = np.where((possible > 0) & (prior > 0), prior, np.inf).min(axis=1, keepdims=True)
    return _rows(_filled(prior, possible, least))


# Prior, possible (0 or 1): a yes/no key among shapes; all possible; impossible answers with a
# little, with more than the least possible one, and with none; ties; two rows that differ; a
# possible answer that never occurs, and one that hardly does; shares written with two digits, whose
# rows do not quite sum to one, all of them possible or not.
FIXED: tuple[tuple[list, list], ...] = (
    ([[0.8, 0.2, 0.0, 0.0]], [[1, 1, 0, 0]]),
    ([[0.5, 0.3, 0.2]], [[1, 1, 1]]),
    ([[0.6, 0.3, 0.05, 0.05], [0.1, 0.1, 0.7, 0.1]], [[1, 1, 0, 0], [0, 0, 1, 1]]),
    ([[0.7, 0.05, 0.25, 0.0]], [[1, 1, 0, 0]]),
    ([[0.5, 0.5, 0.0], [0.0, 0.9, 0.1]], [[1, 1, 0], [0, 1, 1]]),
    ([[0.01, 0.91, 0.04, 0.04, 0.0]], [[1, 1, 1, 0, 0]]),
    ([[0.0, 0.0, 1.0]], [[0, 0, 1]]),
    ([[0.4, 0.3, 0.2, 0.1]] * 2, [[1, 0, 1, 0], [0, 1, 0, 1]]),
    ([[0.0, 0.6, 0.4, 0.0], [0.0, 0.7, 0.1, 0.2]], [[1, 1, 1, 0], [1, 1, 1, 0]]),
    ([[0.0002, 0.9, 0.0998, 0.0]], [[1, 1, 1, 0]]),
    ([[0.33, 0.33, 0.33], [0.67, 0.32, 0.0]], [[1, 1, 1], [1, 1, 0]]),
)


def _cases(rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """The fixed ones, and tables of several keys."""
    cases = [(np.array(prior, dtype=float), np.array(possible)) for prior, possible in FIXED]
    for keys, answers in ((3, 5), (4, 6)):
        possible = np.zeros((keys, answers), dtype=int)
        for row in possible:
            row[rng.permutation(answers)[: rng.integers(2, answers)]] = 1
        prior = rng.dirichlet(np.ones(answers), keys)
        prior = np.where(possible > 0, prior, prior * 0.01)
        cases.append((_rows(prior), possible))
    return cases


mend_bias = Exercise(
    key="12-mend",
    points=2,
    task="Give impossible answers the least probability of the possible ones; rows sum to one.",
    reference=_mended,
    cases=_cases,
    misconceptions=(
        Misconception(
            "left as it is",
            lambda p, o: p,
            "Nothing has changed: the impossible answers are still next to 0.",
        ),
        Misconception(
            "impossible answers 0",
            lambda p, o: _rows(_filled(p, o, 0.0)),
            "That is the mistake itself, made larger: 0 tells the model that the bias has seen to "
            "it already.",
        ),
        Misconception(
            "rows not scaled",
            lambda p, o: _filled(p, o, _least(p, o)),
            "Your rows do not sum to one. Divide each by its sum.",
        ),
        Misconception(
            "least of all",
            lambda p, o: _rows(_filled(p, o, p.min(axis=1, keepdims=True))),
            "You take the least of the whole row, and that is an impossible one's. Look among the "
            "possible ones.",
        ),
        Misconception(
            "least that is positive",
            _positive_least,
            "You take the least number above 0, which may be an impossible one's, for a smoothed "
            "table has no 0. What is possible the second argument says.",
        ),
        Misconception(
            "least possible one that is positive",
            _positive_least_of_possible,
            "You look among the possible ones for the least above 0. Where a possible answer has "
            "the probability 0, that is the least.",
        ),
        Misconception(
            "one least for all keys",
            lambda p, o: _rows(_filled(p, o, float(np.where(o > 0, p, np.inf).min()))),
            "You take the least of the whole table. Each key has its own.",
        ),
        Misconception(
            "mean of the possible",
            _mean_of_possible,
            "You take the mean of the possible ones: the bias would then say that an impossible "
            "answer is likelier than some possible one.",
        ),
        Misconception(
            "most of the possible",
            _most,
            "You take the largest: the bias would propose what is impossible.",
        ),
        Misconception(
            "least divided",
            _shared_least,
            "You divide the least among the impossible ones. Each gets as much as the least "
            "possible one.",
        ),
        Misconception(
            "never below the least",
            lambda p, o: _rows(np.maximum(p, _least(p, o))),
            "You lift what lies below the least. An impossible answer that lies above it has to "
            "come down to it.",
        ),
        Misconception(
            "an even share",
            lambda p, o: _rows(_filled(p, o, 1 / p.shape[1])),
            "You give 1 / (number of answers), which may lie above what possible ones have.",
        ),
        Misconception(
            "the possible ones changed",
            lambda p, o: _rows(np.where(o > 0, _least(p, o), p)),
            "You changed the possible answers. Theirs stay, the impossible ones get the least of "
            "them.",
        ),
    ),
    hints=(
        "Row by row: what is the least among the possible ones?",
        "np.where(possible > 0, prior, np.inf).min(axis=1, keepdims=True)",
        "table = np.where(possible > 0, prior, least); table / table.sum(axis=1, keepdims=True)",
    ),
)
