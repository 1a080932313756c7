"""Joint minus best single model, fold by fold: the folds without a paradox stay in the picture."""

import pandas as pd
from matplotlib.axes import Axes

from coursekit.analysis.intervals import interval
from coursekit.course.plots.style import INK, MUTED, style
from coursekit.course.plots.tidy_tables import require_columns

VALUE = "joint − best"


def fold_gaps(table: pd.DataFrame, ax: Axes) -> str:
    """Draw the gap of every fold with its 95 % interval over seeds; return the alt text.

    table: one row per setting, fold and seed; columns ``setting``, ``fold``, ``trained_on``
    (names) and ``joint − best``.
    """
    require_columns(table, ("setting", "fold", "trained_on", VALUE))
    settings = list(dict.fromkeys(table["setting"]))
    sentences = []
    for shift, role, setting in zip((-0.13, 0.13), ("A", "B"), settings, strict=True):
        rows = table[table["setting"] == setting]
        look = style(role, "color", "marker")
        gaps = {int(fold): interval(part[VALUE]) for fold, part in rows.groupby("fold")}
        for fold, gap in gaps.items():
            ax.plot([fold + shift] * 2, [gap.low, gap.high], color=look["color"], linewidth=2.5)
        at, means = [fold + shift for fold in gaps], [gap.mean for gap in gaps.values()]
        ax.plot(at, means, linestyle="", markersize=9, label=setting, **look)
        words = ", ".join(f"fold {fold} {gap.mean:+.3f}" for fold, gap in gaps.items())
        sentences.append(f"{setting}: {words}")
    ax.axhline(0, color=INK, linewidth=1)
    ax.text(0.33, 0.03, "below the line: the joint model loses", color=MUTED, size=9,
            transform=ax.transAxes)  # fmt: skip
    first = table[table["setting"] == settings[0]].drop_duplicates("fold").sort_values("fold")
    ax.set_xticks(
        list(first["fold"]),
        [f"{f}: {n}" for f, n in zip(first["fold"], first["trained_on"], strict=True)],
    )
    ax.set_xlabel(f"fold, and its training speaker in “{settings[0]}”")
    ax.set_ylabel("joint − best single, test accuracy")
    ax.legend(loc="lower right")
    return f"Joint minus best single model in each of six folds. {'; '.join(sentences)}."
