"""Pictures of lesson 04: what each place of meeting reaches, how soon, and without a modality."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from coursekit.course.plots.bands import mean_line
from coursekit.course.plots.style import INK, MUTED, STYLE, legend_key
from coursekit.course.plots.tidy_tables import interval, percent, require_columns
from coursekit.utils.checks import choose

STYLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "early": STYLE["A"],
        "intermediate": STYLE["joint"],
        "late": STYLE["B"],
        "early transformer": {"color": "#9A3B84", "linestyle": "-.", "marker": "P"},
        "ensemble": STYLE["ensemble"],
        "single": {"color": INK, "linestyle": (0, (4, 1, 1, 1, 1, 1)), "marker": "v"},
    }
)


def model_style(model: str, *parts: str) -> dict[str, Any]:
    """Matplotlib keywords of a model, or only the named ``parts``; the same in every picture."""
    keywords = STYLES[choose("model", model, STYLES)]
    return {part: keywords[part] for part in parts or keywords}


def grouped_intervals(
    table: pd.DataFrame,
    ax: Axes,
    *,
    by: str = "case",
    value: str = "accuracy",
    chance: Mapping[str, float] = MappingProxyType({}),
) -> str:
    """Mean and 95 % interval of ``value`` for each model, one band per ``by``; return the alt text.

    table: one row per model, ``by`` and seed; columns ``model``, ``by`` and ``value``.
    chance: ``by`` → what guessing reaches, drawn as a dotted line across the band.
    Errors: ValueError when a column is missing or a model has no style.
    """
    require_columns(table, ("model", by, value))
    groups = list(dict.fromkeys(table[by]))
    present = [m for m in STYLES if (table["model"] == m).any()]
    for name in table["model"].unique():
        choose("model", name, STYLES)
    offsets = np.linspace(-0.34, 0.34, len(present)) if len(present) > 1 else [0.0]
    sentences = []
    for place, group in enumerate(groups):
        if place % 2:
            ax.axhspan(place - 0.5, place + 0.5, color="#f4f6f9", zorder=0)
        words = []
        if group in chance:
            ends = [place - 0.45, place + 0.45]
            ax.plot(
                [chance[group]] * 2,
                ends,
                color=MUTED,
                linestyle=":",
                linewidth=1.6,
                label="_chance",
            )
            words.append(f"chance {percent(chance[group])}")
        for model, offset in zip(present, offsets, strict=True):
            rows = table.loc[(table[by] == group) & (table["model"] == model), value]
            if rows.empty:
                continue
            over_seeds, y = interval(rows), place + offset
            color = model_style(model)["color"]
            ax.plot([over_seeds.low, over_seeds.high], [y, y], color=color, linewidth=1.8)
            dot = model_style(model, "color", "marker") | {"linestyle": "", "markersize": 7}
            ax.plot([over_seeds.mean], [y], **dot)
            words.append(f"{model} {percent(over_seeds.mean)}")
        sentences.append(f"{group}: {', '.join(words)}")
    ax.set_yticks(range(len(groups)), groups)
    ax.set_ylim(len(groups) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    dotted = "; dotted: chance" if chance else ""
    ax.set_xlabel(f"test {value}: mean and 95 % interval over seeds{dotted}")
    _legend(ax, present, lines=False)
    return f"Test {value} by {by}. " + "; ".join(sentences) + "."


def depth_curves(table: pd.DataFrame, ax: Axes, *, legend: bool = True) -> str:
    """Validation accuracy by epoch, mean and 95 % band over seeds; return the alt text.

    table: one row per model, epoch and seed; columns ``model``, ``epoch`` and ``accuracy``.
    """
    require_columns(table, ("model", "epoch", "accuracy"))
    present = [m for m in STYLES if (table["model"] == m).any()]
    sentences = []
    for model in present:
        rows = table[table["model"] == model]
        drawn = model_style(model) | {"markersize": 5}
        means = mean_line(ax, rows, "epoch", "accuracy", marks=6, **drawn)
        ends = [f"{means[epoch]:.3f} at epoch {epoch:g}" for epoch in means.index[[0, -1]]]
        sentences.append(f"{model} {', '.join(ends)}")
    ax.set_xlabel("epoch")
    ax.set_ylabel("validation accuracy (band: 95 % interval)")
    ax.set_ylim(0, 1)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if legend:
        _legend(ax, present, lines=True)
    return "Validation accuracy: " + "; ".join(sentences) + "."


def _legend(ax: Axes, models: Sequence[str], *, lines: bool) -> None:
    parts = ("color", "marker", "linestyle") if lines else ("color", "marker")
    extra = {} if lines else {"linestyle": ""}
    labels = {"single": "single (chosen on validation)"}
    handles = [
        legend_key(label=labels.get(m, m), **(model_style(m, *parts) | extra)) for m in models
    ]
    if lines:
        ax.legend(handles=handles, loc="lower right", ncols=2)
        return
    ax.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=len(models),
        columnspacing=1.0, handletextpad=0.2, borderaxespad=0.2,
    )  # fmt: skip


def missing_rows(table: pd.DataFrame, ax: Axes, alone: float) -> str:
    """Test accuracy without a modality, a row per model and way to answer; return the alt text.

    table: one row per model, way and seed; columns ``model``, ``way``, ``accuracy`` and ``whole``,
    the mean with nothing lost, a tick on its row. Rows keep the table's order.
    alone: accuracy of a network trained on the modality that is left, a line across.
    """
    require_columns(table, ("model", "way", "accuracy", "whole"))
    keys = list(dict.fromkeys(zip(table["model"], table["way"], strict=True)))
    ax.axvline(alone, color=MUTED, linestyle=":", linewidth=1.4)
    sentences = [f"trained on the other alone: {percent(alone)}"]
    for place, (model, way) in enumerate(keys):
        rows = table[(table["model"] == model) & (table["way"] == way)]
        over_seeds, whole = interval(rows["accuracy"]), float(rows["whole"].iloc[0])
        drawn = model_style(model, "color", "marker")
        seeds = np.full(over_seeds.n, place + 0.22)
        ax.plot(rows["accuracy"], seeds, linestyle="", alpha=0.35, markersize=3.5, **drawn)
        stroke = [place - 0.32, place + 0.32]
        ax.plot([whole] * 2, stroke, color=INK, linewidth=1.8, label="_with both")
        ends = [over_seeds.low, over_seeds.high]
        ax.plot(ends, [place] * 2, color=drawn["color"], linewidth=2.2)
        ax.plot([over_seeds.mean], [place], linestyle="", markersize=8, **drawn)
        both = f"with both {percent(whole)}"
        sentences.append(f"{model}, {way}: {percent(over_seeds.mean)}, {both}")
    ax.set_yticks(range(len(keys)), [f"{model}: {way}" for model, way in keys])
    ax.set_ylim(len(keys) - 0.4, -0.6)
    ax.set_xlim(0, 1)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(
        "test accuracy: mean, 95 % interval, seeds\n| with both modalities   ⋮ the other alone"
    )
    return "; ".join(sentences) + "."
