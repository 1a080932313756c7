"""A cut in three pictures: what it finds, what it wins back, and whose right pairs it keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from coursekit.analysis.intervals import Interval, interval
from coursekit.course.plots.style import INK, MUTED, STILL, new_figure, style

GROUPS = (
    *("Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink"),
    *("Travel & Places", "Activities", "Objects", "Symbols"),
)
ROWS = ("as they are", "this cut", "cut at random", "cut by the truth", "all right")
LOOKS: Mapping[str, str] = {"this cut": "B", "cut at random": "ensemble"}  # the others: ink
RECALL = (0.15, 0.5)  # the axis


@dataclass(frozen=True)
class Cut:
    """One setting.  noise, kept: in percent.  curve: (2, 101), right and wrong pairs dropped.

    dropped_right, dropped_wrong: shares at this cut.  recalls: by row of the picture, by seed.
    survivors: group, seed, right, kept.  sorry: why there is nothing else.
    """

    noise: int = 0
    scorer: str = ""
    kept: int = 0
    curve: np.ndarray = field(default_factory=lambda: np.zeros((2, 0)))
    dropped_right: float = 0.0
    dropped_wrong: float = 0.0
    recalls: Mapping[str, np.ndarray] = field(default_factory=dict)
    survivors: pd.DataFrame = field(default_factory=pd.DataFrame)
    sorry: str = ""

    @cached_property
    def intervals(self) -> dict[str, Interval]:
        """Recall@10 of every row, mean and interval over seeds."""
        return {name: interval(values) for name, values in self.recalls.items()}

    @cached_property
    def by_group(self) -> dict[str, tuple[Interval, float]]:
        """Share of the right pairs kept, and how many there are on average, per shown group."""
        table = self.survivors
        return {
            name: (interval(rows["kept"], one=True), float(rows["right"].mean()))
            for name in GROUPS
            if len(rows := table[table["group"] == name])
        }

    @property
    def recovery(self) -> float:
        """Share of the loss that is won back, by means; that of the lesson."""
        mean = {name: float(values.mean()) for name, values in self.recalls.items()}
        untouched = mean["as they are"]
        return (mean["this cut"] - untouched) / (mean["all right"] - untouched)

    @property
    def auc(self) -> float:
        """The area below the curve: how probably a right pair scores above a wrong one."""
        return float(np.trapezoid(self.curve[1], self.curve[0]))

    @property
    def gain(self) -> Interval:
        """Recall@10 of this cut minus that of the untouched pairs, paired over seeds."""
        return interval(self.recalls["this cut"] - self.recalls["as they are"])

    @property
    def skill(self) -> Interval:
        """Recall@10 of this cut minus that of the random one, paired over seeds."""
        return interval(self.recalls["this cut"] - self.recalls["cut at random"])


class CutView:
    """ROC curve at the left, recalls in the middle, groups at the right."""

    writes: ClassVar[frozenset[str]] = frozenset({"noise", "scorer", "kept"})

    def __init__(self) -> None:
        self.figure, (roc, recall, groups) = new_figure(11.4, 4.4, columns=3, layout=None)
        self.figure.subplots_adjust(left=0.06, right=0.985, top=0.78, bottom=0.14, wspace=0.62)
        self._title = self.figure.text(0.012, 0.945, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.89, "", size=9.5, color=MUTED)
        self._make_roc(roc)
        self._make_recall(recall)
        self._make_groups(groups)

    def _make_roc(self, ax: Axes) -> None:
        ax.set_title("What it finds")
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1.02)
        ax.set_xlabel("share of right pairs dropped")
        ax.set_ylabel("share of wrong pairs dropped")
        ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, zorder=STILL)
        (self._curve,) = ax.plot([], [], color=style("B")["color"])
        (self._here,) = ax.plot(
            [], [], linestyle="", ms=11, label="this cut", **style("joint", "color", "marker")
        )
        ax.legend(loc="lower right").set_zorder(STILL)

    def _make_recall(self, ax: Axes) -> None:
        ax.set_title("What it wins back")
        ax.set_xlim(*RECALL)
        ax.set_ylim(len(ROWS) - 0.4, -0.6)
        ax.set_yticks(range(len(ROWS)), ROWS)
        ax.set_xlabel("R@10 of 300, 95 % interval")
        ax.grid(visible=False, axis="y")
        self._recalls = {}
        for name in ROWS:
            look = style(LOOKS[name], "color", "marker") if name in LOOKS else {
                "color": INK, "marker": "o"}  # fmt: skip
            (line,) = ax.plot([], [], color=look["color"], linewidth=2.5)
            (dot,) = ax.plot([], [], linestyle="", ms=8, **look)
            self._recalls[name] = line, dot

    def _make_groups(self, ax: Axes) -> None:
        ax.set_title("Whose right pairs stay")
        ax.set_xlim(0, 1.02)
        ax.set_ylim(len(GROUPS) - 0.4, -0.6)
        ax.set_yticks(range(len(GROUPS)), GROUPS)
        ax.set_xlabel("share kept, 95 % interval (bar: the cut)")
        ax.grid(visible=False, axis="y")
        (self._share,) = ax.plot([], [], color=MUTED, linewidth=1)
        look = style("A", "color", "marker")
        self._groups = []
        for _ in GROUPS:
            (line,) = ax.plot([], [], color=look["color"], linewidth=2.5)
            (dot,) = ax.plot([], [], linestyle="", ms=7, **look)
            self._groups.append((line, dot))

    def update(self, data: Cut) -> None:
        """Move everything to ``data``."""
        if data.sorry:
            self._title.set_text(data.sorry)
            self._subtitle.set_text("")
            return
        self._curve.set_data(*data.curve)
        self._here.set_data([data.dropped_right], [data.dropped_wrong])
        for place, name in enumerate(ROWS):
            one = data.intervals[name]
            _put(self._recalls[name], one, place)
        for place, (name, artists) in enumerate(zip(GROUPS, self._groups, strict=True)):
            _put(artists, data.by_group[name][0], place)
        self._share.set_data([data.kept / 100] * 2, [-0.6, len(GROUPS) - 0.4])
        self._title.set_text(self._words(data))
        self._subtitle.set_text(self._more_words(data))

    @staticmethod
    def _words(data: Cut) -> str:
        if data.kept == 100:
            return f"{data.noise} % exchanged, everything kept, scored by {data.scorer}: no cut"
        gain = data.gain.in_words("hurts", "cannot be told from doing nothing", "helps")
        recovery = f"{data.recovery:.2f}".replace("-", "−")
        return (
            f"{data.noise} % exchanged, {data.kept} % kept by {data.scorer}: it {gain}, "
            f"recovery {recovery}"
        )

    @staticmethod
    def _more_words(data: Cut) -> str:
        if data.kept == 100:
            return f"AUC {data.auc:.2f}. Turn the share down, and compare with the random cut."
        skill = data.skill.in_words("worse than", "not told from", "better than")
        return (
            f"AUC {data.auc:.2f}. It drops {data.dropped_wrong:.2f} of the wrong pairs and "
            f"{data.dropped_right:.2f} of the right ones, and is {skill} a random cut of its size."
        )

    def describe(self, data: Cut) -> str:
        """What is seen, in words."""
        if data.sorry:
            return data.sorry
        recalls = "; ".join(f"{name} {one}" for name, one in data.intervals.items())
        groups = ", ".join(f"{name} {data.by_group[name][0].mean:.2f}" for name in GROUPS)
        return (
            f"{self._words(data)}. {self._more_words(data)} Recall: {recalls}. Share of the right "
            f"pairs kept by group: {groups}."
        )

    def table(self, data: Cut) -> pd.DataFrame:
        """Recalls with their intervals."""
        if data.sorry:
            return pd.DataFrame({"": [data.sorry]})
        return pd.DataFrame(
            [(name, one.mean, one.low, one.high) for name, one in data.intervals.items()],
            columns=["pairs", "R@10", "low", "high"],
        )

    def more_tables(self, data: Cut) -> dict[str, pd.DataFrame]:
        """Groups with counts; the curve."""
        if data.sorry:
            return {}
        groups = [
            (name, right, one.mean, one.low, one.high)
            for name, (one, right) in data.by_group.items()
        ]
        columns = ["group", "right pairs", "share kept", "low", "high"]
        cut = {
            "exchanged, %": data.noise,
            "kept, %": data.kept,
            "AUC": data.auc,
            "wrong dropped": data.dropped_wrong,
            "right dropped": data.dropped_right,
            "recovery": data.recovery,
        }
        curve = pd.DataFrame(data.curve.T, columns=["right dropped", "wrong dropped"])
        return {
            "This cut": pd.DataFrame([cut]),
            "By group": pd.DataFrame(groups, columns=columns),
            "The curve": curve,
        }


def _put(artists: tuple[Line2D, Line2D], one: Interval, place: int) -> None:
    """A line from end to end, and a dot at the mean."""
    line, dot = artists
    line.set_data([one.low, one.high], [place, place])
    dot.set_data([one.mean], [place])
