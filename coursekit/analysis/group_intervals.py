"""How sure a group's rate is: bootstrap intervals within groups, and of their differences."""

import math
from collections.abc import Hashable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coursekit.analysis.group_rates import RATES, Groups, group_rates
from coursekit.utils.checks import choose, require, require_count, require_finite

Draws = dict[Hashable, NDArray]


def bootstrap_rates(
    labels: ArrayLike, predictions: ArrayLike, groups: Groups, rate: str = "selection_rate",
    *, draws: int = 2000, level: float = 0.95, seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """A row per group: n, cases, value, low, high.

    cases: rows that the rate is taken of, the positives for the true-positive rate.  Rows are drawn
    anew within each group, so its size stays; low and high are percentiles of ``draws`` rates. A
    draw in which the rate is undefined counts for nothing; where the group has no case, all is NaN.
    A group whose rate is 0 or 1 has an interval of no width: it was not seen to vary, with so few
    rows that proves little.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.
    Errors: as in `group_rates`; ValueError for an unknown rate, a level outside (0, 1).
    """
    table = group_rates(labels, predictions, groups)
    drawn = _drawn_rates(labels, predictions, groups, rate, draws, seed)
    rows = {}
    for group, row in table.iterrows():
        low, high = _ends(drawn[group], level)
        rows[group] = {"n": int(row["n"]), "cases": _cases(row, rate),
                       "value": float(row[rate]), "low": low, "high": high}  # fmt: skip
    intervals = pd.DataFrame.from_dict(rows, orient="index")
    intervals.index.name = "group"
    return intervals


def bootstrap_difference(
    labels: ArrayLike, predictions: ArrayLike, groups: Groups, rate: str = "selection_rate",
    *, draws: int = 2000, level: float = 0.95, seed: int = 0,
) -> dict[str, float]:  # fmt: skip
    """Largest minus smallest rate: value, low, high, and what chance alone would give.

    by_chance: the mean difference if all groups had one rate, that of all rows, for groups of these
    sizes. It is never negative, and grows as groups get smaller or more: compare value with it.
    NaN where a group has no case. Arguments and errors as in `bootstrap_rates`.
    """
    table = group_rates(labels, predictions, groups)
    drawn = np.stack(list(_drawn_rates(labels, predictions, groups, rate, draws, seed).values()))
    low, high = _ends(drawn.max(0) - drawn.min(0), level)
    cases = np.array([_cases(row, rate) for _, row in table.iterrows()])
    if not cases.all():
        return dict.fromkeys(("value", "low", "high", "by_chance"), math.nan)
    common = float((table[rate] * cases).sum() / cases.sum())
    alike = np.random.default_rng(seed).binomial(cases, common, (draws, len(cases))) / cases
    value = float(table[rate].max() - table[rate].min())
    spread = float((alike.max(1) - alike.min(1)).mean())
    return {"value": value, "low": low, "high": high, "by_chance": spread}


def _drawn_rates(
    labels: ArrayLike, predictions: ArrayLike, groups: Groups, rate: str, draws: int, seed: int
) -> Draws:
    """Group → the rate in every draw, (draws,).

    Only four counts of a group matter: drawing its rows with replacement is a multinomial draw.
    """
    choose("rate", rate, RATES)
    require_count("draws", draws, 1)
    require_count("seed", seed)
    rng = np.random.default_rng(seed)
    table = group_rates(labels, predictions, groups)
    drawn: Draws = {}
    for group, row in table.iterrows():
        n, positives, negatives = (int(row[c]) for c in ("n", "positives", "negatives"))
        hits = round(positives * np.nan_to_num(row["true_positive_rate"]))
        alarms = round(negatives * np.nan_to_num(row["false_positive_rate"]))
        counts = np.array([hits, positives - hits, alarms, negatives - alarms])
        drawn[group] = _rate_of(rng.multinomial(n, counts / n, draws), rate)
    return drawn


def _rate_of(counts: NDArray, rate: str) -> NDArray:
    """The rate of draws whose columns are hits, misses, false alarms, right refusals."""
    hits, misses, alarms, refusals = counts.T
    every = counts.sum(1)
    above, below = {
        "selection_rate": (hits + alarms, every),
        "true_positive_rate": (hits, hits + misses),
        "false_positive_rate": (alarms, alarms + refusals),
        "accuracy": (hits + refusals, every),
        "base_rate": (hits + misses, every),
    }[rate]
    return np.where(below > 0, above / np.maximum(below, 1), math.nan)


def _cases(row: pd.Series, rate: str) -> int:
    """How many rows the rate of a group is taken of."""
    column = {"true_positive_rate": "positives", "false_positive_rate": "negatives"}.get(rate, "n")
    return int(row[column])


def _ends(values: NDArray, level: float) -> tuple[float, float]:
    """Percentiles of the values that are defined; NaN where none is."""
    require_finite("level", level)
    require(0 < level < 1, f"level is {level}; a number between 0 and 1 was expected.")
    defined = values[~np.isnan(values)]
    if not len(defined):
        return math.nan, math.nan
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
