"""Pictures of a regression on one number and one yes-or-no: points, lines, residuals, intervals."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from coursekit.course.plots.style import GRID, INK, MUTED, style
from coursekit.utils.checks import require

ROLES = ("A", "B")  # x_B = 0 and x_B = 1: blue circles, solid; orange squares, dashed


class Names(NamedTuple):
    """What the picture calls x_A, y and the two groups (x_B = 0, x_B = 1)."""

    x: str
    y: str
    groups: tuple[str, str]


class Interval(NamedTuple):
    """An estimate and the ends of its 95 % interval."""

    estimate: float
    low: float
    high: float


def two_groups(
    ax: Axes,
    x_a: np.ndarray,
    x_b: np.ndarray,
    y: np.ndarray,
    weights: Sequence[float],
    names: Names,
    jitter: float = 0.0,
) -> str:
    """Scatter both groups with the line of ``weights`` through each; return the alt text.

    x_a, y: (n,).  x_b: (n,), 0 or 1.  weights: (w0, w1, w2, w3), missing ones count as zero.
    jitter: half-width of a random shift, for values that would hide each other.
    """
    _same_length(x_a, x_b, y)
    w0, w1, w2, w3 = (*weights, 0.0, 0.0, 0.0)[:4]
    shift = np.random.default_rng(0).uniform(-jitter, jitter, (2, len(y)))
    ends = np.array([x_a.min(), x_a.max()])
    sentences = []
    for group, (name, role) in enumerate(zip(names.groups, ROLES, strict=True)):
        rows = x_b == group
        ax.scatter(
            (x_a + shift[0])[rows],
            (y + shift[1])[rows],
            s=16,
            alpha=0.35,
            linewidths=0,
            **style(role, "color", "marker"),
        )
        level, slope = w0 + w2 * group, w1 + w3 * group
        ax.plot(ends, level + slope * ends, label=name, markersize=7, linewidth=2.4, **style(role))
        sentences.append(
            f"{name}: {rows.sum()} points, line from {level:.2f} with slope {slope:+.2f}"
        )
    ax.set_xlabel(names.x)
    ax.set_ylabel(names.y)
    ax.legend(loc="best")
    return f"Scatter of {names.y} against {names.x} in two groups. {'; '.join(sentences)}."


def residuals(
    ax: Axes, x_a: np.ndarray, x_b: np.ndarray, rest: np.ndarray, names: Names, bins: int = 5
) -> str:
    """Residuals (n,) against x_A, with each group's mean in ``bins`` equally full bins of x_A.

    Return the alt text, which names the mean in the first and the last bin of each group.
    """
    _same_length(x_a, x_b, rest)
    ax.axhline(0, color=INK, linewidth=1)
    edges = np.quantile(x_a, np.linspace(0, 1, bins + 1))
    where = np.clip(np.searchsorted(edges, x_a, side="right") - 1, 0, bins - 1)
    sentences = []
    for group, (name, role) in enumerate(zip(names.groups, ROLES, strict=True)):
        rows = x_b == group
        look = style(role, "color", "marker")
        ax.scatter(x_a[rows], rest[rows], s=12, alpha=0.25, linewidths=0, **look)
        inside = [rows & (where == k) for k in range(bins) if (rows & (where == k)).any()]
        centres = [x_a[k].mean() for k in inside]
        means = [rest[k].mean() for k in inside]
        ax.plot(centres, means, label=f"{name}, mean", **style(role))
        sentences.append(f"{name}: mean {means[0]:+.2f} at low {names.x}, {means[-1]:+.2f} at high")
    ax.set_xlabel(names.x)
    ax.set_ylabel(f"{names.y}: measured − fitted")
    ax.legend(loc="best")
    return f"Residuals of {names.y} against {names.x}. {'; '.join(sentences)}."


def spread_of_residuals(
    ax: Axes, x_a: np.ndarray, rest: np.ndarray, names: Names, bins: int = 5
) -> str:
    """Residuals (n,) against x_A without groups: mean and standard deviation per bin of x_A.

    The ``bins`` are equally full.  Return the alt text, which names all of these figures.
    """
    _same_length(x_a, x_a, rest)
    ax.axhline(0, color=INK, linewidth=1)
    edges = np.quantile(x_a, np.linspace(0, 1, bins + 1))
    where = np.clip(np.searchsorted(edges, x_a, side="right") - 1, 0, bins - 1)
    full = [where == k for k in range(bins) if (where == k).any()]
    centres = [x_a[k].mean() for k in full]
    means, spreads = [rest[k].mean() for k in full], [rest[k].std(ddof=1) for k in full]
    ax.scatter(x_a, rest, s=12, alpha=0.25, linewidths=0, color=MUTED)
    look = style("ensemble", "color", "marker")
    ax.errorbar(centres, means, spreads, capsize=5, linewidth=2, label="mean ± std", **look)
    ax.set_xlabel(names.x)
    ax.set_ylabel(f"{names.y}: measured − fitted")
    ax.legend(loc="best")
    pairs = zip(means, spreads, strict=True)
    listed = ", ".join(f"{mean:+.2f} ± {spread:.2f}" for mean, spread in pairs)
    return f"Residuals of {names.y} along {names.x}, mean ± standard deviation: {listed}."


def slope_intervals(ax: Axes, slopes: Mapping[str, Interval], x_label: str) -> str:
    """Estimates with their 95 % intervals, one per row, and a line at zero; return the alt text."""
    require(len(slopes) > 0, "slopes is empty; at least one interval was expected.")
    ax.axvline(0, color=MUTED, linewidth=1)
    rows = list(range(len(slopes)))[::-1]
    sentences = []
    for row, (name, slope) in zip(rows, slopes.items(), strict=True):
        clear = slope.low > 0 or slope.high < 0
        look = style("A", "color", "marker") if clear else style("ensemble", "color", "marker")
        ax.plot([slope.low, slope.high], [row, row], color=look["color"], linewidth=3)
        ax.plot([slope.estimate], [row], linestyle="", markersize=9, **look)
        sentences.append(f"{name} {slope.estimate:.3g} [{slope.low:.3g}, {slope.high:.3g}]")
    ax.set_yticks(rows, list(slopes))
    ax.set_ylim(-0.6, len(slopes) - 0.4)
    ax.grid(axis="y", color=GRID, linewidth=0)
    ax.set_xlabel(x_label)
    return f"{x_label}, with 95 % intervals: {'; '.join(sentences)}."


def _same_length(x_a: np.ndarray, x_b: np.ndarray, y: np.ndarray) -> None:
    sizes = (np.shape(x_a), np.shape(x_b), np.shape(y))
    require(
        len(set(sizes)) == 1 and np.ndim(x_a) == 1,
        f"x_a, x_b and the values have shapes {sizes}; three vectors of one length were expected.",
    )
