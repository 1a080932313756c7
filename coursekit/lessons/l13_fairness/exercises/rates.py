"""Lesson 13, the exercise about rates by group: of how many, and what if there are none?"""

from collections.abc import Callable, Sequence

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, Array, list[str]]
UNDEFINED = -1.0


def _by_group(
    labels: Array, predictions: Array, groups: Array, names: Sequence[str],
    row: Callable[[Array, Array, Array], tuple[float, float]],
) -> Array:  # fmt: skip
    """A row per name; row: from labels, predictions and which rows are the group's."""
    return np.array([row(labels, predictions, groups == name) for name in names], dtype=float)


def _share(above: float, below: float, empty: float = UNDEFINED) -> float:
    return above / below if below else empty


def _hits(labels: Array, predictions: Array, groups: Array, names: Sequence[str],
          empty: float = UNDEFINED) -> Array:  # fmt: skip
    """Positives, and the share of them that are predicted positive."""

    def row(y: Array, p: Array, mine: Array) -> tuple[float, float]:
        positives = mine & (y == 1)
        return positives.sum(), _share((positives & (p == 1)).sum(), positives.sum(), empty)

    return _by_group(labels, predictions, groups, names, row)


def _of(
    count: Callable[[Array, Array], Array], yes: Callable[[Array, Array], Array]
) -> Callable[..., Array]:
    """The same with other cases and other hits among them; both from labels and predictions."""

    def answer(labels: Array, predictions: Array, groups: Array, names: Sequence[str]) -> Array:
        def row(y: Array, p: Array, mine: Array) -> tuple[float, float]:
            cases = mine & count(y, p)
            return cases.sum(), _share((cases & yes(y, p)).sum(), cases.sum())

        return _by_group(labels, predictions, groups, names, row)

    return answer


def _size_for_n(labels: Array, predictions: Array, groups: Array, names: Sequence[str]) -> Array:
    right = _hits(labels, predictions, groups, names)
    right[:, 0] = [(groups == name).sum() for name in names]
    return right


def _of_all_positives(
    labels: Array, predictions: Array, groups: Array, names: Sequence[str]
) -> Array:
    right = _hits(labels, predictions, groups, names)
    hits = np.maximum(right[:, 1], 0) * right[:, 0]
    right[:, 1] = [_share(hit, (labels == 1).sum()) for hit in hits]
    return right


def _of_the_group(labels: Array, predictions: Array, groups: Array, names: Sequence[str]) -> Array:
    right = _hits(labels, predictions, groups, names)
    hits = np.maximum(right[:, 1], 0) * right[:, 0]
    sizes = [(groups == name).sum() for name in names]
    right[:, 1] = [_share(hit, size) for hit, size in zip(hits, sizes, strict=True)]
    return right


# Labels, predictions, groups as letters, names asked for: a group without positives, one that is
# not there, all right, none right, one row, names in another order and fewer than there are.
FIXED = (
    ("110100", "100110", "aabbcc", "abc"),
    ("1111000", "1101010", "aaaabbb", "ba"),
    ("10110", "01110", "aabba", "abx"),
    ("111", "111", "aab", "ab"),
    ("1101", "0010", "abab", "ba"),
    ("1", "1", "a", "a"),
    ("0", "1", "a", "a"),
    ("1010101011", "1110100010", "abcabcabca", "cab"),
    ("1100111100", "1010101010", "ccbbbaaabb", "ac"),
    ("1" * 60 + "10", "1" + "0" * 60 + "1", "a" * 60 + "bb", "ba"),  # one of sixty is found
)

# The same with names of several letters: one is the end of another, or its beginning; they begin or
# end alike, or differ by a capital; asked for is also what only groups' names contain.
WORDS = (
    ("1101011", "1000110", "man woman woman man man woman man", "woman man"),
    ("11110111011", "10010110110", "a ab a abc ab abc a ab abc ab a", "ab abc a"),
    ("1110111", "1100101", "north-east north-west south-west north-east north-west south-west "
     "south-west", "north-west north south-west north-east west"),
    ("110111", "101101", "A a A a A A", "a A"),
)  # fmt: skip


def _cases(rng: np.random.Generator) -> list[Case]:
    """The fixed ones and three drawn ones."""
    cases: list[Case] = [
        (np.array([int(x) for x in y]), np.array([int(x) for x in p]), np.array(list(g)),
         list(names))
        for y, p, g, names in FIXED + tuple((y, p, g.split(), n.split()) for y, p, g, n in WORDS)
    ]  # fmt: skip
    for count in (12, 25, 40):
        labels = rng.integers(0, 2, count)
        predictions = np.where(rng.random(count) < 0.3, 1 - labels, labels)
        groups = rng.choice(list("abcd"), count, p=[0.4, 0.3, 0.2, 0.1])
        cases.append(
            (labels, predictions, groups, [str(x) for x in rng.permutation(list("abcde"))])
        )
    return cases


hit_rates = Exercise(
    key="13-rates",
    points=1,
    task="Return for each group in `names` how many positives it has and the true-positive rate, "
    "−1 where it has none.",
    reference=_hits,
    cases=_cases,
    misconceptions=(
        Misconception(
            "zero for undefined",
            lambda y, p, g, n: _hits(y, p, g, n, 0.0),
            "A group without positives gets the rate 0, as if all of them had been missed. It has "
            "no rate: −1.",
        ),
        Misconception(
            "one for undefined",
            lambda y, p, g, n: _hits(y, p, g, n, 1.0),
            "A group without positives gets the rate 1, as if all of them had been found. It has "
            "no rate: −1.",
        ),
        Misconception(
            "NaN for undefined",
            lambda y, p, g, n: _hits(y, p, g, n, np.nan),
            "0/0 is NaN. Say −1 where a group has no positives.",
        ),
        Misconception(
            "size of the group",
            _size_for_n,
            "The first number is the group's size. The rate is a share of its positives: how many "
            "are they?",
        ),
        Misconception(
            "selection rate",
            _of(lambda y, p: y >= 0, lambda y, p: p == 1),
            "That is the selection rate, the share of all rows that are predicted positive. The "
            "true-positive rate looks at rows labelled 1 only.",
        ),
        Misconception(
            "accuracy",
            _of(lambda y, p: y >= 0, lambda y, p: p == y),
            "That is the accuracy. The true-positive rate looks at rows labelled 1 only.",
        ),
        Misconception(
            "false-positive rate",
            _of(lambda y, p: y == 0, lambda y, p: p == 1),
            "That is the false-positive rate, of rows labelled 0. Take those labelled 1.",
        ),
        Misconception(
            "precision",
            _of(lambda y, p: p == 1, lambda y, p: y == 1),
            "That is the precision: of rows predicted 1, the share labelled 1. Turn it round: of "
            "rows labelled 1, the share predicted 1.",
        ),
        Misconception(
            "misses",
            _of(lambda y, p: y == 1, lambda y, p: p == 0),
            "That is the share of positives that are missed. The true-positive rate counts those "
            "that are found.",
        ),
        Misconception(
            "of everybody's positives",
            _of_all_positives,
            "You divide by the positives of all groups together. Each group has its own.",
        ),
        Misconception(
            "of the group",
            _of_the_group,
            "You divide hits by the group's size. Divide them by its positives.",
        ),
        Misconception(
            "names sorted",
            lambda y, p, g, n: _hits(y, p, g, sorted(n)),
            "Rows come in the order of `names`, not sorted.",
        ),
    ),
    hints=(
        "For a name, which rows are both of this group and labelled 1?",
        "positives = (groups == name) & (labels == 1); how many of them have prediction 1?",
        "Per name: n = positives.sum(); the rate is predictions[positives].mean() if n else −1.",
    ),
)
