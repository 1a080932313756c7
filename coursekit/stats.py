"""Means with intervals: no result of the course is one seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from coursekit.checks import require


@dataclass(frozen=True)
class Interval:
    """A mean and the ends of its confidence interval; prints as ``−0.070 [−0.076, −0.064]``."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Student-t interval of the mean over seeds. values: (n,), n ≥ 2, finite."""
    x = np.asarray(values, dtype=float)
    require(x.ndim == 1 and len(x) >= 2, f"values has shape {x.shape}; two or more were expected.")
    require(bool(np.isfinite(x).all()), "values contains NaN or infinite numbers.")
    half = stats.t.ppf((1 + level) / 2, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x))
    return Interval(float(x.mean()), float(x.mean() - half), float(x.mean() + half), len(x))


def summarise(table: pd.DataFrame, by: Sequence[str], value: str = "accuracy") -> pd.DataFrame:
    """Mean and 95 % interval of ``value`` for each group of ``by``, in order of appearance."""
    rows = []
    for key, group in table.groupby(list(by), sort=False):
        i = interval(group[value])
        rows.append(
            {**dict(zip(by, key, strict=True)), "mean": i.mean, "low": i.low, "high": i.high}
        )
    return pd.DataFrame(rows)
