"""The picture of the explorer "depth": what each place of meeting reaches, and how it got there."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pandas as pd

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
        """Which place is ahead, and by how much."""
        first, second, _ = self.order
        return f"{first.capitalize()} fusion is ahead of {second} by {self.ahead:.3f}"


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
        self.figure, (accuracies, curves) = new_figure(9.2, 4.2, columns=2, layout=None)
        self.figure.subplots_adjust(left=0.125, right=0.98, top=0.77, bottom=0.13, wspace=0.2)
        self._title = self.figure.text(0.012, 0.925, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.865, "", size=9.5, color=MUTED)
        label = "test accuracy (left line: chance, right line: best possible)"
        share_rows(accuracies, "Accuracy on new data", ROWS, label)
        self._ends = [
            accuracies.axvline(x, color=MUTED, linewidth=1.2, linestyle=":") for x in (0, 1)
        ]
        self._dots, self._labels = {}, {}
        for place, row in enumerate(ROWS):
            dot = model_style(row, "color", "marker") | {"linestyle": "", "markersize": 10}
            self._dots[row] = accuracies.plot([], [], **dot)[0]
            self._labels[row] = accuracies.text(0, place - 0.26, "", ha="center", size=9, color=INK)
        self._curves = training_curves(curves, {row: model_style(row) for row in CURVES})
        curves.legend(loc="upper left", ncols=2)
        self._axes = curves

    def update(self, data: Retrained) -> None:
        """Move every dot, line and curve to ``data``."""
        self._title.set_text(data.headline)
        self._subtitle.set_text(_counts(data))
        for line, x in zip(self._ends, (data.chance, data.ceiling), strict=True):
            line.set_xdata([x, x])
        for place, row in enumerate(ROWS):
            x = data.accuracy[row]
            self._dots[row].set_data([x], [place])
            self._labels[row].set_text(f"{x:.3f}")
            self._labels[row].set_x(min(max(x, 0.05), 0.95))
        for row, curve in zip(CURVES, self._curves, strict=True):
            values = data.curves[row]
            curve.set_data(range(1, len(values) + 1), values)
        self._axes.set_xlim(0, max(len(v) for v in data.curves.values()) + 1)

    def describe(self, data: Retrained) -> str:
        """Headline, accuracies and parameters in words."""
        tested = ", ".join(f"{row} {data.accuracy[row]:.3f}" for row in ROWS)
        return (
            f"{data.headline}. Test accuracy: {tested}; chance {data.chance:.3f}, best possible "
            f"{data.ceiling:.3f}. {_counts(data)}"
        )

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
        curves = {row: pd.Series(data.curves[row]) for row in CURVES}
        wide = pd.DataFrame(curves).rename_axis("epoch").reset_index()
        wide["epoch"] += 1
        return {"Beside them": listed(values), "Validation accuracy by epoch": wide}


def _counts(data: Retrained) -> str:
    return "Parameters: " + ", ".join(f"{p} {n}" for p, n in data.parameters.items()) + "."
