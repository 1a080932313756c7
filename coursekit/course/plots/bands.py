"""A mean over seeds as a line, with its 95 % interval as a band."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coursekit.course.plots.tidy_tables import interval


def mean_line(
    ax: Axes, table: pd.DataFrame, x: str, value: str, *, marks: int = 8, **look: Any
) -> pd.Series:
    """Draw the mean of ``value`` against ``x``, with a band where there are several seeds.

    table: one row per ``x`` and seed; columns ``x`` and ``value``.  look: keywords of the line,
    its color among them.  marks: about how many markers it gets.  Returns the means, by ``x``.
    """
    over_seeds = table.groupby(x)[value].apply(interval)
    at = over_seeds.index.to_numpy(dtype=float)
    means = np.array([i.mean for i in over_seeds])
    ax.plot(at, means, **look, markevery=max(1, len(at) // marks))
    if all(i.n > 1 for i in over_seeds):
        low, high = [i.low for i in over_seeds], [i.high for i in over_seeds]
        ax.fill_between(at, low, high, color=look["color"], alpha=0.15, linewidth=0)
    return pd.Series(means, index=at)
