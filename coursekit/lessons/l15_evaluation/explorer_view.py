"""A scene, its references, a caption with the n-grams that count, and what each metric says."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
from matplotlib.text import Text

from coursekit.course.plots.style import INK, MUTED, STILL, new_figure, style

MOST = 24  # words of a caption that are drawn
LINE = 8  # words in one row of them
METRICS = ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "CIDEr ÷ 10", "CIDEr-D ÷ 10")
FACTS = ("objects right, of 3", "relation right")
NOTHING = np.ones((48, 48, 3))


@dataclass(frozen=True)
class Judged:
    """One state; ``sorry`` says why there is nothing to see, else it is empty.

    words: of the caption.  marked: for each n-gram whether it counts as a match, in order.
    scores: by `METRICS`, 0 to 1.  lengths: words of the caption, and of the nearest reference.
    facts: right objects 0 to 3, and whether the relation is right (None where it says none).
    """

    scene: int = 0
    n: int = 1
    picture: np.ndarray = field(default_factory=lambda: NOTHING)
    shows: str = ""
    references: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    marked: tuple[bool, ...] = ()
    scores: tuple[float, ...] = (0.0,) * len(METRICS)
    lengths: tuple[int, int] = (0, 0)
    objects: int = 0
    relation: bool | None = None
    sorry: str = ""

    @property
    def covered(self) -> list[bool]:
        """Whether each word is part of an n-gram that counts."""
        inside = [False] * len(self.words)
        for start, match in enumerate(self.marked):
            for place in range(start, start + self.n):
                inside[place] = inside[place] or match
        return inside


class CaptionView:
    """Picture and references above, the caption's words below, bars at the right."""

    writes: ClassVar[frozenset[str]] = frozenset({"scene", "caption", "n"})

    def __init__(self) -> None:
        self.figure, (ax, bars) = new_figure(9.6, 5.2, columns=2, layout=None)
        ax.set_position((0.012, 0.48, 0.2, 0.37))
        ax.set_axis_off()
        self._image = ax.imshow(NOTHING, interpolation="nearest")
        self._title = self.figure.text(0.012, 0.945, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.895, "", size=9.5, color=MUTED)
        self._references = self.figure.text(
            0.225, 0.85, "", size=8.5, color=INK, va="top", linespacing=1.5
        )
        self._words = [self._word(i) for i in range(MOST)]
        self._below = self.figure.text(0.012, 0.02, "", size=9, color=MUTED)
        bars.set_position((0.745, 0.13, 0.215, 0.7))
        bars.set_xlim(0, 1.3)
        bars.set_xticks([0, 0.5, 1])
        bars.set_ylim(len(METRICS) + len(FACTS) - 0.4, -0.6)
        bars.set_yticks(range(len(METRICS) + len(FACTS)), [*METRICS, *FACTS], size=8.5)
        bars.set_xlabel("score, 0 to 1")
        bars.set_title("What each says", size=10)
        bars.grid(visible=False, axis="y")
        bars.axhline(len(METRICS) - 0.5, color=MUTED, linewidth=1, zorder=STILL)
        self._bars = bars.barh(
            range(len(METRICS) + len(FACTS)), [0.0] * (len(METRICS) + len(FACTS)), height=0.6
        )
        looks = [style("A", "color")["color"]] * len(METRICS)
        looks += [style("B", "color")["color"]] * len(FACTS)
        for bar, colour in zip(self._bars, looks, strict=True):
            bar.set_color(colour)
            bar.set_hatch("//" if colour == looks[-1] else "")
        self._numbers = [
            bars.text(0, row, "", size=8.5, color=INK, va="center")
            for row in range(len(METRICS) + len(FACTS))
        ]
        for text in self.figure.texts:
            text.set_parse_math(False)  # what is typed is no formula

    def _word(self, i: int) -> Text:
        row, column = divmod(i, LINE)
        return self.figure.text(
            0.012 + 0.078 * column, 0.36 - 0.09 * row, "", size=10, color=INK, va="top"
        )

    def update(self, data: Judged) -> None:
        """Show ``data``."""
        self._image.set_data(data.picture)
        self._title.set_text(headline(data))
        self._subtitle.set_text(subtitle(data))
        self._references.set_text("\n".join(data.references))
        covered = data.covered
        for i, text in enumerate(self._words):
            there = i < len(data.words)
            word = data.words[i][:11] if there else ""
            line = "▔" * max(2, len(word)) if there and covered[i] else ""
            text.set_text(f"{word}\n{line}")
            text.set_color(style("A", "color")["color"] if there and covered[i] else MUTED)
        self._below.set_text(below(data))
        values = shares(data)
        for bar, number, value in zip(self._bars, self._numbers, values, strict=True):
            bar.set_width(value)
            number.set_position((value + 0.02, number.get_position()[1]))
        for number, words in zip(self._numbers, spoken(data), strict=True):
            number.set_text(words)

    def describe(self, data: Judged) -> str:
        """What is seen, in words."""
        if data.sorry:
            return data.sorry
        named = zip((*METRICS, *FACTS), spoken(data), strict=True)
        marks = " ".join(
            f"[{word}]" if inside else word
            for word, inside in zip(data.words, data.covered, strict=True)
        )
        return (
            f"{headline(data)}. {subtitle(data)} The caption, words of a match in brackets: "
            f"{marks}. {below(data)} {', '.join(f'{name} {value}' for name, value in named)}. "
            f"References: {'; '.join(data.references)}."
        )

    def table(self, data: Judged) -> pd.DataFrame:
        """A row per metric and fact, as its bar says it."""
        return pd.DataFrame({"what": [*METRICS, *FACTS], "value": shares(data)})

    def more_tables(self, data: Judged) -> dict[str, pd.DataFrame]:
        """The n-grams in order, each with whether it counts; and how many there are of what."""
        grams = [" ".join(data.words[i : i + data.n]) for i in range(len(data.marked))]
        counts = ["yes" if match else "no" for match in data.marked]
        own, nearest = data.lengths
        amounts = {
            f"{data.n}-grams that count": sum(data.marked),
            f"{data.n}-grams": len(data.marked),
            "words": own,
            "words of the nearest reference": nearest,
            "CIDEr": 10 * data.scores[-2],
            "CIDEr-D": 10 * data.scores[-1],
        }
        return {
            "The n-grams": pd.DataFrame({"n-gram": grams, "counts": counts}),
            "Numbers": pd.DataFrame({"what": list(amounts), "number": list(amounts.values())}),
        }


def shares(data: Judged) -> list[float]:
    """Bars, 0 to 1: the metrics, then the facts."""
    return [*data.scores, data.objects / 3, float(data.relation is True)]


def spoken(data: Judged) -> list[str]:
    """The numbers beside the bars."""
    relation = {None: "not said", True: "yes", False: "no"}[data.relation]
    return [*(f"{score:.2f}" for score in data.scores), str(data.objects), relation]


def headline(data: Judged) -> str:
    """The scene and the caption's main figures."""
    if data.sorry:
        return data.sorry
    scores = dict(zip(METRICS, data.scores, strict=True))
    return (
        f"Scene {data.scene}: BLEU-4 {scores['BLEU-4']:.2f}, "
        f"CIDEr-D {10 * scores['CIDEr-D ÷ 10']:.2f}"
    )


def subtitle(data: Judged) -> str:
    """What the scene shows."""
    return "" if data.sorry else f"It shows: {data.shows}."


def below(data: Judged) -> str:
    """How many n-grams count."""
    if data.sorry:
        return ""
    own, nearest = data.lengths
    cut = f" (the first {MOST} are drawn)" if own > MOST else ""
    return (
        f"{sum(data.marked)} of {len(data.marked)} {data.n}-grams count (underlined); "
        f"{own} words{cut}, the nearest reference has {nearest}."
    )
