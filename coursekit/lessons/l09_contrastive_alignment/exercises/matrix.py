"""Lesson 09, the exercise about a similarity matrix: what has been learnt, or which collapse?"""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
WORDS = ("collapsed", "one wins all", "aligned", "mixed up", "unfinished")
FLAT = 0.05  # largest minus smallest cosine below which all are alike
MOST = 0.8  # share of rows that choose their own partner


def _word(similarity: Array, flat: bool, winners: Array) -> str:
    if flat:
        return "collapsed"
    if len(set(winners.tolist())) == 1:
        return "one wins all"
    if np.mean(winners == np.arange(len(winners))) >= MOST:
        return "aligned"
    return "mixed up" if len(set(winners.tolist())) == len(winners) else "unfinished"


def _flat(s: Array) -> bool:
    return bool(s.max() - s.min() < FLAT)


def _read(s: Array) -> str:
    return _word(s, _flat(s), s.argmax(axis=1))


def _matrix(rng: np.random.Generator, winners: Array, lead: float) -> Array:
    """Cosines in which row i is won by column winners[i], by ``lead`` or more."""
    n = len(winners)
    s = rng.uniform(-0.3, 0.3, (n, n))
    s[np.arange(n), winners] = 0.3 + lead + rng.uniform(0, 0.2, n)
    return s


def _cases(rng: np.random.Generator) -> list[tuple[Array]]:
    """All five words several times, shares at and beside the limit, flat ones of every height."""
    cases = []
    for n in (4, 5, 6):
        others = (np.arange(n) + 1) % n
        cases += [(_matrix(rng, np.arange(n), 0.1),), (_matrix(rng, others, 0.1),)]
        cases.append((_matrix(rng, np.full(n, int(rng.integers(n))), 0.1),))
        # Alike, but for a little that would be read as a choice: each row its own, or one column.
        level = float(rng.uniform(-0.5, 0.9))
        cases.append((level + 0.04 * np.eye(n),))
        cases.append((level + 0.04 * (np.arange(n) == int(rng.integers(n))) * np.ones((n, 1)),))
        two = np.resize([0, n - 1], n)
        cases.append((_matrix(rng, two, 0.1),))
    cases.append((_matrix(rng, np.array([0, 1, 2, 0]), 0.1),))  # .75 choose their own
    ten = np.arange(10)
    for wrong in (1, 2, 3):  # .9, .8 and .7 choose their own
        winners = ten.copy()
        winners[:wrong] = 9
        cases.append((_matrix(rng, winners, 0.1),))
    for wrong in (2, 3):  # the same shares, and every column wins once
        winners = ten.copy()
        winners[:wrong] = np.roll(winners[:wrong], 1)
        cases.append((_matrix(rng, winners, 0.1),))
    cases += [(np.full((4, 4), 0.9),), (-0.4 + 0.04 * np.eye(4),), (0.9 + 0.04 * np.eye(4),)]
    # Exactly at the limit; all cosines below zero; rows that lead by little.
    cases += [
        (0.05 * np.eye(5),),
        (0.04995 * np.eye(5),),
        (-0.9 + 0.5 * np.eye(4),),
        (-0.9 + 0.5 * np.eye(4)[::-1],),
    ]
    for levels in ([0, 0.1, 0.2, 0.3, 0.4], [0.1, 0.011, 0.012, 0.013, 0.07]):
        cases.append((np.array(levels)[:, None] + 0.0004 * np.eye(5),))
    # Just not flat; rows and columns disagree: every row has its own, one picture wins all texts.
    cases.append((0.1 + 0.06 * np.eye(5),))
    rows = 0.1 * np.arange(5)[:, None] + 0.02 * np.eye(5)
    cases += [(rows,), (rows.T.copy(),)]
    cases += [(matrix,) for matrix in _near_misses(rng)]
    return [cases[i] for i in rng.permutation(len(cases))]


def _near_misses(rng: np.random.Generator) -> list[Array]:
    """What looks like another word to a question that is asked a little differently."""
    sign = np.array([[0.5, -0.5], [-0.5, 0.5]])
    spike = 0.5 + 0.001 * np.eye(12)
    spike[2, 2] += 0.06  # one cosine of 144 keeps it from being flat
    slope = np.linspace(0, 0.04, 5)  # no row and no column differs by .05, all of them do
    heights = 0.2 * np.arange(5)[:, None]
    order = np.eye(5)[[1, 2, 3, 4, 0]]
    matrices = [sign, -sign, spike, slope[:, None] + slope]
    matrices += [heights - 0.5 + 0.1 * (np.arange(5) == 1)]  # one wins all, at every height
    matrices += [heights + 0.02 * order, 0.1 * (np.arange(5) > 2) + 0.02 * order]
    nearly_one = ([0, 0, 0, 0, 1], [2, 2, 2, 2, 2, 0], [0] * 5, [4] * 5)
    nearly_all = ([1, 2, 3, 4, 5, 6, 7, 8, 8, 8],)
    matrices += [_matrix(rng, np.array(columns), 0.1) for columns in (*nearly_one, *nearly_all)]
    for n, right in ((9, 7), (14, 11), (24, 19), (15, 12)):  # .778, .786, .792 and .8
        winners = np.arange(n)
        winners[right:] = 0
        matrices.append(_matrix(rng, winners, 0.1))
    return matrices


read_matrix = Exercise(
    key="09-matrix",
    points=1,
    task="Return the word for a matrix of cosines, a row per picture, a column per text.",
    reference=_read,
    cases=_cases,
    options=WORDS,
    misconceptions=(
        Misconception(
            "flatness not asked first",
            lambda s: _word(s, False, s.argmax(axis=1)),
            "You read a choice from numbers that are all alike. Ask first whether largest and "
            "smallest differ by less than 0.05.",
        ),
        Misconception(
            "columns for rows",
            lambda s: _word(s, _flat(s), s.argmax(axis=0)),
            "You let each text choose a picture. Here each picture, a row, chooses among the "
            "texts.",
        ),
        Misconception(
            "all rows must be right",
            lambda s: _word(
                s, _flat(s), np.where(_share(s) < 1, _shuffled(s.argmax(1)), s.argmax(1))
            ),
            "You ask that every row finds its own. A share of 0.8 is enough.",
        ),
        Misconception(
            "smallest for largest",
            lambda s: _word(s, _flat(s), s.argmin(axis=1)),
            "The partner is the one with the largest cosine.",
        ),
        Misconception(
            "more than the share",
            lambda s: _word(s, _flat(s), _shuffled(s.argmax(1))) if _share(s) == MOST else _read(s),
            "At a share of exactly 0.8 it is aligned.",
        ),
        Misconception(
            "one winner forgotten",
            lambda s: "unfinished" if _read(s) == "one wins all" else _read(s),
            "One text can be the nearest of all pictures, whichever it is, high or low. That is a "
            "collapse of its own.",
        ),
        Misconception(
            "mixed up forgotten",
            lambda s: "unfinished" if _read(s) == "mixed up" else _read(s),
            "Every picture can have a text of its own, and the wrong one: the pairs are in "
            "another order.",
        ),
    ),
    hints=(
        "Four questions in this order: are all cosines alike? does one column win every row? does "
        "a share of 0.8 win its own? does every column win once?",
        "winners = similarity.argmax(axis=1); the right ones are 0, 1, 2, …",
        "len(set(winners)) is 1 when one wins all, and the number of rows when every column wins "
        "once.",
    ),
)


def _share(s: Array) -> float:
    return float(np.mean(s.argmax(axis=1) == np.arange(len(s))))


def _shuffled(winners: Array) -> Array:
    """The same columns win equally often, and fewer than the share their own rows."""
    distinct = len(set(winners.tolist())) == len(winners)
    return (
        np.roll(np.arange(len(winners)), 1)
        if distinct
        else np.resize([winners.max(), winners.min()], len(winners))
    )
