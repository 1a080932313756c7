"""Lesson 08, what the choice is tried on: methods with their accuracies by seed and their times."""

from collections.abc import Mapping

import numpy as np
from scipy.special import stdtrit

Array = np.ndarray
Valid = Mapping[str, Array]
Seconds = Mapping[str, float]
Case = tuple[Valid, Seconds, float]
JOINT = "joint"
NAMES = ("agm", "ensemble", "gblend-online", "mlb", "multi-loss", "ogm", "pmr")


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


def _draw(rng: np.random.Generator, kinds: list[str], luck: float, budget: float) -> Case:
    """luck: spread of what the data of a seed give to all methods alike."""
    names = [JOINT, *(str(x) for x in rng.permutation(NAMES)[: len(kinds)])]
    costs = [0.5, *(KINDS[kind][2] for kind in kinds)]
    rows = _accuracies(rng, kinds, luck)
    while rows.min() < 0 or rows.max() > 1:
        rows = _accuracies(rng, kinds, luck)
    valid = dict(zip(names, rows, strict=True))
    seconds = {name: round(budget * cost, 2) for name, cost in zip(names, costs, strict=True)}
    order, other = ([str(x) for x in rng.permutation(names)] for _ in range(2))
    return {m: valid[m] for m in order}, {m: seconds[m] for m in other}, budget


def _accuracies(rng: np.random.Generator, kinds: list[str], luck: float) -> Array:
    """Joint training first, then a row for each kind, (1 + kinds, seeds)."""
    n = int(rng.integers(8, 12))
    joint = 0.5 + luck * _standard(rng, n)
    gains = [KINDS[kind][0] + KINDS[kind][1] * _standard(rng, n) for kind in kinds]
    return np.stack([joint, *(joint + gain for gain in gains)])


def _standard(rng: np.random.Generator, n: int) -> Array:
    """Numbers whose mean is 0 and whose standard deviation is 1, exactly."""
    x = rng.normal(0, 1, n)
    return np.asarray((x - x.mean()) / x.std(ddof=1))


SEEDS = 5  # where the right quantile is far from 1.96 and from one side's, and n far from n − 1


def _at_the_limit(
    rng: np.random.Generator, factor: float, cost: float = 1.0, loss: bool = True, n: int = SEEDS
) -> Case:
    """Two gains: the larger one ``factor`` times as large as what is clear; the other one clear.

    cost: of the larger one, as a share of the budget.  loss: whether a seed of it is a loss.
    n: seeds.
    """
    t = factor * float(stdtrit(n - 1, 0.975))
    doubtful = np.zeros(n)
    while abs(doubtful.min()) < 0.002 or (doubtful.min() < 0) != loss:
        doubtful = 0.05 * (1 + _standard(rng, n) * np.sqrt(n) / t)
    names = [str(x) for x in rng.permutation(NAMES)[:2]]
    joint = 0.55 + 0.03 * _standard(rng, n)
    clear = 0.03 + 0.002 * _standard(rng, n)
    budget = round(float(rng.uniform(2, 20)), 1)
    valid = {names[0]: joint + doubtful, JOINT: joint, names[1]: joint + clear}
    seconds = {JOINT: budget / 2, names[1]: budget / 4, names[0]: cost * budget}
    order = [str(x) for x in rng.permutation(list(valid))]
    return {m: valid[m] for m in order}, seconds, budget


# Gains of five seeds and the share of the budget that they cost. The largest mean has not the
# largest median; not the best seed; not the most per second, and who has that is not the cheapest.
CHEAP = ([0.0095, 0.01, 0.0105, 0.01, 0.01], 0.2)
SKEWED = (
    ([0.02, 0.02, 0.02, 0.02, 0.07], 0.8),
    ([0.0245, 0.025, 0.0255, 0.025, 0.025], 0.4),
    CHEAP,
)
PEAKED = (([0.039, 0.04, 0.041, 0.04, 0.04], 0.8), ([0.02, 0.02, 0.03, 0.03, 0.06], 0.4), CHEAP)
OUTLIER = (([-0.01, -0.012, -0.008, 0.31, -0.01], 0.6), CHEAP)  # a loss in most seeds
LOSERS = (([-0.03, -0.031, -0.029, -0.03, -0.03], 0.5), ([-0.05, -0.04, -0.05, -0.06, -0.05], 0.3))
EQUAL = (*LOSERS, ([0.0, 0.0, 0.0, 0.0, 0.0], 0.4))  # equal to joint training in every seed
# Gains in the fourth digit. The largest one stands in the middle, where no tie leads to it.
TINY = (
    ([0.0002, 0.00021, 0.00019, 0.0002, 0.0002], 0.9),
    ([0.0003, 0.00031, 0.00029, 0.0003, 0.0003], 1.0),
    ([0.0001, 0.00009, 0.00011, 0.0001, 0.0001], 0.8),
)
# The whole budget, and hardly more than that.
HAIR = (([0.03, 0.031, 0.029, 0.03, 0.03], 1.0), ([0.05, 0.051, 0.049, 0.05, 0.05], 1.004))


def _with_gains(
    rng: np.random.Generator,
    gains: tuple[tuple[list[float], float], ...],
    budget: float,
    joint_cost: float = 0.1,
    in_order: bool = False,
) -> Case:
    """joint_cost: the time of joint training, as a share of the budget.

    in_order: joint training stands first, the others as they come.
    """
    joint = 0.6001 + 0.0001 * _standard(rng, SEEDS)
    valid, seconds = {JOINT: joint}, {JOINT: joint_cost * budget}
    for name, (gain, cost) in zip(rng.permutation(NAMES), gains, strict=False):
        valid[str(name)] = joint + rng.permutation(gain)
        seconds[str(name)] = cost * budget
    order = list(valid) if in_order else [str(x) for x in rng.permutation(list(valid))]
    return {m: valid[m] for m in order}, {m: seconds[m] for m in order}, budget


def draw_cases(rng: np.random.Generator) -> list[Case]:
    """Cases with a winner, some in which no gain that one can afford is clear, and the limits."""
    lucks = ((0.08, 3.2), (0.01, 4.0), (0.08, 9.5), (0.01, 17.3))
    cases = [_draw(rng, list(KINDS), luck, budget) for luck, budget in lucks]
    cases += [_draw(rng, ["lucky", "costly"], 0.05, budget) for budget in (4.1, 12.5)]
    # Not clear, though 1.96 says so, 2, one side, 2.26, ddof=0, n degrees of freedom, 94.8 %.
    factors = (0.713, 0.742, 0.79, 0.83, 0.911, 0.993)
    cases += [_at_the_limit(rng, factor) for factor in factors]
    # Clear, though not in every seed, not without √n, not at 95.2 %, not for less than the budget.
    cases += [_at_the_limit(rng, 1.006), _at_the_limit(rng, 1.015, 0.9)]
    cases += [_at_the_limit(rng, factor, 0.9, loss=False) for factor in (1.015, 1.945)]
    # With ten seeds the quantile is another one.
    cases += [_at_the_limit(rng, factor, n=10) for factor in (0.84, 0.993, 1.006)]
    cases += [_with_gains(rng, gains, 8.0) for gains in (SKEWED, PEAKED, OUTLIER)]
    cases.append(_with_gains(rng, TINY, 8.0, in_order=True))
    # Joint training itself may take longer than the budget.
    cases += [_with_gains(rng, gains, 4.5, joint_cost=1.5) for gains in (SKEWED, EQUAL)]
    cases.append(_with_gains(rng, HAIR, budget=0.0104))
    return [cases[i] for i in rng.permutation(len(cases))]
