"""Pictures of operators as numbers: how they grow, what rank they need, where they reach."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coursekit.course.plots.style import INK, MUTED, STYLE
from coursekit.course.plots.tidy_tables import interval, require_columns

MARKERS = ("o", "s", "^", "D")
LINES = ("-", "--", "-.", ":")
REACHED: Mapping[str, str] = MappingProxyType(
    {"yes": "#c9e4d1", "part": "#f7e7c3", "no": "#ffffff"}
)


def size_lines(table: pd.DataFrame, ax: Axes) -> str:
    """Parameters against the width of the features, a line per operator, both axes logarithmic.

    table: columns operator, width, parameters; at most four operators.  Returns the alt text.
    Errors: ValueError when a column is missing or there are more operators than lines.
    """
    require_columns(table, ("operator", "width", "parameters"))
    names = list(dict.fromkeys(table["operator"]))
    colours = [look["color"] for look in STYLE.values()]
    sentences = []
    for name, colour, marker, line in zip(names, colours, MARKERS, LINES, strict=False):
        rows = table[table["operator"] == name].sort_values("width")
        width, size = rows["width"].to_numpy(), rows["parameters"].to_numpy()
        ax.plot(width, size, color=colour, marker=marker, linestyle=line, label=name)
        ends = f"from {size[0]:,} at width {width[0]} to {size[-1]:,} at {width[-1]}"
        sentences.append(f"{name} {ends}")
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    widths = sorted(table["width"].unique())
    ax.set_xticks(widths, [f"{w:g}" for w in widths])
    ax.set_xlabel("features per modality")
    ax.set_ylabel("parameters of the head")
    ax.legend()
    return "Parameters by width of the features: " + "; ".join(sentences) + "."


def rank_intervals(table: pd.DataFrame, ax: Axes, reference: str = "tensor") -> str:
    """Accuracy against the rank with 95 % intervals; the full tensor as a line with its own.

    table: columns model ("rank 1", "rank 2", … and ``reference``), test.  Returns the alt text.
    """
    require_columns(table, ("model", "test"))
    ranks = sorted(int(m.split()[1]) for m in table["model"].unique() if m.startswith("rank "))
    sentences = []
    look = STYLE["A"]
    for place, rank in enumerate(ranks):
        values = table.loc[table["model"] == f"rank {rank}", "test"].to_numpy(dtype=float)
        over_seeds = interval(values)
        faint = {"linestyle": "", "marker": look["marker"], "ms": 4, "alpha": 0.35}
        ax.plot(np.full(len(values), place + 0.15), values, color=look["color"], **faint)
        ends = [over_seeds.low, over_seeds.high]
        ax.plot([place, place], ends, color=look["color"], linewidth=2.5)
        ax.plot([place], [over_seeds.mean], color=look["color"], marker=look["marker"], ms=9)
        sentences.append(f"rank {rank} {over_seeds}")
    full = interval(table.loc[table["model"] == reference, "test"])
    ax.axhspan(full.low, full.high, color=MUTED, alpha=0.25, linewidth=0)
    ax.axhline(full.mean, color=MUTED, linestyle="--", label=f"{reference}, 95 % interval")
    ax.set_xticks(range(len(ranks)), [str(r) for r in ranks])
    ax.set_xlabel("rank R")
    ax.set_ylabel("test accuracy")
    ax.legend(loc="lower right")
    return (
        "Test accuracy by rank, mean and 95 % interval: "
        + "; ".join(sentences)
        + (f"; {reference} {full}.")
    )


def reach(
    table: pd.DataFrame,
    ax: Axes,
    targets: Sequence[str],
    groups: Sequence[Sequence[str]] | None = None,
) -> str:
    """Mean R² as numbers, a row per operator and a column per target; shaded from 0.9 on.

    table: columns operator, target, r2 (one row per seed).  A field in light orange has a mean
    below 0.9 and above 0.1; a star means that the seeds differ by more than 0.1.
    groups: operators in the order of the rows, a line between two groups; operators that stand in
    no group come last. Without it the alphabet decides.  Returns the alt text.
    """
    require_columns(table, ("operator", "target", "r2"))
    measured = sorted(table["operator"].unique())
    names = [n for group in groups or () for n in group if n in measured]
    names += [n for n in measured if n not in names]
    sentences = []
    for row, name in enumerate(names):
        words = []
        for column, target in enumerate(targets):
            here = (table["operator"] == name) & (table["target"] == target)
            values = table.loc[here, "r2"].to_numpy(dtype=float)
            mean = interval(values).mean
            kind = "yes" if mean >= 0.9 else "part" if mean > 0.1 else "no"
            ax.fill_between(
                [column - 0.48, column + 0.48], row - 0.46, row + 0.46, color=REACHED[kind],
                linewidth=0,
            )  # fmt: skip
            star = "*" if np.ptp(values) > 0.1 else ""
            shown = f"{mean:.2f}{star}".replace("-0.00", "0.00")
            ax.text(column, row, shown, ha="center", va="center", size=9, color=INK)
            words.append(f"{target} {shown}")
        sentences.append(f"{name}: {', '.join(words)}")
    for group in (groups or ())[:-1]:
        inside = [names.index(n) for n in group if n in names]
        if inside:
            ax.axhline(max(inside) + 0.5, color=MUTED, linewidth=0.8)
    ax.set_xlim(-0.5, len(targets) - 0.5)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xticks(range(len(targets)), targets)
    ax.set_yticks(range(len(names)), names)
    ax.grid(visible=False)
    ax.tick_params(length=0)
    ax.set_xlabel("target")
    return f"Mean R² over seeds by operator and target (* seeds differ). {'; '.join(sentences)}."
