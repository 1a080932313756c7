"""Two panels: each mystery's symptom beside the threshold; what each threshold gets right."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coursekit.course.plots.style import INK, MUTED, new_figure, style
from coursekit.lessons.l18_capstone.stored_mysteries import TRUTHS, Fares, fares_at, has, strength

GRID = np.arange(-0.1, 0.6001, 0.01).round(2)
SAYS = {
    "starves": "an encoder starves",
    "weak": "one is weak",
    "interaction": "there is an interaction",
    "wrong_labels": "labels are wrong",
    "biased": "types are biased",
    "missing": "a modality is missing",
}


@dataclass(frozen=True)
class Symptom:
    """One symptom of some mysteries, and a threshold. table: their rows; sorry: why none."""

    symptom: str
    threshold: float
    which: str
    kind: str
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    sorry: str = ""

    @property
    def claim(self) -> str:
        """What a symptom above the threshold is taken for."""
        return SAYS[TRUTHS[self.symptom]]

    def at(self, *thresholds: float) -> list[Fares]:
        """What comes of each threshold."""
        return fares_at(self.table, self.symptom, thresholds)


class SymptomView:
    """The picture, drawn anew at every move."""

    writes: ClassVar[frozenset[str]] = frozenset({"symptom", "threshold", "which", "kind"})

    def __init__(self) -> None:
        self.figure, self._axes = new_figure(10.4, 4.4, columns=2, layout=None)
        self.figure.subplots_adjust(left=0.075, right=0.985, top=0.78, bottom=0.13, wspace=0.22)
        self._title = self.figure.text(0.012, 0.95, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.915, "", size=9.5, color=MUTED, va="top")

    def update(self, data: Symptom) -> None:
        """Show ``data``."""
        self._title.set_text(headline(data))
        self._subtitle.set_text(subtitle(data))
        for ax in self._axes:
            ax.clear()
        if len(data.table):
            self._mysteries(self._axes[0], data)
            self._thresholds(self._axes[1], data)

    def _mysteries(self, ax: Axes, data: Symptom) -> None:
        size, true = strength(data.table, data.symptom), has(data.table, data.symptom)
        for place, (who, role) in enumerate(((~true, "ensemble"), (true, "A"))):
            values = np.sort(size[who].to_numpy())
            heights = place + 0.1 + 0.8 * (np.arange(len(values)) + 0.5) / max(len(values), 1)
            ax.plot(values, heights, linestyle="", markersize=4.5, **style(role, "color", "marker"))
        ax.axvline(data.threshold, color=INK, linewidth=1.5, linestyle="--")
        ax.set_yticks([0.5, 1.5], ["has not", "has it"])
        ax.set_xlim(-0.15, 0.65)
        ax.set_ylim(0, 2)
        ax.set_xlabel(f"{data.symptom} (a dot per mystery, sorted)")
        ax.set_title("Each mystery, and the threshold")

    def _thresholds(self, ax: Axes, data: Symptom) -> None:
        every = data.at(*GRID.tolist())
        rows = len(data.table)
        lines = {
            "right": ([f.right for f in every], "joint"),
            "missed": ([f.missed / rows for f in every], "A"),
            "suspected": ([f.suspected / rows for f in every], "ensemble"),
        }
        for name, (shares, role) in lines.items():
            ax.plot(GRID, shares, label=name, markevery=10, **style(role))
        low, high = zip(*(f.interval for f in every), strict=True)
        ax.fill_between(GRID, low, high, color=style("joint", "color")["color"], alpha=0.15,
                        linewidth=0, label="95 % of right")  # fmt: skip
        ax.axvline(data.threshold, color=INK, linewidth=1.5, linestyle="--")
        ax.set_ylim(-0.03, 1.2)
        ax.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        ax.set_xlim(-0.15, 0.65)
        ax.set_xlabel("threshold")
        ax.set_ylabel("share of these mysteries")
        ax.set_title("Every threshold")
        ax.legend(loc="upper center", ncols=4, fontsize=8.5, columnspacing=1, handlelength=1.5)

    def describe(self, data: Symptom) -> str:
        """What is seen, in words."""
        return f"{headline(data)}. {subtitle(data)}"

    def table(self, data: Symptom) -> pd.DataFrame:
        """The chosen threshold and others."""
        others = sorted({data.threshold, *GRID[::10].tolist()}) if len(data.table) else []
        rows = []
        for threshold, f in zip(others, data.at(*others) if others else [], strict=True):
            has_not = f.rows - f.have
            right = (f.right, *f.interval)
            rows.append((threshold, f.rows, *right, f.have, f.missed, has_not, f.suspected))
        names = (
            *("threshold", "mysteries", "right", "from", "to"),
            *("have it", "missed", "have it not", "suspected"),
        )
        return pd.DataFrame(rows, columns=list(names))


def headline(data: Symptom) -> str:
    """What the threshold says, and how often that is true."""
    if data.sorry:
        return "The stored mysteries are not here"
    if not len(data.table):
        return "No such mystery"
    (f,) = data.at(data.threshold)
    low, high = f.interval
    says = f"“{data.symptom} above {data.threshold:.2f}: {data.claim}”"
    return f"{says}: right in {f.right:.0%} [{low:.0%}, {high:.0%}]"


def subtitle(data: Symptom) -> str:
    """Who is missed, and who is suspected without cause."""
    if data.sorry or not len(data.table):
        return data.sorry
    (f,) = data.at(data.threshold)
    return (
        f"{f.rows} of {data.which}, {data.kind}. {f.have} have it, {f.missed} of them are missed; "
        f"{f.rows - f.have} have it not, {f.suspected} of them are suspected."
    )
