"""Pictures of lesson 06: weights by window and super-epoch, and how often an estimate fails."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from coursekit.checks import require
from coursekit.plots.frames import interval, require_columns, roles_of
from coursekit.plots.style import INK, MUTED, style

FAILURES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "G ≤ 0": {"color": "#B2182B", "marker": "v", "linestyle": "-"},
        "|O| < 0.02": {"color": INK, "marker": "x", "linestyle": "--"},
    }
)
TICKS = (-100, -10, -1, 0, 1, 10, 100)


def weight_lines(
    table: pd.DataFrame,
    ax: Axes,
    x: str = "N",
    label: str = "N, epochs of the estimate",
    legend: bool = True,
) -> str:
    """Draw each head's weight against ``x``, mean and 95 % band over seeds; return the alt text.

    table: one row a head, ``x`` and seed; columns ``head``, ``x`` and ``w``.
    """
    require_columns(table, ("head", x, "w"))
    heads = list(dict.fromkeys(table["head"]))
    roles = roles_of(heads, None)
    sentences = []
    for head in heads:
        found = table[table["head"] == head].groupby(x)["w"].apply(interval)
        at = found.index.to_numpy(dtype=float)
        means = np.array([f.mean for f in found])
        look = style(roles[head]) | {"markevery": max(1, len(at) // 8)}
        ax.plot(at, means, label=head, **look)
        if all(f.n > 1 for f in found):
            low, high = [f.low for f in found], [f.high for f in found]
            ax.fill_between(at, low, high, color=look["color"], alpha=0.15, linewidth=0)
        shown = ", ".join(f"{m:.2f} at {a:g}" for a, m in zip(at, means, strict=True))
        sentences.append(f"{head} {shown}")
    ax.axhline(0, color=MUTED, linewidth=0.8)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(label)
    ax.set_ylabel("weight w (band: 95 % interval)")
    if legend:
        ax.legend(ncols=len(heads))
    return f"Weights by {label}: " + "; ".join(sentences) + "."


def weight_cloud(
    table: pd.DataFrame, ax: Axes, x: str = "N", label: str = "N, epochs of the estimate"
) -> str:
    """Draw the weight of every seed, head and ``x``, on an axis that is linear only from −1 to 1.

    table: one row a head, ``x`` and seed; columns ``head``, ``x`` and ``w``; drawn in its order
    of ``x``.  Returns the alt text.
    """
    require_columns(table, ("head", x, "w"))
    heads = list(dict.fromkeys(table["head"]))
    groups = list(dict.fromkeys(table[x]))
    roles = roles_of(heads, None)
    ax.axhspan(0, 1, color="#eef2f6", zorder=0)
    for i, head in enumerate(heads):
        rows = table[table["head"] == head]
        step = 0.5 / len(heads)
        place = rows[x].map(groups.index) + step * (i - (len(heads) - 1) / 2)
        look = style(roles[head], "color", "marker")
        ax.plot(place, rows["w"], linestyle="", ms=5, alpha=0.65, label=head, **look)
    ax.set_yscale("symlog", linthresh=1)
    ax.yaxis.set_major_locator(FixedLocator(TICKS))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    widest = 2 * max(1.0, float(table["w"].abs().max()))
    ax.set_ylim(-widest, widest)
    ax.set_xticks(range(len(groups)), [str(g) for g in groups])
    ax.set_xlabel(label)
    ax.set_ylabel("weight w (beyond ±1 logarithmic)")
    ax.legend(ncols=len(heads), loc="lower right")
    said = [
        f"{g}: from {rows['w'].min():.2f} to {rows['w'].max():.2f}, "
        f"{((rows['w'] < 0) | (rows['w'] > 1)).mean():.0%} of the weights outside 0 to 1"
        for g, rows in table.groupby(x, sort=False)
    ]
    return f"Weights by {label}, one dot a seed and head. " + "; ".join(said) + "."


def failure_shares(
    table: pd.DataFrame, ax: Axes, x: str = "N", label: str = "N, epochs of the estimate"
) -> str:
    """Draw how often an estimate has G ≤ 0 or |O| < 0.02, against ``x``; return the alt text.

    table: one row a head, ``x`` and seed; columns ``x``, ``G`` and ``O``.
    """
    require_columns(table, (x, "G", "O"))
    failed = pd.DataFrame(
        {x: table[x], "G ≤ 0": table["G"] <= 0, "|O| < 0.02": table["O"].abs() < 0.02}
    )
    shares = failed.groupby(x).mean()
    require(list(shares) == list(FAILURES), "a failure has no look.")
    for name, look in FAILURES.items():
        ax.plot(shares.index, shares[name], label=name, markersize=6, **look)
    ax.set_ylim(-0.03, 1.03)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(label)
    ax.set_ylabel("share of heads and seeds")
    ax.legend()
    said = [
        f"{name}: " + ", ".join(f"{v:.0%} at {n:g}" for n, v in shares[name].items())
        for name in shares
    ]
    return f"Share of failing estimates by {label}. " + "; ".join(said) + "."
