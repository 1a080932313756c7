"""Pictures of lesson 17: missing views, ways of picking, growth, clips with their vectors."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from torch import Tensor

from coursekit.analysis.intervals import interval
from coursekit.course.plots.bands import mean_line
from coursekit.course.plots.style import INK, MUTED, style
from coursekit.course.plots.tidy_tables import require_columns

LOOKS: tuple[Mapping[str, Any], ...] = (
    style("A"),
    style("B"),
    style("joint"),
    style("ensemble"),
    {"color": INK, "linestyle": "-.", "marker": "P"},
    {"color": MUTED, "linestyle": (0, (1, 3)), "marker": "x"},
)


def lines_by_number(
    ax: Axes, table: pd.DataFrame, x: str, value: str = "accuracy", by: str = "model",
    legend: str = "lower right",
) -> str:  # fmt: skip
    """Draw a line with a band per ``by``, against a small whole number ``x``; return the alt.

    table: a row per ``by``, ``x`` and seed; at most six lines.  legend: where it stands, ""
    for none.
    """
    require_columns(table, (x, value, by))
    sentences = []
    for look, (name, rows) in zip(LOOKS, table.groupby(by, sort=False), strict=False):
        means = mean_line(ax, rows, x, value, label=str(name), **look)
        sentences.append(f"{name}: " + ", ".join(f"{_short(m)} at {n:g}" for n, m in means.items()))
    ax.set_xticks(sorted(table[x].unique()))
    if legend:
        look_of_legend: dict[str, Any] = {"loc": legend}
        ax.legend(**look_of_legend)
    return ". ".join(sentences) + "."


def worth_bars(ax: Axes, worth: Mapping[str, Sequence[float]]) -> str:
    """Draw a bar with its interval per modality, the largest first; return the alt.

    worth: Shapley values by modality, one per seed.
    """
    over_seeds = {m: interval(values) for m, values in worth.items()}
    order = sorted(over_seeds, key=lambda m: -over_seeds[m].mean)
    for place, m in enumerate(order):
        i = over_seeds[m]
        ax.barh(place, i.mean, color=style("A")["color"], height=0.6, hatch="//", edgecolor="white")
        ax.plot([i.low, i.high], [place, place], color=INK, linewidth=2)
    ax.set_yticks(range(len(order)), order)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("Shapley value, in accuracy")
    return "Shapley values: " + "; ".join(f"{m} {over_seeds[m]}" for m in order) + "."


def frame_with_vectors(
    ax: Axes, frame: Tensor, vectors: Tensor, block: int, confidence: Tensor | None = None
) -> str:
    """Draw a frame with an arrow per block from where it came to where it is; return the alt.

    frame: (H, W).  vectors: (R, C, 2), (dy, dx) to where each block came from.  confidence: (R, C);
    blocks of which it is below a tenth of the largest get a small cross instead.
    """
    ax.imshow(frame.numpy(), cmap="gray_r", interpolation="nearest")
    ax.grid(visible=False)
    height, width = frame.shape
    ax.set_xticks(np.arange(0, width + 1, block) - 0.5, [])
    ax.set_yticks(np.arange(0, height + 1, block) - 0.5, [])
    ax.grid(visible=True, color="#b8c0cc", linewidth=0.6)
    moved, still, unsure = 0, 0, 0
    least = 0.0 if confidence is None else float(confidence.max()) / 10
    rows, columns = vectors.shape[:2]
    for r in range(rows):
        for c in range(columns):
            y, x = block * (r + 0.5) - 0.5, block * (c + 0.5) - 0.5
            dy, dx = (float(v) for v in vectors[r, c])
            if confidence is not None and float(confidence[r, c]) < least:
                ax.plot([x], [y], marker="x", color=MUTED, markersize=5)
                unsure += 1
            elif dy or dx:
                ax.annotate(
                    "", (x, y), xytext=(x + dx, y + dy),
                    arrowprops={"arrowstyle": "->", "color": style("B")["color"], "lw": 2},
                )  # fmt: skip
                moved += 1
            else:
                ax.plot([x], [y], marker="o", color=style("A")["color"], markersize=4)
                still += 1
    crosses = "" if confidence is None else f", {unsure} without confidence (cross)"
    return f"{moved} blocks with an arrow, {still} that stay (dot){crosses}."


def matrix_picture(ax: Axes, table: pd.DataFrame) -> str:
    """Draw a square table of numbers in shades, the numbers in it; return the alt."""
    table = table.round(2) + 0.0  # no zero with a minus
    values = table.to_numpy(dtype=float)
    largest = np.nanmax(np.abs(values))
    ax.imshow(values, cmap="PuOr_r", vmin=-largest, vmax=largest)
    ax.set_xticks(range(len(table.columns)), table.columns, rotation=40, ha="right")
    ax.set_yticks(range(len(table.index)), table.index)
    ax.grid(visible=False)
    for r, c in np.ndindex(*values.shape):
        if not np.isnan(values[r, c]):
            ax.text(c, r, f"{values[r, c]:+.2f}", ha="center", va="center", size=8,
                    color="white" if abs(values[r, c]) > 0.7 * largest else INK)  # fmt: skip
    ax.set_xlabel(str(table.columns.name))
    ax.set_ylabel(str(table.index.name))
    rows = (f"{i}: " + ", ".join(f"{c} {v:+.2f}" for c, v in own.dropna().items())
            for i, own in table.iterrows())  # fmt: skip
    return "; ".join(rows) + "."


def _short(value: float) -> str:
    """Shares with three decimals, counts with none."""
    return f"{value:,.0f}" if value > 1 else f"{value:.3f}"
