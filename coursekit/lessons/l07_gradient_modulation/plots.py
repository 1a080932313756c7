"""Pictures of lesson 07: scales as functions of who is ahead, scales over epochs, two gradients."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from coursekit.course.plots.style import INK, MUTED, style
from coursekit.course.plots.tidy_tables import require_axes, require_columns
from coursekit.utils.checks import require

ROLES = ("A", "B", "joint", "ensemble")  # looks for curves that are no modalities


def scale_curves(ahead: ArrayLike, curves: Mapping[str, ArrayLike], ax: Axes) -> str:
    """Draw scales k against how far a modality is ahead (logarithmic); return the alt text.

    ahead: (N,), own score over the others'.  curves: method → k, (N,); four at most.
    """
    x = np.asarray(ahead, dtype=float)
    fits = 0 < len(curves) <= len(ROLES)
    require(fits, f"curves holds {len(curves)} methods; one to {len(ROLES)} were expected.")
    sentences = []
    for role, (name, values) in zip(ROLES, curves.items(), strict=False):
        k = np.asarray(values, dtype=float)
        look = style(role, "color", "linestyle", "marker")
        ax.plot(x, k, label=name, markevery=max(1, len(x) // 8), markersize=5, **look)
        sentences.append(
            f"{name} goes from k = {k[0]:.2f} at {x[0]:g} to {k[-1]:.2f} at {x[-1]:g}, highest "
            f"{k.max():.2f}, lowest {k.min():.2f}"
        )
    ax.axhline(1, color=MUTED, linewidth=1, zorder=1)
    ax.axvline(1, color=MUTED, linewidth=1, zorder=1)
    ax.set_xscale("log", base=2)
    ticks = [t for t in (0.125, 0.25, 0.5, 1, 2, 4, 8) if x.min() <= t <= x.max()]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.set_xlabel("own score / mean score of the others")
    ax.set_ylabel("k")
    ax.legend(loc="upper right")
    return f"Scale k by how far a modality is ahead: {'; '.join(sentences)}."


def scale_traces(table: pd.DataFrame, axes: Sequence[Axes], names: Sequence[str]) -> str:
    """Draw k by epoch, one panel per entrant, the mean over faint seeds; return the alt text.

    table: `scales` of `coursekit.compare.race.races`: entry, epoch, modality ("A" or "B"), k, seed.
    """
    require_columns(table, ("entry", "epoch", "modality", "k", "seed"))
    require_axes(axes, "names", names)
    sentences = []
    for ax, name in zip(axes, names, strict=True):
        for m in ("A", "B"):
            rows = table[(table["entry"] == name) & (table["modality"] == m)]
            require(len(rows) > 0, f"table has no scales of {name!r} for {m!r}.")
            by_epoch = rows.groupby("epoch")["k"].mean()
            means = by_epoch.to_numpy(dtype=float)
            for _, of_seed in rows.groupby("seed"):
                faint = style(m, "color", "linestyle") | {"linewidth": 0.9, "alpha": 0.45}
                ax.plot(of_seed["epoch"], of_seed["k"], **faint)
            ax.plot(by_epoch.index.to_numpy(), means, label=m, markersize=4, **style(m))
            sentences.append(
                f"{name}, {m}: from {means[0]:.2f} to {means[-1]:.2f}, lowest {means.min():.2f}, "
                f"highest {means.max():.2f}"
            )
        ax.axhline(1, color=MUTED, linewidth=1, zorder=1)
        ax.set_title(name)
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].set_ylabel("k, mean of the epoch (thin: single seeds)")
    axes[0].legend(loc="upper right")
    return f"Scales k by epoch: {'; '.join(sentences)}."


def conflict(first: ArrayLike, second: ArrayLike, projected: ArrayLike, ax: Axes) -> str:
    """Draw two gradients (2,) and what is left of each, (2, 2); return the alt text."""
    g, h = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    g_after, h_after = afters = np.asarray(projected, dtype=float)
    for v, after, role, name in ((g, g_after, "A", "g₁"), (h, h_after, "B", "g₂")):
        arrow = {"arrowstyle": "-|>", "color": style(role)["color"], "mutation_scale": 16}
        for end, line, width in ((v, "-", 2.2), (after, "--", 1.8)):
            look = {**arrow, "linestyle": line, "linewidth": width}
            ax.annotate("", (end[0], end[1]), (0, 0), arrowprops=look)
        ax.plot([v[0], after[0]], [v[1], after[1]], ":", color=MUTED, linewidth=1.2)
        for point, text in ((v, name), (after, f"{name} projected")):
            x, y = point * (1 + 0.12 / np.linalg.norm(point))
            ax.text(float(x), float(y), text, color=INK, size=9.5, ha="center", va="center")
    edge = 1.35 * max(np.abs(np.stack([g, h, *afters])).max(), 1e-9)
    ax.set_xlim(-edge, edge)
    ax.set_ylim(-0.4 * edge, edge)
    ax.set_aspect("equal")
    ax.set_xlabel("first weight")
    ax.set_ylabel("second weight")
    return (
        f"Two gradients, ({g[0]:.2f}, {g[1]:.2f}) and ({h[0]:.2f}, {h[1]:.2f}), with the product "
        f"{g @ h:.2f}; projected they are ({g_after[0]:.2f}, {g_after[1]:.2f}) and "
        f"({h_after[0]:.2f}, {h_after[1]:.2f}), with the products {g_after @ h:.2f} and "
        f"{h_after @ g:.2f} against the other as it was."
    )
