"""The series of one axes: their names, their points, and the interval of each point."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from coursekit.course.plots.artist_series import Series, same, series_of_artists, stacked
from coursekit.course.plots.axis_names import has_names
from coursekit.course.plots.legend_names import Look, name_of

BESIDE = 0.4  # of the way to the next row: points that belong to the same


def drawn_series(ax: Axes, names: Mapping[Look, str]) -> list[Series]:
    """The series of an axes in the order in which they were drawn, those that are faint at the end.

    names: what legends call the looks (`legend_names`); it names what has no label of its own.

    An unnamed line of two points that goes through a point is that point's interval, and so is a
    bar of errors; a band belongs to the line of its colour over the same places. A line from one
    point to another says nothing new and is left out, as are lines across the whole axes.
    """
    series = series_of_artists(ax)
    for one in series:
        one.name = one.name or name_of(one.look, names)
    _name_after_colour(series)
    rest = [one for one in series if one.kind not in ("interval", "band", "segments")]
    kept = [one for one in series if not _told_elsewhere(one, series, rest, ax)]
    for one in kept:
        if one.kind == "interval":
            _as_stroke(one, ax)
        one.kind = one.kind.replace("segments", "line")
    shown = [one for one in kept if len(one.points) and not _idle(one)]
    return sorted(shown, key=lambda one: one.faint)


def _idle(one: Series) -> bool:
    """Whether it is a total that nothing was said of."""
    return one.kind == "total" and bool(np.isnan(one.spans).all())


def _name_after_colour(series: Sequence[Series]) -> None:
    """Call what is faint and unnamed after the one name that its colour has otherwise."""
    for one in series:
        if one.faint and not one.name:
            alike = {other.name for other in series if other.look.color == one.look.color}
            if len(alike - {""}) == 1:
                (one.name,) = alike - {""}


def _told_elsewhere(
    one: Series, series: Sequence[Series], rest: Sequence[Series], ax: Axes
) -> bool:
    """Whether a point has it as its interval or band, or it only leads from points to others."""
    if one.kind == "segments":
        pairs = one.points.reshape(-1, 2, 1, 2)
        met = np.all(same(pairs, _dots(rest)), axis=-1)  # of each line, each end, each point
        return bool(np.all(np.any(met, axis=(1, 2))))
    if one.kind == "band":
        return _lend_band(one, rest)
    return one.kind == "interval" and (_joins(one, rest, ax) or _lend(one, series, rest))


def _dots(rest: Iterable[Series]) -> np.ndarray:
    """(n, 2), all points that are no part of a line, faint ones apart."""
    return stacked([one.points for one in rest if one.kind == "points" and not one.faint])


def _joins(one: Series, rest: Iterable[Series], ax: Axes) -> bool:
    """Whether a line goes from one point to another, in a row of names perhaps beside them."""
    if len(one.points) != 2 or same(*one.points).all():
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
        if other.faint or other is one or other.kind == "parts":
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
