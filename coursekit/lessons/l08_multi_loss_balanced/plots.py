"""Where is a model right, by what the unimodal models say; and what does a training cost?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coursekit.course.plots.style import INK, MUTED, style
from coursekit.course.plots.tidy_tables import require_axes, require_columns
from coursekit.utils.checks import choose, require

# Groups of the methods table: which of the two unimodal models are right.
GROUPS = ("all", "1", "2", "none")
HATCHES: Mapping[str, str] = {"all": "", "1": "//", "2": "\\\\", "none": ".."}
COLORS = {"all": "#9AA5B1", "1": "#5AA5D6", "2": "#F0A860", "none": "#E4E8EE"}


def shares_right(table: pd.DataFrame, method: str) -> pd.DataFrame:
    """By group of `GROUPS`: its share of the samples, and the method's accuracy in it.

    table: of `coursekit.compare.standings.standings`, one data set and fusion. Means over seeds,
    so that Σ share · right is the method's mean accuracy.  Columns share, right.
    """
    rows = table[table["method"] == choose("method", method, table["method"].unique())]
    groups = {}
    for group in GROUPS:
        share = rows[f"share_{group}"]
        hits = (share * rows[f"right_{group}"]).fillna(0)  # NaN: no such samples in that seed
        mean = float(share.mean())
        right = float(hits.mean()) / mean if mean > 0 else float("nan")
        groups[group] = {"share": mean, "right": right}
    return pd.DataFrame(groups).T


def agreement_panels(
    table: pd.DataFrame, axes: Sequence[Axes], methods: Sequence[str], names: tuple[str, str]
) -> str:
    """Draw every method's accuracy in each group, a panel per method; return the alt text.

    Width of a bar = share of the samples, height = accuracy there, so that the area is accuracy.
    table: of `coursekit.compare.standings.standings`, one data set and fusion.  names: both
    modalities.
    """
    require_columns(table, ("data", "fusion", "method", *(f"share_{g}" for g in GROUPS)))
    places = table[["data", "fusion"]].drop_duplicates()
    require(len(places) == 1, f"table holds {len(places)} data sets and fusions; one was expected.")
    require_axes(axes, "methods", methods)
    words = {"all": "both right", "1": f"only {names[0]}", "2": f"only {names[1]}",
             "none": "neither"}  # fmt: skip
    sentences = []
    for ax, method in zip(axes, methods, strict=True):
        groups = shares_right(table, method)
        _bars(ax, groups, words)
        area = float((groups["share"] * groups["right"].fillna(0)).sum())
        ax.set_title(f"{method}: {area:.3f}")
        parts = [f"{words[g]} {groups['right'][g]:.2f}" for g in GROUPS]
        sentences.append(f"{method} {area:.3f} ({', '.join(parts)})")
    axes[0].set_ylabel("share answered right")
    share_of = shares_right(table, methods[0])["share"]
    shares = ", ".join(f"{words[g]} {share_of[g]:.0%}" for g in GROUPS)
    return (
        f"Accuracy by what the unimodal models say. Shares of the samples: {shares}. "
        f"Accuracy of each method, and in these groups: {'; '.join(sentences)}."
    )


def _bars(ax: Axes, groups: pd.DataFrame, words: Mapping[str, str]) -> None:
    starts = np.concatenate([[0.0], np.cumsum(groups["share"])[:-1]])
    for start, group in zip(starts, GROUPS, strict=True):
        width, height = float(groups["share"][group]), float(np.nan_to_num(groups["right"][group]))
        look: dict[str, Any] = {"facecolor": COLORS[group], "hatch": HATCHES[group]}
        ax.bar(
            start,
            height,
            width,
            align="edge",
            linewidth=0.8,
            label=words[group],
            edgecolor=INK,
            **look,
        )
        if width > 0.05:
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.6}
            place = start + width / 2
            ax.text(place, height + 0.03, f"{height:.2f}", ha="center", size=8.5, bbox=box)
    ax.set_xlim(0, 1.02)
    ax.set_ylim(0, 1.1)
    ax.set_yticks([0, 0.5, 1])
    ax.set_xlabel("share of the test samples")
    ax.grid(visible=False, axis="x")
    ax.axhline(1, color=MUTED, linewidth=0.8)


def cost_rows(costs: pd.DataFrame, ax: Axes) -> str:
    """Draw seconds and multiply-adds of each method as multiples of joint's; return the alt text.

    costs: of `coursekit.compare.training_costs.training_costs`, one data set.  A row per method,
    the dearest in seconds at the bottom; the axis is logarithmic.
    """
    looks = {
        "relative_seconds": ("seconds", style("A", "color", "marker")),
        "relative_multiply_adds": ("multiply-adds", style("B", "color", "marker")),
    }
    require_columns(costs, ("data", "method", *looks))
    several = list(costs["data"].unique())
    require(len(several) == 1, f"costs holds {several}; one data set was expected.")
    rows = costs.sort_values(["relative_seconds", "method"])
    places = range(len(rows))
    for column, (label, look) in looks.items():
        ax.plot(rows[column], places, linestyle="", label=label, **look)
    ax.axvline(1, color=INK, linewidth=1, zorder=1)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter("{x:g}")
    ax.set_yticks(places, list(rows["method"]))
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("cost of one training / that of joint training")
    ax.legend(loc="upper right")
    parts = [
        f"{method} {seconds:.1f} and {adds:.1f}"
        for method, seconds, adds in rows[["method", *looks]].itertuples(index=False)
    ]
    return f"Seconds and multiply-adds over joint training: {', '.join(parts)}."
