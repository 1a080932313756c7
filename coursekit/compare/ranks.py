"""Many methods on several data sets: mean ranks, how far apart they must be, who beats a base."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from coursekit.analysis.intervals import interval
from coursekit.compare.protocol import NO_FUSION, is_single
from coursekit.compare.reliability import require_reliable
from coursekit.compare.result_tables import named, read_tables
from coursekit.compare.standings import (
    TRANSFORMER,
    gains,
    late_transformer,
    require_numbers,
    standings,
)
from coursekit.training.method import JOINT
from coursekit.utils.checks import choose, require, require_count, require_finite

FIRST_FUSION = "late-linear"  # with which all methods and rivals of the benchmark are trained


def mean_ranks(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean rank of every method over the data sets, 1 = best, with a 95 % interval over them.

    scores: accuracy by data set (rows) and method (columns), no gap; equal scores share the mean
    of their ranks.  Returns columns method, mean, low, high, n, the best first.
    Errors: ValueError for fewer than two data sets or methods, a method that stands there twice,
    or a score that is no finite number.
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
    from scipy.stats import studentized_range  # takes a second, and whoever ranks has it

    q = float(studentized_range.ppf(1 - level, methods, math.inf)) / math.sqrt(2)
    return q * math.sqrt(methods * (methods + 1) / (6 * data_sets))


def of_fusion(table: pd.DataFrame, fusion: str = FIRST_FUSION) -> pd.DataFrame:
    """The rows of one fusion with all rivals of it, single models as "best unimodal" alone.

    table: rows of the methods benchmark, see `coursekit.compare.standings.standings`.
    """
    every = standings(table)
    choose("fusion", fusion, every["fusion"].unique())
    single = every["method"].map(is_single).astype(bool)
    return every[(every["fusion"] == fusion) & ~single]


def scores_of(table: pd.DataFrame, value: str = "test", fusion: str = FIRST_FUSION) -> pd.DataFrame:
    """Mean of ``value`` over seeds by data set and method; rows as `of_fusion` gives them.

    A method that has no value anywhere keeps its column, of NaN.
    """
    every = of_fusion(table, fusion)
    require_numbers("table", every, value)
    return every.pivot_table(index="data", columns="method", values=value, dropna=False)


def ranking(
    results: pd.DataFrame,
    trials: pd.DataFrame | None = None,
    excused: Sequence[str] = (),
    fusion: str = FIRST_FUSION,
) -> pd.DataFrame:
    """`mean_ranks` of a results table that passes the checklist; of no other.

    results, trials, excused: as in `coursekit.compare.reliability.require_reliable`; what has
    another fusion is neither checked nor ranked. But for the late transformer: joint training with
    the fusion "transformer", where all data sets have it, is checked with the others and ranked.
    Errors: `coursekit.compare.reliability.Unreliable`, with what is missing; those of
    `coursekit.compare.reliability.checklist`; ValueError for a fusion that no row has.
    """
    every = named("results", results)
    fusions = [name for name in every["fusion"].unique() if name != NO_FUSION]
    require(bool(fusions), "results has the ensemble and single models only; methods are missing.")
    choose("fusion", fusion, fusions)
    own = every["fusion"].isin([NO_FUSION, fusion])
    late = every[own | (every["fusion"] == TRANSFORMER) & (every["method"] == JOINT)]
    ranked = late if len(late_transformer(late)) else every[own]
    tried = None if trials is None else named("trials", trials)
    require_reliable(ranked, tried, excused)
    return mean_ranks(scores_of(read_tables(ranked).results, fusion=fusion))


def clearly_ahead(
    table: pd.DataFrame, base: str = "ensemble", fusion: str = FIRST_FUSION
) -> pd.DataFrame:
    """How often each method is clearly ahead of ``base``, and how often clearly behind.

    table, fusion: as in `of_fusion`.  Clearly: the 95 % interval of the difference, paired by
    seed, excludes zero. With many methods one in forty is so on either side by chance alone.
    Returns columns method, ahead, behind, open, places (data sets); most often ahead first.
    Errors: ValueError where a method and ``base`` have no seed in common on a data set.
    """
    compared = of_fusion(table, fusion)
    gained = gains(compared, base)
    pairs = set(gained[["data", "method"]].itertuples(index=False, name=None))
    stands = compared.loc[compared["method"] != base, ["data", "method"]].drop_duplicates()
    lone = [f"{d} {m}" for d, m in stands.itertuples(index=False) if (d, m) not in pairs]
    sentence = f"table has no seed of {', '.join(lone)} on which {base!r} has a figure, too"
    require(not lone, f"{sentence}; the same seeds were expected.")
    ahead, behind = gained["low"] > 0, gained["high"] < 0
    counted = pd.DataFrame({
        "method": gained["method"], "ahead": ahead, "behind": behind,
        "open": ~(ahead | behind), "places": True,
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
    twice = sorted({str(name) for name in scores.columns[scores.columns.duplicated()]})
    require(not twice, f"scores has the methods {twice} twice; each was expected once.")
    finite = {n: np.isfinite(pd.to_numeric(scores[n], errors="coerce")).all() for n in scores}
    numeric = {name: pd.api.types.is_numeric_dtype(scores[name]) for name in scores}
    lacking = [name for name in scores if not (finite[name] and numeric[name])]
    require(not lacking, f"scores has no finite number everywhere for {lacking}.")
