"""Lesson 08, a decision: which method, at a stated budget, with intervals that are paired."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import stdtrit

from coursekit.course.exercises.drawing import until_refused, until_told_apart
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Valid = Mapping[str, Array]
Seconds = Mapping[str, float]
JOINT = "joint"
NAMES = ("agm", "ensemble", "gblend-online", "mlb", "multi-loss", "ogm", "pmr")


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


def _draw(rng: np.random.Generator, kinds: list[str], luck: float) -> tuple[Valid, Seconds, float]:
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
    order, other = ([str(x) for x in rng.permutation(list(valid))] for _ in range(2))
    return {m: valid[m] for m in order}, {m: seconds[m] for m in other}, budget


def _standard(rng: np.random.Generator, n: int) -> Array:
    """Numbers whose mean is 0 and whose standard deviation is 1, exactly."""
    x = rng.normal(0, 1, n)
    return np.asarray((x - x.mean()) / x.std(ddof=1))


SEEDS = 5  # where the right quantile is far from 1.96 and from one side's, and n far from n − 1


def _at_the_limit(
    rng: np.random.Generator, factor: float, cost: float = 1.0, loss: bool = True
) -> tuple[Valid, Seconds, float]:
    """Two gains: the larger one ``factor`` times as large as what is clear; the other one clear.

    cost: of the larger one, as a share of the budget.  loss: whether a seed of it is a loss.
    """
    t = factor * float(stdtrit(SEEDS - 1, 0.975))
    doubtful = np.zeros(SEEDS)
    while abs(doubtful.min()) < 0.002 or (doubtful.min() < 0) != loss:
        doubtful = 0.05 * (1 + _standard(rng, SEEDS) * np.sqrt(SEEDS) / t)
    names = [str(x) for x in rng.permutation(NAMES)[:2]]
    joint = 0.7 + 0.03 * _standard(rng, SEEDS)
    clear = 0.03 + 0.002 * _standard(rng, SEEDS)
    budget = round(float(rng.uniform(2, 20)), 1)
    valid = {names[0]: joint + doubtful, JOINT: joint, names[1]: joint + clear}
    seconds = {JOINT: budget / 2, names[1]: budget / 4, names[0]: cost * budget}
    order = [str(x) for x in rng.permutation(list(valid))]
    return {m: valid[m] for m in order}, seconds, budget


# Gains of five seeds and the share of the budget that they cost. The largest mean has not the
# largest median; not the best seed; not the most per second, and who has that is not the cheapest.
CHEAP = ([0.0095, 0.01, 0.0105, 0.01, 0.01], 0.2)
SKEWED = (
    ([0.03, 0.03, 0.03, 0.03, 0.08], 0.8),
    ([0.0345, 0.035, 0.0355, 0.035, 0.035], 0.4),
    CHEAP,
)
PEAKED = (([0.039, 0.04, 0.041, 0.04, 0.04], 0.8), ([0.02, 0.02, 0.03, 0.03, 0.06], 0.4), CHEAP)
OUTLIER = (([-0.01, -0.012, -0.008, 0.31, -0.01], 0.6), CHEAP)  # a loss in most seeds


def _with_gains(
    rng: np.random.Generator, gains: tuple[tuple[list[float], float], ...]
) -> tuple[Valid, Seconds, float]:
    budget = round(float(rng.uniform(2, 20)), 1)
    joint = 0.7 + 0.0005 * _standard(rng, SEEDS)
    valid, seconds = {JOINT: joint}, {JOINT: budget / 10}
    for name, (gain, cost) in zip(rng.permutation(NAMES), gains, strict=False):
        valid[str(name)] = joint + rng.permutation(gain)
        seconds[str(name)] = cost * budget
    order = [str(x) for x in rng.permutation(list(valid))]
    return {m: valid[m] for m in order}, seconds, budget


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


def _choose_cases(rng: np.random.Generator) -> list[tuple[Valid, Seconds, float]]:
    def draw(rng: np.random.Generator) -> list[tuple[Valid, Seconds, float]]:
        return until_refused(_draw_cases, rng, _choose, RIVALS)

    return until_told_apart(draw, rng, lambda: choose_method.misconceptions)


def _draw_cases(rng: np.random.Generator) -> list[tuple[Valid, Seconds, float]]:
    """Cases with a winner, two in which no gain that one can afford is clear, and the limit."""
    cases = [_draw(rng, list(KINDS), luck) for luck in (0.08, 0.01, 0.08, 0.01)]
    cases += [_draw(rng, ["lucky", "costly"], 0.05) for _ in range(2)]
    # Not clear, though 1.96 says so, 2, one side, ddof=0, n degrees of freedom.
    cases += [_at_the_limit(rng, factor) for factor in (0.713, 0.742, 0.83, 0.911, 0.985)]
    # Clear, though not in every seed, not without √n, not at 99 %, not for less than the budget.
    cases += [_at_the_limit(rng, 1.015), _at_the_limit(rng, 1.015, 0.9)]
    cases += [_at_the_limit(rng, factor, 0.9, loss=False) for factor in (1.015, 1.945)]
    cases += [_with_gains(rng, gains) for gains in (SKEWED, PEAKED, OUTLIER)]
    return [cases[i] for i in rng.permutation(len(cases))]


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
            "normal quantile",
            _with_limit(lambda d: float(d.mean()) - 1.959964 * _error(d)),
            "1.96 is for many seeds. With a handful the t quantile, n − 1 degrees of freedom, is "
            "wider.",
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
