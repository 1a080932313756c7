"""Many methods on several data sets: mean ranks, how far apart they must be, who beats a base."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import studentized_range

from coursekit.analysis.intervals import interval
from coursekit.compare.protocol import UNIMODAL
from coursekit.compare.reliability import require_reliable
from coursekit.compare.standings import gains, standings
from coursekit.utils.checks import require, require_columns, require_count, require_finite


def mean_ranks(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean rank of every method over the data sets, 1 = best, with a 95 % interval over them.

    scores: accuracy by data set (rows) and method (columns), no gap; equal scores share the mean
    of their ranks.  Returns columns method, mean, low, high, n, the best first.
    Errors: ValueError for fewer than two data sets or methods, or a score that is not finite.
    Source: [Demšar 2006](https://jmlr.org/papers/v7/demsar06a.html), section 3.2.2.
    """
    _require_scores(scores)
    ranks = scores.rank(axis=1, ascending=False)
    rows = []
    for name in scores.columns:
        i = interval(ranks[name])
        rows.append((name, i.mean, max(i.low, 1.0), min(i.high, len(scores.columns)), i.n))
    table = pd.DataFrame(rows, columns=["method", "mean", "low", "high", "n"])
    return table.sort_values(["mean", "method"], ignore_index=True)


def critical_difference(methods: int, data_sets: int, level: float = 0.05) -> float:
    """q √(k (k + 1) / (6 N)): mean ranks that are nearer than this differ by chance (Nemenyi).

    methods k ≥ 2.  data_sets N ≥ 2.  level: of error over all pairs.  q is the quantile of the
    studentised range with endless degrees of freedom over √2.
    Source: [Demšar 2006](https://jmlr.org/papers/v7/demsar06a.html), section 3.2.2.
    """
    require_count("methods", methods, 2)
    require_count("data_sets", data_sets, 2)
    require_finite("level", level)
    require(0 < level < 1, f"level is {level}; a number between 0 and 1 was expected.")
    q = float(studentized_range.ppf(1 - level, methods, math.inf)) / math.sqrt(2)
    return q * math.sqrt(methods * (methods + 1) / (6 * data_sets))


def scores_of(table: pd.DataFrame, value: str = "test") -> pd.DataFrame:
    """Mean of ``value`` over seeds by data set (and fusion, where there are several) and method.

    table: rows of the methods benchmark. Single models are one column, "best unimodal": for each
    seed the one that is best on validation.
    """
    every = standings(table)
    every = every[~every["method"].str.startswith(f"{UNIMODAL} ")]
    require_columns("table", every, (value,))
    rows = ["data", "fusion"] if len(set(every["fusion"])) > 1 else ["data"]
    return every.pivot_table(index=rows, columns="method", values=value)


def ranking(
    results: pd.DataFrame, trials: pd.DataFrame | None = None, excused: Sequence[str] = ()
) -> pd.DataFrame:
    """`mean_ranks` of a results table that passes the checklist; of no other.

    results, trials, excused: as in `coursekit.compare.reliability.require_reliable`.
    Errors: `coursekit.compare.reliability.Unreliable`, with what is missing.
    """
    require_reliable(results, trials, excused)
    return mean_ranks(scores_of(results))


def clearly_ahead(table: pd.DataFrame, base: str = "ensemble") -> pd.DataFrame:
    """How often each method is clearly ahead of ``base``, and how often clearly behind.

    table: rows of the methods benchmark.  Clearly: the 95 % interval of the difference, paired by
    seed, excludes zero. With many methods one in forty is so on either side by chance alone.
    Returns columns method, ahead, behind, open, places; most often ahead first.
    """
    every = standings(table)
    every = every[~every["method"].str.startswith(f"{UNIMODAL} ")]
    gained = gains(every, base)
    counted = pd.DataFrame({
        "method": gained["method"],
        "ahead": gained["low"] > 0,
        "behind": gained["high"] < 0,
        "open": ~((gained["low"] > 0) | (gained["high"] < 0)),
        "places": True,
    })  # fmt: skip
    sums = counted.groupby("method", as_index=False).sum()
    order = ["ahead", "behind", "method"]
    return sums.sort_values(order, ascending=[False, True, True], ignore_index=True)


def _require_scores(scores: pd.DataFrame) -> None:
    if not isinstance(scores, pd.DataFrame):
        what = type(scores).__name__
        raise TypeError(f"scores is a {what}; a table, data sets × methods, was expected.")
    n, k = scores.shape
    require(n >= 2 and k >= 2, f"scores has shape ({n}, {k}); two or more of both were expected.")
    lacking = [name for name in scores if not np.isfinite(scores[name].to_numpy(float)).all()]
    require(not lacking, f"scores has no finite number everywhere for {lacking}.")
