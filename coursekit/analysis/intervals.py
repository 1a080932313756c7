"""Means with intervals: no result of the course is one seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from coursekit.utils.checks import choose, require, require_columns, require_finite


@dataclass(frozen=True)
class Interval:
    """A mean over ``n`` values and the ends of its confidence interval.

    Prints as ``-0.070 [-0.076, -0.064]``. With one value low and high are NaN.
    """

    mean: float
    low: float
    high: float
    n: int

    def in_words(self, below: str, across: str, above: str) -> str:
        """``below`` where it ends below zero, ``above`` where it begins above, else ``across``."""
        return above if self.low > 0 else below if self.high < 0 else across

    def __str__(self) -> str:
        if self.n == 1:
            return f"{self.mean:.3f} (one value, no interval)"
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interval(values: ArrayLike, level: float = 0.95, *, one: bool = False) -> Interval:
    """Student-t interval of the mean over seeds. values: (n,), n ≥ 2, finite.  level: in (0, 1).

    one: allow a single value, which has no interval: low and high are NaN (for pictures only).
    """
    try:
        x = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"values is {values!r}; numbers were expected.") from None
    least = "one or more were" if one else "two or more were"
    fits = x.ndim == 1 and len(x) >= (1 if one else 2)
    require(fits, f"values has shape {x.shape}; {least} expected.")
    require(bool(np.isfinite(x).all()), "values contains NaN or infinite numbers.")
    require_finite("level", level)
    require(0 < level < 1, f"level is {level}; a number between 0 and 1 was expected.")
    if len(x) == 1:
        return Interval(float(x[0]), float("nan"), float("nan"), 1)
    # What scipy.stats.t.ppf calls, without the second that importing scipy.stats takes.
    half = stdtrit(len(x) - 1, (1 + level) / 2) * x.std(ddof=1) / np.sqrt(len(x))
    return Interval(float(x.mean()), float(x.mean() - half), float(x.mean() + half), len(x))


def summarise(table: pd.DataFrame, by: Sequence[str], value: str = "accuracy") -> pd.DataFrame:
    """Mean and 95 % interval of ``value`` for each group of ``by``, in order of appearance."""
    if isinstance(by, str):
        raise TypeError(f"by is {by!r}; a list of columns was expected: [{by!r}].")
    require_columns("table", table, ())
    for column in by:
        choose("by", column, table.columns)
    choose("value", value, table.columns)
    rows = []
    for key, group in table.groupby(list(by), sort=False):
        i = interval(group[value])
        rows.append(
            {**dict(zip(by, key, strict=True)), "mean": i.mean, "low": i.low, "high": i.high}
        )
    return pd.DataFrame(rows)
