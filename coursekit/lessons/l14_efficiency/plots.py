"""Pictures of lesson 14: columns by layer, accuracy by share, whose weights go, ways in rows."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes

from coursekit.analysis.intervals import Interval
from coursekit.course.plots.bands import mean_line
from coursekit.course.plots.style import MUTED, style
from coursekit.course.plots.tidy_tables import require_axes, require_columns
from coursekit.utils.checks import require_mapping

ROLES = ("A", "B", "joint", "ensemble")


def layer_bars(axes: Sequence[Axes], table: pd.DataFrame) -> str:
    """Draw a panel per column, a bar per layer: its share of the column; return the alt text."""
    require_axes(axes, "axes", [str(column) for column in table])
    sentences = []
    for ax, column in zip(axes, table, strict=True):
        shares = table[column] / table[column].sum()
        bars = ax.barh(range(len(shares)), shares, height=0.6, color=style("A")["color"])
        ax.bar_label(bars, [f"{share:.2f}" for share in shares], padding=3, size=9)
        ax.set_yticks(range(len(shares)), shares.index)
        ax.tick_params(labelleft=ax is axes[0])
        ax.set_ylim(len(shares) - 0.5, -0.5)
        ax.set_xlim(0, 1.15)
        ax.grid(visible=False, axis="y")
        ax.set_xlabel("share of one encoder's")
        ax.set_title(str(column))
        read = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
        sentences.append(f"{column}: {read}.")
    return " ".join(sentences)


def pruning_curves(ax: Axes, table: pd.DataFrame, line: float) -> str:
    """Draw accuracy by the share pruned, a line per ranking with its band; return the alt text.

    table: columns ranking, share, seed, accuracy.  line: accuracy of what is not pruned.
    """
    require_columns(table, ("ranking", "share", "seed", "accuracy"))
    sentences = []
    for role, (name, rows) in zip(ROLES, table.groupby("ranking", sort=False), strict=False):
        means = mean_line(ax, rows, "share", "accuracy", label=str(name), **style(role))
        read = ", ".join(f"{share:g}: {mean:.2f}" for share, mean in means.items())
        sentences.append(f"{name}: {read}.")
    ax.axhline(line, color=MUTED, linewidth=1, label="no zeros")
    ax.set_ylim(0, 1)
    ax.set_xlabel("share of the encoders' weights that is zero")
    ax.set_ylabel("accuracy (band: 95 % interval)")
    ax.legend(loc="lower left")
    return " ".join(sentences)


def whose_weights(axes: Sequence[Axes], table: pd.DataFrame) -> str:
    """Draw which share of each encoder goes by the share in all, a panel per case; the alt text.

    table: columns case, share, seed, image, audio.
    """
    require_columns(table, ("case", "share", "seed", "image", "audio"))
    cases = list(dict.fromkeys(table["case"]))
    require_axes(axes, "axes", cases)
    sentences = []
    for ax, case in zip(axes, cases, strict=True):
        rows = table[table["case"] == case]
        ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, label="equal shares")
        for role, modality in zip(ROLES, ("image", "audio"), strict=False):
            means = mean_line(ax, rows, "share", modality, label=modality, **style(role))
            read = ", ".join(f"{share:g}: {mean:.2f}" for share, mean in means.items())
            sentences.append(f"{case}, {modality}: {read}.")
        ax.set_title(case)
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1.03)
        ax.set_xlabel("share pruned in all")
    axes[0].set_ylabel("share of the encoder (band: 95 %)")
    axes[0].legend(loc="upper left")
    return " ".join(sentences)


def interval_rows(
    ax: Axes, rows: Mapping[str, Interval], line: float, roles: Mapping[str, str]
) -> str:
    """Draw accuracies with 95 % intervals, a row per way; return the alt text.

    line: an accuracy to compare with.  roles: way → "A", "B" and so on.
    """
    require_mapping("rows", rows, "intervals")
    for place, (name, i) in enumerate(rows.items()):
        look = style(roles.get(name, "A"), "color", "marker")
        ax.plot([i.low, i.high], [place, place], color=look["color"], linewidth=2)
        ax.plot(i.mean, place, linestyle="", markersize=7, **look)
    ax.axvline(line, color=MUTED, linewidth=1)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("accuracy on test rows, 95 % interval over seeds")
    return "; ".join(f"{n} {i.mean:.3f} [{i.low:.3f}, {i.high:.3f}]" for n, i in rows.items()) + "."
