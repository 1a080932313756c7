"""Two maps on a scene, for its own caption and for another one's, and beside them scores."""

import textwrap
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from coursekit.course.plots.style import INK, MUTED, STILL, new_figure, style
from coursekit.data.scene_captions import FOILS
from coursekit.data.scenes import CELL, SIDE

MOST = 1 + len(FOILS)  # captions whose scores are shown
ARTISTS = "Noto Emoji by Google, Apache-2.0; Twemoji by Twitter and contributors, CC BY 4.0."
FRAMES = "Shaded by its own range. Solid: darkest cell. Dashed: the thing."


@dataclass(frozen=True)
class MapOfWord:
    """A word's number per cell, (9,), and the cell that shows the thing, None where none does."""

    word: str
    numbers: Tensor
    own: int | None

    @property
    def largest(self) -> int:
        """The cell with the largest number."""
        return int(self.numbers.argmax())

    @property
    def level(self) -> bool:
        """Whether all cells have the same number, so that none is the largest."""
        return bool(self.numbers.max() == self.numbers.min())

    @property
    def verdict(self) -> str:
        """Hit or miss, in words."""
        if self.level:
            return "all cells level, no answer"
        if self.own is None:
            return f"not there, and yet cell {self.largest + 1} is darkest"
        return "hit" if self.largest == self.own else f"miss: it is in cell {self.own + 1}"


@dataclass(frozen=True)
class Scored:
    """A caption and how it scores: probability of a match, cosine of the towers if there are."""

    kind: str
    caption: str
    match: float
    cosine: float | None


@dataclass(frozen=True)
class Looked:
    """One state; ``sorry`` says why there is nothing to see, else it is empty."""

    picture: Tensor | None = None
    caption: str = ""
    other_caption: str = ""
    own: MapOfWord | None = None
    other: MapOfWord | None = None
    scores: tuple[Scored, ...] = ()
    network: str = ""
    map_name: str = ""
    sorry: str = ""

    @property
    def maps(self) -> tuple[MapOfWord, ...]:
        """Both maps, if there are."""
        return tuple(one for one in (self.own, self.other) if one is not None)


class WhereView:
    """Two scenes with a map each, and dots for the scores of the caption and its foils."""

    writes: ClassVar[frozenset[str]] = frozenset({"scene", "word", "network", "kind", "layer"})

    def __init__(self) -> None:
        self.figure, axes = new_figure(9.6, 4.3, columns=3, layout=None)
        for ax, left, width in zip(axes, (0.012, 0.282, 0.745), (0.25, 0.25, 0.235), strict=True):
            ax.set_position((left, 0.17, width, 0.25 * 9.6 / 4.3))
        self._title = self.figure.text(
            0.012, 0.98, "", size=12, weight="bold", color=INK, va="top", parse_math=False
        )
        self._subtitle = self.figure.text(0.012, 0.905, "", size=9.5, color=MUTED, va="top")
        self._axes = axes
        self._maps = [_Map(ax) for ax in axes[:2]]
        self._prepare_scores(axes[2])
        self._key = self.figure.text(0.012, 0.015, "", size=8.5, color=MUTED)
        self.figure.text(0.988, 0.015, ARTISTS, size=8.5, color=MUTED, ha="right")

    def _prepare_scores(self, ax: Axes) -> None:
        ax.set_title("Scores", pad=24)
        ax.set_xlim(-0.35, 1.05)
        ax.set_ylim(MOST - 0.4, -0.6)
        ax.grid(visible=False, axis="y")
        ax.set_yticks([])
        ax.set_xticks([0, 0.5, 1])
        ax.set_xlabel("probability of a match, cosine")
        self._dots = []
        for role, label in (("joint", "match"), ("A", "cosine")):
            look = style(role, "color", "marker")
            (dots,) = ax.plot([], [], linestyle="", ms=8, label=label, **look)
            self._dots.append(dots)
        legend = ax.legend(loc="lower right", bbox_to_anchor=(1.0, 0.99), ncol=2, borderaxespad=0)
        legend.set_zorder(STILL)
        self._labels = [
            ax.text(-0.4, row, "", size=8.5, color=INK, ha="right", va="center")
            for row in range(MOST)
        ]

    def update(self, data: Looked) -> None:
        """Show ``data``."""
        self._title.set_text(headline(data))
        self._subtitle.set_text(subtitle(data))
        self._key.set_text("" if data.sorry else FRAMES)
        for ax in self._axes:
            ax.set_visible(not data.sorry)
        for panel, one in zip(self._maps, (data.own, data.other), strict=True):
            panel.update(data.picture, one)
        rows = list(enumerate(data.scores))
        self._dots[0].set_data([s.match for _, s in rows], [row for row, _ in rows])
        with_cosine = [(row, s.cosine) for row, s in rows if s.cosine is not None]
        self._dots[1].set_data([c for _, c in with_cosine], [row + 0.18 for row, _ in with_cosine])
        for row, label in enumerate(self._labels):
            label.set_text(score_label(data.scores[row]) if row < len(data.scores) else "")

    def describe(self, data: Looked) -> str:
        """What is seen, in words."""
        if data.sorry:
            return data.sorry
        maps = " ".join(
            f"Map for “{one.word}”: {one.verdict}; by cell, row by row: "
            f"{', '.join(in_digits(v) for v in one.numbers.tolist())}."
            for one in data.maps
        )
        scores = "; ".join(
            f"{s.kind}, “{s.caption}”, match {s.match:.2f}"
            + ("" if s.cosine is None else f", cosine {in_digits(s.cosine)}")
            for s in data.scores
        )
        lines = subtitle(data).replace("\n", " ")
        return f"{headline(data)}. {lines} {maps} Scores: {scores}. {ARTISTS}"

    def table(self, data: Looked) -> pd.DataFrame:
        """The scores of the caption and its foils; a single stream has no cosine."""
        rows = [(s.kind, s.caption, s.match, s.cosine) for s in data.scores]
        table = pd.DataFrame(rows, columns=["exchanged", "caption", "match", "cosine"])
        return table.dropna(axis=1, how="all")

    def more_tables(self, data: Looked) -> dict[str, pd.DataFrame]:
        """Both maps, cell by cell."""
        cells = [
            (one.word, cell + 1, value, one.own == cell)
            for one in data.maps
            for cell, value in enumerate(one.numbers.tolist())
        ]
        columns = ["word", "cell", "value", "shows it"]
        return {"The maps": pd.DataFrame(cells, columns=columns)}


class _Map:
    """A scene with one word's map on it."""

    def __init__(self, ax: Axes) -> None:
        self._ax = ax
        ax.set_xticks([])
        ax.set_yticks([])
        ax.grid(visible=False)
        size = SIDE * CELL
        self._image = ax.imshow(np.ones((size, size, 3)), interpolation="nearest")
        colour = style("B")["color"]
        corners = [(cell % SIDE * CELL - 0.5, cell // SIDE * CELL - 0.5) for cell in range(SIDE**2)]
        self._shades = [
            ax.add_patch(Rectangle(corner, CELL, CELL, color=colour, alpha=0, linewidth=0))
            for corner in corners
        ]
        self._largest = _frame(ax, INK, "-")
        self._own = _frame(ax, style("A")["color"], "--")
        self._below = ax.text(
            0.5, -0.03, "", size=9.5, color=INK, ha="center", va="top", transform=ax.transAxes
        )

    def update(self, picture: Tensor | None, one: MapOfWord | None) -> None:
        """Show a map, or nothing."""
        if picture is None or one is None:
            self._image.set_data(np.ones((SIDE * CELL, SIDE * CELL, 3)))
            for patch in (*self._shades, self._largest, self._own):
                patch.set_visible(False)
            self._below.set_text("")
            return
        self._image.set_data((1 - picture.clamp(0, 1)).permute(1, 2, 0).numpy())
        low, high = one.numbers.min(), one.numbers.max()
        share = (one.numbers - low) / (high - low) if high > low else torch.zeros(SIDE**2)
        for patch, strength in zip(self._shades, share.tolist(), strict=True):
            patch.set_visible(True)
            patch.set_alpha(0.6 * strength)
        for frame, cell in (
            (self._largest, None if one.level else one.largest),
            (self._own, one.own),
        ):
            frame.set_visible(cell is not None)
            if cell is not None:
                frame.set_xy((cell % SIDE * CELL + 0.5, cell // SIDE * CELL + 0.5))
        self._below.set_text("\n".join(textwrap.wrap(f"“{one.word}”: {one.verdict}", 40)))


def _frame(ax: Axes, colour: str, line: str) -> Rectangle:
    """A frame for one cell, hidden at first."""
    frame = Rectangle(
        (0, 0), CELL - 2, CELL - 2,
        fill=False, linewidth=2, visible=False, edgecolor=colour, linestyle=line,
    )  # fmt: skip
    ax.add_patch(frame)
    return frame


def in_digits(value: float) -> str:
    """Two decimals, with the minus sign of print."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def score_label(score: Scored) -> str:
    """The kind of a caption and its words, in short lines."""
    return "\n".join([f"{score.kind}:", *textwrap.wrap(score.caption, 27)])


def headline(data: Looked) -> str:
    """The caption, or why nothing is shown."""
    if data.sorry:
        return "\n".join(textwrap.wrap(data.sorry, 90))
    return f"“{data.caption}”"


def subtitle(data: Looked) -> str:
    """Network, map and the other caption."""
    if data.sorry:
        return ""
    other = f"In the middle the word is from “{data.other_caption}”."
    return f"{data.network}, {data.map_name}.\n{other}"
