"""Lesson 17, the exercise about picking: which of two ways comes to the best set of a size?"""

from collections.abc import Callable, Mapping
from itertools import combinations

import numpy as np

from coursekit.course.exercises.drawing import until_refused, until_told_apart
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.lessons.l17_many_modalities.exercises.over_all_orders import (
    _each,
    _plain_mean,
    _worth,
)

Accuracies = Mapping[frozenset, float]
Case = tuple[Accuracies, int]
VERDICTS = ("both", "greedy", "Shapley", "neither")
DRAWN = 60  # cases; with fewer some wrong verdicts are right in all of them by chance


def _sets(names: str) -> list[frozenset]:
    return [frozenset(s) for size in range(len(names) + 1) for s in combinations(names, size)]


def _greedy(accuracies: Accuracies, size: int) -> frozenset:
    names = sorted(frozenset().union(*accuracies))
    chosen: frozenset = frozenset()
    for _ in range(size):
        rest = [m for m in names if m not in chosen]
        chosen |= {max(rest, key=lambda m: accuracies[chosen | {m}])}
    return chosen


def _shapley(accuracies: Accuracies, size: int) -> frozenset:
    names = sorted(frozenset().union(*accuracies))
    values = dict(zip(names, _worth(accuracies), strict=True))
    return frozenset(sorted(names, key=lambda m: -values[m])[:size])


def _by_plain_means(accuracies: Accuracies, size: int) -> frozenset:
    names = sorted(frozenset().union(*accuracies))
    values = dict(zip(names, _each(_plain_mean)(accuracies), strict=True))
    return frozenset(sorted(names, key=lambda m: -values[m])[:size])


def _alone(accuracies: Accuracies, size: int) -> frozenset:
    names = sorted(frozenset().union(*accuracies))
    return frozenset(sorted(names, key=lambda m: -accuracies[frozenset([m])])[:size])


def _backwards(accuracies: Accuracies, size: int) -> frozenset:
    chosen = frozenset().union(*accuracies)
    while len(chosen) > size:
        chosen = max((chosen - {m} for m in sorted(chosen)), key=lambda s: accuracies[s])
    return chosen


Way = Callable[[Accuracies, int], frozenset]


def _verdict(accuracies: Accuracies, best: float, *sets: frozenset) -> str:
    """Which of greedy's set and the Shapley ranking's is as good as the best."""
    greedy, shapley = (accuracies[s] >= best for s in sets)
    return VERDICTS[2 * (not greedy) + (not shapley)]


def _best(accuracies: Accuracies, size: int) -> float:
    return max(a for s, a in accuracies.items() if len(s) == size)


def _which(accuracies: Accuracies, size: int) -> str:
    return _by(_greedy, _shapley)(accuracies, size)


def _by(greedy: Way, shapley: Way) -> Callable[..., str]:
    return lambda a, size: _verdict(a, _best(a, size), greedy(a, size), shapley(a, size))


def _of_all_sizes(accuracies: Accuracies, size: int) -> str:
    best = max(accuracies.values())
    return _verdict(accuracies, best, _greedy(accuracies, size), _shapley(accuracies, size))


def _nearly(accuracies: Accuracies, size: int) -> str:
    best = _best(accuracies, size) - 0.02
    return _verdict(accuracies, best, _greedy(accuracies, size), _shapley(accuracies, size))


def _better(accuracies: Accuracies, size: int) -> str:
    """The better of the two, though both may miss the best."""
    greedy, shapley = (accuracies[way(accuracies, size)] for way in (_greedy, _shapley))
    return "both" if greedy == shapley else "greedy" if greedy > shapley else "Shapley"


def _swapped(accuracies: Accuracies, size: int) -> str:
    right = _which(accuracies, size)
    return {"greedy": "Shapley", "Shapley": "greedy"}.get(right, right)


def _missed_by(distance: float) -> Case:
    """Greedy begins with a, and misses the best pair by so much."""
    a, b, c = (frozenset(m) for m in "abc")
    pairs = {a | b: 0.7, a | c: round(0.849 - distance, 4), b | c: 0.849}
    return {frozenset(): 0.25, a: 0.6, b: 0.5, c: 0.55, **pairs, a | b | c: 0.9}, 2


def _drawn(generator: np.random.Generator) -> Case:
    """Three or four modalities, no two sets alike, Shapley values that differ clearly.

    In half of the cases larger sets are better.
    """
    while True:
        names = "abcd"[: int(generator.integers(3, 5))]
        sets = _sets(names)
        worths = generator.permutation(9000)[: len(sets)] / 10000 + 0.05
        if generator.random() < 0.5:
            worths = np.sort(worths)
            for size in range(len(names) + 1):
                own = [i for i, s in enumerate(sets) if len(s) == size]
                worths[own] = generator.permutation(worths[own])
        accuracies = dict(zip(sets, worths.tolist(), strict=True))
        if np.diff(np.sort(_worth(accuracies))).min() > 1e-3:
            return accuracies, int(generator.integers(1, len(names) + 1))


def _asked_anew() -> Accuracies:
    """Beside the first one c adds more than d; beside the first two it adds less."""
    worths = (0.25, 0.6, 0.5, 0.57, 0.52, 0.7, 0.69, 0.68, 0.61, 0.62, 0.63, 0.75, 0.82, 0.77, 0.76,
              0.9)  # fmt: skip
    return dict(zip(_sets("abcd"), worths, strict=True))


def _best_of_all_missed() -> Accuracies:
    """The best pair is better than all sets; greedy's pair is better than those of other sizes."""
    worths = (0.25, 0.45, 0.5, 0.4, 0.93, 0.95, 0.9, 0.6)
    return dict(zip(_sets("abc"), worths, strict=True))


def _middle_sizes_count() -> Accuracies:
    """The first of the ranking hangs on how much pairs count beside small and large sets."""
    worths = (0.52, 0.24, 0.33, 0.29, 0.91, 0.42, 0.74, 0.4, 0.64, 0.25, 0.85, 0.37, 0.68, 0.63,
              0.51, 0.53)  # fmt: skip
    return dict(zip(_sets("abcd"), worths, strict=True))


def _cases(rng: np.random.Generator) -> list[Case]:
    """A synergy, a copy, near misses, and drawn ones."""
    a, b, c = (frozenset(m) for m in "abc")
    synergy = {frozenset(): 0.25, a: 0.25, b: 0.26, c: 0.5, a | b: 0.95, a | c: 0.51,
               b | c: 0.52, a | b | c: 0.96}  # fmt: skip
    copy = {frozenset(): 0.25, a: 0.7, b: 0.69, c: 0.45, a | b: 0.71, a | c: 0.85, b | c: 0.84,
            a | b | c: 0.86}  # fmt: skip
    fixed: list[Case] = [(synergy, 2), (copy, 2), (synergy, 1), (copy, 3)]
    fixed += [_missed_by(distance) for distance in (0.0003, 0.015, 0.09)]
    fixed += [(_asked_anew(), 3), (_best_of_all_missed(), 2), (_middle_sizes_count(), 1)]

    def draw(generator: np.random.Generator) -> list[Case]:
        return fixed + [_drawn(generator) for _ in range(DRAWN)]

    def apart(generator: np.random.Generator) -> list[Case]:
        return until_told_apart(draw, generator, lambda: next_one.misconceptions)

    rivals = [m.function for m in next_one.misconceptions]
    return until_refused(apart, rng, _which, [*rivals, _better])


next_one = Exercise(
    key="17-next",
    points=2,
    task="Return which way comes to the best set of that size: both, greedy, Shapley, neither.",
    reference=_which,
    cases=_cases,
    options=VERDICTS,
    misconceptions=(
        Misconception(
            "best of all sizes",
            _of_all_sizes,
            "You compare with the best of all sets. There is money for so many: take those of that "
            "size.",
        ),
        Misconception(
            "strongest alone for greedy",
            _by(_alone, _shapley),
            "You take the strongest alone. Greedy selection asks anew at every step: what "
            "adds most to those it has?",
        ),
        Misconception(
            "strongest alone for Shapley",
            _by(_greedy, _alone),
            "You rank by what each reaches alone. A Shapley value is a mean over all orders.",
        ),
        Misconception(
            "all sets alike for Shapley",
            _by(_greedy, _by_plain_means),
            "You weigh all sets alike in the Shapley value. Take the mean over orders.",
        ),
        Misconception(
            "backwards",
            _by(_backwards, _shapley),
            "You begin with all and throw out. Greedy selection begins with nothing and adds.",
        ),
        Misconception("exchanged", _swapped, "The two are exchanged."),
        Misconception(
            "nearly the best",
            _nearly,
            "Nearly the best is not the best here: compare the accuracies themselves.",
        ),
        Misconception(
            "only greedy asked",
            lambda a, size: "greedy" if _which(a, size) in ("both", "greedy") else "neither",
            "You have asked the greedy one only.",
        ),
        Misconception(
            "only Shapley asked",
            lambda a, size: "Shapley" if _which(a, size) in ("both", "Shapley") else "neither",
            "You have asked the Shapley ranking only.",
        ),
    ),
    hints=(
        "Three sets of that size: the best, greedy's, and the first of the Shapley ranking.",
        "greedy_order(accuracies)[:size] is greedy's set; rank by Shapley value for the other.",
        "A way comes to the best set if its set's accuracy equals the largest of that size.",
    ),
)
