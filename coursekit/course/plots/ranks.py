"""Mean ranks of methods over data sets, with what may be chance drawn beside the first."""

import pandas as pd
from matplotlib.axes import Axes

from coursekit.course.plots.standings import LOOKS, METHOD
from coursekit.course.plots.style import INK, MUTED
from coursekit.course.plots.tidy_tables import require_columns
from coursekit.utils.checks import require, require_positive

FEW = 3  # that the alt text names of either end


def mean_rank_rows(ranks: pd.DataFrame, ax: Axes, difference: float) -> str:
    """Draw a row per method, its mean rank with a 95 % interval; return the alt text.

    ranks: of `coursekit.compare.ranks.mean_ranks`, the best first.  difference: the critical one,
    drawn as a shaded strip from the first mean on: who stands in it differs from the first by no
    more than chance would. Rivals are hollow, as in `coursekit.course.plots.standings`.
    """
    require_columns(ranks, ("method", "mean", "low", "high", "n"))
    require_positive("difference", difference)
    require(len(ranks) > 1, f"ranks has {len(ranks)} rows; two or more were expected.")
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
    ax.set_xlabel(f"mean rank over {int(ranks['n'].max())} data sets (1 = best)")
    inside = int((ranks["mean"] <= first + difference).sum())
    ax.text(
        first + difference, -0.3, " critical difference", color=INK, va="center", fontsize="small"
    )
    named = [f"{name} {mean:.1f}" for name, (mean, _, _) in zip(names, figures, strict=True)]
    return (
        f"Mean rank of {len(ranks)} methods with 95 % intervals, best first: "
        f"{', '.join(named[:FEW])}; last {', '.join(named[-FEW:])}. The critical difference is "
        f"{difference:.1f}; {inside} methods are nearer to the first than that, itself included."
    )
