"""Probe accuracies in pairs: the encoder trained alone against the same encoder trained jointly."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from coursekit.checks import choose, require
from coursekit.plots.frames import interval, percent, require_columns
from coursekit.plots.style import GRID, INK, style
from coursekit.stats import Interval

# Hollow = alone, filled = joint: the pair is told apart by the fill, the training by the palette.
ENCODERS = ("unimodal", "joint")


def encoder_probes(table: pd.DataFrame, ax: Axes, *, value: str = "accuracy") -> str:
    """Draw two dots a modality, joined by a line, with 95 % intervals; return the alt text.

    table: one row a modality, encoder ("unimodal" or "joint") and seed; columns ``modality``,
    ``encoder`` and ``value`` (a share in [0, 1]).
    Errors: ValueError when a column is missing, an encoder is unknown, or one of a pair is missing.
    """
    require_columns(table, ("modality", "encoder", value))
    for name in dict.fromkeys(table["encoder"]):
        choose("encoder", name, ENCODERS)
    modalities = list(dict.fromkeys(table["modality"]))
    sentences = []
    for place, modality in enumerate(modalities):
        pair = {e: _pair_half(table, modality, e, value) for e in ENCODERS}
        ax.plot([pair[e].mean for e in ENCODERS], [place, place], color=GRID, linewidth=6, zorder=1)
        for shift, (encoder, found) in zip((-0.12, 0.12), pair.items(), strict=True):
            _dot(ax, place + shift, encoder, found)
        change = 100 * (pair["joint"].mean - pair["unimodal"].mean)
        sentences.append(
            f"{modality} {percent(pair['unimodal'].mean)} when trained alone and "
            f"{percent(pair['joint'].mean)} inside the joint model ({change:+.1f} points)"
        )
    ax.set_yticks(range(len(modalities)), modalities)
    ax.set_ylim(len(modalities) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(f"probe {value}: mean and 95 % interval over seeds")
    ax.legend(handles=[_key(encoder) for encoder in ENCODERS])
    return f"Probe {value} of each encoder: " + "; ".join(sentences) + "."


def _pair_half(table: pd.DataFrame, modality: str, encoder: str, value: str) -> Interval:
    part = table[(table["modality"] == modality) & (table["encoder"] == encoder)]
    require(len(part) > 0, f"table has no row for modality {modality!r}, encoder {encoder!r}.")
    return interval(part[value])


def _look(encoder: str) -> dict[str, Any]:
    if encoder == "joint":
        return style("joint", "color", "marker")
    return {"color": INK, "marker": "o", "markerfacecolor": "white"}


def _dot(ax: Axes, place: float, encoder: str, found: Interval) -> None:
    look = _look(encoder)
    if found.n > 1:
        ax.plot([found.low, found.high], [place, place], color=look["color"], linewidth=1.5)
    ax.plot([found.mean], [place], linestyle="", markersize=9, markeredgewidth=1.5, **look)


def _key(encoder: str) -> Line2D:
    words = {"unimodal": "encoder trained alone", "joint": "encoder of the joint model"}
    return Line2D([], [], linestyle="", label=words[encoder], markersize=8, **_look(encoder))
