"""Learning curves: train solid, valid dashed, one colour and marker per model, bands over seeds."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from coursekit.course.plots.bands import mean_line
from coursekit.course.plots.style import INK, legend_key, style
from coursekit.course.plots.tidy_tables import require_columns, roles_of

SPLIT_LINES: Mapping[str, Any] = {"train": "-", "valid": "--"}


def learning_curves(
    table: pd.DataFrame,
    ax: Axes,
    roles: Mapping[str, str] | None = None,
    *,
    value: str = "loss",
) -> str:
    """Draw ``value`` against the epoch, mean and 95 % interval over seeds; return the alt text.

    table: one row per model, split ("train" or "valid"), epoch and seed; columns ``model``,
    ``split``, ``epoch`` and ``value``.  roles: model → "A", "B", "joint" or "ensemble".
    Errors: ValueError when a column is missing, a split is unknown or a value is not finite.
    """
    require_columns(table, ("model", "split", "epoch", value))
    names = list(dict.fromkeys(table["model"]))
    known = roles_of(names, roles)
    sentences = []
    for name in names:
        for split, line in SPLIT_LINES.items():
            part = table[(table["model"] == name) & (table["split"] == split)]
            if part.empty:
                continue
            drawn = style(known[name], "color", "marker") | {"linestyle": line, "markersize": 5}
            means = mean_line(ax, part, "epoch", value, **drawn)
            sentences.append(f"{name} on {split} {_course(means)}")
    _legend(ax, names, known, [s for s in SPLIT_LINES if (table["split"] == s).any()])
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel(f"{value} (band: 95 % interval over seeds)")
    return f"{value.capitalize()} by epoch: " + "; ".join(sentences) + "."


def _course(means: pd.Series) -> str:
    """Where a curve starts, its lowest and highest point, and where it ends."""
    first, last = means.index[0], means.index[-1]
    return (
        f"goes from {means.iloc[0]:.3f} at epoch {first:g} to {means.iloc[-1]:.3f} at epoch "
        f"{last:g} (lowest {means.min():.3f} at epoch {means.idxmin():g}, "
        f"highest {means.max():.3f} at epoch {means.idxmax():g})"
    )


def _legend(ax: Axes, names: list[str], roles: Mapping[str, str], splits: list[str]) -> None:
    models = [
        legend_key(linestyle="", label=name, **style(roles[name], "color", "marker"))
        for name in names
    ]
    lines = [legend_key(color=INK, linestyle=SPLIT_LINES[s], label=s) for s in splits]
    ax.legend(handles=models + lines, ncols=2)
