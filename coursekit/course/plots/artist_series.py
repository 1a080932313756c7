"""What was drawn into one axes, artist by artist, as series of points."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from coursekit.course.plots.axis_names import has_names
from coursekit.course.plots.legend_names import Look, look_of

PALE = 0.5  # what is less opaque is faint: single seeds behind their mean
UNNAMED = re.compile(r"_(child|container)\d+|_nolegend_|_")  # labels that matplotlib gives


@dataclass
class Series:
    """Points that belong together.

    kind: "line", "points", "bars", "parts" of stacked ones and their "total", "bins" of bars that
    touch or differ in width, "stroke", "interval", "segments", "across" or "band".
    points: (n, 2), x and y; those that are not finite are left out, but for bands, which have no
    height, bins, which have no place but reach over one, and lines across.
    spans: (n, 2, 2), for each point from and to along x, then along y; NaN where there is none.
    name: "" where nothing names it.  along: whether an interval reaches along x (0) or y (1); None
    where it has no length and nothing says so.
    """

    kind: str
    points: np.ndarray
    look: Look
    name: str = ""
    faint: bool = False
    spans: np.ndarray = field(default_factory=lambda: np.empty((0, 2, 2)))
    along: int | None = None

    def __post_init__(self) -> None:
        if len(self.spans) != len(self.points):
            self.spans = np.full((len(self.points), 2, 2), np.nan)
        if self.kind not in ("band", "bins", "across"):
            seen = np.isfinite(self.points).all(1)
            self.points, self.spans = self.points[seen], self.spans[seen]


def series_of_artists(ax: Axes) -> list[Series]:
    """Lines, then bars, then clouds, bands and error bars, each in the order of drawing.

    Left out are lines across the axes that help the eye, the diagonal, and what lies over a picture
    without a name.
    """
    return [*_lines(ax), *_bars(ax), *_collections(ax)]


def _lines(ax: Axes) -> Iterator[Series]:
    errors = [one for one in ax.containers if isinstance(one, ErrorbarContainer)]
    caps = [cap for container in errors for cap in container[1]]  # which tell nothing new
    owners = {id(container[0]): container for container in errors}
    for line in ax.lines:
        if not line.get_visible() or line in caps or (ax.images and not label_of(line)):
            continue
        if line.get_transform() != ax.transData:
            yield from _across_all(line, ax)
            continue
        places = np.column_stack(line.get_data(orig=False))  # dates and names as numbers
        owner = owners.get(id(line))
        label = label_of(owner) if owner else label_of(line)
        alone = line.get_linestyle() == "None" or len(places) == 1
        kind = "points" if alone else "line"
        spans = _error_spans(owner, len(places)) if owner else np.empty((0, 2, 2))
        one = Series(kind, places, look_of(line), label, _faint(line), spans)
        if len(places) == 2 and not one.look.marker:
            yield from _two_ends(one, places, ax)
        else:
            yield one


def _two_ends(one: Series, places: np.ndarray, ax: Axes) -> Iterator[Series]:
    """What a line from one place to another without marks is, by whether something names it.

    Without a name it may be an interval; the diagonal, and a line that lacks an end, are nothing.
    With a name it may mark a place in a row of names.
    """
    along = _reach(places) if _straight(places) else None
    if one.name:
        mark = along is not None and has_names(ax, along)
        yield Series("stroke", places.mean(0)[None], one.look, one.name) if mark else one
    elif _straight(places):
        one.kind, one.along = "interval", along
        if len(one.points) == 2:
            yield one
    elif not (places[:, 0] == places[:, 1]).all():
        yield one


def _across_all(line: Line2D, ax: Axes) -> Iterator[Series]:
    """A line across the whole axes: one point without the other place.

    None of lines between rows of names, and of unnamed ones at 0 or 1, which help the eye.
    """
    scales = ax.get_yaxis_transform(which="grid"), ax.get_xaxis_transform(which="grid")
    along = next((i for i, scale in enumerate(scales) if line.get_transform() == scale), None)
    if along is None or has_names(ax, 1 - along):
        return
    at = float(np.column_stack(line.get_data(orig=False))[0, 1 - along])
    if label_of(line) or at not in (0, 1):
        points = np.array([[np.nan, at] if along == 0 else [at, np.nan]])
        yield Series("across", points, look_of(line), label_of(line))


def _error_spans(errors: ErrorbarContainer, count: int) -> np.ndarray:
    """(count, 2, 2), how far the error bars of that many points reach, as in `Series`."""
    spans = np.full((count, 2, 2), np.nan)
    for along, drawn in _error_bars(errors):
        ends = [np.sort(np.asarray(path.vertices)[:, along]) for path in drawn.get_paths()]
        if len(ends) == count:  # else some points have none, and nothing says which
            spans[:, along] = np.reshape(ends, (count, 2))
    return spans


def _error_bars(errors: ErrorbarContainer) -> Iterator[tuple[int, LineCollection]]:
    """Those along x (0), those along y (1)."""
    directions = [along for along, has in enumerate((errors.has_xerr, errors.has_yerr)) if has]
    yield from zip(directions, errors[2], strict=True)


def _bars(ax: Axes) -> list[Series]:
    """Bars: where they end; where some stand on others, how long they are, and the totals."""
    tops: dict[tuple[float, bool], float] = {}  # place, whether below zero → end of the last one
    ends, lengths, stacked, flat = [], [], False, False
    containers = [
        one for one in ax.containers
        if isinstance(one, BarContainer) and any(bar.get_visible() for bar in one)
    ]  # fmt: skip
    bins = bool(containers) and _are_bins(containers, ax)
    for container in containers:
        flat = container.orientation == "horizontal"
        middles, starts, stops = _extents(container, flat)
        places = list(zip(middles, (stops < starts).tolist(), strict=True))
        below = np.array([tops.get(place, np.nan) for place in places])
        stacked = stacked or bool((same(starts, below) & (starts != 0)).any())
        tops |= dict(zip(places, stops.tolist(), strict=True))
        spans = np.full((len(stops), 2, 2), np.nan)
        if container.errorbar is not None:
            spans = _error_spans(container.errorbar, len(stops))
        look, label = _common_look(container), label_of(container)
        if bins:
            ends.append(_bins(container, flat, look, stops))
            continue
        floats = starts != 0
        spans[floats, 0 if flat else 1] = np.sort([starts, stops], axis=0).T[floats]
        ends.append(Series("bars", _across(middles, stops, flat), look, label, spans=spans))
        lengths.append(Series("parts", _across(middles, stops - starts, flat), look, label))
    if not stacked:
        return ends
    total = _across([middle for middle, _ in tops], np.array(list(tops.values())), flat)
    return [*lengths, Series("total", total, Look(""), "total")]


def _are_bins(containers: Sequence[BarContainer], ax: Axes) -> bool:
    """Whether the bars, of all containers, follow each other without a gap or differ in width."""
    flat = containers[0].orientation == "horizontal"
    edges = np.array([_edges(bar, flat) for one in containers for bar in one.patches])
    if len(edges) < 2 or has_names(ax, 1 if flat else 0):
        return False
    starts, stops = edges[np.argsort(edges[:, 0])].T
    return bool(same(stops[:-1], starts[1:]).all() or np.ptp(edges[:, 1] - edges[:, 0]) > 1e-9)


def _bins(container: BarContainer, flat: bool, look: Look, stops: np.ndarray) -> Series:
    """Bars that are not empty, each from where to where it is wide."""
    edges = np.array([_edges(bar, flat) for bar in container.patches])
    points, spans = np.full((len(edges), 2), np.nan), np.full((len(edges), 2, 2), np.nan)
    points[:, 0 if flat else 1], spans[:, 1 if flat else 0] = stops, edges
    full = stops != 0
    return Series("bins", points[full], look, label_of(container), spans=spans[full])


def _edges(bar: Rectangle, flat: bool) -> tuple[float, float]:
    """From where to where a bar is wide."""
    start, width = (bar.get_y(), bar.get_height()) if flat else (bar.get_x(), bar.get_width())
    return start, start + width


def _common_look(container: BarContainer) -> Look:
    """How its bars look; like nothing where they differ."""
    looks = {look_of(bar) for bar in container.patches}
    return looks.pop() if len(looks) == 1 else Look("")


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
    bars = [one.errorbar for one in ax.containers if isinstance(one, BarContainer)]
    errors: dict[int, tuple[int, bool]] = {}  # error bar → its direction, whether it has an owner
    for one in ax.containers:
        if isinstance(one, ErrorbarContainer):
            owned = one[0] is not None or one in bars
            errors |= {id(drawn): (along, owned) for along, drawn in _error_bars(one)}
    for drawn in ax.collections:
        dots = isinstance(drawn, PathCollection)
        scale = drawn.get_offset_transform() if dots else drawn.get_transform()
        if not drawn.get_visible() or scale != ax.transData:
            continue
        label, look, faint = label_of(drawn), look_of(drawn), _faint(drawn)
        if dots:
            offsets: Any = np.ma.asarray(drawn.get_offsets(), dtype=float)
            yield Series("points", offsets.filled(np.nan), look, label, faint)
        elif isinstance(drawn, LineCollection):
            segments = [_finite(np.asarray(path.vertices)) for path in drawn.get_paths()]
            along, owned = errors.get(id(drawn), (None, False))
            if along is not None:
                pairs = [] if owned else [pair for pair in segments if len(pair) == 2]
                yield from (Series("interval", p, look, faint=faint, along=along) for p in pairs)
            elif not ax.images:  # else an overlay of a picture
                kind = "segments" if all(len(s) == 2 for s in segments) else "line"
                yield Series(kind, stacked(segments), look, label, faint)
        elif getattr(drawn, "t_direction", "") == "x":
            yield _band(drawn, look, label)


def _band(drawn: Collection, look: Look, label: str) -> Series:
    """Its places across, and from where to where it reaches there; it has no height of its own.

    Where it jumps, it reaches nowhere in particular.
    """
    corners = _finite(stacked([np.asarray(path.vertices) for path in drawn.get_paths()]))
    heights = pd.Series(corners[:, 1]).groupby(corners[:, 0]).agg(["min", "max", "nunique"])
    heights = heights[heights["nunique"] <= 2]
    spans = np.full((len(heights), 2, 2), np.nan)
    spans[:, 1] = heights[["min", "max"]]
    points = np.column_stack([heights.index, np.full(len(heights), np.nan)])
    return Series("band", points, look, label, spans=spans)


def label_of(artist: Any) -> str:
    """The artist's own label, "" for one that matplotlib gave it.

    One that begins with _ stands in no legend, and names the series all the same.
    """
    text = str(artist.get_label() or "")
    return "" if UNNAMED.fullmatch(text) else " ".join(text.removeprefix("_").split())


def _finite(points: np.ndarray) -> np.ndarray:
    """(n, 2), those that are finite."""
    return points[np.isfinite(points).all(1)]


def stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    """(n, 2), the points of all parts; (0, 2) of none."""
    return np.concatenate([np.empty((0, 2)), *parts])


def _faint(artist: Any) -> bool:
    alpha = artist.get_alpha()
    return alpha is not None and float(np.max(alpha)) < PALE


def _straight(points: np.ndarray) -> bool:
    """Whether two points lie side by side or one above the other, apart or in one place."""
    return bool((points[0] == points[1]).any())


def _reach(ends: np.ndarray) -> int | None:
    """Along which axis two ends are apart; None where they are not."""
    return None if same(*ends).all() else int(np.argmax(np.abs(np.ptp(ends, axis=0))))


def same(a: Any, b: Any) -> np.ndarray:
    """Whether numbers are equal but for rounding."""
    return np.isclose(a, b, rtol=1e-9, atol=1e-9)
