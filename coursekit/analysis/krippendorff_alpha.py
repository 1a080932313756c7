"""Krippendorff's α: agreement of any number of raters, with gaps, for ratings of any scale.

Krippendorff, Computing Krippendorff's Alpha-Reliability (2011),
https://repository.upenn.edu/asc_papers/43, and Content Analysis, chapter 11.
"""

import math
from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coursekit.analysis.rater_agreement import Ratings, checked_ratings, counts_by_value
from coursekit.utils.checks import choose, require, require_count, require_finite, require_list
from coursekit.utils.row_values import numbers_of, require_names

SCALES = ("nominal", "ordinal", "interval", "ratio")


def krippendorff_alpha(ratings: Ratings, scale: str = "nominal") -> float:
    """α = 1 − D_o / D_e: 1 agreement, 0 chance, below 0 raters who contradict each other.

    ratings: (R, U), raters by units, NaN for a missing one; units with one rating are left out.
    scale: how far apart two ratings are, δ²(c, k): "nominal" 1 if they differ; "interval" (c − k)²;
    "ratio" ((c − k)/(c + k))², for ratings with a true zero; "ordinal" the squared number of
    ratings from one to the other, half of each end, so that only their order counts.
    D_o is the mean δ² of the pairs within units, each pair weighted 1/(m_u − 1) in a unit with m_u
    ratings, D_e that of all pairs of ratings whatever their unit.
    Errors: as in `checked_ratings`; ValueError for a negative rating on a ratio scale, and where
    all ratings are equal: then D_e is 0, and nobody can say whether the raters can tell things
    apart; α is not 1.
    """
    counts, values = _checked(ratings, scale)
    alpha = float(_alphas(counts, values, scale, np.ones((1, len(counts))))[0])
    sentence = "ratings are all equal, so that alpha is undefined, 0/0; two values or more were"
    require(not math.isnan(alpha), f"{sentence} expected.")
    return alpha


def alpha_interval(
    ratings: Ratings, scale: str = "nominal",
    *, groups: Sequence[Hashable] | None = None,
    draws: int = 2000, level: float = 0.95, seed: int = 0,
) -> dict[str, float]:  # fmt: skip
    """α with an interval: value, low, high, and undefined, the share of draws without an α.

    Units are drawn anew, with all of their ratings, as many as there are: ratings of a unit belong
    together, and to draw them one by one would make the interval too narrow. low and high are
    percentiles of ``draws`` values. A draw whose ratings are all equal has none and is left out;
    with many of these the interval is not to be trusted.
    groups: (U,), what units share, such as the picture of several captions; then whole groups are
    drawn, since units of one group are no independent ones. None: each unit is its own.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.
    Errors: as in `krippendorff_alpha`; ValueError for fewer than two units (or groups) with two
    ratings, groups that are not one per unit, a level outside (0, 1).
    """
    require_count("draws", draws, 1)
    require_count("seed", seed)
    require_finite("level", level)
    require(0 < level < 1, f"level is {level}; a number between 0 and 1 was expected.")
    value = krippendorff_alpha(ratings, scale)
    counts, values = _checked(ratings, scale)
    group = _groups_of_units(ratings, groups)
    many = int(group.max()) + 1
    what = "ratings has 1 unit" if groups is None else "groups has 1 group"
    require(many > 1, f"{what} with two ratings; two or more were expected.")
    rng = np.random.default_rng(seed)
    times = rng.multinomial(many, np.full(many, 1 / many), draws).astype(float)[:, group]
    drawn = _alphas(counts, values, scale, times)
    defined = drawn[~np.isnan(drawn)]
    low, high = math.nan, math.nan
    if len(defined):
        low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2]).tolist()
    undefined = 1 - len(defined) / draws
    return {"value": value, "low": low, "high": high, "undefined": undefined}


def _groups_of_units(ratings: Ratings, groups: Sequence[Hashable] | None) -> NDArray[np.int64]:
    """The number of its group for each unit with two ratings or more, from 0 without a gap."""
    rated = (~np.isnan(numbers_of("ratings", ratings))).sum(0)
    if groups is None:
        return np.arange(int((rated > 1).sum()))
    require_list("groups", groups, "groups, one per unit")
    sentence = f"groups has {len(groups)} entries, ratings {len(rated)} units; one per unit was"
    require(len(groups) == len(rated), f"{sentence} expected.")
    kept = [group for group, m in zip(groups, rated, strict=True) if m > 1]
    require_names("groups", kept)
    return pd.factorize(pd.Series(kept, dtype=object))[0]


def _checked(ratings: Ratings, scale: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts by value (U, V) of units with two ratings or more, and the values (V,)."""
    choose("scale", scale, SCALES)
    counts, values = counts_by_value(checked_ratings("ratings", ratings))
    sentence = f"ratings goes down to {values[0]:g}; on a ratio scale zero or more was expected."
    require(scale != "ratio" or values[0] >= 0, sentence)
    return counts, values


def _alphas(
    counts: NDArray[np.float64], values: NDArray[np.float64], scale: str, times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """α of each draw, (D,), NaN where it is undefined.

    counts: (U, V), by value, two or more per unit.  times: (D, U), how often a draw has each unit.
    Sums run over ordered pairs of ratings; one paired with itself has δ² = 0 and adds nothing.
    """
    rated, total = counts.sum(1), times @ counts
    n = total.sum(1)
    if scale == "ordinal":
        # Ratings from c to k with half of both ends: the distance of their mean ranks in the draw.
        ranks = total.cumsum(1) - total / 2
        within = _squared_differences(rated, ranks @ counts.T, ranks**2 @ counts.T)
        among_all = _squared_differences(n, (ranks * total).sum(1), (ranks**2 * total).sum(1))
    else:
        distances = _squared_distances(values, scale)
        within = ((counts @ distances) * counts).sum(1)
        among_all = ((total @ distances) * total).sum(1)
    observed = (times * (within / (rated - 1))).sum(1) / n
    expected = among_all / (n * (n - 1))
    return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), math.nan)


def _squared_differences(count: NDArray, total: NDArray, squares: NDArray) -> NDArray:
    """Σ (x_i − x_j)² over ordered pairs of ``count`` numbers, of their sum and sum of squares.

    Exact for ranks, which are whole or half: nothing is lost in the difference.
    """
    return 2 * (count * squares - total**2)


def _squared_distances(values: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    """δ²(c, k) of each pair of values, (V, V)."""
    if scale == "nominal":
        return 1 - np.eye(len(values))
    # The unit of measurement does not matter, and squares of very small or large ratings would.
    values = values / (np.abs(values).max() or 1)
    apart = np.abs(np.subtract.outer(values, values))
    if scale == "ratio":
        together = np.add.outer(values, values)
        apart = apart / np.where(together > 0, together, 1)  # 0 and 0 do not differ
    return apart**2
