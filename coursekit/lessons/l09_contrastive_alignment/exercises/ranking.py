"""Lesson 09, the exercise about recall: several captions per picture, and ties."""

from collections.abc import Callable
from math import comb

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _places(row: Array, own: Array) -> tuple[int, int, int]:
    """Candidates above the best own one, those level with it, and how many of these are own."""
    best = row[own].max()
    level = row == best
    return (row > best).sum(), level.sum(), (level & own).sum()


def _chance(places: int, tied: int, own: int) -> float:
    """Probability that one of ``own`` of ``tied`` stands in the first ``places`` of them."""
    if places <= 0:
        return 0.0
    return 1.0 if places >= tied else 1 - comb(tied - own, places) / comb(tied, places)


def _mean(hit: Callable[[Array, Array], float], scores: Array, owner: Array) -> float:
    rows = [hit(row, owner == picture) for picture, row in enumerate(scores)]
    return float(np.mean(rows))


def _recall(scores: Array, owner: Array, k: int) -> float:
    def hit(row: Array, own: Array) -> float:
        above, tied, mine = _places(row, own)
        return _chance(k - above, tied, mine)

    return _mean(hit, scores, owner)


def _won(scores: Array, owner: Array, k: int) -> float:
    return _mean(lambda row, own: float(_places(row, own)[0] < k), scores, owner)


def _lost(scores: Array, owner: Array, k: int) -> float:
    def hit(row: Array, own: Array) -> float:
        above, tied, mine = _places(row, own)
        return float(above + tied - mine < k)

    return _mean(hit, scores, owner)


def _sorted(scores: Array, owner: Array, k: int, later: bool) -> float:
    """Ties as a sort leaves them: the earlier column wins, or the later one."""

    def hit(row: Array, own: Array) -> float:
        if later:
            order = np.argsort(row, kind="stable")[::-1]
        else:
            order = np.argsort(-row, kind="stable")
        return float(own[order[:k]].any())

    return _mean(hit, scores, owner)


def _share_of_own(scores: Array, owner: Array, k: int) -> float:
    def share(row: Array, own: Array) -> float:
        return float(own[np.argsort(-row, kind="stable")[:k]].sum() / own.sum())

    return _mean(share, scores, owner)


def _first_caption(scores: Array, owner: Array, k: int) -> float:
    def hit(row: Array, own: Array) -> float:
        first = np.zeros_like(own)
        first[np.flatnonzero(own)[0]] = True
        above, tied, mine = _places(row, first)
        return _chance(k - above, tied, mine)

    return _mean(hit, scores, owner)


def _one_of_tied(scores: Array, owner: Array, k: int) -> float:
    """The expected value as if one of the tied candidates were the query's own."""

    def hit(row: Array, own: Array) -> float:
        above, tied, _ = _places(row, own)
        return _chance(k - above, tied, 1)

    return _mean(hit, scores, owner)


# Scores of three pictures with six captions, and whose they are: all ties; ties at the rank that
# counts; two own captions level; own captions in any place; scores below zero and nearly level;
# ties behind a single winner; scores that are nearly level; many own ones among the tied; a k that
# is the pool.
FIXED = (
    (np.zeros((3, 6)), [0, 0, 1, 1, 2, 2], 1),
    (np.zeros((3, 6)), [2, 0, 1, 0, 2, 0], 2),
    ([[5, 5, 5, 1, 0, 0], [2, 3, 3, 3, 3, 0], [1, 1, 4, 4, 4, 4]], [0, 1, 1, 2, 2, 0], 1),
    ([[5, 5, 5, 1, 0, 0], [2, 3, 3, 3, 3, 0], [1, 1, 4, 4, 4, 4]], [0, 1, 1, 2, 2, 0], 3),
    ([[1, 1, 0, 0, -1, -1], [1, 1, 1, 1, 0, -1], [0, 0, 0, 0, 0, 1]], [1, 2, 0, 1, 0, 2], 2),
    ([[-0.0301, -0.0302, -4, -5, -6, -7], [0.011, 0.012, 0.013, 0.0125, 0, 0.0001],
      [-3, -2, -1, -1, -0.5, -0.51]], [1, 0, 2, 1, 0, 2], 1),
    ([[9, 3, 3, 3, 0, 0], [9, 9, 3, 3, 3, 0], [9, 9, 3, 3, 3, 3]], [2, 0, 1, 2, 0, 1], 3),
    ([[9, 8, 7, 6, 5, 4], [9, 8, 7, 6, 5, 4], [9, 8, 7, 6, 5, 4]], [2, 1, 1, 0, 2, 0], 2),
    ([[0.25, 0.25 + 4e-7, 0, 0], [0.25 - 4e-7, 0.25, 0.25, 0]], [0, 1, 0, 1], 1),  # no ties, nearly
    (np.zeros((2, 8)), [0, 0, 0, 0, 1, 1, 1, 1], 3),
    (np.zeros((2, 8)), [0, 0, 0, 1, 1, 1, 1, 1], 4),
    (np.zeros((2, 2)), [1, 0], 2),
)  # fmt: skip


def _cases(rng: np.random.Generator) -> list[tuple[Array, Array, int]]:
    """The fixed ones, and matrices of whole numbers, in which ties are many; k beyond the pool."""
    cases = [(np.array(s, dtype=float), np.array(o), k) for s, o, k in FIXED]
    collapsed = np.ones((60, 60))  # a model that gives everything one score: 1 in 60
    nearly = collapsed + np.eye(60) * (np.arange(60) >= 50)  # but for the last pictures
    cases += [(collapsed, np.arange(60), 1), (nearly, np.arange(60), 1)]
    for pictures, captions, k in ((4, 9, 1), (5, 12, 3), (3, 8, 2), (2, 3, 5)):
        owner = np.concatenate(
            [np.arange(pictures), rng.integers(0, pictures, captions - pictures)]
        )
        scores = rng.integers(-2, 3, (pictures, captions)).astype(float)
        cases.append((scores, rng.permutation(owner), k))
    return cases


recall_at_k = Exercise(
    key="09-recall",
    points=2,
    task="Return recall@k, picture to text, with ties at their expected worth.",
    reference=_recall,
    cases=_cases,
    misconceptions=(
        Misconception(
            "ties won",
            _won,
            "You count the candidates that score strictly higher: every tie is won. A model that "
            "gives all the same score would have a recall of 1.",
        ),
        Misconception(
            "ties lost",
            _lost,
            "Every tie is lost in yours. On average over the orders of the tied ones a query wins "
            "some of them.",
        ),
        Misconception(
            "ties as sorted",
            lambda s, o, k: _sorted(s, o, k, later=False),
            "A sort puts the earlier of two equal columns first, and that decides your ties. Take "
            "the expected value over all orders of the tied ones.",
        ),
        Misconception(
            "ties as sorted, later first",
            lambda s, o, k: _sorted(s, o, k, later=True),
            "A sort that is turned round puts the later of two equal columns first, and that "
            "decides your ties. Take the expected value over all orders of the tied ones.",
        ),
        Misconception(
            "share of the own captions",
            _share_of_own,
            "That is the share of a picture's captions within the first k. One of them is enough "
            "for a hit.",
        ),
        Misconception(
            "first caption only",
            _first_caption,
            "You look at the first caption of each picture. Any of them counts.",
        ),
        Misconception(
            "one own among the tied",
            _one_of_tied,
            "Several of the tied candidates can belong to the query; then it is enough that one "
            "of them comes in.",
        ),
        Misconception(
            "off by one",
            lambda s, o, k: _recall(s, o, k - 1) if k > 1 else 0.0,
            "The first k ranks are 1 to k.",
        ),
        Misconception(
            "lowest score first",
            lambda s, o, k: _recall(-s, o, k),
            "The highest score comes first.",
        ),
    ),
    hints=(
        "For each picture: its best caption's score, how many score higher, how many are level "
        "with it, and how many of these are its own.",
        "If a of them score higher, the tied ones fill k − a places. With t tied, m of them own: "
        "the probability that no own one comes in is C(t − m, k − a) / C(t, k − a).",
        "hit = 0 if k <= a, 1 if k - a >= t, else 1 - comb(t - m, k - a) / comb(t, k - a); the "
        "mean over the pictures.",
    ),
)
