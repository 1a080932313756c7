"""Accuracies of several models as dots with intervals: a row per model, a faint dot per seed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coursekit.analysis.intervals import Interval
from coursekit.course.plots.style import INK, style
from coursekit.course.plots.tidy_tables import interval, percent, require_columns, roles_of


def accuracy_intervals(
    table: pd.DataFrame,
    ax: Axes,
    roles: Mapping[str, str] | None = None,
    *,
    value: str = "accuracy",
) -> str:
    """Draw the mean of ``value`` with its 95 % interval for every model; return the alt text.

    table: one row per model and seed, columns ``model`` and ``value`` (a share in [0, 1]).
    roles: model → "A", "B", "joint" or "ensemble"; without it all rows are drawn in ink.
    Errors: ValueError when a column is missing or a value is not a finite number.
    """
    require_columns(table, ("model", value))
    names = list(dict.fromkeys(table["model"]))
    known = roles_of(names, roles) if roles is not None else {}
    rows = {name: interval(table.loc[table["model"] == name, value]) for name in names}
    for place, name in enumerate(names):
        seeds = table.loc[table["model"] == name, value].to_numpy(dtype=float)
        look = style(known[name], "color", "marker") if known else {"color": INK, "marker": "o"}
        ax.plot(seeds, np.full(len(seeds), place + 0.18), linestyle="", alpha=0.35, ms=4, **look)
        row = rows[name]
        if row.n > 1:
            ax.plot([row.low, row.high], [place, place], color=look["color"], linewidth=2.5)
        ax.plot([row.mean], [place], linestyle="", markersize=9, **look)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)  # the first model stands on top
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(f"{value}: mean and 95 % interval over seeds (faint: single seeds)")
    return (
        f"{value.capitalize()} by model, best first: "
        + "; ".join(
            _sentence(name, row)
            for name, row in sorted(rows.items(), key=lambda item: -item[1].mean)
        )
        + "."
    )


def _sentence(name: str, estimate: Interval) -> str:
    if estimate.n == 1:
        return f"{name} {percent(estimate.mean)} (one seed, no interval)"
    ends = f"{percent(estimate.low)} to {percent(estimate.high)}"
    return f"{name} {percent(estimate.mean)} (95 % interval {ends}, {estimate.n} seeds)"
