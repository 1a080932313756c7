"""What was drawn into one axes, artist by artist, as series of points."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection, PolyCollection
from matplotlib.container import BarContainer, ErrorbarContainer

from coursekit.course.plots.legend_names import Look, look_of

PALE = 0.5  # what is less opaque is faint: single seeds behind their mean
UNNAMED = re.compile(r"_(child|container)\d+|_nolegend_|_")  # labels that matplotlib gives


@dataclass
class Series:
    """Points that belong together.

    kind: "line", "points", "bars", "parts" of stacked ones and their "total", "stroke", "interval",
    "segments" or "band".  points: (n, 2), x and y.
    spans: (n, 2, 2), for each point from and to along x, then along y; NaN where there is none.
    name: "" where nothing names it.
    """

    kind: str
    points: np.ndarray
    look: Look
    name: str = ""
    faint: bool = False
    spans: np.ndarray = field(default_factory=lambda: np.empty((0, 2, 2)))

    def __post_init__(self) -> None:
        if len(self.spans) != len(self.points):
            self.spans = np.full((len(self.points), 2, 2), np.nan)


def series_of_artists(ax: Axes) -> list[Series]:
    """Lines, then bars, then clouds, bands and error bars, each in the order of drawing.

    Lines across the whole axes are left out, and what lies over a picture.
    """
    return [*_lines(ax), *_bars(ax), *_collections(ax)]


def _lines(ax: Axes) -> Iterator[Series]:
    ends, labels = _of_error_bars(ax)
    for line in ax.lines:
        if not line.get_visible() or line.get_transform() != ax.transData or line in ends:
            continue
        points = _finite(np.column_stack([np.ma.asarray(v, float) for v in line.get_data()]))
        label = labels.get(id(line)) or label_of(line)
        kind = "points" if line.get_linestyle() == "None" else "line"
        look = look_of(line)
        if not label and len(points) == 2 and not look.marker and _straight(points):
            kind = "interval"
        yield Series(kind, points, look, label, _faint(line))


def _of_error_bars(ax: Axes) -> tuple[list[Any], dict[int, str]]:
    """The caps, which tell nothing new, and whose line is called after its container."""
    caps: list[Any] = []
    labels: dict[int, str] = {}
    for container in ax.containers:
        if isinstance(container, ErrorbarContainer):
            line, ends, _ = container
            caps += ends
            if line is not None:
                labels[id(line)] = label_of(container)
    return caps, labels


def _bars(ax: Axes) -> list[Series]:
    """Bars: where they end; where some stand on others, how long they are, and the total."""
    tops: dict[float, float] = {}  # place across the bars → where the last one there ends
    ends, lengths, stacked, flat = [], [], False, False
    for container in ax.containers:
        if not isinstance(container, BarContainer) or not container.patches:
            continue
        flat = container.orientation == "horizontal"
        middles, starts, stops = _extents(container, flat)
        below = np.array([tops.get(middle, np.nan) for middle in middles])
        stacked = stacked or bool((same(starts, below) & (starts != 0)).any())
        tops |= dict(zip(middles, stops.tolist(), strict=True))
        look, label = look_of(container.patches[0]), label_of(container)
        ends.append(Series("bars", _across(middles, stops, flat), look, label))
        lengths.append(Series("parts", _across(middles, stops - starts, flat), look, label))
    if not stacked:
        return ends
    total = _across(list(tops), np.array(list(tops.values())), flat)
    return [*lengths, Series("total", total, Look(""), "total")]


def _across(middles: Sequence[float], values: np.ndarray, flat: bool) -> np.ndarray:
    """(n, 2), x and y of bars that stand or lie."""
    return np.column_stack([values, middles] if flat else [middles, values])


def _extents(container: BarContainer, flat: bool) -> tuple[list[float], np.ndarray, np.ndarray]:
    """Of each bar its middle across, where it starts and where it ends."""
    boxes = [(b.get_x(), b.get_y(), b.get_width(), b.get_height()) for b in container.patches]
    x, y, width, height = np.array(boxes, dtype=float).T
    if flat:
        x, y, width, height = y, x, height, width
    return np.round(x + width / 2, 9).tolist(), y, y + height


def _collections(ax: Axes) -> Iterator[Series]:
    errors = [
        id(part) for one in ax.containers if isinstance(one, ErrorbarContainer) for part in one[2]
    ]
    for drawn in ax.collections:
        if not drawn.get_visible():
            continue
        label, look, faint = label_of(drawn), look_of(drawn), _faint(drawn)
        if isinstance(drawn, LineCollection):
            segments = [_finite(segment) for segment in drawn.get_segments()]
            if id(drawn) in errors:
                for segment in segments:
                    yield Series("interval", segment, look, faint=faint)
            elif not ax.images:  # else an overlay of a picture
                kind = "segments" if all(len(s) == 2 for s in segments) else "line"
                yield Series(kind, stacked(segments), look, label, faint)
        elif isinstance(drawn, PathCollection):
            points = _finite(np.asarray(drawn.get_offsets()))
            yield Series("points", points, look, label, faint)
        elif isinstance(drawn, PolyCollection):
            yield _band(drawn, look, label)


def _band(drawn: Collection, look: Look, label: str) -> Series:
    """Its places across, and from where to where it reaches there; it has no height of its own."""
    corners = _finite(stacked([np.asarray(path.vertices) for path in drawn.get_paths()]))
    points, spans = [], []
    for x in np.unique(corners[:, 0]):
        heights = corners[corners[:, 0] == x, 1]
        points.append((x, np.nan))
        spans.append(((np.nan, np.nan), (heights.min(), heights.max())))
    shape = np.array(points).reshape(-1, 2), np.array(spans).reshape(-1, 2, 2)
    return Series("band", shape[0], look, label, spans=shape[1])


def label_of(artist: Any) -> str:
    """The artist's own label, "" for one that matplotlib gave it.

    One that begins with _ stands in no legend, and names the series all the same.
    """
    text = str(artist.get_label() or "")
    return "" if UNNAMED.fullmatch(text) else " ".join(text.removeprefix("_").split())


def _finite(points: Any) -> np.ndarray:
    """(n, 2), those that are finite."""
    pairs: np.ndarray = np.ma.filled(np.ma.asarray(points, dtype=float), np.nan).reshape(-1, 2)
    return pairs[np.isfinite(pairs).all(1)]


def stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    """(n, 2), the points of all parts; (0, 2) of none."""
    return np.concatenate([np.empty((0, 2)), *parts])


def _faint(artist: Any) -> bool:
    alpha = artist.get_alpha()
    return alpha is not None and float(np.max(alpha)) < PALE


def _straight(points: np.ndarray) -> bool:
    """Whether two points lie side by side or one above the other, apart or in one place."""
    return bool((points[0] == points[1]).any())


def same(a: Any, b: Any) -> np.ndarray:
    """Whether numbers are equal but for rounding."""
    return np.isclose(a, b, rtol=1e-9, atol=1e-9)
