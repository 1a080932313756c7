"""The picture of the explorer "depth": what each place of meeting reaches, and how it got there."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pandas as pd

from coursekit.course.plots.leads import EQUAL, place
from coursekit.course.plots.panels import share_rows, training_curves
from coursekit.course.plots.style import INK, MUTED, new_figure
from coursekit.course.plots.tidy_tables import listed
from coursekit.lessons.l04_early_or_late.plots import model_style

ROWS = ("early", "intermediate", "late", "ensemble", "single")
CURVES = ("early", "intermediate", "late", "single")


@dataclass(frozen=True)
class Retrained:
    """One setting: test accuracy and validation accuracy by epoch of each row, and the bounds.

    accuracy: row → share.  curves: row → (epochs,).  ceiling: best possible.  chance: one guess.
    parameters: early, intermediate, late → how many were trained.
    """

    accuracy: dict[str, float]
    curves: dict[str, np.ndarray]
    ceiling: float
    chance: float
    parameters: dict[str, int]

    @property
    def order(self) -> list[str]:
        """The three places, the best first."""
        return sorted(ROWS[:3], key=lambda row: -self.accuracy[row])

    @property
    def ahead(self) -> float:
        """By how much the best place is ahead of the second."""
        return self.accuracy[self.order[0]] - self.accuracy[self.order[1]]

    @property
    def headline(self) -> str:
        """Which place is ahead, and by how much; of one seed, so small leads are none."""
        first, second, third = self.order
        if self.accuracy[first] - self.accuracy[third] < EQUAL:
            return "All three are about equal on this seed"
        if self.ahead < EQUAL:
            pair = f"{first.capitalize()} and {second} fusion are about equal on this seed"
            return f"{pair}, {third} is behind"
        return f"{first.capitalize()} fusion is {self.ahead:.3f} ahead of {second}"

    @property
    def against_ensemble(self) -> float:
        """Accuracy of the best of the three minus that of the ensemble."""
        return self.accuracy[self.order[0]] - self.accuracy["ensemble"]


class DepthView:
    """Test accuracies left, validation accuracy by epoch right; both scales fixed."""

    writes: ClassVar[frozenset[str]] = frozenset({"capacity"})
    blanks: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "best on validation": "the ensemble is not trained as one",
            "parameters": "only the three networks share a budget",
        }
    )

    def __init__(self) -> None:
        self.figure, (accuracies, curves) = new_figure(9.2, 4.5, columns=2, layout=None)
        self.figure.subplots_adjust(left=0.125, right=0.98, top=0.76, bottom=0.125, wspace=0.24)
        self._title = self.figure.text(0.012, 0.935, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.915, "", size=9.5, color=MUTED, va="top")
        label = "test accuracy (left line: chance, right line: best possible)"
        share_rows(accuracies, "Accuracy on new data", ROWS, label)
        self._ends = [
            accuracies.axvline(x, color=MUTED, linewidth=1.2, linestyle=":") for x in (0, 1)
        ]
        self._dots, self._labels = {}, {}
        for at, row in enumerate(ROWS):
            dot = model_style(row, "color", "marker") | {"linestyle": "", "markersize": 10}
            self._dots[row] = accuracies.plot([], [], **dot)[0]
            self._labels[row] = accuracies.text(0, at - 0.26, "", ha="center", size=9, color=INK)
            self._labels[row].set_bbox({"facecolor": "white", "linewidth": 0, "pad": 0.6})
        self._curves = training_curves(curves, {row: model_style(row) for row in CURVES})
        self._axes = curves

    def update(self, data: Retrained) -> None:
        """Move every dot, line and curve to ``data``."""
        self._title.set_text(data.headline)
        self._subtitle.set_text(f"{_beside(data)}\n{_counts(data)}")
        for line, x in zip(self._ends, (data.chance, data.ceiling), strict=True):
            line.set_xdata([x, x])
        for at, row in enumerate(ROWS):
            x = data.accuracy[row]
            self._dots[row].set_data([x], [at])
            self._labels[row].set_text(f"{x:.3f}")
            self._labels[row].set_x(min(max(x, 0.05), 0.95))
        for row, curve in zip(CURVES, self._curves, strict=True):
            values = data.curves[row]
            curve.set_data(range(1, len(values) + 1), values)
        self._axes.set_xlim(0, max(len(v) for v in data.curves.values()) + 1)

    def describe(self, data: Retrained) -> str:
        """Headline, accuracies and parameters in words."""
        tested = ", ".join(f"{row} {data.accuracy[row]:.3f}" for row in ROWS)
        return f"{data.headline}. Test accuracy: {tested}. {_beside(data)} {_counts(data)}"

    def table(self, data: Retrained) -> pd.DataFrame:
        """Test accuracy, best validation accuracy and parameters of every row."""
        return pd.DataFrame(
            [
                {
                    "model": row,
                    "test accuracy": data.accuracy[row],
                    "best on validation": float(np.max(data.curves[row]))
                    if row in data.curves
                    else float("nan"),
                    "parameters": data.parameters.get(row, float("nan")),
                }
                for row in ROWS
            ]
        )

    def more_tables(self, data: Retrained) -> dict[str, pd.DataFrame]:
        """Bounds and lead, and the curves."""
        values = {"chance": data.chance, "best possible": data.ceiling}
        values["lead of the best place"] = data.ahead
        values["best place minus ensemble"] = data.against_ensemble
        curves = {row: pd.Series(data.curves[row]) for row in CURVES}
        wide = pd.DataFrame(curves).rename_axis("epoch").reset_index()
        wide["epoch"] += 1
        return {"Beside them": listed(values), "Validation accuracy by epoch": wide}


def _beside(data: Retrained) -> str:
    """The ensemble and both bounds."""
    best = data.order[0].capitalize()
    return (
        f"{best} fusion is {place('the ensemble', data.against_ensemble)}. "
        f"Chance {data.chance:.3f}, best possible {data.ceiling:.3f}."
    )


def _counts(data: Retrained) -> str:
    return "Parameters: " + ", ".join(f"{p} {n}" for p, n in data.parameters.items()) + "."
