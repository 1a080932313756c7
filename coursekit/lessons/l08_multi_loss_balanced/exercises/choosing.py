"""Lesson 08, a decision: which method, at a stated budget, with intervals that are paired."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import stats

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Valid = Mapping[str, Array]
Seconds = Mapping[str, float]
JOINT = "joint"
NAMES = ("agm", "ensemble", "gblend-online", "mlb", "multi-loss", "ogm", "pmr")


def _low(d: Array) -> float:
    """Lower end of the 95 % interval of the mean of ``d``."""
    half = stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
    return float(d.mean() - half)


def _low_unpaired(x: Array, y: Array) -> float:
    return float(stats.ttest_ind(x, y).confidence_interval(0.95).low)


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


# What a method is like: gain over joint, spread of the gain over seeds, and seconds against a
# budget of one.
KINDS = {
    "right": (0.040, 0.015, 0.8),
    "costly": (0.070, 0.010, 1.6),
    "lucky": (0.055, 0.110, 0.6),
    "surer": (0.034, 0.002, 0.7),
    "slight": (0.008, 0.003, 0.9),
    "cheap": (0.015, 0.004, 0.2),
}


def _draw(
    rng: np.random.Generator, kinds: list[str], luck: float
) -> tuple[Valid, Seconds, float]:  # fmt: skip
    """luck: spread of what the data of a seed give to all methods alike."""
    n = int(rng.integers(8, 12))
    budget = round(float(rng.uniform(2, 20)), 1)
    names = [str(x) for x in rng.permutation(NAMES)[: len(kinds)]]
    joint = 0.75 + luck * _standard(rng, n)
    valid, seconds = {JOINT: joint}, {JOINT: round(budget * 0.5, 2)}
    for name, kind in zip(names, kinds, strict=True):
        gain, spread, cost = KINDS[kind]
        valid[name] = joint + gain + spread * _standard(rng, n)
        seconds[name] = round(budget * cost, 2)
    order = [str(x) for x in rng.permutation(list(valid))]
    return {m: valid[m] for m in order}, seconds, budget


def _standard(rng: np.random.Generator, n: int) -> Array:
    """Numbers whose mean is 0 and whose standard deviation is 1, exactly."""
    x = rng.normal(0, 1, n)
    return np.asarray((x - x.mean()) / x.std(ddof=1))


def _choose_cases(rng: np.random.Generator) -> list[tuple[Valid, Seconds, float]]:
    """Four cases with a winner and two in which no gain that one can afford is clear."""
    won = [_draw(rng, list(KINDS), luck) for luck in (0.08, 0.01, 0.08, 0.01)]
    return won + [_draw(rng, ["lucky", "costly"], 0.05) for _ in range(2)]


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
            "You compared two separate groups. In each seed both methods saw the same data: take "
            "the differences seed by seed, then their interval.",
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
