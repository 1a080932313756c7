"""Three accuracies per type of question, a training's beside plain joint training's."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from coursekit.analysis.intervals import Interval
from coursekit.course.plots.style import INK, MUTED, STILL, new_figure, style
from coursekit.lessons.l12_unimodal_bias.answer_roles import ALL
from coursekit.lessons.l12_unimodal_bias.prior_strengths import ANSWERS

KINDS = (ALL, *ANSWERS)
TESTS = {"same prior": "A", "shifted prior": "B", "flat prior": "joint"}  # test → role in pictures
STEP = 0.24  # between the tests of a type
PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # below a number
MARGIN = 0.1  # by which something counts
Shares = Mapping[str, Mapping[str, Interval]]
IN_WORDS = {
    "sees": "seen",
    "sees, prior": "seen, leans on the prior",
    "sees, turned": "seen, leans against it",
    "prior": "follows the prior",
    "turned": "the prior turned round",
    "guesses": "a guess",
    "off": "worse than a guess",
}


@dataclass(frozen=True)
class Answered:
    """One state; ``sorry`` says why there is nothing to see, else it is empty.

    trained, tested: shares of the favourite answer.  own, plain: accuracies by type and test.
    """

    name: str = ""
    trained: float = 0.0
    tested: float = 0.0
    own: Shares = field(default_factory=dict)
    plain: Shares = field(default_factory=dict)
    sorry: str = ""


def word_of(shares: Mapping[str, Interval], kind: str) -> str:
    """The lesson's diagnosis of one type of question, a key of `IN_WORDS`.

    Where it sees, also whether it leans on the prior, or against it.
    """
    same, shifted, flat = (shares[test].mean for test in TESTS)
    leans = "prior" if same - shifted >= MARGIN else "turned" if shifted - same >= MARGIN else ""
    if flat - 1 / ANSWERS[kind] >= MARGIN:
        return f"sees, {leans}" if leans else "sees"
    if leans:
        return leans
    return "off" if 1 / ANSWERS[kind] - flat >= MARGIN else "guesses"


class PriorsView:
    """Points with intervals, four groups of three; plain training as hollow diamonds."""

    writes: ClassVar[frozenset[str]] = frozenset({"trained", "tested", "method", "entropy"})

    def __init__(self) -> None:
        self.figure, (ax,) = new_figure(9.6, 4.5, layout=None)
        self.figure.subplots_adjust(left=0.07, right=0.985, top=0.74, bottom=0.17)
        self._title = self.figure.text(0.012, 0.95, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.895, "", size=9.5, color=MUTED)
        self.figure.text(
            0.012, 0.015, "Eight trainings each, 95 % intervals; keys and types count alike. Short "
            "lines: chance. Words: what differs by 0.10 or more on tests as set here.",
            size=8.5, color=MUTED,
        )  # fmt: skip
        self._axes = ax
        ax.set_xlim(-0.5, len(KINDS) - 0.5)
        ax.set_ylim(0, 1.09)
        ax.set_xticks(range(len(KINDS)), [""] * len(KINDS))
        ax.set_yticks(np.linspace(0, 1, 6))
        ax.set_ylabel("share of right answers")
        ax.grid(visible=False, axis="x")
        _chances(ax)
        self._kinds = [
            ax.text(place, -0.045, "", size=9.5, color=INK, ha="center", va="top")
            for place in range(len(KINDS))
        ]
        self._own, self._bars, self._labels = [], [], []
        for test, role in TESTS.items():
            look = style(role, "color", "marker")
            self._bars.append(ax.plot([], [], color=look["color"], linewidth=2)[0])
            self._own.append(ax.plot([], [], linestyle="", ms=8, label=test, **look)[0])
            self._labels.append(
                [
                    ax.text(0, 0, "", size=8.5, color=INK, ha="left", va="center", bbox=PLATE)
                    for _ in KINDS
                ]
            )
        self._plain = [_hollow(ax, number) for number in range(len(TESTS))]
        legend = ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncol=4, borderaxespad=0.2)
        legend.set_zorder(STILL)

    def update(self, data: Answered) -> None:
        """Show ``data``."""
        self._title.set_text(headline(data))
        self._subtitle.set_text(subtitle(data))
        self._axes.set_visible(not data.sorry)
        for place, kind in enumerate(KINDS):
            said = (
                "" if data.sorry or kind == ALL else f"\n{IN_WORDS[word_of(data.own[kind], kind)]}"
            )
            self._kinds[place].set_text(f"{kind}{said}")
        for number, test in enumerate(TESTS):
            if data.sorry:
                continue
            at = [place + (number - 1) * STEP for place in range(len(KINDS))]
            own = [data.own[kind][test] for kind in KINDS]
            self._own[number].set_data(at, [i.mean for i in own])
            bars = [(x, x, np.nan) for x in at], [(i.low, i.high, np.nan) for i in own]
            self._bars[number].set_data(np.ravel(bars[0]), np.ravel(bars[1]))
            self._plain[number].set_data(at, [data.plain[kind][test].mean for kind in KINDS])
            for label, x, one in zip(self._labels[number], at, own, strict=True):
                label.set_position((x + 0.045, one.mean))
                label.set_text(f"{one.mean:.2f}")

    def describe(self, data: Answered) -> str:
        """What is seen, in words."""
        if data.sorry:
            return data.sorry
        parts = []
        for kind in KINDS:
            shares = ", ".join(f"{test} {data.own[kind][test].mean:.2f}" for test in TESTS)
            beside = ", ".join(f"{data.plain[kind][test].mean:.2f}" for test in TESTS)
            word = "" if kind == ALL else f"; {IN_WORDS[word_of(data.own[kind], kind)]}"
            parts.append(f"{kind}: {shares} (joint {beside}){word}")
        return f"{headline(data)}. {subtitle(data)} {'. '.join(parts)}."

    def table(self, data: Answered) -> pd.DataFrame:
        """Accuracies with their intervals, and those of plain joint training."""
        rows = [
            (kind, test, own.mean, own.low, own.high, data.plain[kind][test].mean)
            for kind, of_kind in data.own.items()
            for test, own in of_kind.items()
        ]
        columns = ["type", "test", "accuracy", "low", "high", "joint training's"]
        return pd.DataFrame(rows, columns=columns)


def _chances(ax: Axes) -> None:
    """A short line per type at one divided by the number of answers."""
    for place, kind in enumerate(KINDS):
        if kind != ALL:
            level = 1 / ANSWERS[kind]
            ax.hlines(level, place - 0.4, place + 0.4, color=MUTED, linewidth=1, zorder=STILL)


def _hollow(ax: Axes, number: int) -> Line2D:
    label = "joint" if number == 0 else "_"
    return ax.plot(
        [], [], linestyle="", marker="D", ms=5, label=label,
        markerfacecolor="none", markeredgecolor=MUTED,
    )[0]  # fmt: skip


def headline(data: Answered) -> str:
    """The training and its three accuracies, or why nothing is shown."""
    if data.sorry:
        return "\n".join(textwrap.wrap(data.sorry, 90))
    three = ", ".join(f"{test} {data.own[ALL][test].mean:.2f}" for test in TESTS)
    return f"{data.name}: {three}"


def subtitle(data: Answered) -> str:
    """The shares of the favourite answer."""
    if data.sorry:
        return ""
    return (
        f"A key's favourite answer has {data.trained:.0%} in training; a favourite has "
        f"{data.tested:.0%} in the two tests with a prior."
    )
