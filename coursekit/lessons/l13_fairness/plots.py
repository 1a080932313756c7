"""Pictures of lesson 13: people by both artists, numbers with intervals in rows, rates in steps."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coursekit.analysis.intervals import Interval
from coursekit.course.plots.style import MUTED, style
from coursekit.course.plots.tidy_tables import require_columns
from coursekit.data.emoji_people import ARTISTS, GENDERS, EmojiPeople
from coursekit.utils.checks import require, require_mapping

ROLES = ("A", "B", "joint", "ensemble")
TONE = 3  # of the pictures shown
NAMES = dict(zip(ARTISTS, ("Google", "Twemoji"), strict=True))


def people(ax: Axes, drawn: EmojiPeople, artist: str, roles: Sequence[str]) -> str:
    """Draw man, woman and person of some roles by one artist; return the alt text."""
    rows = [[drawn.rows(role, gender)[TONE] for role in roles] for gender in GENDERS]
    sheet = drawn.pictures[artist][np.array(rows)].permute(0, 3, 1, 4, 2)
    height, width = sheet.shape[0] * sheet.shape[1], sheet.shape[2] * sheet.shape[3]
    ax.imshow(sheet.reshape(height, width, 3).numpy(), interpolation="nearest")
    side = drawn.pictures[artist].shape[2]
    ax.set_yticks([side * (i + 0.5) for i in range(len(GENDERS))], GENDERS)
    names = [role.replace(" ", "\n") for role in roles]
    ax.set_xticks([side * (i + 0.5) for i in range(len(roles))], names, size=8)
    ax.grid(visible=False)
    ax.set_title(NAMES[artist])
    return f"{NAMES[artist]}: man, woman and person as {', '.join(roles)}."


def in_rows(
    ax: Axes, series: Mapping[str, Mapping[str, Interval]], label: str, line: float | None = None
) -> str:
    """Draw means with 95 % intervals, a row per name and a marker per series; return the alt text.

    series: series → row → interval; rows in order of appearance.  label: of the axis, with what it
    measures.  line: a value to compare with.
    """
    require_mapping("series", series, "intervals")
    require(
        len(series) <= len(ROLES), f"series has {len(series)} entries; at most 4 were expected."
    )
    names = list(dict.fromkeys(name for rows in series.values() for name in rows))
    sentences = []
    for k, (title, rows) in enumerate(series.items()):
        look = style(ROLES[k], "color", "marker")
        at = [names.index(name) + 0.18 * (k - (len(series) - 1) / 2) for name in rows]
        for y, i in zip(at, rows.values(), strict=True):
            ax.plot([i.low, i.high], [y, y], color=look["color"], linewidth=1.8)
        ax.plot([i.mean for i in rows.values()], at, linestyle="", label=title, **look)
        read = ", ".join(f"{n} {i.mean:.2f} [{i.low:.2f}, {i.high:.2f}]" for n, i in rows.items())
        sentences.append(f"{title}: {read}.")
    if line is not None:
        ax.axvline(line, color=MUTED, linewidth=1)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlabel(label)
    ax.grid(visible=False, axis="y")
    if len(series) > 1:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=len(series))
    return " ".join(sentences)


def calibration_by_group(ax: Axes, table: pd.DataFrame) -> str:
    """Draw the share of positives against the probability, a line per group; return the alt text.

    table: of `coursekit.analysis.group_calibration`.
    """
    require_columns(table, ("group", "probability", "share", "n"))
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1)
    sentences = []
    for role, (name, rows) in zip(ROLES, table.groupby("group"), strict=False):
        error = np.sqrt(rows["share"] * (1 - rows["share"]) / rows["n"])
        look = style(role)
        ax.errorbar(rows["probability"], rows["share"], 1.96 * error, label=str(name), **look)
        points = "; ".join(
            f"{p:.2f} given, {s:.2f} positive, n = {n}"
            for p, s, n in zip(rows["probability"], rows["share"], rows["n"], strict=True)
        )
        sentences.append(f"{name}: {points}.")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_xlabel("probability given, mean of the bin")
    ax.set_ylabel("share of good credits")
    ax.legend(loc="lower right")
    return " ".join(sentences)
