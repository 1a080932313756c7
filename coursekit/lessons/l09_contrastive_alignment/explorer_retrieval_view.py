"""A sheet of the pictures that a query finds, each with its name, its cosine and its share."""

import textwrap
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import pandas as pd
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.text import Text

from coursekit.course.plots.style import INK, MUTED, new_figure

COLUMNS, ROWS = 6, 2
SHOWN = COLUMNS * ROWS
SIDE, CELL = 32, (48, 60)  # pixels of a picture; of its cell, across and down
LINE = 20  # characters of a name in one line
WIDE = 145  # characters of a line above the pictures
NAMED, IN_TEXT = 4, 20  # unknown words that picture and text name; the table has all
WORD, LONGEST = 14, 30  # characters of such a word, and of a query, in the picture
MISSING = "▯"  # stands for a sign that the picture's font does not have
ARTIST = {
    "google": ("Google", "Noto Emoji by Google, Apache-2.0"),
    "twemoji": ("Twemoji", "Twemoji by Twitter and contributors, CC BY 4.0"),
}


@dataclass(frozen=True)
class Ranked:
    """What a query finds in a pool of N pictures; nothing, where none of its words is known.

    known, unknown: different words of the query.  epoch: of the model; asked: the one that was
    asked for, later while a training is under way.  learnt: the temperature of the training then.
    names, cosines, probabilities, fits: of all pictures, the nearest first. The probability is a
    softmax over the pool; fits: the picture's caption has all known words.
    pictures: of the first, (`SHOWN`, 32, 32, 3) uint8.
    """

    query: str
    known: tuple[str, ...]
    unknown: tuple[str, ...]
    epoch: int
    asked: int
    temperature: float
    learnt: float
    artist: str
    pool: int
    names: tuple[str, ...]
    cosines: np.ndarray
    probabilities: np.ndarray
    fits: np.ndarray
    pictures: np.ndarray

    @property
    def right_shown(self) -> int:
        """How many of the pictures shown fit."""
        return int(self.fits[:SHOWN].sum())


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    """The signs that the font of the course's pictures has."""
    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())


def drawable(text: str) -> str:
    """``text`` with `MISSING` for signs that cannot be drawn, which matplotlib would warn of."""
    return "".join(c if c == "\n" or ord(c) in _glyphs() else MISSING for c in text)


def shortened(text: str, longest: int = LONGEST) -> str:
    """``text``, with an ellipsis where it would be longer."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


class RetrievalView:
    """Two rows of six pictures; all of them are one image, so that a move is drawn quickly."""

    writes: ClassVar[frozenset[str]] = frozenset({"query", "epoch", "temperature", "artist"})

    def __init__(self) -> None:
        self.figure, (ax,) = new_figure(9.6, 5.3, layout=None)
        ax.set_position((0, 0.042, 1, 960 / CELL[0] / COLUMNS * CELL[1] * ROWS / 530))
        ax.set_axis_off()
        self._image = ax.imshow(blank(), aspect="auto", interpolation="nearest")
        width, height = CELL[0] * COLUMNS, CELL[1] * ROWS
        ax.set_xlim(0, width)
        ax.set_ylim(height, 0)
        self._captions: list[Text] = []
        for i in range(SHOWN):
            row, column = divmod(i, COLUMNS)
            x, y = (column + 0.5) * CELL[0], row * CELL[1] + SIDE + 7
            self._captions.append(
                ax.text(x, y, "", size=9, color=INK, ha="center", va="top", linespacing=1.25)
            )
        self._title = self.figure.text(0.012, 0.948, "", size=12, weight="bold", color=INK)
        self._lines = [
            self.figure.text(0.012, y, "", size=9.5, color=MUTED) for y in (0.905, 0.867, 0.829)
        ]
        self._credit = self.figure.text(0.988, 0.015, "", size=8.5, color=MUTED, ha="right")
        for text in (*self._captions, *self.figure.texts):
            text.set_parse_math(False)  # what is typed is no formula

    def update(self, data: Ranked) -> None:
        """Put pictures and words of ``data`` on the sheet."""
        sheet = blank()
        for i, picture in enumerate(data.pictures):
            row, column = divmod(i, COLUMNS)
            y, x = row * CELL[1] + 4, column * CELL[0] + (CELL[0] - SIDE) // 2
            sheet[y : y + SIDE, x : x + SIDE] = picture
        self._image.set_data(sheet)
        shown = captions(data)
        for i, text in enumerate(self._captions):
            text.set_text(drawable(shown[i]) if i < len(shown) else "")
        self._title.set_text(drawable(headline(data)))
        lines = (f"{state(data)}; {pool(data)}", right_ones(data), unknown_words(data, NAMED, WORD))
        for text, line in zip(self._lines, lines, strict=True):
            text.set_text(drawable(shortened(line, WIDE)))
        self._credit.set_text(credit(data))

    def describe(self, data: Ranked) -> str:
        """What is seen, in words: every picture by its name."""
        rows = zip(data.names, data.cosines, data.probabilities, data.fits, strict=True)
        listed = [
            f"{i}. {name}{' (fits)' if fits else ''}, cosine {cosine:.2f}, {share:.3f}"
            for i, (name, cosine, share, fits) in enumerate(list(rows)[:SHOWN], 1)
        ]
        nearest = f" The nearest, with their probabilities: {'; '.join(listed)}." if listed else ""
        return (
            f"{headline(data)}. {state(data)}; {pool(data)}. {right_ones(data)} "
            f"{unknown_words(data, IN_TEXT, LONGEST)}{nearest} {credit(data)}"
        ).strip()

    def table(self, data: Ranked) -> pd.DataFrame:
        """The pictures shown: rank, name, cosine, probability, and whether the caption fits."""
        return ranking(data).head(SHOWN)

    def more_tables(self, data: Ranked) -> dict[str, pd.DataFrame]:
        """The state, the words of the query, and the whole pool."""
        setting = {
            "epoch": data.epoch, "epoch asked for": data.asked,
            "temperature": data.temperature, "learnt temperature": data.learnt,
            "pictures": data.pool, "of them fit": int(data.fits.sum()),
            "fit and shown": data.right_shown, "chance": 1 / data.pool,
            "unknown words": len(data.unknown), "not named": len(data.unknown) - IN_TEXT,
        }  # fmt: skip
        words = [(word, "yes") for word in data.known] + [(word, "no") for word in data.unknown]
        return {
            "The setting": pd.DataFrame([setting]),
            "Words of the query": pd.DataFrame(words, columns=["word", "known"]),
            "The whole pool": ranking(data),
        }


def blank() -> np.ndarray:
    """An empty sheet, (height, width, 3) uint8."""
    return np.full((CELL[1] * ROWS, CELL[0] * COLUMNS, 3), 255, np.uint8)


def ranking(data: Ranked) -> pd.DataFrame:
    """A row per picture of the pool, the nearest first."""
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(data.names) + 1),
            "name": data.names,
            "cosine": data.cosines,
            "probability": data.probabilities,
            "caption has all known words": np.where(data.fits, "yes", "no"),
        }
    )


def captions(data: Ranked) -> list[str]:
    """What stands below each picture shown."""
    lines = []
    rows = zip(data.names, data.cosines, data.probabilities, data.fits, strict=True)
    for name, cosine, share, fits in list(rows)[:SHOWN]:
        named = textwrap.wrap(f"{'✓ ' if fits else ''}{name}", LINE)
        lines.append("\n".join([*named, f"cos {cosine:.2f}, p {share:.3f}"]))
    return lines


def headline(data: Ranked) -> str:
    """The query and what it finds."""
    query = f"“{shortened(data.query)}”" if data.query else "An empty query"
    if not data.known:
        return f"{query} finds nothing: no known word"
    return f"{query} finds: {data.names[0]}"


def state(data: Ranked) -> str:
    """Epoch and temperature."""
    epoch = f"Epoch {data.epoch}" if data.epoch else "Epoch 0, untrained"
    under_way = f", training on to {data.asked}" if data.asked > data.epoch else ""
    learnt = f"τ = {data.temperature:.2f} (learnt by then: {data.learnt:.3f})"
    return f"{epoch}{under_way}; {learnt}"


def pool(data: Ranked) -> str:
    """Where is searched."""
    where = f"{data.pool} test pictures by {ARTIST[data.artist][0]}"
    return f"{where}, chance of each {1 / data.pool:.4f}"


def credit(data: Ranked) -> str:
    """Whose pictures are shown."""
    return f"{ARTIST[data.artist][1]}." if len(data.pictures) else ""


def right_ones(data: Ranked) -> str:
    """How many pictures fit, or why there are none."""
    if not data.known:
        return "Without a known word every text lies at the same place, so nothing is ranked."
    return (
        f"✓: its caption has all known words; so have {int(data.fits.sum())} in the pool, "
        f"{data.right_shown} of the {len(data.pictures)} shown."
    )


def unknown_words(data: Ranked, most: int, longest: int) -> str:
    """The words that are left out, so many of them by name and with so many characters."""
    named = [shortened(word, longest) for word in data.unknown[:most]]
    more = len(data.unknown) - len(named)
    names = ", ".join(named) + (f" and {more} more" if more else "")
    return f"Not known, and left out: {names}." if named else ""
