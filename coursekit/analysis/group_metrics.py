"""How far apart the groups' rates lie: demographic parity, equal opportunity, equalised odds.

Names and options are those of fairlearn's and AIF360's documentations,
https://fairlearn.org/main/user_guide/assessment/common_fairness_metrics.html and
https://aif360.readthedocs.io/en/stable/modules/generated/aif360.metrics.ClassificationMetric.html.
Unlike there, a difference that needs a rate of which a group has no case is NaN, "undefined".
"""

import math
from collections.abc import Callable, Hashable
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coursekit.analysis.group_rates import (
    RATES,
    Groups,
    group_rates,
    overall_rates,
    zeros_and_ones,
)
from coursekit.utils.checks import choose, require, require_flag
from coursekit.utils.row_values import numbers_of


def rate_difference(rates: ArrayLike, overall: float | None = None) -> float:
    """Largest minus smallest rate; with ``overall``, the largest distance of a group from it.

    rates: one per group, (G,).  NaN where a rate is undefined.
    Errors: TypeError or ValueError for none, or what are no numbers.
    """
    values = _rates_of_groups(rates)
    if overall is None:
        return float(values.max() - values.min())
    _require_overall(overall)
    return float(np.abs(values - overall).max())


def rate_ratio(rates: ArrayLike, overall: float | None = None) -> float:
    """Smallest over largest rate; with ``overall``, the smallest of group/overall and its inverse.

    rates: one per group, (G,), 0 or more.  NaN where a rate is undefined or all are zero: 0/0.
    Errors: as in `rate_difference`.
    """
    values = _rates_of_groups(rates)
    if overall is not None:
        _require_overall(overall)
    others = np.full_like(values, overall) if overall is not None else values[::-1]
    if overall is None:
        values, others = np.array([values.min()]), np.array([values.max()])
    low, high = np.minimum(values, others), np.maximum(values, others)
    if np.isnan(low).any() or not high.any():
        return math.nan
    return float((low[high > 0] / high[high > 0]).min())


def demographic_parity_difference(
    predictions: ArrayLike, groups: Groups, weights: ArrayLike | None = None,
    *, to_overall: bool = False,
) -> float:  # fmt: skip
    """How far selection rates lie apart.  to_overall: from the rate of all instead.

    Arguments and errors as in `group_rates`.
    """
    chosen = zeros_and_ones("predictions", predictions)
    return _apart("selection_rate", rate_difference, chosen, chosen, groups, weights, to_overall)


def demographic_parity_ratio(
    predictions: ArrayLike, groups: Groups, weights: ArrayLike | None = None,
    *, to_overall: bool = False,
) -> float:  # fmt: skip
    """Smallest over largest selection rate; the "four-fifths rule" asks for .8 or more."""
    chosen = zeros_and_ones("predictions", predictions)
    return _apart("selection_rate", rate_ratio, chosen, chosen, groups, weights, to_overall)


def equal_opportunity_difference(
    labels: ArrayLike, predictions: ArrayLike, groups: Groups, weights: ArrayLike | None = None,
    *, to_overall: bool = False, undefined: float = math.nan,
) -> float:  # fmt: skip
    """How far true-positive rates lie apart.

    undefined: what the rate of a group without positives counts as; 0 does as fairlearn.
    """
    return _apart("true_positive_rate", rate_difference, labels, predictions, groups, weights,
                  to_overall, undefined)  # fmt: skip


def equal_opportunity_ratio(
    labels: ArrayLike, predictions: ArrayLike, groups: Groups, weights: ArrayLike | None = None,
    *, to_overall: bool = False, undefined: float = math.nan,
) -> float:  # fmt: skip
    """Smallest over largest true-positive rate.  undefined: as in the difference."""
    return _apart("true_positive_rate", rate_ratio, labels, predictions, groups, weights,
                  to_overall, undefined)  # fmt: skip


def equalized_odds_difference(
    labels: ArrayLike, predictions: ArrayLike, groups: Groups, weights: ArrayLike | None = None,
    *, to_overall: bool = False, combine: str = "worst", undefined: float = math.nan,
) -> float:  # fmt: skip
    """The larger ("worst") or the "mean" of the differences of true- and false-positive rates.

    Source: Hardt, Price and Srebro (2016), https://arxiv.org/abs/1610.02413, definition 2.1.
    NaN where a group has no positives or no negatives.  undefined: 0 counts them as 0, as fairlearn
    does: a difference of .5 may come of nothing.
    """
    choose("combine", combine, ("worst", "mean"))
    parts = [
        _apart(rate, rate_difference, labels, predictions, groups, weights, to_overall, undefined)
        for rate in ("true_positive_rate", "false_positive_rate")
    ]
    return float(max(parts, key=_nan_first) if combine == "worst" else np.mean(parts))


def equalized_odds_ratio(
    labels: ArrayLike, predictions: ArrayLike, groups: Groups, weights: ArrayLike | None = None,
    *, to_overall: bool = False, combine: str = "worst", undefined: float = math.nan,
) -> float:  # fmt: skip
    """The smaller ("worst") or the "mean" of the ratios of true- and false-positive rates.

    A rate that is zero in every group has no ratio, 0/0, and is left out. NaN where a group has no
    positives or no negatives, see `equalized_odds_difference`.
    """
    choose("combine", combine, ("worst", "mean"))
    names = ("true_positive_rate", "false_positive_rate")
    rates = group_rates(labels, predictions, groups, weights)[list(names)].fillna(undefined)
    if rates.isna().any(axis=None):
        return math.nan
    parts = np.array([
        _apart(rate, rate_ratio, labels, predictions, groups, weights, to_overall, undefined)
        for rate in names
    ])  # fmt: skip
    defined = parts[~np.isnan(parts)]
    if not len(defined):
        return math.nan
    return float(defined.min() if combine == "worst" else defined.mean())


def signed_differences(
    labels: ArrayLike, predictions: ArrayLike, groups: Groups, unprivileged: Hashable,
    privileged: Hashable, weights: ArrayLike | None = None,
) -> dict[str, float]:  # fmt: skip
    """Unprivileged minus privileged, as AIF360 signs them: negative is to the disadvantage.

    statistical_parity_difference, disparate_impact (a ratio, may exceed 1),
    equal_opportunity_difference, and average_odds_difference, the mean of both rates' differences.
    A rate of which a group has no case is NaN, and so is a ratio to a rate of 0.
    Errors: as in `group_rates`; ValueError for a group that does not occur, or twice the same.
    """
    rates = group_rates(labels, predictions, groups, weights)
    for name, group in (("unprivileged", unprivileged), ("privileged", privileged)):
        known = list(rates.index)
        require(group in known, f"{name} is {group!r}; it can be {', '.join(map(repr, known))}.")
    sentence = f"privileged is {privileged!r}, as unprivileged; another group was expected."
    require(privileged != unprivileged, sentence)
    one, other = (rates.iloc[list(rates.index).index(g)] for g in (unprivileged, privileged))
    by_rate = {rate: float(one[rate] - other[rate]) for rate in RATES}
    selected = float(other["selection_rate"])
    odds = (by_rate["true_positive_rate"], by_rate["false_positive_rate"])
    return {
        "statistical_parity_difference": by_rate["selection_rate"],
        "disparate_impact": float(one["selection_rate"]) / selected if selected else math.nan,
        "equal_opportunity_difference": by_rate["true_positive_rate"],
        "average_odds_difference": float(np.mean(odds)),
    }


def _apart(
    rate: str, measure: Callable[..., float], labels: ArrayLike, predictions: ArrayLike,
    groups: Groups, weights: ArrayLike | None, to_overall: bool, undefined: float = math.nan,
) -> float:  # fmt: skip
    require_flag("to_overall", to_overall)
    if not isinstance(undefined, Real):
        raise TypeError(f"undefined is {undefined!r}; a number or NaN was expected.")
    rates = group_rates(labels, predictions, groups, weights)[rate].fillna(undefined)
    if not to_overall:
        return float(measure(rates))
    overall = float(overall_rates(labels, predictions, weights)[rate])
    return float(measure(rates, undefined if math.isnan(overall) else overall))


def _nan_first(value: float) -> float:
    """A key for max by which what is undefined stays undefined."""
    return math.inf if math.isnan(value) else value


def _require_overall(overall: float) -> None:
    """Refuse, with TypeError, what is no number; NaN is one: an undefined rate."""
    if isinstance(overall, bool) or not isinstance(overall, Real):
        raise TypeError(f"overall is {overall!r}; a number was expected.")


def _rates_of_groups(rates: ArrayLike) -> NDArray:
    values = numbers_of("rates", rates)
    require(
        values.ndim == 1 and len(values) > 0,
        f"rates has shape {values.shape}; one number per group was expected.",
    )
    return values
