"""Two panels: what is reached with the views that are seen; what each of them is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from matplotlib.axes import Axes

from coursekit.analysis.intervals import Interval, interval
from coursekit.course.plots.style import INK, MUTED, new_figure, style
from coursekit.lessons.l17_many_modalities.plots import worth_bars

TRANSFORMER = "one transformer"


@dataclass(frozen=True)
class Seen:
    """What is reached, a number per seed each.

    accuracy: of the transformer.  rivals: name → accuracies; the single views among them.
    worth: Shapley values by view that is seen.  noise: added to each of these.
    """

    accuracy: Sequence[float]
    rivals: Mapping[str, Sequence[float]]
    worth: Mapping[str, Sequence[float]]
    noise: Mapping[str, float]
    learnt: str


class ViewsView:
    """The picture, drawn anew at every move."""

    writes: ClassVar[frozenset[str]] = frozenset({"learnt"})
    constants: ClassVar[tuple[float, ...]] = (0.95, 0.1)  # level of the intervals; chance

    def __init__(self) -> None:
        self.figure, self._axes = new_figure(10.4, 4.6, columns=2, layout=None)
        self.figure.subplots_adjust(left=0.2, right=0.985, top=0.74, bottom=0.13, wspace=0.2)
        self._title = self.figure.text(0.012, 0.95, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.91, "", size=9.5, color=MUTED, va="top")

    def update(self, data: Seen) -> None:
        """Show ``data``."""
        self._title.set_text(headline(data))
        self._subtitle.set_text(subtitle(data))
        for ax in self._axes:
            ax.clear()
        left, right = self._axes
        _accuracies(left, data)
        right.set_title("What each view adds to the transformer")
        if data.worth:
            worth_bars(right, data.worth)
        right.set_xlim(-0.1, 0.9)

    def describe(self, data: Seen) -> str:
        """What is seen, in words."""
        rows = [f"{r['what']}: {r['mean']:.3f} [{r['low']:.3f}, {r['high']:.3f}]"
                for _, r in self.table(data).iterrows()]  # fmt: skip
        worth = "; ".join(f"{m} {interval(v)}" for m, v in data.worth.items())
        return f"{headline(data)}. {subtitle(data)} " + "; ".join(rows) + f". Worth: {worth}."

    def table(self, data: Seen) -> pd.DataFrame:
        """Accuracies with their intervals over five splits."""
        return _with_intervals({TRANSFORMER: data.accuracy, **data.rivals}, "what")

    def more_tables(self, data: Seen) -> dict[str, pd.DataFrame]:
        """Shapley values, and the transformer minus its rivals."""
        minus = {name: _minus(data.accuracy, values) for name, values in data.rivals.items()}
        return {
            "Shapley values": _with_intervals(data.worth, "view"),
            "The transformer minus": _with_intervals(minus, "rival"),
            "Noise": pd.DataFrame(data.noise.items(), columns=["view", "noise"]),
        }


def _with_intervals(values: Mapping[str, Sequence[float]], column: str) -> pd.DataFrame:
    rows = []
    for name, own in values.items():
        i = interval(own)
        rows.append((name, i.mean, i.low, i.high))
    return pd.DataFrame(rows, columns=[column, "mean", "low", "high"])


def _minus(own: Sequence[float], other: Sequence[float]) -> list[float]:
    return [a - b for a, b in zip(own, other, strict=True)]


def _accuracies(ax: Axes, data: Seen) -> None:
    ax.set_title("Accuracy on test rows")
    looks = {TRANSFORMER: style("joint", "color", "marker"),
             "ensemble": style("ensemble", "color", "marker")}  # fmt: skip
    everybody = {TRANSFORMER: data.accuracy, **data.rivals}
    for place, (name, values) in enumerate(everybody.items()):
        i = interval(values)
        plain = {"color": style("A")["color"], "marker": "o"}
        look = looks.get(name, plain)
        ax.plot([i.low, i.high], [place, place], color=look["color"], linewidth=2.5)
        ax.plot([i.mean], [place], linestyle="", markersize=9, **look)
    ax.axvline(0.1, color=MUTED, linewidth=1, linestyle=":")
    ax.set_yticks(range(len(everybody)), list(everybody))
    ax.set_ylim(len(everybody) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.set_xlabel("accuracy (dotted: chance)")


def best_rival(data: Seen) -> tuple[str, Interval]:
    """The rival with the highest mean, and the transformer minus it."""
    name = max(data.rivals, key=lambda m: sum(data.rivals[m]))
    return name, interval(_minus(data.accuracy, data.rivals[name]))


def headline(data: Seen) -> str:
    """What the transformer reaches with how many views."""
    if not data.worth:
        return "Nothing is seen: chance"
    number = len(data.worth)
    views = "One view" if number == 1 else f"{number} views"
    return f"{views} seen: the transformer reaches {interval(data.accuracy)}"


def subtitle(data: Seen) -> str:
    """How it compares with the best rival."""
    if not data.worth:
        return "Switch a view on."
    name, ahead = best_rival(data)
    return (
        f"Transformer − {name}, the best of the others: {ahead}.\n"
        f"It learnt with {data.learnt}. Means and 95 % intervals over five splits."
    )
