"""Probe accuracies in pairs: the encoder trained alone against the same encoder trained jointly."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from coursekit.analysis.intervals import Interval
from coursekit.course.plots.style import GRID, INK, legend_key, style
from coursekit.course.plots.tidy_tables import interval, percent, require_columns
from coursekit.utils.checks import choose, require

# Hollow = alone, filled = joint: the pair is told apart by the fill, the training by the palette.
TRAINED = ("alone", "joint")


def encoder_probes(table: pd.DataFrame, ax: Axes, *, value: str = "accuracy") -> str:
    """Draw two dots per modality, joined by a line, with 95 % intervals; return the alt text.

    table: one row per modality, trained ("alone" or "joint") and seed; columns ``modality``,
    ``trained`` and ``value`` (a share in [0, 1]).
    Errors: ValueError when a column, or one of a pair, is missing, or trained is another word.
    """
    require_columns(table, ("modality", "trained", value))
    for name in dict.fromkeys(table["trained"]):
        choose("trained", name, TRAINED)
    modalities = list(dict.fromkeys(table["modality"]))
    sentences = []
    for place, modality in enumerate(modalities):
        pair = {t: _pair_half(table, modality, t, value) for t in TRAINED}
        ax.plot([pair[t].mean for t in TRAINED], [place, place], color=GRID, linewidth=6, zorder=1)
        for shift, (trained, estimate) in zip((-0.12, 0.12), pair.items(), strict=True):
            _dot(ax, place + shift, trained, estimate)
        change = 100 * (pair["joint"].mean - pair["alone"].mean)
        sentences.append(
            f"{modality} {percent(pair['alone'].mean)} when trained alone and "
            f"{percent(pair['joint'].mean)} inside the joint model ({change:+.1f} points)"
        )
    ax.set_yticks(range(len(modalities)), modalities)
    ax.set_ylim(len(modalities) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(f"probe {value}: mean and 95 % interval over seeds")
    keys = [_key(trained) for trained in TRAINED]
    ax.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=2)
    return f"Probe {value} of each encoder: " + "; ".join(sentences) + "."


def _pair_half(table: pd.DataFrame, modality: str, trained: str, value: str) -> Interval:
    part = table[(table["modality"] == modality) & (table["trained"] == trained)]
    require(len(part) > 0, f"table has no row for modality {modality!r}, trained {trained!r}.")
    return interval(part[value])


def _look(trained: str) -> dict[str, Any]:
    if trained == "joint":
        return style("joint", "color", "marker")
    return {"color": INK, "marker": "o", "markerfacecolor": "white"}


def _dot(ax: Axes, place: float, trained: str, estimate: Interval) -> None:
    look = _look(trained)
    if estimate.n > 1:
        ax.plot([estimate.low, estimate.high], [place, place], color=look["color"], linewidth=1.5)
    ax.plot([estimate.mean], [place], linestyle="", markersize=9, markeredgewidth=1.5, **look)


def _key(trained: str) -> Line2D:
    words = {"alone": "encoder trained alone", "joint": "encoder of the joint model"}
    return legend_key(linestyle="", label=words[trained], markersize=8, **_look(trained))
