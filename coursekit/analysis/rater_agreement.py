"""How far people agree who rate the same things: raw, and with what chance would give taken off.

Ratings are numbers, (R, U): a row per rater, a column per unit that is rated; NaN where a rater did
not rate it. `agreement` is about models; `krippendorff_alpha` has the measure for any number of
raters per unit and for ratings with an order.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coursekit.utils.checks import choose, require, require_count
from coursekit.utils.row_values import numbers_of

WEIGHTS = ("none", "linear", "quadratic")
Ratings = ArrayLike


def raw_agreement(ratings: Ratings) -> float:
    """Share of the pairs of ratings of a unit that are equal, mean over units, 0 to 1.

    Units with fewer than two ratings are left out. It is high wherever nearly all ratings are of
    one kind, also if they are thrown by a coin: see `fleiss_kappa`.
    Errors: as in `checked_ratings`.
    """
    counts, _ = counts_by_value(checked_ratings("ratings", ratings))
    return float(_pair_agreement(counts).mean())


def fleiss_kappa(ratings: Ratings) -> float:
    """κ = (P − P_e) / (1 − P_e): P is `raw_agreement`, P_e the sum of squared shares; −1 to 1.

    ratings: (R, U), numbers of categories, none missing. The shares are those of the categories
    among all ratings; the raters may be others for each unit.
    0 is what chance gives, 1 is agreement. Where one category has nearly all ratings P_e is nearly
    1, and κ may be about 0 with 95 % of the pairs equal.
    Source: Fleiss (1971), https://doi.org/10.1037/h0031619.
    Errors: as in `checked_ratings`; ValueError for a missing rating, and where all are equal, which
    leaves nothing that could be agreed on: 0/0.
    """
    counts = _complete_counts(ratings)
    shares = counts.sum(0) / counts.sum()
    sentence = "ratings are all equal, so that kappa is 0/0; two categories or more were expected."
    require(len(shares) > 1, sentence)
    return _beyond_chance(counts, float((shares**2).sum()))


def randolph_kappa(ratings: Ratings, categories: int | None = None) -> float:
    """The free-marginal κ: as `fleiss_kappa`, but P_e = 1 / categories.

    For raters who were not told how many units belong into a category.
    categories: how many they could choose among, also those that nobody chose; None = as many as
    occur, which makes κ too small where some did not.
    Source: Randolph (2005), https://eric.ed.gov/?id=ED490661.
    Errors: as in `fleiss_kappa`; ValueError for fewer categories than occur, or fewer than two.
    """
    counts = _complete_counts(ratings)
    many = counts.shape[1]
    if categories is None:
        require(many > 1, "ratings are all equal; with categories, how many there are to choose "
                "among, they would have a kappa.")  # fmt: skip
        categories = many
    require_count("categories", categories, max(2, many))
    return _beyond_chance(counts, 1 / categories)


def cohen_kappa(
    first: ArrayLike, second: ArrayLike, weights: str = "none",
    categories: Sequence[float] | None = None,
) -> float:  # fmt: skip
    """κ of two raters, 1 − Σ w·observed / Σ w·expected, −1 to 1.

    first, second: (U,), numbers of categories, none missing.  weights: what a pair counts whose
    categories are d places apart: "none" 1 whatever d, "linear" d, "quadratic" d².
    categories: all there are, in their order; None = those that occur, sorted. One that nobody
    chose then has no place, and the weights change: name them for ratings on a scale.
    Source: Cohen (1960), https://doi.org/10.1177/001316446002000104, and (1968),
    https://doi.org/10.1037/h0026256.
    Errors: TypeError or ValueError for other ratings, unequal lengths, ratings that are no
    category, and where both raters gave all units one category, the same: 0/0.
    """
    choose("weights", weights, WEIGHTS)
    one, other = _row("first", first), _row("second", second)
    sentence = f"second has {len(other)} ratings, first {len(one)}"
    require(len(one) == len(other), f"{sentence}; equally many were expected.")
    order = np.unique([one, other]) if categories is None else _categories(categories, one, other)
    places = [np.array([order.tolist().index(x) for x in row.tolist()]) for row in (one, other)]
    shares = np.zeros((len(order), len(order)))
    np.add.at(shares, tuple(places), 1 / len(one))
    apart = np.abs(np.subtract.outer(np.arange(len(order)), np.arange(len(order))))
    cost = {"none": (apart > 0).astype(float), "linear": apart, "quadratic": apart**2}[weights]
    expected = float((cost * np.outer(shares.sum(1), shares.sum(0))).sum())
    sentence = "first and second give all units one category, so that kappa is 0/0"
    require(expected > 0, f"{sentence}; two categories or more were expected.")
    return 1 - float((cost * shares).sum()) / expected


def checked_ratings(name: str, ratings: Ratings) -> NDArray[np.float64]:
    """The ratings in float64, (R, U), without the units that fewer than two have rated.

    name: of the argument, for sentences.
    Errors: TypeError for what are no numbers; ValueError for another shape, fewer than two raters,
    infinite ratings, or no unit that is left.
    """
    numbers = numbers_of(name, ratings)
    fits = numbers.ndim == 2 and numbers.shape[0] > 1 and numbers.shape[1] > 0
    sentence = f"{name} has shape {numbers.shape}; a row for each of two raters or more, a column"
    require(fits, f"{sentence} per unit, was expected.")
    require(not np.isinf(numbers).any(), f"{name} holds infinite numbers; finite ones, or NaN for "
            "a missing rating, were expected.")  # fmt: skip
    paired = (~np.isnan(numbers)).sum(0) > 1
    sentence = f"{name} has no unit with two ratings; one or more, rated by two, was expected."
    require(bool(paired.any()), sentence)
    return numbers[:, paired]


def counts_by_value(ratings: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray]:
    """How often each unit has each value, (U, V), and the V values that occur, sorted.

    ratings: (R, U) from `checked_ratings`.
    """
    values = np.unique(ratings[~np.isnan(ratings)])
    return np.stack([(ratings == value).sum(0) for value in values], axis=1).astype(float), values


def _complete_counts(ratings: Ratings) -> NDArray[np.float64]:
    """Counts by value of ratings none of which is missing."""
    missing = int(np.isnan(numbers_of("ratings", ratings)).sum())
    sentence = f"ratings lacks {missing}; as many per unit were expected, or Krippendorff's alpha."
    checked = checked_ratings("ratings", ratings)
    require(missing == 0, sentence)
    return counts_by_value(checked)[0]


def _pair_agreement(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of equal ones among the pairs of ratings of each unit, (U,)."""
    rated = counts.sum(1)
    return (counts * (counts - 1)).sum(1) / (rated * (rated - 1))


def _beyond_chance(counts: NDArray[np.float64], by_chance: float) -> float:
    return float((_pair_agreement(counts).mean() - by_chance) / (1 - by_chance))


def _row(name: str, ratings: ArrayLike) -> NDArray[np.float64]:
    """One rating per unit, none missing."""
    numbers = numbers_of(name, ratings)
    fits = numbers.ndim == 1 and len(numbers) > 0
    require(fits, f"{name} has shape {numbers.shape}; one rating per unit was expected.")
    fits = bool(np.isfinite(numbers).all())
    require(fits, f"{name} has NaN or an infinite number; a rating of every unit was expected.")
    return numbers


def _categories(categories: Sequence[float], *ratings: NDArray[np.float64]) -> NDArray[np.float64]:
    """The categories as numbers, once they are found to be different and to cover all ratings."""
    order = _row("categories", categories)
    sentence = "categories has one twice; each once was expected."
    require(len(np.unique(order)) == len(order), sentence)
    strange = np.setdiff1d(np.concatenate(ratings), order)
    sentence = f"categories lacks {strange[:3].tolist()}, which occur; all were expected."
    require(not len(strange), sentence)
    return order
