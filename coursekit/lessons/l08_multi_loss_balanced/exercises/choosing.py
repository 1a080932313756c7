"""Lesson 08, a decision: which method, at a stated budget, with intervals that are paired."""

from collections.abc import Callable

import numpy as np
from scipy.special import stdtrit

from coursekit.course.exercises.drawing import until_refused, until_told_apart
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.lessons.l08_multi_loss_balanced.exercises.choosing_cases import (
    JOINT,
    NAMES,
    Array,
    Case,
    Seconds,
    Valid,
    draw_cases,
)


def _low(d: Array) -> float:
    """Lower end of the 95 % interval of the mean of ``d``."""
    half = stdtrit(len(d) - 1, 0.975) * d.std(ddof=1) / np.sqrt(len(d))
    return float(d.mean() - half)


def _low_unpaired(x: Array, y: Array) -> float:
    error = np.sqrt((x.var(ddof=1) + y.var(ddof=1)) / len(x))
    return float(x.mean() - y.mean() - stdtrit(2 * len(x) - 2, 0.975) * error)


def _chosen(valid: Valid, affordable: list[str], passes: Callable[[str], bool]) -> str:
    """The largest mean among those that pass; joint when nobody does."""
    passed = [m for m in affordable if passes(m)]
    return max(passed, key=lambda m: float(valid[m].mean())) if passed else JOINT


def _rivals(valid: Valid) -> list[str]:
    return [m for m in valid if m != JOINT]


def _within(valid: Valid, seconds: Seconds, budget: float) -> list[str]:
    return [m for m in _rivals(valid) if seconds[m] <= budget]


def _clear(valid: Valid) -> Callable[[str], bool]:
    return lambda m: _low(valid[m] - valid[JOINT]) > 0


def _choose(valid: Valid, seconds: Seconds, budget: float) -> str:
    return _chosen(valid, _within(valid, seconds, budget), _clear(valid))


def _cheapest(valid: Valid, seconds: Seconds, budget: float) -> str:
    clear = [m for m in _within(valid, seconds, budget) if _clear(valid)(m)]
    return min(clear, key=lambda m: seconds[m]) if clear else JOINT


def _surest(valid: Valid, seconds: Seconds, budget: float) -> str:
    affordable = _within(valid, seconds, budget)
    best = max(affordable, key=lambda m: _low(valid[m] - valid[JOINT]))
    return best if _clear(valid)(best) else JOINT


def _best_first(valid: Valid, seconds: Seconds, budget: float) -> str:
    best = max(_within(valid, seconds, budget), key=lambda m: float(valid[m].mean()))
    return best if _clear(valid)(best) else JOINT


def _with_limit(low: Callable[[Array], float]) -> Callable[[Valid, Seconds, float], str]:
    """The choice with another lower end of a gain."""
    return lambda valid, seconds, budget: _chosen(
        valid, _within(valid, seconds, budget), lambda m: low(valid[m] - valid[JOINT]) > 0
    )


def _error(d: Array, ddof: int = 1) -> float:
    return float(d.std(ddof=ddof) / np.sqrt(len(d)))


def _quantile(d: Array, level: float = 0.975) -> float:
    return float(stdtrit(len(d) - 1, level))


RIVALS = (
    _with_limit(lambda d: float(np.median(d)) - _quantile(d) * _error(d)),
    lambda valid, seconds, budget: _chosen(
        {m: v[-1:] for m, v in valid.items()}, _within(valid, seconds, budget), _clear(valid)
    ),
    lambda valid, seconds, budget: _chosen(
        {m: v[:1] for m, v in valid.items()}, _within(valid, seconds, budget), _clear(valid)
    ),
)


def _choose_cases(rng: np.random.Generator) -> list[Case]:
    def draw(rng: np.random.Generator) -> list[Case]:
        return until_refused(draw_cases, rng, _choose, RIVALS)

    return until_told_apart(draw, rng, lambda: choose_method.misconceptions)


TWO_GROUPS = (
    "You compared two separate groups. In each seed both methods saw the same data: take the "
    "differences seed by seed, then their interval."
)

choose_method = Exercise(
    key="08-choose",
    points=2,
    task="Choose the method with the largest clear gain over joint training within the budget.",
    reference=_choose,
    cases=_choose_cases,
    options=(JOINT, *NAMES),
    misconceptions=(
        Misconception(
            "budget ignored",
            lambda valid, seconds, budget: _chosen(valid, _rivals(valid), _clear(valid)),
            "Your choice takes longer than the budget allows.",
        ),
        Misconception(
            "means only",
            lambda valid, seconds, budget: _chosen(
                valid, _within(valid, seconds, budget), lambda m: valid[m].mean() > 0
            ),
            "The largest mean may be luck: its interval reaches down to zero. Keep only methods "
            "whose interval of the gain lies above zero.",
        ),
        Misconception(
            "unpaired",
            lambda valid, seconds, budget: _chosen(
                valid,
                _within(valid, seconds, budget),
                lambda m: _low_unpaired(valid[m], valid[JOINT]) > 0,
            ),
            TWO_GROUPS,
        ),
        Misconception(
            "interval of the method itself",
            lambda valid, seconds, budget: _chosen(
                valid,
                _within(valid, seconds, budget),
                lambda m: _low(valid[m]) > valid[JOINT].mean(),
            ),
            TWO_GROUPS,
        ),
        Misconception(
            "normal quantile",
            _with_limit(lambda d: float(d.mean()) - 1.959964 * _error(d)),
            "1.96 is for many seeds. With a handful the t quantile, n − 1 degrees of freedom, is "
            "wider.",
        ),
        Misconception(
            "two errors",
            _with_limit(lambda d: float(d.mean()) - 2 * _error(d)),
            "Two standard errors are for many seeds. With a handful the t quantile, n − 1 degrees "
            "of freedom, is wider.",
        ),
        Misconception(
            "quantile for ten seeds",
            _with_limit(lambda d: float(d.mean()) - 2.262157 * _error(d)),
            "2.262 is the t quantile for ten seeds. Take that of n − 1 degrees of freedom, "
            "whatever n is here.",
        ),
        Misconception(
            "n degrees of freedom",
            _with_limit(lambda d: float(d.mean()) - float(stdtrit(len(d), 0.975)) * _error(d)),
            "With n seeds there are n − 1 degrees of freedom: the mean was estimated from them.",
        ),
        Misconception(
            "divided by n",
            _with_limit(lambda d: float(d.mean()) - _quantile(d) * _error(d) / np.sqrt(len(d))),
            "You divided the deviation by n. The error of a mean falls with the square root of n.",
        ),
        Misconception(
            "best first",
            _best_first,
            "You took the largest mean first and tested that one alone. Ask of each whether its "
            "gain is clear; then the largest mean of those wins.",
        ),
        Misconception(
            "sorted differences",
            lambda valid, seconds, budget: _choose(
                {m: np.sort(v) for m, v in valid.items()}, seconds, budget
            ),
            "You sorted before you subtracted, so that the pairs are torn apart. The same place in "
            "both arrays is the same seed.",
        ),
        Misconception(
            "intervals that do not overlap",
            lambda valid, seconds, budget: _chosen(
                valid,
                _within(valid, seconds, budget),
                lambda m: _low(valid[m]) > -_low(-valid[JOINT]),
            ),
            TWO_GROUPS,
        ),
        Misconception(
            "population deviation",
            _with_limit(lambda d: float(d.mean()) - _quantile(d) * _error(d, ddof=0)),
            "numpy's std divides by n unless told otherwise. Use ddof=1: the mean was estimated "
            "from the same seeds.",
        ),
        Misconception(
            "one-sided quantile",
            _with_limit(lambda d: float(d.mean()) - _quantile(d, 0.95) * _error(d)),
            "You used the 95 % quantile. For 95 % between both ends take the 97.5 % quantile.",
        ),
        Misconception(
            "no division by root n",
            _with_limit(lambda d: float(d.mean()) - _quantile(d) * float(d.std(ddof=1))),
            "That is where single seeds fall. The mean of n seeds varies less, by the square root "
            "of n.",
        ),
        Misconception(
            "every seed a gain",
            _with_limit(lambda d: float(d.min())),
            "You ask for a gain in every seed. The mean may be clear although a seed is not.",
        ),
        Misconception(
            "a gain in most seeds",
            _with_limit(lambda d: float(np.mean(d > 0)) - 0.5),
            "You count how many seeds gain and forget by how much. Ask whether the interval of the "
            "mean gain lies above zero.",
        ),
        Misconception(
            "less than the budget",
            lambda valid, seconds, budget: _chosen(
                valid, [m for m in _rivals(valid) if seconds[m] < budget], _clear(valid)
            ),
            "A method that takes the whole budget is within it: at most, not less than.",
        ),
        Misconception(
            "cheapest",
            _cheapest,
            "You took the cheapest clear gain. The budget is a limit, not the aim: within it, the "
            "largest mean gain wins.",
        ),
        Misconception(
            "surest",
            _surest,
            "You took the highest lower end. Whoever is clearly above zero is in; among those the "
            "largest mean gain wins.",
        ),
        Misconception(
            "joint always",
            lambda valid, seconds, budget: JOINT,
            "Joint training is the answer only when nobody has a clear gain within the budget.",
        ),
        Misconception(
            "most expensive within the budget",
            lambda valid, seconds, budget: max(
                _within(valid, seconds, budget), key=lambda m: seconds[m]
            ),
            "Dear is not good: look at the gains.",
        ),
    ),
    hints=(
        "Three steps: who is within the budget, whose gain is clear, who of them gains most?",
        "The gain of a method is valid[m] - valid['joint'], seed by seed; its interval as in "
        "lesson 05, exercise 4.",
        "If no method is left, return 'joint'; else max(left, key=lambda m: valid[m].mean()).",
    ),
)
