"""Pictures of lesson 18: marks by part and strategy, symptoms of the stored mysteries."""

import pandas as pd
from matplotlib.axes import Axes

from coursekit.analysis.intervals import interval
from coursekit.course.plots.style import INK, MUTED, style
from coursekit.course.plots.tidy_tables import require_columns
from coursekit.lessons.l18_capstone.stored_mysteries import TRUTHS, has, strength

PARTS = ("statements", "confidence", "checklist", "model")
LOOKS = {"statements": ("A", ""), "confidence": ("B", "///"), "checklist": ("ensemble", "..."),
         "model": ("joint", "xx")}  # fmt: skip


def parts_picture(ax: Axes, marks: pd.DataFrame) -> str:
    """Draw a stacked bar of mean marks per strategy, total with its interval; return the alt text.

    marks: a row per mystery and strategy, columns strategy, `PARTS`, total.
    """
    require_columns(marks, ("strategy", *PARTS, "total"))
    grouped = marks.groupby("strategy", sort=False)
    means = grouped[list(PARTS)].mean().iloc[::-1]
    start = pd.Series(0.0, index=means.index)
    for part in PARTS:
        role, hatch = LOOKS[part]
        ax.barh(means.index, means[part], left=start, color=style(role, "color")["color"],
                hatch=hatch, edgecolor="white", linewidth=0.5, label=part)  # fmt: skip
        start = start + means[part]
    sentences = []
    for place, name in enumerate(means.index):
        i = interval(grouped.get_group(name)["total"])
        ax.plot([i.low, i.high], [place, place], color=INK, linewidth=3)
        sentences.append(f"{name}: {i} in all, of which " + ", ".join(
            f"{part} {means.loc[name, part]:.1f}" for part in PARTS) + ".")  # fmt: skip
    ax.set_xlim(0, 100)
    ax.set_xlabel("marks of 100, mean over mysteries; black: 95 % interval of the total")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(PARTS))
    return "Stacked bars. " + " ".join(reversed(sentences))


def symptom_picture(
    ax: Axes, table: pd.DataFrame, across: str, up: str, thresholds: tuple[float, float]
) -> str:
    """Draw one symptom against another, a mark per mystery by what is true; return the alt text.

    across, up: two of the symptoms of `coursekit.lessons.l18_capstone.stored_mysteries`.
    thresholds: of each, drawn as dashed lines.
    """
    x, y = strength(table, across), strength(table, up)
    first, second = has(table, across), has(table, up)
    kinds = {
        "neither": (~first & ~second, "ensemble"),
        TRUTHS[across]: (first & ~second, "A"),
        TRUTHS[up]: (~first & second, "B"),
        "both": (first & second, "joint"),
    }
    sentences = []
    for name, (who, role) in kinds.items():
        ax.scatter(x[who], y[who], s=22, label=name, **style(role, "color", "marker"))
        if who.any():
            sentences.append(f"{name}: {int(who.sum())} mysteries, mean {across} "
                             f"{x[who].mean():.2f}, {up} {y[who].mean():.2f}.")  # fmt: skip
    ax.axhline(0, color=MUTED, linewidth=0.8)
    ax.axvline(thresholds[0], color=INK, linewidth=1, linestyle="--", label="thresholds")
    ax.axhline(thresholds[1], color=INK, linewidth=1, linestyle="--")
    ax.set_xlabel(f"{across} (accuracy)")
    ax.set_ylabel(f"{up} (accuracy)")
    ax.legend(loc="best")
    return (
        f"A mark per mystery, {across} across, {up} up, thresholds at {thresholds[0]:g} and "
        f"{thresholds[1]:g}. " + " ".join(sentences)
    )
