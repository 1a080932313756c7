"""Pictures of lesson 06: weights by window and super-epoch, and how often an estimate fails."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from coursekit.course.plots.bands import mean_line
from coursekit.course.plots.style import INK, MUTED, legend_key, style
from coursekit.course.plots.tidy_tables import interval, require_columns, roles_of
from coursekit.utils.checks import choose, require

FAILURES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "G ≤ 0": {"color": "#B2182B", "marker": "v", "linestyle": "-"},
        "|O| < 0.02": {"color": INK, "marker": "x", "linestyle": "--"},
    }
)
# Hollow: the paper's rule.  Colour and marker say what is trained.
BLENDS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "multi-loss": style("A", "color", "marker"),
        "offline, safe": style("B", "color", "marker"),
        "offline, paper": style("B", "color", "marker") | {"markerfacecolor": "white"},
        "online, safe": style("joint", "color", "marker"),
        "online, paper": style("joint", "color", "marker") | {"markerfacecolor": "white"},
        "ensemble": style("ensemble", "color", "marker"),
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

    table: one row per head, ``x`` and seed; columns ``head``, ``x`` and ``w``.
    """
    require_columns(table, ("head", x, "w"))
    heads = list(dict.fromkeys(table["head"]))
    roles = roles_of(heads, None)
    sentences = []
    for head in heads:
        rows = table[table["head"] == head]
        means = mean_line(ax, rows, x, "w", label=head, **style(roles[head]))
        shown = ", ".join(f"{mean:.2f} at {at:g}" for at, mean in means.items())
        sentences.append(f"{head} {shown}")
    ax.axhline(0, color=MUTED, linewidth=0.8)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(label)
    ax.set_ylabel("weight w (band: 95 % interval)")
    if legend:
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, top + 0.12 * (top - bottom))  # room for the legend
        ax.legend(ncols=len(heads), loc="upper center")
    return f"Weights by {label}: " + "; ".join(sentences) + "."


def weight_cloud(
    table: pd.DataFrame, ax: Axes, x: str = "N", label: str = "N, epochs of the estimate"
) -> str:
    """Draw the weight of every seed, head and ``x``, on an axis that is linear only from −1 to 1.

    table: one row per head, ``x`` and seed; columns ``head``, ``x`` and ``w``; drawn in its order
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
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))
    ax.yaxis.set_minor_locator(NullLocator())
    widest = 2 * max(1.0, float(table["w"].abs().max()))
    ax.set_ylim(-widest, widest)
    ax.set_xticks(range(len(groups)), [str(g) for g in groups])
    ax.set_xlabel(label)
    ax.set_ylabel("weight w (beyond ±1 logarithmic)")
    ax.legend(ncols=len(heads), loc="lower left")
    ranges = [
        f"{g}: from {rows['w'].min():.2f} to {rows['w'].max():.2f}, "
        f"{((rows['w'] < 0) | (rows['w'] > 1)).mean():.0%} of the weights outside 0 to 1"
        for g, rows in table.groupby(x, sort=False)
    ]
    return f"Weights by {label}, one dot per seed and head. " + "; ".join(ranges) + "."


def failure_shares(
    table: pd.DataFrame, ax: Axes, x: str = "N", label: str = "N, epochs of the estimate"
) -> str:
    """Draw how often an estimate has G ≤ 0 or |O| < 0.02, against ``x``; return the alt text.

    table: one row per head, ``x`` and seed; columns ``x``, ``G`` and ``O``.
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
    sentences = [
        f"{name}: " + ", ".join(f"{v:.0%} at {n:g}" for n, v in shares[name].items())
        for name in shares
    ]
    return f"Share of failing estimates by {label}. " + "; ".join(sentences) + "."


def ratio_curve(ax: Axes, gain: np.ndarray, overfitting: np.ndarray, names: Sequence[str]) -> str:
    """Draw OGR² of two heads' blend against the first one's weight; return the alt text.

    gain, overfitting: (2,); errors uncorrelated.
    """
    w = np.linspace(-0.15, 1.15, 261)

    def ratio(first: ArrayLike) -> np.ndarray:
        blend = np.stack([np.asarray(first, dtype=float), 1 - np.asarray(first, dtype=float)])
        squares = (blend.T**2 * overfitting**2).sum(-1)
        return squares / (blend.T @ gain) ** 2

    raw = gain / overfitting**2
    best = float(raw[0] / raw.sum())
    ax.plot(w, ratio(w), color=INK)
    points = {f"{names[0]} alone": 1.0, f"{names[1]} alone": 0.0, "equal weights": 0.5}
    looks = [style("A", "color", "marker"), style("B", "color", "marker")]
    looks += [style("ensemble", "color", "marker"), style("joint", "color", "marker")]
    for (name, at), look in zip({**points, "closed form": best}.items(), looks, strict=True):
        ax.plot([at], [ratio(at)], linestyle="", markersize=10, label=name, **look)
    ax.set_ylim(0, 1.5 * float(max(ratio(0.0), ratio(1.0))))
    ax.set_xlabel(f"weight of {names[0]} ({names[1]} has the rest)")
    ax.set_ylabel("OGR² of the blend")
    ax.legend(loc="upper left", ncols=2)
    ratios = [f"{name} {float(ratio(at)):.3f}" for name, at in points.items()]
    return (
        f"OGR² of a blend of {names[0]} and {names[1]} is a valley with its lowest point "
        f"{float(ratio(best)):.3f} at weight {best:.2f} of {names[0]}; {', '.join(ratios)}."
    )


def gains_by(
    table: pd.DataFrame, ax: Axes, *, by: str = "optimizer", legend: bool = True, names: bool = True
) -> str:
    """Draw mean and 95 % interval of ``gain``, a dot per method, a band per ``by``.

    table: one row per method, ``by`` and seed; columns ``method`` (of `BLENDS`), ``by``, ``gain``.
    legend, names: whether to write the methods above and the names of the bands at the left.
    Returns the alt text.
    """
    require_columns(table, ("method", by, "gain"))
    groups = list(dict.fromkeys(table[by]))
    present = [m for m in BLENDS if (table["method"] == m).any()]
    for name in table["method"].unique():
        choose("method", name, BLENDS)
    offsets = np.linspace(-0.36, 0.36, len(present)) if len(present) > 1 else [0.0]
    sentences = []
    ax.axvline(0, color=INK, linewidth=1, zorder=1)
    for place, group in enumerate(groups):
        if place % 2:
            ax.axhspan(place - 0.5, place + 0.5, color="#f4f6f9", zorder=0)
        words = []
        for name, offset in zip(present, offsets, strict=True):
            gain = interval(table.loc[(table[by] == group) & (table["method"] == name), "gain"])
            look, y = BLENDS[name], place + offset
            ax.plot([gain.low, gain.high], [y, y], color=look["color"], linewidth=1.8)
            ax.plot([gain.mean], [y], linestyle="", markersize=7, markeredgewidth=1.5, **look)
            words.append(f"{name} {gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]")
        sentences.append(f"{group}: {', '.join(words)}")
    ax.set_yticks(range(len(groups)), groups if names else [])
    ax.set_ylim(len(groups) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("test accuracy − joint, 95 % interval")
    if legend:
        handles = [legend_key(linestyle="", label=m, **BLENDS[m]) for m in present]
        ax.figure.legend(handles=handles, ncols=len(present), loc="outside upper center")
    title = ax.get_title(loc="left") or by
    return f"{title}, test accuracy minus joint training's. " + "; ".join(sentences) + "."
