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


def _verdict(
    accuracies: Accuracies, size: int,
    greedy: Callable[[Accuracies, int], frozenset] = _greedy,
    shapley: Callable[[Accuracies, int], frozenset] = _shapley,
    of_size: bool = True,
    slack: float = 0.0,
) -> str:  # fmt: skip
    sets = [s for s in accuracies if len(s) == size or not of_size]
    best = max(accuracies[s] for s in sets) - slack
    hits = [accuracies[way(accuracies, size)] >= best for way in (greedy, shapley)]
    return {(True, True): "both", (True, False): "greedy", (False, True): "Shapley"}.get(
        (hits[0], hits[1]), "neither"
    )


def _plainly(accuracies: Accuracies, size: int) -> str:
    return _verdict(accuracies, size)


def _but(**other: object) -> Callable[..., str]:
    return lambda accuracies, size: _verdict(accuracies, size, **other)  # type: ignore[arg-type]


def _swapped(accuracies: Accuracies, size: int) -> str:
    return {"greedy": "Shapley", "Shapley": "greedy"}.get(
        _plainly(accuracies, size), _plainly(accuracies, size)
    )


def _cases(rng: np.random.Generator) -> list[Case]:
    """A synergy, a copy, and drawn ones in which no two accuracies are equal."""
    a, b, c = (frozenset(m) for m in "abc")
    synergy = {frozenset(): 0.25, a: 0.25, b: 0.26, c: 0.5, a | b: 0.95, a | c: 0.51,
               b | c: 0.52, a | b | c: 0.96}  # fmt: skip
    copy = {frozenset(): 0.25, a: 0.7, b: 0.69, c: 0.45, a | b: 0.71, a | c: 0.85, b | c: 0.84,
            a | b | c: 0.86}  # fmt: skip
    near = {frozenset(): 0.25, a: 0.6, b: 0.5, c: 0.55, a | b: 0.7, a | c: 0.809, b | c: 0.81,
            a | b | c: 0.85}  # fmt: skip
    fixed: list[Case] = [(synergy, 2), (copy, 2), (synergy, 1), (copy, 3), (near, 2)]

    def draw(generator: np.random.Generator) -> list[Case]:
        drawn: list[Case] = []
        for _ in range(40):
            names = "abcd"[: int(generator.integers(3, 5))]
            sets = _sets(names)
            worths = generator.permutation(900)[: len(sets)] / 1000 + 0.05
            worths = np.sort(worths) if generator.random() < 0.5 else worths
            drawn.append((dict(zip(sets, worths.tolist(), strict=True)),
                          int(generator.integers(1, len(names) + 1))))  # fmt: skip
        return fixed + drawn

    def apart(generator: np.random.Generator) -> list[Case]:
        return until_told_apart(draw, generator, lambda: next_one.misconceptions)

    return until_refused(apart, rng, _plainly, [m.function for m in next_one.misconceptions])


next_one = Exercise(
    key="17-next",
    points=2,
    task="Return which way comes to the best set of that size: both, greedy, Shapley, neither.",
    reference=_plainly,
    cases=_cases,
    options=VERDICTS,
    misconceptions=(
        Misconception(
            "best of all sizes",
            _but(of_size=False),
            "You compare with the best of all sets. There is money for so many: take those of that "
            "size.",
        ),
        Misconception(
            "strongest alone for greedy",
            _but(greedy=_alone),
            "You take the strongest alone. Greedy selection asks anew at every step: what "
            "adds most to those it has?",
        ),
        Misconception(
            "strongest alone for Shapley",
            _but(shapley=_alone),
            "You rank by what each reaches alone. A Shapley value is a mean over all orders.",
        ),
        Misconception(
            "all sets alike for Shapley",
            _but(shapley=_by_plain_means),
            "You weigh all sets alike in the Shapley value. Take the mean over orders.",
        ),
        Misconception(
            "backwards",
            _but(greedy=_backwards),
            "You begin with all and throw out. Greedy selection begins with nothing and adds.",
        ),
        Misconception("exchanged", _swapped, "The two are exchanged."),
        Misconception(
            "nearly the best",
            _but(slack=0.02),
            "Nearly the best is not the best here: compare the accuracies themselves.",
        ),
        Misconception(
            "only greedy asked",
            lambda a, size: "greedy" if _plainly(a, size) in ("both", "greedy") else "neither",
            "You have asked the greedy one only.",
        ),
        Misconception(
            "only Shapley asked",
            lambda a, size: "Shapley" if _plainly(a, size) in ("both", "Shapley") else "neither",
            "You have asked the Shapley ranking only.",
        ),
    ),
    hints=(
        "Three sets of that size: the best, greedy's, and the first of the Shapley ranking.",
        "greedy_order(accuracies)[:size] is greedy's set; rank by Shapley value for the other.",
        "A way comes to the best set if its set's accuracy equals the largest of that size.",
    ),
)
