"""Lesson 13, the exercise about reweighing: weights that make group and label independent."""

from collections.abc import Callable, Sequence

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _counts(groups: Array, labels: Array) -> tuple[Array, Array, Array]:
    """How many rows share each row's group, its label, both."""
    same_group = groups[:, None] == groups[None, :]
    same_label = labels[:, None] == labels[None, :]
    return same_group.sum(1), same_label.sum(1), (same_group & same_label).sum(1)


def _from(rule: Callable[[Array, Array, Array, int], Array]) -> Callable[..., Array]:
    """Weights by a rule of these three counts and the number of rows."""
    return lambda groups, labels: np.asarray(
        rule(*_counts(groups, labels), len(labels)), dtype=float
    )


_weights = _from(lambda g, y, both, n: g * y / (n * both))


def _rescaled(groups: Array, labels: Array) -> Array:
    right = _weights(groups, labels)
    return right / right.sum()


# Groups and labels as letters and digits: a dependence, none, a group of one label, three groups,
# three labels, one row, a rare cell, sizes that differ much, a weight above 20.
FIXED = (
    ("aaaabbbbbb", "1110100000"),
    ("aabb", "1010"),
    ("aaabb", "11100"),
    ("aabbccccc", "100110111"),
    ("aaaabbb", "0122012"),
    ("a", "1"),
    ("aaaaaaaaab", "0000000011"),
    ("bbbbbbba", "11111110"),
    ("abcabcabca", "2011021120"),
    ("a" * 60 + "b" * 60 + "c", "0" * 59 + "1" * 60 + "02"),  # rare cells, a group by itself
)
# Words as groups and as labels: they begin alike, end alike; side by side they read the same
# (a, 11 and a1, 1).
WORDS = (
    ("man woman woman man woman men man woman men",
     "hired hopeful hired hired hopeful hired hired hired hopeful"),
    ("a a1 a a1 a a1 a a a1", "11 1 1 11 11 1 11 1 1"),
)  # fmt: skip
# Numbers as labels: negative ones, with gaps, far apart; twelve of them (ten, or three, times the
# group's number plus the label is often the same); and as groups, twelve as well.
NUMBERS: tuple[tuple[Sequence[str | int], Sequence[int]], ...] = (
    ("abbaabbab", (-1, 1, -1, -1, 1, 1, -1, -1, -1)),
    ("abbaabbabc", (-2, 0, 3, 3, 0, -2, 3, 10, 10, 0)),
    ("abbaabbabb", (0, 1000, 100, 100, 0, 1000, 100, 0, 0, 100)),
    ("abc" * 8 + "aabbbcac", (*range(12), *range(11, -1, -1), 0, 3, 9, 10, 11, 1, 2, 0)),
    (("a", "a1", "a", "a1", "a", "a1", "a"), (11, 1, 1, 11, 11, 1, 11)),
    ((*range(12), *range(12), 1, 11, 0), (*[11] * 6, *[1] * 6, *[11, 1, 1] * 4, 11, 11, 1)),
)


def _cases(rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """The fixed ones, and drawn ones whose groups depend on labels."""
    cases = [(np.array(list(g)), np.array([int(x) for x in y])) for g, y in FIXED]
    cases += [(np.array(g.split()), np.array(y.split())) for g, y in WORDS]
    cases += [(np.array(list(g)), np.array(y)) for g, y in NUMBERS]
    for count, names in ((14, "xy"), (23, "abc"), (30, "zqa")):
        labels = np.concatenate([[0, 1, 2], rng.integers(0, 3, count)])
        lean = np.where(rng.random(len(labels)) < 0.6, labels % len(names), 0)
        cases.append((np.array(list(names))[lean], labels))
    return cases


independent_weights = Exercise(
    key="13-weights",
    points=1,
    task="Return a weight per row with which group and label are independent, and each as frequent "
    "as before.",
    reference=_weights,
    cases=_cases,
    misconceptions=(
        Misconception(
            "upside down",
            _from(lambda g, y, both, n: n * both / (g * y)),
            "Upside down: a cell that is too frequent gets the larger weight. Expected over "
            "observed.",
        ),
        Misconception(
            "one over the cell",
            _from(lambda g, y, both, n: 1 / both),
            "That is balanced sampling: every cell as often. It also changes how frequent groups "
            "and labels are; reweighing keeps that.",
        ),
        Misconception(
            "one over the group",
            _from(lambda g, y, both, n: n / g),
            "You weigh groups only, so their sizes become equal; within a group labels are as "
            "unequal as before.",
        ),
        Misconception(
            "one over the label",
            _from(lambda g, y, both, n: n / y),
            "You weigh labels only. Whether they go with a group is not touched.",
        ),
        Misconception(
            "group times label",
            _from(lambda g, y, both, n: g * y / n),
            "That is how many rows the cell should have. Divide by how many it has.",
        ),
        Misconception(
            "share of the cell",
            _from(lambda g, y, both, n: both / n),
            "That is the cell's own share. The weight is the share that it should have over that.",
        ),
        Misconception(
            "rows forgotten",
            _from(lambda g, y, both, n: g * y / both),
            "The number of rows is missing: with counts it is n_group · n_label / (n · n_both).",
        ),
        Misconception(
            "squared number of rows",
            _from(lambda g, y, both, n: g * y / (n * n * both)),
            "You divide by the number of rows twice. Shares: (n_group/n)(n_label/n)/(n_both/n).",
        ),
        Misconception(
            "sum to one",
            _rescaled,
            "Your weights sum to one. Right in proportion, but weights are not shares: where a "
            "cell is as frequent as it should be, each row counts once, with weight 1.",
        ),
        Misconception(
            "label within the group",
            _from(lambda g, y, both, n: g / both),
            "That makes all labels equally frequent in every group. Labels should stay as frequent "
            "as they are: multiply by n_label / n.",
        ),
        Misconception(
            "group within the label",
            _from(lambda g, y, both, n: y / both),
            "That makes all groups equally frequent with every label. Groups should stay as "
            "frequent as they are: multiply by n_group / n.",
        ),
    ),
    hints=(
        "If both were independent, how many rows would a cell have? And how many has it?",
        "Expected: n_group · n_label / n. The weight is expected over observed.",
        "For each row: (groups == g).sum() * (labels == y).sum() / (n * ((groups == g) & (labels "
        "== y)).sum()).",
    ),
)
