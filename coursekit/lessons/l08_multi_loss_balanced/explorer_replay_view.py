"""The film's picture: curves, probes, k and w, who is right; one cursor through all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text

from coursekit.compare.replay import ENSEMBLE, Replay
from coursekit.course.plots.panels import remarks
from coursekit.course.plots.style import INK, MUTED, STILL, legend_key, new_figure, style
from coursekit.course.plots.tidy_tables import percent
from coursekit.training.method import JOINT

# Colour and marker tell the entry, the line tells the modality.
LOOKS: tuple[Mapping[str, Any], ...] = (
    MappingProxyType(style("joint", "color", "marker")),
    MappingProxyType({"color": "#B0168A", "marker": "v"}),
    MappingProxyType(style("ensemble", "color", "marker")),
)
HATCHES = ("", "//")
LINES: Mapping[Any, str] = MappingProxyType({"-": "A", "--": "B"})
CHANGES: Mapping[tuple[str, str], Mapping[str, Any]] = MappingProxyType(
    {
        ("k", "A"): style("A"),
        ("k", "B"): style("B"),
        ("w", "A"): {**style("A"), "linestyle": ":", "marker": "<"},
        ("w", "B"): {**style("B"), "linestyle": ":", "marker": ">"},
        ("w", "joint"): {**style("joint"), "linestyle": ":"},
    }
)
# Half and double shall be equally far; logarithms are drawn, as a log scale is slow to draw.
SMALLEST, LARGEST = 1 / 32, 16.0
TICKS = {"1/32": 1 / 32, "1/8": 1 / 8, "1/2": 1 / 2, "1": 1, "2": 2, "8": 8}
ROOM = 0.42  # of an axis' height, below its scale, where the cursor's values stand


@dataclass(frozen=True)
class Frame:
    """A film, and the epoch at which the cursor stands."""

    replay: Replay
    epoch: int
    left_out: str = ""  # a sentence on who is, and why

    @property
    def entries(self) -> list[str]:
        """Joint training, the method, the ensemble."""
        return [JOINT, self.replay.method, ENSEMBLE]

    @property
    def groups(self) -> list[str]:
        """What the unimodal models say, in words."""
        a, b = self.replay.modalities
        return ["both right", f"only {a}", f"only {b}", "neither"]


def at_epoch(replay: Replay, epoch: float) -> Frame:
    """The film at ``epoch``, or at its last one so far."""
    return Frame(replay, min(int(epoch), replay.epochs))


class FilmView:
    """Four panels: validation accuracy, probes of both encoders, k and w, and who is right."""

    writes: ClassVar[frozenset[str]] = frozenset({"method", "epoch"})
    blanks: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"*": "the training had stopped, or no sample is of this group"}
    )

    def __init__(self) -> None:
        self.figure, _ = new_figure(9.4, 7.0, layout=None)
        self.figure.clear()
        (self._valid, self._probes), (self._changes, self._right) = self.figure.subplots(2, 2)
        self.figure.subplots_adjust(
            left=0.06, right=0.985, top=0.845, bottom=0.075, wspace=0.14, hspace=0.36
        )
        self._title = self.figure.text(0.012, 0.965, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.935, "", size=9.5, color=MUTED, va="top")
        self._over_epochs = (self._valid, self._probes, self._changes)
        self._valid.set_title("Validation accuracy")
        self._probes.set_title("What the encoders know: probes")
        for ax in (self._valid, self._probes):
            _scale(ax, 0.0, 1.0, {f"{x:g}": x for x in (0, 0.25, 0.5, 0.75, 1)})
        self._curves = [_line(self._valid, look, "-") for look in LOOKS]
        self._probed = [[_line(self._probes, look, line) for line in LINES] for look in LOOKS]
        keys = [legend_key(color=INK, linestyle=line, label=m) for line, m in LINES.items()]
        self._probes.legend(handles=keys, loc="upper left", ncols=2)
        self._start_changes()
        self._start_right()
        handles = [legend_key(**look) for look in LOOKS]
        self._legends = [  # the method's name is put in later
            self._valid.legend(handles, (JOINT, "", ENSEMBLE), loc="upper left", ncols=3),
            self._right.legend(self._bars, (JOINT, ""), loc="upper right", ncols=2),
        ]
        for ax in (*self._over_epochs, self._right):
            legend = ax.get_legend()
            assert legend is not None
            legend.set_zorder(STILL)
        self._cursors = [
            ax.axvline(1, ymax=0.88, color=INK, linewidth=1.1) for ax in self._over_epochs
        ]
        self._values = [_values(ax) for ax in self._over_epochs]

    def _start_changes(self) -> None:
        ax = self._changes
        _scale(ax, np.log2(SMALLEST), np.log2(LARGEST), {t: np.log2(x) for t, x in TICKS.items()})
        ax.set_xlabel("epoch, means over its batches")
        ax.axhline(0, color=MUTED, linewidth=1, zorder=1)
        self._drawn = {key: _line(ax, look, look["linestyle"]) for key, look in CHANGES.items()}
        for (kind, of), line in self._drawn.items():
            line.set_label(f"{kind} {of}")
        ax.legend(loc="upper left", ncols=5, columnspacing=0.9, handlelength=1.6, borderaxespad=0.1)

    def _start_right(self) -> None:
        ax = self._right
        ax.set_title("Answered right, by who is right alone")
        ax.set_xlim(-0.6, 3.6)
        ax.set_ylim(0, 1.22)
        ax.set_yticks([0, 0.5, 1])
        ax.grid(visible=False, axis="x")
        below = {"transform": ax.get_xaxis_transform(), "ha": "center", "va": "top", "color": INK}
        self._shares = [ax.text(x, -0.115, "", **below) for x in range(4)]
        self._bars, self._labels = [], []
        for place in (0, 1):
            x = np.arange(4) - 0.2 + 0.4 * place
            color = LOOKS[place]["color"]
            bars = ax.bar(x, [0] * 4, 0.38, color=color, hatch=HATCHES[place], edgecolor="white")
            self._bars.append(bars)
            self._labels.append([ax.text(at, 0, "", ha="center", size=8.5, color=INK) for at in x])

    def update(self, data: Frame) -> None:
        """Put curves, cursor, values and bars in place; only the epochs' scale depends on data."""
        replay, t = data.replay, data.epoch
        self._title.set_text(f"Epoch {t} of {replay.length}: {replay.method} beside joint training")
        self._subtitle.set_text(remarks(replay.stopped, data.left_out))
        self._changes.set_title(f"What {replay.method} does: k and w")
        for ax, cursor in zip(self._over_epochs, self._cursors, strict=True):
            ax.set_xlim(0, replay.length + 1)
            cursor.set_xdata([t, t])
        wide = replay.by_epoch
        for place, entry in enumerate(data.entries):
            self._curves[place].set_data(wide.index, wide[entry])
            for m, line in zip(replay.modalities, self._probed[place], strict=True):
                line.set_data(wide.index, wide[f"{entry}, probe of {m}"])
        for (kind, of), line in self._drawn.items():
            name = f"{kind} of {of}"
            values = wide[name].dropna() if name in wide else pd.Series(dtype=float)
            line.set_data(values.index, np.log2(values.clip(SMALLEST, LARGEST)))
        for text, lines in zip(self._values, _at_cursor(data), strict=True):
            _put_values(text, t, replay.length, lines)
        for legend in self._legends:
            legend.get_texts()[1].set_text(replay.method)
        self._put_right(data)

    def _put_right(self, data: Frame) -> None:
        agreement = data.replay.agreement(data.epoch)
        shares = _shares(data)
        # Names are ticks, kept from picture to picture; shares move with the data, and do not.
        self._right.set_xticks(range(4), data.groups)
        for text, share in zip(self._shares, shares, strict=True):
            text.set_text(percent(share))
        for place, entry in enumerate(data.entries[:2]):
            of_entry = agreement["entry"] == entry
            rows = agreement.loc[of_entry, "right"].tolist() or [np.nan] * 4
            for bar, label, value in zip(self._bars[place], self._labels[place], rows, strict=True):
                bar.set_height(0 if np.isnan(value) else value)
                label.set_y((0 if np.isnan(value) else value) + 0.02)
                label.set_text("–" if np.isnan(value) else f"{value:.2f}")

    def describe(self, data: Frame) -> str:
        """All values at the cursor in words."""
        wide = data.replay.by_epoch.loc[data.epoch].dropna()
        a, b = data.replay.modalities
        running = [e for e in data.entries if e in wide]
        accuracies = ", ".join(f"{e} {wide[e]:.3f}" for e in running)
        probes = "; ".join(
            f"{e} {a} {wide[f'{e}, probe of {a}']:.3f}, {b} {wide[f'{e}, probe of {b}']:.3f}"
            for e in running
        )
        changes = [n for n in wide.index if n.startswith(("k of", "w of"))]
        does = ", ".join(f"{n} {wide[n]:.2f}" for n in changes)
        changed = (
            f" What {data.replay.method} does, means over the epoch's batches: {does}."
            if does
            else ""
        )
        groups = "; ".join(
            f"{row['group']} ({percent(row['share'])} of the samples): "
            + (", ".join(f"{e} {row[e]:.3f}" for e in data.entries[:2] if e in row) or "–")
            for row in self.who_is_right(data).dropna(axis=1, how="all").to_dict("records")
        )
        return (
            f"Epoch {data.epoch} of {data.replay.length}, "
            f"{data.replay.method} beside joint training. "
            f"{remarks(data.replay.stopped, data.left_out)} "
            f"Validation accuracy: {accuracies}. Probes: {probes}.{changed} "
            f"Test samples answered right, by which of {a} and {b} alone is right: {groups}."
        )

    def table(self, data: Frame) -> pd.DataFrame:
        """Accuracy and probes of every entry at the cursor."""
        wide = data.replay.by_epoch.loc[data.epoch]
        return pd.DataFrame(
            [
                {"entry": e, "validation": wide[e]}
                | {f"probe of {m}": wide[f"{e}, probe of {m}"] for m in data.replay.modalities}
                for e in data.entries
            ]
        )

    def who_is_right(self, data: Frame) -> pd.DataFrame:
        """A row per group: its share of the test samples, and both entries' accuracy there."""
        agreement = data.replay.agreement(data.epoch)
        rows = {"group": data.groups, "share": _shares(data)}
        for entry in data.entries[:2]:
            values = agreement.loc[agreement["entry"] == entry, "right"].tolist()
            rows[entry] = values or [np.nan] * len(data.groups)
        return pd.DataFrame(rows)

    def more_tables(self, data: Frame) -> dict[str, pd.DataFrame]:
        """Who is right at the cursor, what the method does there, and the curves."""
        changes = data.replay.changes[data.replay.changes["epoch"] == data.epoch]
        return {
            f"Test samples answered right after epoch {data.epoch}": self.who_is_right(data),
            f"What {data.replay.method} does in epoch {data.epoch}": changes.drop(columns="epoch"),
            "By epoch": data.replay.by_epoch.reset_index(),
        }


def _scale(ax: Axes, low: float, high: float, ticks: Mapping[str, float]) -> None:
    ax.set_ylim(low - ROOM * (high - low), high + 0.17 * (high - low))
    ax.set_yticks(list(ticks.values()), list(ticks))
    ax.set_xticks([5, 10, 15, 20])
    ax.set_xlabel("epoch")


def _line(ax: Axes, look: Mapping[str, Any], line: str) -> Line2D:
    (drawn,) = ax.plot([], [], **{**look, "linestyle": line, "markersize": 4, "linewidth": 1.8})
    drawn.set_markevery(2)
    return drawn


def _values(ax: Axes) -> Text:
    return ax.text(0, 0.02, "", transform=ax.get_xaxis_transform(), size=9, color=INK, va="bottom")


def _put_values(text: Text, epoch: int, length: int, lines: Iterable[str]) -> None:
    """Beside the cursor, on the side with more room."""
    early = epoch <= (length + 1) / 2
    text.set_horizontalalignment("left" if early else "right")
    text.set_x(epoch + 0.25 if early else epoch - 0.25)
    text.set_text("\n".join(lines))


def _at_cursor(data: Frame) -> tuple[list[str], list[str], list[str]]:
    """What stands beside the cursor in the three panels over epochs."""
    wide = data.replay.by_epoch.loc[data.epoch].dropna()
    entries = [e for e in data.entries if e in wide]
    a, b = data.replay.modalities
    probes = [
        f"{e}: {a} {wide[f'{e}, probe of {a}']:.3f}, {b} {wide[f'{e}, probe of {b}']:.3f}"
        for e in entries
    ]
    does = {
        kind: ", ".join(f"{n[5:]} {wide[n]:.2f}" for n in wide.index if n.startswith(f"{kind} of"))
        for kind in ("k", "w")
    }
    changes = [f"{kind}: {values or 'not used'}" for kind, values in does.items()]
    return [f"{e} {wide[e]:.3f}" for e in entries], probes, changes


def _shares(data: Frame) -> list[float]:
    return [float(members.mean()) for members in data.replay.groups.values()]
