"""The blend explorer's picture: loss curves with G and O as arrows, and the weights they give."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text

from coursekit.course.plots.style import INK, MUTED, legend_key, new_figure, style
from coursekit.course.plots.tidy_tables import by_epoch

HEADS = ("A", "B", "joint")
MOST_EPOCHS = 20
LOSSES = (-0.15, 4.2)  # with room for arrowheads below, for the numbers above
WEIGHTS = (-1.6, 2.6)  # beyond them a bar is cut, and says so
DOUBTFUL = 0.02
HIGHEST = 3.6  # losses above it are drawn at it, so that no arrow loses its head
GAINED, OVERFITTED = "#1B7837", "#B2182B"


@dataclass(frozen=True)
class Blended:
    """One estimate: head_losses' table, `estimate`'s table (head, G, O, w), N, and the rule."""

    losses: pd.DataFrame
    estimate: pd.DataFrame
    window: int
    rule: str


class BlendView:
    """Three panels with the losses of a head each, and one with the weights."""

    writes: ClassVar[frozenset[str]] = frozenset({"window", "rule"})

    def __init__(self) -> None:
        self.figure, axes = new_figure(10.4, 4.0, columns=4, layout=None)
        self.figure.subplots_adjust(left=0.06, right=0.985, top=0.77, bottom=0.13, wspace=0.28)
        self._title = self.figure.text(0.012, 0.93, "", size=12, weight="bold", color=INK)
        keys = [
            legend_key(color=INK, linestyle="-", label="fitted rows"),
            legend_key(color=INK, linestyle="--", label="held rows"),
            legend_key(color=GAINED, marker="v", label="G, generalised"),
            legend_key(color=OVERFITTED, marker="^", label="O, overfitted"),
        ]
        self.figure.legend(
            handles=keys, ncols=4, loc="upper right", bbox_to_anchor=(0.99, 1.0), frameon=False
        )
        self._axes = dict(zip(HEADS, axes, strict=False))
        self._weights = axes[3]
        self._numbers: dict[str, Text] = {}  # G and O of every head
        self._lines = {head: self._start_head(head, ax) for head, ax in self._axes.items()}
        self._start_weights(self._weights)

    def _start_head(self, head: str, ax: Axes) -> dict[str, Line2D]:
        ax.set_title("joint head" if head == "joint" else f"head {head}")
        ax.set_xlim(-0.5, MOST_EPOCHS + 3.5)
        ax.set_ylim(*LOSSES)
        ax.set_yticks(range(5))
        ax.set_xlabel("epoch")
        if head == HEADS[0]:
            ax.set_ylabel("mean cross-entropy")
        color = style(head)["color"]
        lines = {
            "train": ax.plot([], [], color=color, linestyle="-")[0],
            "valid": ax.plot([], [], color=color, linestyle="--")[0],
            "G": ax.plot([], [], color=GAINED, marker="v", markevery=[1], linewidth=2.2)[0],
            "O": ax.plot([], [], color=OVERFITTED, marker="^", markevery=[1], linewidth=2.2)[0],
        }
        self._numbers[head] = ax.text(
            0.97, 0.97, "", transform=ax.transAxes, ha="right", va="top", size=9, color=INK
        )
        return lines

    def _start_weights(self, ax: Axes) -> None:
        ax.set_title("Weights w")
        ax.set_xlim(-0.6, 2.6)
        ax.set_ylim(*WEIGHTS)
        ax.set_xticks(range(3), HEADS)
        ax.grid(visible=False, axis="x")
        ax.axhline(0, color=MUTED, linewidth=1)
        ax.axhspan(0, 1, color="#eef2f6", zorder=0)
        self._bars = ax.bar(range(3), [0] * 3, width=0.62, color=[style(h)["color"] for h in HEADS])
        self._labels = [ax.text(i, 0, "", ha="center", size=9, color=INK) for i in range(3)]

    def update(self, data: Blended) -> None:
        """Curves, arrows and bars; all axes stay."""
        self._title.set_text(f"N = {data.window}, rule: {data.rule}")
        for i, (head, gain, overfitting, w) in enumerate(estimates_of(data)):
            rows = data.losses[data.losses["head"] == head]
            self._draw_head(head, rows, (gain, overfitting), data.window)
            self._draw_weight(i, w, doubts(gain, overfitting))

    def _draw_weight(self, place: int, w: float, doubt: str) -> None:
        """A bar with its number; hatched where it is in doubt, cut where the axis ends."""
        shown = min(max(w, WEIGHTS[0]), WEIGHTS[1])
        self._bars[place].set_height(shown)
        self._bars[place].set_hatch("///" if doubt else "")
        self._bars[place].set_edgecolor("white")
        cut = "" if shown == w else ("↑" if w > 0 else "↓")
        lines = [f"{cut}{short(w)}", *doubt.split(", ")]
        label, up = self._labels[place], w >= 0
        label.set_text("\n".join(line for line in lines if line))
        room = 0.3 * len(lines)
        label.set_verticalalignment("bottom" if up else "top")
        label.set_y(min(shown, WEIGHTS[1] - room) + 0.05 if up else max(shown, -1.6 + room) - 0.05)
        label.set_bbox({"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1})

    def _draw_head(
        self, head: str, rows: pd.DataFrame, parts: tuple[float, float], window: int
    ) -> None:
        lines = self._lines[head]
        for split in ("train", "valid"):
            lines[split].set_data(rows["epoch"], rows[split].clip(upper=HIGHEST))
        first, last = rows.iloc[0], rows[rows["epoch"] == window].iloc[0]
        # G hangs from the first held loss; O stands on the last fitted loss plus the first gap.
        lines["G"].set_data([window + 2.2] * 2, _inside(first["valid"], last["valid"]))
        base = last["train"] + first["valid"] - first["train"]
        lines["O"].set_data([window + 0.7] * 2, _inside(base, last["valid"]))
        gain, overfitting = parts
        lines["G"].set_marker("v" if gain > 0 else "^")
        lines["O"].set_marker("^" if overfitting > 0 else "v")
        self._numbers[head].set_text(f"G {gain:+.3f}\nO {overfitting:+.3f}".replace("-", "−"))

    def describe(self, data: Blended) -> str:
        """G, O and weight of every head."""
        parts = []
        for head, gain, overfitting, w in estimates_of(data):
            doubt = doubts(gain, overfitting)
            note = f" (not to be trusted: {doubt})" if doubt else ""
            parts.append(f"{head}: G {gain:+.3f}, O {overfitting:+.3f}, weight {w:.3f}{note}")
        epochs = "1 epoch" if data.window == 1 else f"{data.window} epochs"
        return f"Estimate from {epochs}, rule {data.rule}. " + "; ".join(parts) + "."

    def table(self, data: Blended) -> pd.DataFrame:
        """The estimate, with OGR² and the weight."""
        table = data.estimate.copy()
        table["OGR²"] = (table["O"] / table["G"]) ** 2
        return table[["head", "G", "O", "OGR²", "w"]].reset_index(drop=True)

    def more_tables(self, data: Blended) -> dict[str, pd.DataFrame]:
        """The curves: loss on the fitted and on the held rows."""
        long = data.losses.melt(["head", "epoch"], ["train", "valid"], "rows", "loss")
        rows = long["rows"].map({"train": "fitted", "valid": "held"})
        named = long.assign(name=long["head"] + ", " + rows + " rows")
        return {"Loss by epoch": by_epoch(named, "name", "loss")}


def _inside(start: float, end: float) -> list[float]:
    """Both ends of an arrow, within the picture."""
    return [min(max(x, 0.0), HIGHEST) for x in (start, end)]


def doubts(gain: float, overfitting: float) -> str:
    """Why a weight is not to be trusted; empty when it may be."""
    reasons = (["G ≤ 0"] if gain <= 0 else []) + (["O ≈ 0"] if abs(overfitting) < DOUBTFUL else [])
    return ", ".join(reasons)


def short(w: float) -> str:
    """A weight in few characters; a small one keeps enough digits to show its sign."""
    digits = 0 if abs(w) >= 100 else 2 if abs(w) >= 0.01 else 4
    return f"{w:.{digits}f}".replace("-", "−")


def estimates_of(data: Blended) -> list[tuple[str, float, float, float]]:
    """Head, G, O and w, in the order of the panels."""
    table = data.estimate.set_index("head")[["G", "O", "w"]].astype(float)
    return [(head, *map(float, table.loc[head].to_numpy())) for head in HEADS]  # type: ignore[misc]
