"""Mean ranks of methods over data sets, with what may be chance drawn beside the first."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coursekit.course.plots.standings import LOOKS, METHOD
from coursekit.course.plots.style import INK, MUTED
from coursekit.utils.checks import require, require_columns, require_positive

FEW = 3  # that the alt text names of either end


def mean_rank_rows(ranks: pd.DataFrame, ax: Axes, difference: float) -> str:
    """Draw a row per method, the best on top: mean rank, 95 % interval; return the alt text.

    ranks: of `coursekit.compare.ranks.mean_ranks`, in any order.  difference: the critical one,
    drawn as a shaded strip from the first mean on: who stands in it differs from the first by no
    more than chance would. Rivals are hollow, as in `coursekit.course.plots.standings`.
    """
    ranks = _sorted(ranks)
    require_positive("difference", difference)
    first = float(ranks["mean"].min())
    ax.axvspan(first, first + difference, color=MUTED, alpha=0.15, linewidth=0)
    ax.axvline(first + difference, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    names = list(map(str, ranks["method"]))
    figures = ranks[["mean", "low", "high"]].to_numpy(dtype=float)
    for place, (name, (mean, low, high)) in enumerate(zip(names, figures, strict=True)):
        look = LOOKS.get(name, METHOD)
        ax.plot([low, high], [place, place], color=look["color"], linewidth=2)
        ax.plot([mean], [place], linestyle="", markersize=7, markeredgewidth=1.5, **look)
    ax.set_yticks(range(len(ranks)), names)
    ax.set_ylim(len(ranks) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(f"mean rank over {int(ranks['n'].iloc[0])} data sets (1 = best)")
    inside = int((ranks["mean"] <= first + difference).sum())
    ax.text(
        first + difference, -0.3, " critical difference", color=INK, va="center", fontsize="small"
    )
    named = [f"{name} {mean:.1f}" for name, (mean, _, _) in zip(names, figures, strict=True)]
    if len(named) > 2 * FEW:
        ends = f"{', '.join(named[:FEW])}; last {', '.join(named[-FEW:])}"
    else:
        ends = ", ".join(named)
    nearer = "1 method is" if inside == 1 else f"{inside} methods are"
    return (
        f"Mean rank of {len(ranks)} methods with 95 % intervals, best first: {ends}. The critical "
        f"difference is {difference:.1f}; {nearer} nearer to the first than that, itself included."
    )


def _sorted(ranks: pd.DataFrame) -> pd.DataFrame:
    """The rows that can be drawn, the best first."""
    require_columns("ranks", ranks, ("method", "mean", "low", "high", "n"))
    require(len(ranks) > 1, f"ranks has {len(ranks)} rows; two or more were expected.")
    for column in ("mean", "low", "high", "n"):
        numbers = pd.to_numeric(ranks[column], errors="coerce")
        bad = list(ranks.loc[~np.isfinite(numbers), "method"])
        require(not bad, f"ranks has no finite {column} of {bad}; a number was expected.")
    counts = sorted(set(ranks["n"]))
    one = f"ranks has means over {counts} data sets; the same number for all was expected."
    require(len(counts) == 1, one)
    return ranks.sort_values("mean", kind="stable")
