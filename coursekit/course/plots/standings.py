"""Methods as rows of dots with 95 % intervals, one panel per fusion or data set."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from coursekit.compare.standings import BEST, LATE_TRANSFORMER, RIVALS, gains, means
from coursekit.course.plots.style import INK, MUTED, style
from coursekit.course.plots.tidy_tables import require_axes, require_columns
from coursekit.utils.checks import choose, require

BY = ("fusion", "data")
JOINT = "joint"
# Rivals and joint training differ from the methods in marker and fill, not in colour alone.
LOOKS: dict[str, dict[str, Any]] = {
    RIVALS[0]: {**style("ensemble", "marker"), "color": INK, "markerfacecolor": "white"},
    BEST: {**style("B", "marker"), "color": INK, "markerfacecolor": "white"},
    LATE_TRANSFORMER: {**style("joint", "marker"), "color": INK, "markerfacecolor": "white"},
    JOINT: style("joint", "color", "marker"),
}
METHOD = style("A", "color", "marker")
LABELS = {"test": "test accuracy", "ece": "ECE", "seconds": "seconds of training"}


def method_values(
    table: pd.DataFrame, axes: Sequence[Axes], by: str = "fusion", value: str = "test"
) -> str:
    """Draw mean and 95 % interval of ``value`` for every method, one panel per ``by``.

    table: of `coursekit.compare.standings.standings`.  by: "fusion" (of one data set) or "data"
    (of one fusion).  Ensemble and best unimodal model stand on top of every panel, hollow; a
    dotted line goes down from the ensemble.  Returns the alt text.
    Errors: ValueError when the table holds several of what is not shown by panels.
    """
    summary = means(_fitting(table, axes, by), value)
    label = LABELS.get(value, value)
    highest = value != "ece" and value != "seconds"
    words = _draw(summary, axes, by, value, highest)
    for ax in axes:
        ax.set_xlabel(label)
    return f"{label.capitalize()} of every method. {words}"


def method_gains(
    table: pd.DataFrame,
    axes: Sequence[Axes],
    by: str = "fusion",
    base: str = JOINT,
    value: str = "test",
    *,
    shared: bool = True,
) -> str:
    """Draw what every method gains over ``base``, paired by seed; else as `method_values`.

    shared: one scale for all panels; otherwise each has its own, for data that differ widely.
    """
    summary = gains(_fitting(table, axes, by), base, value)
    words = _draw(summary, axes, by, value, highest=True, shared=shared)
    label = LABELS.get(value, value)
    for ax in axes:
        ax.axvline(0, color=INK, linewidth=1, zorder=1)
        ax.set_xlabel(f"{label} − {base}")
    return f"{label.capitalize()} minus that of {base}, paired by seed. {words}"


def _fitting(table: pd.DataFrame, axes: Sequence[Axes], by: str) -> pd.DataFrame:
    require_columns(table, ("data", "fusion", "method", "seed"))
    other = BY[1 - BY.index(choose("by", by, BY))]
    several = list(table[other].unique())
    require(len(several) == 1, f"table holds {other}s {several}; one was expected by {by}.")
    require_axes(axes, "table", list(table[by].unique()))
    lacking = set(RIVALS) - set(table["method"])
    require(not lacking, f"table has no {sorted(lacking)}; pass it through standings() first.")
    return table


def _draw(
    summary: pd.DataFrame,
    axes: Sequence[Axes],
    by: str,
    value: str,
    highest: bool,
    shared: bool = True,
) -> str:
    """Dots and intervals; rivals and joint on top, then the methods, best mean first."""
    means_of = summary.groupby("method")["mean"].mean().sort_values(ascending=not highest)
    top = [name for name in (*RIVALS, LATE_TRANSFORMER, JOINT) if name in means_of.index]
    alone = [n for n in means_of.index if n.startswith("unimodal ")]
    names = [*top, *(n for n in means_of.index if n not in (*top, *alone))]
    sentences = []
    for ax, (panel, part) in zip(axes, summary.groupby(by, sort=False), strict=True):
        rows = part.set_index("method")
        for place, name in enumerate(names):
            if name in rows.index:
                _dot(ax, place, rows.loc[name], LOOKS.get(name, METHOD))
        guide = ax.axvline(float(rows["mean"][RIVALS[0]]), linewidth=1.2)
        guide.set(**style("ensemble", "color", "linestyle"))
        ax.axhline(len(top) - 0.5, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.set_yticks(range(len(names)), names if ax is axes[0] else [])
        ax.tick_params(axis="y", length=0)
        ax.set_title(str(panel))
        sentences.append(_sentence(str(panel), rows, top, value, highest))
    ends = [ax.get_xlim() for ax in axes]
    for ax in axes if shared else ():
        ax.set_xlim(min(low for low, _ in ends), max(high for _, high in ends))
    return " ".join(sentences)


def _dot(ax: Axes, place: int, row: pd.Series, look: dict[str, Any]) -> None:
    if row["n"] > 1:
        ax.plot([row["low"], row["high"]], [place, place], color=look["color"], linewidth=2)
    ax.plot([row["mean"]], [place], linestyle="", markersize=7, markeredgewidth=1.5, **look)


def _sentence(panel: str, rows: pd.DataFrame, top: list[str], value: str, highest: bool) -> str:
    """The rivals and the three best methods of a panel in words."""
    methods = rows.drop(index=[n for n in rows.index if n in top or n.startswith("unimodal ")])
    best = methods.sort_values("mean", ascending=not highest).head(3)
    named = pd.concat([rows.loc[[n for n in top if n in rows.index]], best])
    words = [
        f"{n} {m:.3f} [{low:.3f}, {high:.3f}]"
        for n, m, low, high in zip(
            named.index, named["mean"], named["low"], named["high"], strict=True
        )
    ]
    return f"{panel}: {', '.join(words)} (rivals, then the three best of {len(methods)})."
