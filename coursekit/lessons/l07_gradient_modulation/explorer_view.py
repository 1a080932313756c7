"""Lesson 07's picture: methods race, what each changes below, what comes of it above."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from coursekit.compare.race import ENSEMBLE, Race
from coursekit.course.plots.panels import legend_above, remarks, room_above, share_rows
from coursekit.course.plots.style import INK, MUTED, STILL, legend_key, new_figure, style
from coursekit.course.plots.tidy_tables import by_epoch, curves

LANES = 3  # and the ensemble
# Colour and marker tell the entrant, the line tells the modality or the head.
LOOKS: tuple[Mapping[str, Any], ...] = (
    MappingProxyType(style("joint", "color", "marker")),
    MappingProxyType({"color": "#B0168A", "marker": "v"}),
    MappingProxyType({"color": "#1B5FC1", "marker": "o"}),
    MappingProxyType(style("ensemble", "color", "marker")),
)
LINES: Mapping[str, Any] = MappingProxyType({"A": "-", "B": "--", "joint": ":"})
SMALLEST, LARGEST = 0.02, 20.0  # of k in the picture; what lies outside is drawn at the edge
HEAVIEST = 3.2  # of w
NOTHING: tuple[list[int], list[float]] = ([], [])


@dataclass(frozen=True)
class Shown:
    """One setting of the explorer.

    race: as far as it is.  entries: who runs, the ensemble last.  epochs: how many there will be.
    left_out: a sentence on those who may not run here, or "".
    """

    race: Race
    entries: tuple[str, ...]
    epochs: int
    left_out: str = ""

    @property
    def finished(self) -> bool:
        """Whether test accuracies are known."""
        return len(self.race.results) > 0


class RaceView:
    """Validation accuracy, both probes; weights and scales, means over each epoch's batches; at the
    end test accuracy.
    """

    writes: ClassVar[frozenset[str]] = frozenset(
        {"epochs", *(f"lane_{i}" for i in range(1, LANES + 1))}
    )
    blanks: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"*": "not known yet, not used by this method, or its training has stopped"}
    )

    def __init__(self) -> None:
        self.figure, _ = new_figure(9.8, 6.6, layout=None)
        self.figure.clear()
        axes = self.figure.subplots(2, 3)
        self.figure.subplots_adjust(
            left=0.062, right=0.985, top=0.845, bottom=0.085, wspace=0.24, hspace=0.46
        )
        self._title = self.figure.text(0.012, 0.962, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.93, "", size=9.5, color=MUTED, va="top")
        (self._valid, self._a, self._b), (self._w, self._k, self._test) = axes
        self._over_epochs = (self._valid, self._a, self._b, self._w, self._k)
        self._accuracy = {
            key: self._lane_lines(ax, title)
            for key, ax, title in (
                ("valid", self._valid, "Validation accuracy"),
                ("A", self._a, "What encoder A knows (probe)"),
                ("B", self._b, "What encoder B knows (probe)"),
            )
        }
        self._named: dict[int, str] = {}  # who stands in the legend
        self._start_changes()
        self._start_test()

    def _lane_lines(self, ax: Axes, title: str) -> list[Line2D]:
        ax.set_title(title)
        room_above(ax)  # in all three, so that one sees how far they are apart
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        return [_line(ax, place, "-") for place in range(LANES + 1)]

    def _start_changes(self) -> None:
        self._w.set_title("Weight of each loss, w")
        self._w.set_ylim(0, HEAVIEST * 1.22)
        self._w.set_yticks([0, 1, 2, 3])
        self._k.set_title("Scale of each modality, k")
        self._k.set_yscale("log")
        self._k.set_ylim(SMALLEST * 0.8, LARGEST * 6)
        self._k.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
        self._k.minorticks_off()
        self._k.axhline(1, color=MUTED, linewidth=1, zorder=1)
        self._changes: dict[tuple[str, int, str], Line2D] = {}
        for kind, ax, keys in (("w", self._w, ("joint", "A", "B")), ("k", self._k, ("A", "B"))):
            ax.set_xlabel("epoch, means over its batches")
            for place in range(LANES + 1):
                for key in keys:
                    self._changes[kind, place, key] = _line(ax, place, LINES[key])
            handles = [legend_key(color=INK, linestyle=LINES[k], label=k) for k in keys]
            legend = ax.legend(handles=handles, loc="upper left", ncols=3, handlelength=1.8)
            legend.set_zorder(STILL)

    def _start_test(self) -> None:
        ax = self._test
        share_rows(ax, "Test accuracy, at the end", [""] * (LANES + 1), "test accuracy")
        ax.set_yticks([])
        self._dots = [ax.plot([], [], linestyle="", markersize=10, **look)[0] for look in LOOKS]
        self._names = [ax.text(0.02, i - 0.28, "", size=9.5, color=INK) for i in range(LANES + 1)]

    def update(self, data: Shown) -> None:
        """Put every entrant into its place; scales never move but for the epochs."""
        self._title.set_text(headline(data))
        self._subtitle.set_text(remarks(data.race.stopped, data.left_out))
        for ax in self._over_epochs:
            ax.set_xlim(0, data.epochs + 1)
        places = _places(data)
        self._put_accuracies(data, places)
        self._put_changes(data, places)
        for place in range(LANES + 1):
            self._put_test(data, place, places.get(place))
        if places != self._named:
            self._named = places
            handles = [legend_key(label=e, **LOOKS[place]) for place, e in places.items()]
            legend_above(self._valid, handles)

    def _put_accuracies(self, data: Shown, places: Mapping[int, str]) -> None:
        known = curves(data.race.probes, ["modality", "entry"], "accuracy")
        known |= curves(data.race.epochs.assign(of="valid"), ["of", "entry"], "accuracy")
        for key, lines in self._accuracy.items():
            for place, line in enumerate(lines):
                line.set_data(*known.get((key, places.get(place, "")), NOTHING))

    def _put_changes(self, data: Shown, places: Mapping[int, str]) -> None:
        known = {
            "w": curves(data.race.weights, ["entry", "head"], "w"),
            "k": curves(data.race.scales, ["entry", "modality"], "k"),
        }
        for (kind, place, key), line in self._changes.items():
            epochs, values = known[kind].get((places.get(place, ""), key), NOTHING)
            low, high = (SMALLEST, LARGEST) if kind == "k" else (0, HEAVIEST)
            line.set_data(epochs, np.clip(np.array(values, dtype=float), low, high))

    def _put_test(self, data: Shown, place: int, entry: str | None) -> None:
        accuracy = _test_accuracy(data, entry)
        known = not math.isnan(accuracy)
        self._dots[place].set_data([accuracy] if known else [], [place] if known else [])
        words = f"{accuracy:.3f}" if known else "diverged" if entry in data.race.stopped else "…"
        self._names[place].set_text(f"{entry}  {words}" if entry else "")

    def describe(self, data: Shown) -> str:
        """Standing, probes and the last weights and scales in words."""
        last = _last(data.race.probes, ["entry", "modality"], "accuracy")
        probes = "; ".join(
            f"{e} A {last[e, 'A']:.3f}, B {last[e, 'B']:.3f}"
            for e in data.entries
            if (e, "A") in last
        )
        k = _last(data.race.scales, ["entry", "modality"], "k")
        scales = "; ".join(f"{e} {m} {value:.2f}" for (e, m), value in k.items())
        last_k = f" Scales k, means over the batches of the last epoch: {scales}." if scales else ""
        remark = remarks(data.race.stopped, data.left_out)
        return f"{headline(data)}. {remark} Probes of the encoders: {probes}.{last_k}"

    def table(self, data: Shown) -> pd.DataFrame:
        """One row per entrant: accuracies, probes, and the last scales."""
        valid = _last(data.race.epochs, ["entry"], "accuracy")
        probes = _last(data.race.probes, ["entry", "modality"], "accuracy")
        k = _last(data.race.scales, ["entry", "modality"], "k")
        rows = []
        for e in data.entries:
            row = {"method": e, "test accuracy": _test_accuracy(data, e)}
            row["validation"] = valid.get((e,))
            row |= {f"probe of {m}": probes.get((e, m), math.nan) for m in "AB"}
            rows.append(row | {f"last k of {m}": k.get((e, m), math.nan) for m in "AB"})
        return pd.DataFrame(rows)

    def more_tables(self, data: Shown) -> dict[str, pd.DataFrame]:
        """The curves of every panel."""
        race = data.race
        probes = race.probes.assign(
            name=race.probes["entry"] + ", encoder " + race.probes["modality"]
        )
        changes = {
            kind: table.assign(name=table["entry"] + f", {kind} of " + table[by])
            for kind, table, by in (("w", race.weights, "head"), ("k", race.scales, "modality"))
        }
        return {
            "Validation accuracy by epoch": by_epoch(race.epochs, "entry", "accuracy"),
            "Probes by epoch": by_epoch(probes, "name", "accuracy"),
            "Weights of the losses by epoch": by_epoch(changes["w"], "name", "w"),
            "Scales of the modalities by epoch": by_epoch(changes["k"], "name", "k"),
        }


def headline(data: Shown) -> str:
    """Who is ahead, and by how much; of one seed."""
    if data.finished:
        table, when = data.race.results, "Finished"
    else:
        table = data.race.epochs[data.race.epochs["epoch"] == data.race.epochs["epoch"].max()]
        when = f"Epoch {table['epoch'].max():.0f} of {data.epochs}, validation"
    order = table.dropna(subset=["accuracy"]).sort_values("accuracy", ascending=False)
    return f"{when}: " + ", ".join(
        f"{e} {a:.3f}" for e, a in zip(order["entry"], order["accuracy"], strict=True)
    )


def _places(data: Shown) -> dict[int, str]:
    """Place in the picture → entrant; the ensemble keeps the last place."""
    others = [e for e in data.entries if e != ENSEMBLE]
    return dict(enumerate(others)) | {LANES: ENSEMBLE}


def _test_accuracy(data: Shown, entry: str | None) -> float:
    rows = data.race.results[data.race.results["entry"] == entry]
    return float(rows["accuracy"].iloc[0]) if len(rows) else math.nan


def _last(table: pd.DataFrame, by: list[str], value: str) -> dict[tuple[str, ...], float]:
    """Each group's last value that is a number."""
    known = curves(table.dropna(subset=[value]), by, value)
    return {key: float(values[-1]) for key, (_, values) in known.items()}


def _line(ax: Axes, place: int, line: str) -> Line2D:
    """An empty curve; markers of different entrants stand at different epochs."""
    drawn = ax.plot([], [], linestyle=line, markersize=5, linewidth=1.8, **LOOKS[place])[0]
    drawn.set_markevery((place, LANES + 1))
    return drawn
