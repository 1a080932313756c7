"""The picture of an explorer on its card: the finished one, and meanwhile what there is so far."""

import html
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import pandas as pd
from matplotlib.figure import Figure

from coursekit.course.plots.display import image_html, pixels
from coursekit.course.plots.redraw import Layers
from coursekit.course.plots.style import style_of
from coursekit.course.widgets.explorer_layout import Panel

NONE: Mapping[str, str] = MappingProxyType({})


class View(Protocol):
    """A picture whose artists are made once; ``update`` must set everything that data decides.

    A view may also have: ``more_tables(data)``, caption → table, for numbers that do not fit the
    first; ``blanks``, column ("*": any) → why cells of it may be empty (NaN); ``writes``, names of
    the knobs whose values the picture writes out, so that they cannot be hidden.
    """

    figure: Figure

    def update(self, data: Any) -> None:
        """Put ``data`` into the artists."""

    def describe(self, data: Any) -> str:
        """What the picture shows, with its numbers: the alternative text."""

    def table(self, data: Any) -> pd.DataFrame:
        """The picture's numbers."""


def tables(view: View, data: Any) -> dict[str, pd.DataFrame]:
    """All numbers of the picture: caption → table, the first without a caption."""
    more = getattr(view, "more_tables", None)
    return {"": view.table(data)} | (dict(more(data)) if more else {})


def blanks(view: View) -> Mapping[str, str]:
    """Columns of `tables` whose cells may be empty ("*": any), and why."""
    return getattr(view, "blanks", NONE)


class Screen:
    """Draws data and puts the picture, its text and its tables on the panel.

    code, data, picture, alt: of the last finished picture; all change together.  seconds: what the
    last drawing took.
    """

    def __init__(self, key: str, view: View, panel: Panel) -> None:
        self._key, self._view, self._panel = key, view, panel
        self._layers = Layers(view.figure)
        self.seconds = 0.0
        self._unfinished = False  # whether the page shows data so far
        self._runs = 0
        self.code = ""
        self.data: Any = None
        self.picture = b""
        self.alt = ""

    def finish(self, data: Any, code: str, started: float) -> None:
        """Draw the data of the setting ``code``; nothing changes when drawing fails."""
        picture, alt = self._draw(data)
        self._runs += 1
        self.code, self.data, self.picture, self.alt = code, data, picture, alt
        self._put(started=f"{started:.3f}", runs=self._runs)

    def so_far(self, data: Any) -> None:
        """Unfinished data in the page and nowhere else; its tag still names the finished state."""
        picture, alt = self._draw(data)
        self._unfinished = True
        tag = self.image(picture, alt, unfinished="yes")
        self._panel.show(tag, lambda: tables_html(self._view, data))

    def _draw(self, data: Any) -> tuple[bytes, str]:
        """The picture of ``data`` and its text."""
        started = time.perf_counter()
        with style_of(self._view.figure):  # once, not in each of the many calls
            self._view.update(data)
            picture = self._layers.png()
        drawn = picture, self._view.describe(data)
        self.seconds = time.perf_counter() - started
        return drawn

    def back(self) -> None:
        """The finished picture again, where another stands in the page."""
        if self._unfinished:
            self._view.update(self.data)
            self._put()

    def _put(self, **marks: object) -> None:
        self._unfinished = False
        data = self.data
        self._panel.show(
            self.image(self.picture, self.alt, **marks), lambda: tables_html(self._view, data)
        )

    def image(self, picture: bytes, alt: str, **marks: object) -> str:
        """The tag of ``picture``, naming the finished state."""
        size = pixels(self._view.figure)
        return image_html(picture, alt, size, explorer=self._key, state=self.code, **marks)


def tables_html(view: View, data: Any) -> str:
    """All tables below the picture, each with its caption, and what an empty cell means."""
    by_caption = tables(view, data)
    notes = [f"<p>– {html.escape(sentence)}</p>" for sentence in _blanks(view, by_caption)]
    parts = [_table_html(caption, numbers) for caption, numbers in by_caption.items()]
    return f"<div>{''.join(parts)}{''.join(notes)}</div>"


def _blanks(view: View, by_caption: Mapping[str, pd.DataFrame]) -> list[str]:
    """What the empty cells of these tables mean."""
    empty = {str(column) for t in by_caption.values() for column in t if t[column].isna().any()}
    reasons = blanks(view).items()
    return [
        why if c == "*" else f"in “{c}”: {why}"
        for c, why in reasons
        if empty & {c} or (c == "*" and empty)
    ]


def _table_html(caption: str, numbers: pd.DataFrame) -> str:
    text = numbers.to_html(index=False, border=0, float_format="{:.3f}".format, na_rep="–")
    if not caption:
        return text
    head, rest = text.split(">", 1)
    return f"{head}><caption>{html.escape(caption)}</caption>{rest}"
