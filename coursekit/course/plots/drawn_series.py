"""The series that were drawn into one axes: their names, points, and the interval of each point."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection, PolyCollection
from matplotlib.container import BarContainer, ErrorbarContainer

from coursekit.course.plots.axis_names import has_names
from coursekit.course.plots.legend_names import Look, look_of, name_of

PALE = 0.5  # what is less opaque is faint: single seeds behind their mean
BESIDE = 0.4  # of the way to the next row: points that belong to the same
UNNAMED = re.compile(r"_(child|container)\d+|_nolegend_|_")  # labels that matplotlib gives


@dataclass
class Series:
    """Points that belong together.

    kind: "line", "points", "bars", "stroke", "interval" or "band".  points: (n, 2), x and y.
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


def drawn_series(ax: Axes, names: Mapping[Look, str]) -> list[Series]:
    """The series of an axes in the order in which they were drawn, those that are faint at the end.

    names: what legends call the looks (`legend_names`); it names what has no label of its own.

    An unnamed line of two points that goes through a point is that point's interval, and so is a
    bar of errors; a band belongs to the line of its colour over the same places. A line from one
    point to another says nothing new and is left out, as are lines across the whole axes.
    """
    series = [*_lines(ax), *_bars(ax), *_collections(ax)]
    for one in series:
        one.name = one.name or name_of(one.look, names)
    _name_after_colour(series)
    rest = [one for one in series if one.kind not in ("interval", "band", "segments")]
    kept = [one for one in series if not _told_elsewhere(one, series, rest, ax)]
    for one in kept:
        if one.kind == "interval":
            _as_stroke(one, ax)
        one.kind = one.kind.replace("segments", "line")
    return sorted((one for one in kept if len(one.points)), key=lambda one: one.faint)


def _name_after_colour(series: Sequence[Series]) -> None:
    """Call what is faint and unnamed after the one name that its colour has otherwise."""
    for one in series:
        if one.faint and not one.name:
            alike = {other.name for other in series if other.look.color == one.look.color}
            if len(alike - {""}) == 1:
                (one.name,) = alike - {""}


# What was drawn.


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


def _bars(ax: Axes) -> Iterator[Series]:
    for container in ax.containers:
        if not isinstance(container, BarContainer) or not container.patches:
            continue
        flat = container.orientation == "horizontal"
        points = []
        for bar in container.patches:
            x, y, w, h = bar.get_x(), bar.get_y(), bar.get_width(), bar.get_height()
            points.append((x + w, y + h / 2) if flat else (x + w / 2, y + h))
        label = label_of(container)
        look = look_of(container.patches[0])
        yield Series("bars", np.array(points, float), look, label)


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
                yield Series(kind, _stacked(segments), look, label, faint)
        elif isinstance(drawn, PathCollection):
            points = _finite(np.asarray(drawn.get_offsets()))
            yield Series("points", points, look, label, faint)
        elif isinstance(drawn, PolyCollection):
            yield _band(drawn, look, label)


def _band(drawn: Collection, look: Look, label: str) -> Series:
    """Its places across, and from where to where it reaches there; it has no height of its own."""
    corners = _finite(_stacked([np.asarray(path.vertices) for path in drawn.get_paths()]))
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


def _stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.empty((0, 2)), *parts])


def _faint(artist: Any) -> bool:
    alpha = artist.get_alpha()
    return alpha is not None and float(np.max(alpha)) < PALE


# What belongs to a point.


def _straight(points: np.ndarray) -> bool:
    """Whether two points lie side by side or one above the other, apart or in one place."""
    return bool((points[0] == points[1]).any())


def _same(a: Any, b: Any) -> np.ndarray:
    return np.isclose(a, b, rtol=1e-9, atol=1e-9)


def _told_elsewhere(
    one: Series, series: Sequence[Series], rest: Sequence[Series], ax: Axes
) -> bool:
    """Whether a point has it as its interval or band, or it only leads from points to others."""
    if one.kind == "segments":
        pairs = one.points.reshape(-1, 2, 1, 2)
        met = np.all(_same(pairs, _dots(rest)), axis=-1)  # of each line, each end, each point
        return bool(np.all(np.any(met, axis=(1, 2))))
    if one.kind == "band":
        return _lend_band(one, rest)
    return one.kind == "interval" and (_joins(one, rest, ax) or _lend(one, series, rest))


def _dots(rest: Iterable[Series]) -> np.ndarray:
    """(n, 2), all points that are no part of a line, faint ones apart."""
    return _stacked([one.points for one in rest if one.kind == "points" and not one.faint])


def _joins(one: Series, rest: Iterable[Series], ax: Axes) -> bool:
    """Whether a line goes from one point to another, in a row of names perhaps beside them."""
    if len(one.points) != 2 or _same(*one.points).all():
        return False
    along = int(np.argmax(np.ptp(one.points, axis=0)))
    reach = np.full(2, 1e-9)
    reach[1 - along] = BESIDE if has_names(ax, 1 - along) else 1e-9
    dots = _dots(rest)
    return all((np.abs(dots - end) <= reach).all(1).any() for end in one.points)


def _lend(one: Series, series: Sequence[Series], rest: Iterable[Series]) -> bool:
    """Give an interval to the point that it goes through; whether there is one.

    Among several: one of its colour, then the one drawn nearest to it.
    """
    if len(one.points) != 2:
        return False
    low, high = one.points.min(0), one.points.max(0)
    along = int(np.argmax(high - low))
    place = {id(other): number for number, other in enumerate(series)}
    hosts = []
    for other in rest:
        if other.faint or other is one:
            continue
        inside = (low - 1e-9 <= other.points) & (other.points <= high + 1e-9)
        free = np.isnan(other.spans[:, along, 0])
        apart = abs(place[id(other)] - place[id(one)])
        other_colour = other.look.color != one.look.color
        if other_colour and other.kind == "line":
            continue
        rows = np.flatnonzero(inside.all(1) & free).tolist()
        hosts += [(other_colour, apart, row, other) for row in rows]
    if not hosts:
        return False
    *_, row, host = min(hosts, key=lambda candidate: candidate[:3])
    host.spans[row, along] = low[along], high[along]
    return True


def _as_stroke(one: Series, ax: Axes) -> None:
    """Make one point of an unnamed line that only marks a place in a row or column of names."""
    along = int(np.argmax(np.abs(np.ptp(one.points, axis=0))))
    if len(one.points) == 2 and has_names(ax, along):
        one.kind, one.points, one.spans = "stroke", one.points.mean(0)[None], one.spans[:1]
    else:
        one.kind = "line"


def _lend_band(band: Series, rest: Iterable[Series]) -> bool:
    """Give a band to the line of its colour over the same places; whether there is one."""
    reach: Mapping[float, np.ndarray] = dict(zip(band.points[:, 0], band.spans[:, 1], strict=True))
    for line in rest:
        fits = line.look.color == band.look.color and line.kind in ("line", "points")
        if fits and not line.faint and len(line.points) and {*line.points[:, 0]} <= {*reach}:
            free = np.isnan(line.spans[:, 1, 0])
            if free.all():
                line.spans[:, 1] = [reach[x] for x in line.points[:, 0]]
                return True
    return False
