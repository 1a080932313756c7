"""Lesson 11, the exercise about controls: what may be said of a filter, from results by seed?"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import stdtrit

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
WORDS = ("helps", "knows", "neither")


def _low(difference: Array, level: float = 0.95, ddof: int = 1) -> float:
    """Lower end of the two-sided interval of a mean difference."""
    n = len(difference)
    half = stdtrit(n - 1, (1 + level) / 2) * difference.std(ddof=ddof) / np.sqrt(n)
    return float(difference.mean() - half)


def _low_normal(difference: Array) -> float:
    return float(difference.mean() - 1.96 * difference.std(ddof=1) / np.sqrt(len(difference)))


def _high(difference: Array) -> float:
    return float(2 * difference.mean() - _low(difference))


def _by(better: Callable[[Array, Array], bool]) -> Callable[..., str]:
    """A verdict by what counts as better than a control."""

    def verdict(filtered: Array, untouched: Array, chance: Array) -> str:
        if better(filtered, untouched):
            return "helps"
        return "knows" if better(filtered, chance) else "neither"

    return verdict


def _paired(filtered: Array, control: Array) -> bool:
    return _low(filtered - control) > 0


_verdict = _by(_paired)


def _apart(filtered: Array, control: Array) -> bool:
    """Two intervals that do not overlap."""
    return _low(filtered) > _high(control)


def _chance_first(filtered: Array, untouched: Array, chance: Array) -> str:
    if _paired(filtered, chance):
        return "knows"
    return "helps" if _paired(filtered, untouched) else "neither"


def _chance_helps(filtered: Array, untouched: Array, chance: Array) -> str:
    return "helps" if _paired(filtered, chance) else "neither"


def _both_needed(filtered: Array, untouched: Array, chance: Array) -> str:
    if _paired(filtered, untouched) and _paired(filtered, chance):
        return "helps"
    return "knows" if _paired(filtered, chance) else "neither"


# By how many of its standard errors the mean difference differs from 0: to the untouched, to the
# random cut, and over how many seeds. Clear both ways; between the bounds of one side, of 1.96, of
# a spread divided by n and of Student's; clearly worse; two seeds; only one of the two clear.
RATIOS = (
    (3.5, 6, 5), (2.6, 6, 5), (2.3, 6, 5), (2.05, 6, 5), (-3.5, 6, 5), (0.5, 0.7, 5),
    (2.6, 2.6, 5), (2.05, 2.05, 5), (2.3, 2.3, 5), (3.5, -3.5, 5), (3.2, 0.6, 5), (-6, -6, 5),
    (2.74, 2.74, 5), (2.82, 9, 5), (1, 2.82, 5), (1.98, 1.98, 5), (2.74, 8, 5),
    (5, 5, 2), (2.45, 2.1, 8), (2.2, 9, 8), (1.9, 2.5, 8), (0.3, -4, 5), (4, 4, 12), (-1, 2.9, 5),
)  # fmt: skip

# Worse on most seeds, a little, and better on two, by far: the mean is above 0.
SKEWED = (-0.01, 0.025, -0.01, 0.02, -0.01)


def _differences(rng: np.random.Generator, ratio: float, seeds: int) -> Array:
    """Differences whose mean is ``ratio`` of its standard errors."""
    noise = rng.normal(size=seeds)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    return np.asarray(0.0002 * (noise + ratio / np.sqrt(seeds)))


def _cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array]]:
    """Recalls by seed; seeds differ by far more than what is done about the captions."""
    cases: list[tuple[Array, Array, Array]] = []
    for index in rng.permutation(len(RATIOS)):
        of_nothing, of_chance, seeds = RATIOS[index]
        filtered = 0.4 + 0.08 * rng.uniform(-1, 1, seeds)
        cases.append(
            (
                filtered,
                filtered - _differences(rng, of_nothing, seeds),
                filtered - _differences(rng, of_chance, seeds),
            )
        )
    few_wins = np.array(SKEWED)
    cases.append((0.4 + few_wins, np.full(5, 0.4), np.full(5, 0.4)))
    cases.append((0.4 - few_wins, np.full(5, 0.4), np.full(5, 0.4)))
    # Nothing was dropped, or the same as by the random cut: no difference on any seed.
    same, other = 0.3 + 0.02 * rng.permutation(6), 0.4 + 0.02 * rng.permutation(6)
    cases.append((same, same.copy(), same.copy()))
    cases.append((same, other, same.copy()))
    # Better on every seed by nearly as much, on seeds that differ widely.
    steady = 0.01 + 0.0002 * rng.permutation(6)
    wide = np.array([0.2, 0.6, 0.3, 0.7, 0.4, 0.5])
    cases.append((wide + steady, wide, wide + 0.02))
    cases.append((wide + steady, wide + 0.03, wide))
    # The same numbers in another order: not told apart as they are paired, but so when sorted.
    turned = wide[::-1] - steady
    cases.append((wide, turned, turned))
    return cases


def _share_of_seeds(filtered: Array, control: Array) -> bool:
    return bool(((filtered - control) > 0).mean() > 0.5)


def _any_verdict(*arguments: Any) -> str:
    """The two questions exchanged."""
    filtered, untouched, chance = arguments
    return _verdict(filtered, chance, untouched)


what_it_shows = Exercise(
    key="11-controls",
    points=2,
    task='Return "helps", "knows" or "neither".',
    reference=_verdict,
    cases=_cases,
    options=WORDS,
    misconceptions=(
        Misconception(
            "means",
            _by(lambda f, c: bool(f.mean() > c.mean())),
            "You compare means. A mean that is higher may be luck of these seeds: ask where the "
            "interval of the differences begins.",
        ),
        Misconception(
            "not paired",
            _by(_apart),
            "This is stricter than the paired interval, as if seeds had nothing to do with each "
            "other. Seeds differ by far more than methods do; take the difference on each seed, "
            "and ask only whether its interval lies above 0.",
        ),
        Misconception(
            "normal",
            _by(lambda f, c: _low_normal(f - c) > 0),
            "Your interval is too short for so few seeds. 1.96 is for many; with five, Student's t "
            "asks for 2.78 standard errors.",
        ),
        Misconception(
            "spread divided by n",
            _by(lambda f, c: _low(f - c, ddof=0) > 0),
            "Your standard deviation divides by n; with few seeds n − 1 matters (ddof=1).",
        ),
        Misconception(
            "one side",
            _by(lambda f, c: _low(f - c, level=0.9) > 0),
            "Your interval leaves five per cent below it, not two and a half: the 95 % interval "
            "has two sides.",
        ),
        Misconception(
            "any difference",
            _by(lambda f, c: _low(np.abs((f - c).mean()) + (f - c) - (f - c).mean()) > 0),
            "The interval must lie above 0. Below it the filter is worse than that control.",
        ),
        Misconception(
            "chance first",
            _chance_first,
            "Ask first whether it helps: a filter that is better than the random cut may be better "
            "than doing nothing too, and that is the stronger word.",
        ),
        Misconception(
            "chance is enough",
            _chance_helps,
            "Better than the random cut only says that the scores know something. Whether it helps "
            "is a question to those who did nothing.",
        ),
        Misconception(
            "controls exchanged",
            _any_verdict,
            "You have exchanged the controls: “helps” compares with the untouched pairs, “knows” "
            "with the random cut.",
        ),
        Misconception(
            "both needed",
            _both_needed,
            "“helps” asks for one comparison only, with the untouched pairs.",
        ),
        Misconception(
            "most seeds",
            _by(_share_of_seeds),
            "You ask whether it was better on most seeds, and not by how much. Take the interval "
            "of the differences.",
        ),
    ),
    hints=(
        "Two questions, two differences per seed. Which one is the stronger word?",
        "interval(filtered - untouched).low > 0 says that it helps.",
        'if interval(filtered - untouched).low > 0: return "helps"; then the same with chance.',
    ),
)
