"""Lesson 17, the exercise about Shapley values: what a modality adds, over all orders."""

from collections.abc import Callable, Mapping
from itertools import combinations, permutations
from math import comb

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Accuracies = Mapping[frozenset, float]


def _names(accuracies: Accuracies) -> list[str]:
    return sorted(frozenset().union(*accuracies))


def _worth(accuracies: Accuracies) -> Array:
    """The mean over all orders of what each one adds to those before it."""
    names = _names(accuracies)
    total = dict.fromkeys(names, 0.0)
    orders = list(permutations(names))
    for order in orders:
        for i, m in enumerate(order):
            before = frozenset(order[:i])
            total[m] += accuracies[before | {m}] - accuracies[before]
    return np.array([total[m] / len(orders) for m in names])


def _each(rule: Callable[[Accuracies, str, list[str]], float]) -> Callable[[Accuracies], Array]:
    """rule: accuracies, a modality, the others → its number."""

    def every(accuracies: Accuracies) -> Array:
        names = _names(accuracies)
        return np.array([rule(accuracies, m, [n for n in names if n != m]) for m in names])

    return every


def _sets(others: list[str]) -> list[frozenset]:
    sizes = range(len(others) + 1)
    return [frozenset(s) for size in sizes for s in combinations(others, size)]


def _plain_mean(a: Accuracies, m: str, others: list[str]) -> float:
    return float(np.mean([a[s | {m}] - a[s] for s in _sets(others)]))


def _by_size(a: Accuracies, m: str, others: list[str], least: int = 0) -> float:
    sums = [
        np.mean([a[s | {m}] - a[s] for s in _sets(others) if len(s) == size])
        for size in range(least, len(others) + 1)
    ]
    return float(np.mean(sums))


def _summed(a: Accuracies, m: str, others: list[str]) -> float:
    return sum((a[s | {m}] - a[s]) / comb(len(others), len(s)) for s in _sets(others))


def _as_they_come(accuracies: Accuracies) -> Array:
    """In the order in which their names first appear."""
    names = list(dict.fromkeys(m for s in accuracies for m in sorted(s)))
    return _worth(accuracies)[[_names(accuracies).index(m) for m in names]]


def _one_order(accuracies: Accuracies) -> Array:
    names = _names(accuracies)
    steps = [accuracies[frozenset(names[:i])] for i in range(len(names) + 1)]
    return np.diff(steps)


def _cases(rng: np.random.Generator) -> list[tuple[Accuracies]]:
    """Fixed ones: one modality, a synergy, a copy; and drawn ones with two to four."""
    a, b = frozenset("a"), frozenset("b")
    fixed: list[tuple[Accuracies]] = [
        ({frozenset(): 0.1, a: 0.7},),
        ({frozenset(): 0.5, a: 0.5, b: 0.5, a | b: 1.0},),
        ({frozenset(): 0.25, a: 0.75, b: 0.75, a | b: 0.75},),
        ({frozenset(): 0.25, a: 0.75, b: 0.3, a | b: 0.7},),
        ({frozenset(): 0.25, a: 0.2613, b: 0.757, a | b: 0.7711},),
    ]

    def draw(generator: np.random.Generator) -> list[tuple[Accuracies]]:
        drawn: list[tuple[Accuracies]] = []
        for number in (2, 3, 4):
            sets = _sets(list("zxwy"[:number]))  # not in sorted order
            values = generator.uniform(0.1, 0.95, len(sets)).round(4)
            drawn.append((dict(zip(sets, values.tolist(), strict=True)),))
        return drawn

    rivals = [m.function for m in worth.misconceptions]
    return fixed + until_refused(draw, rng, _worth, rivals)


worth = Exercise(
    key="17-worth",
    points=2,
    task="Return each modality's Shapley value, in the sorted order of their names.",
    reference=_worth,
    cases=_cases,
    misconceptions=(
        Misconception(
            "alone",
            _each(lambda a, m, others: a[frozenset([m])]),
            "That is the accuracy alone: what it is worth beside others is not in it.",
        ),
        Misconception(
            "alone less nobody",
            _each(lambda a, m, others: a[frozenset([m])] - a[frozenset()]),
            "That is what it adds if it comes first. Take all orders.",
        ),
        Misconception(
            "what is lost without it",
            _each(lambda a, m, others: a[frozenset([m, *others])] - a[frozenset(others)]),
            "That is what it adds if it comes last: of two copies neither is worth anything then.",
        ),
        Misconception(
            "one order",
            _one_order,
            "That is one order, by name. Take the mean over all orders.",
        ),
        Misconception(
            "order as they come",
            _as_they_come,
            "The values are right, their order is not: sorted(names) comes first.",
        ),
        Misconception(
            "all sets alike",
            _each(_plain_mean),
            "You weigh all sets alike. There are more orders in which few or nearly all stand "
            "before it: each size of set counts the same.",
        ),
        Misconception(
            "without the empty set",
            _each(lambda a, m, others: _by_size(a, m, others, least=1 if others else 0)),
            "The empty set is missing: in some orders it comes first.",
        ),
        Misconception(
            "sizes added up",
            _each(_summed),
            "You add up where a mean over sizes belongs: the values sum to more than A(all) − "
            "A(nobody).",
        ),
        Misconception(
            "shares",
            lambda a: _worth(a) / np.abs(_worth(a)).sum(),
            "Those are shares of the whole. Shapley values are in accuracy: do not divide.",
        ),
        Misconception(
            "mean accuracy of sets with it",
            _each(lambda a, m, others: float(np.mean([a[s | {m}] for s in _sets(others)]))),
            "That is the accuracy of the sets it is in. Take off that of the same set without it.",
        ),
    ),
    hints=(
        "For one order: what does each add to those before it?",
        "Go through itertools.permutations(names), add up, divide by how many there are.",
        "accuracies[before | {m}] − accuracies[before], before = frozenset(order[:i]).",
    ),
)
