"""Pictures of lesson 03: before and after the projection, the EMAP table."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import pandas as pd
from matplotlib.axes import Axes

from coursekit.course.plots.leads import EQUAL, lead, signed
from coursekit.course.plots.panels import share_rows
from coursekit.course.plots.style import INK, MUTED, new_figure, style
from coursekit.course.plots.tidy_tables import interval, listed, require_columns

BEFORE, AFTER = style("joint", "color", "marker"), style("B", "color", "marker")
ADDITIVE = style("A", "color", "marker")
ROWS = ("late-linear", "mid-MLP", "… projected")
CHANCE = 1 / 6  # six classes
KINDS = ("without synergy", "synergistic")


@dataclass(frozen=True)
class Explored:
    """One setting of the explorer.

    additive, before, after: test accuracy of late-linear, of the mid-MLP and of its projection.
    by_kind: "without synergy" and "synergistic" → (before, after, number of test samples).  best:
    accuracy possible without noise.  share: of synergistic samples.
    """

    additive: float
    before: float
    after: float
    by_kind: Mapping[str, tuple[float, float, int]]
    best: float
    share: float


class EmapView:
    """Left three accuracies and the best possible; right what the projection does to each kind."""

    writes: ClassVar[frozenset[str]] = frozenset({"synergy"})
    blanks: ClassVar[Mapping[str, str]] = MappingProxyType(
        dict.fromkeys(KINDS, "not measured for late-linear, or there are no such samples")
    )

    def __init__(self) -> None:
        self.figure, (accuracies, kinds) = new_figure(9.2, 4.1, columns=2, layout=None)
        self.figure.subplots_adjust(left=0.135, right=0.98, top=0.735, bottom=0.13, wspace=0.42)
        self._title = self.figure.text(0.012, 0.93, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.91, "", size=9.5, color=MUTED, va="top")
        self._start_accuracies(accuracies)
        self._start_kinds(kinds)

    def _start_accuracies(self, ax: Axes) -> None:
        share_rows(ax, "Accuracy on new data", ROWS, "test accuracy (dashed: best possible)")
        ax.set_xlim(0, 1.02)
        ax.set_ylim(2.6, -0.7)
        self._best = ax.axvline(1, color=MUTED, linestyle="--", linewidth=1.2)
        self._dots, self._labels = [], []
        for place, look in enumerate((ADDITIVE, BEFORE, AFTER)):
            self._dots += ax.plot([], [], linestyle="", markersize=10, **look)
            box = {"facecolor": "white", "linewidth": 0, "pad": 0.6}
            self._labels.append(
                ax.text(0, place - 0.3, "", ha="center", size=9, color=INK, bbox=box)
            )

    def _start_kinds(self, ax: Axes) -> None:
        label = "▲ before, ■ projected (dotted: chance)"
        share_rows(ax, "The mid-MLP by kind of sample", KINDS, label)
        ax.set_xlim(0, 1.02)
        ax.set_ylim(1.6, -0.7)
        ax.axvline(CHANCE, color=MUTED, linestyle=":", linewidth=1.2)
        self._paths, self._from, self._to, self._counts = [], [], [], []
        for place in (0, 1):
            self._paths += ax.plot([], [], color=MUTED, linewidth=2, alpha=0.5)
            self._from += ax.plot([], [], linestyle="", markersize=13, **BEFORE)
            self._to += ax.plot([], [], linestyle="", markersize=6, **AFTER)  # seen within ▲
            box = {"facecolor": "white", "linewidth": 0, "pad": 1}
            self._counts.append(ax.text(0.02, place - 0.3, "", size=9, color=INK, bbox=box))

    def update(self, data: Explored) -> None:
        """Move every dot to ``data``; the axes never move."""
        self._title.set_text(_headline(data))
        self._subtitle.set_text("\n".join(_verdict(data)))
        self._best.set_xdata([data.best, data.best])
        for place, value in enumerate((data.additive, data.before, data.after)):
            self._dots[place].set_data([value], [place])
            self._labels[place].set_text(f"{value:.3f}")
            self._labels[place].set_x(min(max(value, 0.07), 0.94))
        for place, kind in enumerate(KINDS):
            before, after, count = data.by_kind[kind]
            shown = count > 0
            self._paths[place].set_data(*(([before, after], [place] * 2) if shown else ([], [])))
            self._from[place].set_data(*(([before], [place]) if shown else ([], [])))
            self._to[place].set_data(*(([after], [place]) if shown else ([], [])))
            words = f"{count} samples: {before:.3f} → {after:.3f}" if shown else "no such samples"
            self._counts[place].set_text(words)

    def describe(self, data: Explored) -> str:
        """All accuracies in words."""
        kinds = "; ".join(
            f"{kind}, {count} samples: {before:.3f} before, {after:.3f} projected"
            if count
            else f"{kind}: no samples"
            for kind, (before, after, count) in data.by_kind.items()
        )
        return (
            f"Test accuracy: late-linear {data.additive:.3f}, mid-MLP {data.before:.3f}, its "
            f"projection {data.after:.3f}. {_headline(data)}. "
            f"{' '.join(_verdict(data))} "
            f"Accuracy of the mid-MLP by kind of sample: {kinds}."
        )

    def table(self, data: Explored) -> pd.DataFrame:
        """The three accuracies, over all samples and by kind where it was measured."""
        rows = [{"model": ROWS[0], "all": data.additive}]
        for row, which in ((ROWS[1], 0), ("mid-MLP, projected", 1)):
            total = (data.before, data.after)[which]
            kinds = {k: v[which] if v[2] else float("nan") for k, v in data.by_kind.items()}
            rows.append({"model": row, "all": total, **kinds})
        return pd.DataFrame(rows)

    def more_tables(self, data: Explored) -> dict[str, pd.DataFrame]:
        """Bounds, differences and how many samples there are."""
        values = {
            "best possible": data.best,
            "chance": CHANCE,
            "mid-MLP minus late-linear": data.before - data.additive,
            "projected minus before": data.after - data.before,
            "cost of the projection": data.before - data.after,
        }
        values |= {f"test samples {kind}": count for kind, (*_, count) in data.by_kind.items()}
        return {"Beside them": listed(values)}


def _headline(data: Explored) -> str:
    change = data.after - data.before
    if abs(change) < EQUAL:
        return f"The projection costs about nothing on this seed ({signed(change)})"
    verb = "costs" if change < 0 else "adds"
    return f"The projection {verb} {abs(change):.3f} of accuracy"


def _verdict(data: Explored) -> tuple[str, str]:
    """What the data ask for, and how the heads stand."""
    lead_of_free = lead("The mid-MLP", "late-linear", data.before - data.additive)
    return (
        f"Truth: {data.share:.0%} of the samples need both modalities at once.",
        f"{lead_of_free}; best possible is {data.best:.3f}.",
    )


def before_after(table: pd.DataFrame, ax: Axes) -> str:
    """Accuracy before and after the projection, a row per data set and head; return the alt text.

    table: columns data, head, before, after, one row per seed.  Bars: 95 % intervals over seeds.
    Errors: ValueError when a column is missing.
    """
    sentences = list[str]()
    for name, y, rows in _rows(table):
        pair = [interval(rows[column]) for column in ("before", "after")]
        ax.plot([accuracy.mean for accuracy in pair], [y, y], color=MUTED, linewidth=2, alpha=0.5)
        for accuracy, look, shift, label in zip(
            pair, (BEFORE, AFTER), (-0.16, 0.16), ("before", "projected"), strict=True
        ):
            ends = [accuracy.low, accuracy.high]
            ax.plot(ends, [y + shift] * 2, color=look["color"], linewidth=2)
            mark = ax.plot([accuracy.mean], [y + shift], linestyle="", markersize=7, **look)[0]
            mark.set_label("_" if sentences else label)
        sentences.append(f"{name} {pair[0].mean:.3f} before, {pair[1].mean:.3f} projected")
    _label(ax, table)
    ax.set_xlabel("test accuracy, mean and 95 % interval over seeds")
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.2)
    return "Test accuracy before and after the projection: " + "; ".join(sentences) + "."


def moves(table: pd.DataFrame, ax: Axes, limits: tuple[float, float]) -> str:
    """Accuracy after minus before, in the rows of `before_after`; return the alt text.

    table: as there.  limits: of the axis; an interval that ends outside is written, not drawn.
    Errors: ValueError when a column is missing.
    """
    sentences = []
    for name, y, rows in _rows(table):
        change = interval(rows["after"] - rows["before"])
        words = f"{change.mean:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"
        if limits[0] <= change.low and change.high <= limits[1]:
            ax.plot([change.low, change.high], [y, y], color=AFTER["color"], linewidth=2)
            ax.plot([change.mean], [y], linestyle="", markersize=7, **AFTER)
        else:
            ax.text(0.02, y, f"◀ {words}", transform=ax.get_yaxis_transform(), size=9, va="center")
        sentences.append(f"{name} {words}")
    ax.axvline(0, color=MUTED, linewidth=1.2, linestyle=":")
    _label(ax, table)
    ax.tick_params(labelleft=False)
    ax.set_xlim(*limits)
    ax.set_xlabel("projected minus before, 95 % interval")
    return "Accuracy after minus before, with intervals: " + "; ".join(sentences) + "."


def _rows(table: pd.DataFrame) -> list[tuple[str, float, pd.DataFrame]]:
    """Name, height and seeds of every data set and head; a gap between data sets."""
    require_columns(table, ("data", "head", "before", "after"))
    placed, last = list[tuple[str, float, pd.DataFrame]](), None
    for (data, head), rows in table.groupby(["data", "head"], sort=False):
        y = (placed[-1][1] if placed else -1) + (1 if data == last else 1.6)
        placed.append((f"{data}, {head}", y, rows))
        last = data
    return placed


def _label(ax: Axes, table: pd.DataFrame) -> None:
    rows = _rows(table)
    ax.set_yticks([y for _, y, _ in rows], [name for name, _, _ in rows])
    ax.set_ylim(rows[-1][1] + 0.7, -0.7)
    ax.grid(visible=False, axis="y")
