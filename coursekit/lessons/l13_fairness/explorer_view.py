"""Three panels: whose pictures are named rightly, the gap by dependence, who reads the gender."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from coursekit.analysis.intervals import Interval
from coursekit.course.plots.leads import signed
from coursekit.course.plots.style import INK, MUTED, STILL, new_figure, style
from coursekit.course.plots.tidy_tables import interval

GROUPS = {"typical": "typical", "counter": "counter", "men": "men", "women": "women"}
CHANGED = {"gap": "gap", "accuracy": "accuracy", "probe": "new reader"}
READERS = {"probe": "new reader", "adversary": "cure's own"}
GAPS = (-0.08, 0.32)
APART = 0.14  # plain and cured stand so far above and below the row


@dataclass(frozen=True)
class State:
    """One state.  cured, plain: share → a row per seed.  sorry: why there is nothing, if so."""

    share: float = 0.5
    title: str = ""
    cured: Mapping[float, pd.DataFrame] = field(default_factory=dict)
    plain: Mapping[float, pd.DataFrame] = field(default_factory=dict)
    margin: float = 0.05
    is_plain: bool = True
    has_adversary: bool = False
    sorry: str = ""

    def of(self, which: str, column: str, share: float | None = None) -> Interval:
        """Mean and interval of a column, "cured" or "plain", at the chosen share or another one."""
        tables = self.cured if which == "cured" else self.plain
        return interval(tables[self.share if share is None else share][column])

    @property
    def readable(self) -> bool:
        """Whether a new reader is right more often than a coin by more than the margin."""
        which = "plain" if self.is_plain else "cured"
        return self.of(which, "probe").mean > 0.5 + self.margin

    def change(self, column: str) -> Interval:
        """Cured minus plain, seed by seed."""
        both = [t[self.share].set_index("seed")[column] for t in (self.cured, self.plain)]
        return interval(both[0] - both[1])


class FairnessView:
    """Dots with intervals over seeds, the cure in colour beside plain training in grey."""

    writes: ClassVar[frozenset[str]] = frozenset(
        {"share", "pictures", "words", "cure", "strength", "margin"}
    )

    def __init__(self) -> None:
        self.figure, axes = new_figure(10.4, 4.3, columns=3, layout=None)
        self.figure.subplots_adjust(left=0.065, right=0.985, top=0.69, bottom=0.13, wspace=0.36)
        self._title = self.figure.text(0.012, 0.95, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.92, "", size=9.5, color=MUTED, va="top")
        self._axes = axes
        self._looks: dict[str, dict[str, Any]] = {
            "plain": style("ensemble", "color", "marker"),
            "cured": style("joint", "color", "marker"),
        }
        self._dots = {"groups": self._rows(axes[0], list(GROUPS.values())),
                      "readers": self._rows(axes[2], list(READERS.values()))}  # fmt: skip
        axes[0].set_title("Role named rightly")
        axes[0].set_xlim(0, 1)
        axes[0].set_xlabel("accuracy, balanced test")
        axes[2].set_title("Gender read rightly")
        axes[2].set_xlim(0.4, 1)
        axes[2].set_xlabel("accuracy (lines: a coin, the margin)")
        axes[2].axvline(0.5, color=MUTED, linewidth=1)
        self._margin = axes[2].axvline(0.55, color=INK, linewidth=1, linestyle=":")
        self._prepare_gap(axes[1])
        handles = [
            Line2D([], [], linestyle="", markersize=7, label=label, **self._looks[which])
            for which, label in (("plain", "plain training"), ("cured", "with the cure"))
        ]
        self.figure.legend(
            handles=handles, ncols=2, loc="upper right", bbox_to_anchor=(0.99, 1.0)
        ).set_zorder(STILL)

    def _rows(self, ax: Axes, names: list[str]) -> dict[tuple[str, int], tuple[Line2D, Line2D]]:
        """A dot and a bar per row, plain and cured."""
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.grid(visible=False, axis="y")
        made = {}
        for which, look in self._looks.items():
            for row in range(len(names)):
                (bar,) = ax.plot([], [], color=look["color"], linewidth=2)
                (dot,) = ax.plot([], [], linestyle="", markersize=7, **look)
                made[which, row] = (bar, dot)
        return made

    def _prepare_gap(self, ax: Axes) -> None:
        ax.set_title("Gap: typical − counter")
        ax.set_xlim(0.47, 0.93)
        ax.set_ylim(*GAPS)
        ax.set_xlabel("frequent gender's share")
        ax.axhline(0, color=MUTED, linewidth=1)
        self._marker = ax.axvline(0.5, color=INK, linewidth=1, linestyle=":")
        self._curves = {}
        for which, line in (("plain", ":"), ("cured", "-")):
            look = self._looks[which]
            (curve,) = ax.plot([], [], linestyle=line, **look)
            (bars,) = ax.plot([], [], color=look["color"], linewidth=1.4)
            self._curves[which] = (curve, bars)

    def update(self, data: State) -> None:
        """Show ``data``."""
        self._title.set_text(headline(data))
        self._subtitle.set_text(subtitle(data))
        for ax in self._axes:
            ax.set_visible(not data.sorry)
        if data.sorry:
            return
        self._show_rows("groups", data, list(GROUPS))
        self._show_rows("readers", data, list(READERS))
        self._marker.set_xdata([data.share, data.share])
        self._margin.set_xdata([0.5 + data.margin, 0.5 + data.margin])
        for which, (curve, bars) in self._curves.items():
            known = {} if which == "cured" and data.is_plain else data.plain
            shares = list(known)
            ends = [data.of(which, "gap", share) for share in shares]
            curve.set_data(shares, [i.mean for i in ends])
            shift = -0.004 if which == "plain" else 0.004
            xs = [x for share in shares for x in (share + shift, share + shift, float("nan"))]
            ys = [y for i in ends for y in (i.low, i.high, float("nan"))]
            bars.set_data(xs, ys)

    def _show_rows(self, panel: str, data: State, columns: list[str]) -> None:
        for (which, row), (bar, dot) in self._dots[panel].items():
            if hidden(data, which, columns[row]):
                bar.set_data([], [])
                dot.set_data([], [])
                continue
            i = data.of(which, columns[row])
            y = row + (-APART if which == "plain" else APART)
            bar.set_data([i.low, i.high], [y, y])
            dot.set_data([i.mean], [y])

    def describe(self, data: State) -> str:
        """What is seen, in words."""
        if data.sorry:
            return data.sorry
        lines = subtitle(data).replace("\n", " ")
        parts = [f"{row['what']} {row['training']} {row['mean']:.3f} [{row['low']:.3f}, "
                 f"{row['high']:.3f}]" for _, row in self.table(data).iterrows()]  # fmt: skip
        return f"{headline(data)}. {lines} " + "; ".join(parts) + "."

    def table(self, data: State) -> pd.DataFrame:
        """Every number of the picture at the chosen share."""
        rows = []
        for column, name in {**GROUPS, "gap": "gap", "accuracy": "all", **READERS}.items():
            for which, training in (("plain", "plain"), ("cured", "with the cure")):
                if not data.sorry and not hidden(data, which, column):
                    i = data.of(which, column)
                    rows.append((name, training, i.mean, i.low, i.high))
        return pd.DataFrame(rows, columns=["what", "training", "mean", "low", "high"])

    def more_tables(self, data: State) -> dict[str, pd.DataFrame]:
        """The gap at every share; what the cure changes at the chosen one."""
        ends = ("plain", "low", "high", "with the cure", "its low", "its high")
        gaps = [
            (share, *(x for w in ("plain", "cured") for x in _ends(data.of(w, "gap", share))))
            for share in data.plain
        ]
        changes = [(name, *_ends(data.change(c))) for c, name in CHANGED.items() if data.plain]
        return {
            "Gap by share": pd.DataFrame(gaps, columns=["share", *ends]),
            "Changed by the cure": pd.DataFrame(changes, columns=["what", "mean", "low", "high"]),
        }


def _ends(i: Interval) -> tuple[float, float, float]:
    return i.mean, i.low, i.high


def hidden(data: State, which: str, column: str) -> bool:
    """Whether there is no such number: no cure, or none that has an adversary."""
    if column == "adversary":
        return which == "plain" or not data.has_adversary
    return which == "cured" and data.is_plain


def headline(data: State) -> str:
    """What is shown."""
    return data.sorry or f"Cure: {data.title}"


def subtitle(data: State) -> str:
    """The gap, and what the cure changed, with intervals over seeds."""
    if data.sorry:
        return ""
    gap = data.of("plain", "gap")
    first = (
        f"Share {data.share:g}, eight seeds. Gap of plain training {written(gap)}. "
        f"{'There' if data.is_plain else 'After the cure'} a new reader "
        f"{'reads' if data.readable else 'does not read'} the gender beyond the margin of "
        f"{data.margin:.2f}, in the mean."
    )
    if data.is_plain:
        return first
    changes = ", ".join(
        f"{name} {written(data.change(column))}" for column, name in CHANGED.items()
    )
    return f"{first}\nThe cure changes: {changes}."


def written(i: Interval) -> str:
    """A mean with its interval, signed."""
    return f"{signed(i.mean)} [{signed(i.low)}, {signed(i.high)}]"
