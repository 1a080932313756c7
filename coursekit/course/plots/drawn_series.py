"""The series of one axes: their names, their points, and the interval of each point."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from coursekit.course.plots.artist_series import Series, same, series_of_artists, stacked
from coursekit.course.plots.axis_names import BESIDE, has_names
from coursekit.course.plots.legend_names import Look, name_of, style_of

PLACELESS = ("interval", "band", "segments", "across", "bins")  # kinds that can own no interval


def drawn_series(ax: Axes, names: Mapping[Look, str]) -> list[Series]:
    """The series of an axes in the order in which they were drawn, those that are faint at the end.

    names: what legends call the looks (`legend_names`); it names what has no label of its own.

    An unnamed line of two points that goes through a point of its colour, or through the end of a
    bar, is its interval, and so is a bar of errors; a band belongs to the line of its colour over
    the same places. Of several, the one nearest to the middle has it. A line from one point to
    another says nothing new and is left out.
    """
    series = series_of_artists(ax)
    for one in series:
        one.name = one.name or name_of(one.look, names)
    _name_styles(series, names)
    _name_after_colour(series)
    named = has_names(ax, 0), has_names(ax, 1)
    _point_the_same_way(series, named)
    rest = [one for one in series if one.kind not in PLACELESS]
    dots = stacked([one.points for one in rest if one.kind == "points" and not one.faint])
    hosts = [one for one in rest if one.kind != "parts" and not one.faint]
    kept = []
    for one in series:
        if one.kind == "segments" and _lead_from(one, dots):
            continue
        if one.kind == "band" and not one.name and _lend_band(one, hosts):
            continue
        if one.kind == "interval":
            if _joins(one, dots, named) or _lend(one, hosts) or same(*one.points).all():
                continue
            _as_stroke(one, named)
        one.kind = one.kind.replace("segments", "line")
        kept.append(one)
    shown = [one for one in kept if len(one.points) and not _idle(one)]
    return sorted(shown, key=lambda one: one.faint)


def _idle(one: Series) -> bool:
    """Whether it is a total that nothing was said of."""
    return one.kind == "total" and bool(np.isnan(one.spans).all())


def _name_styles(series: Sequence[Series], names: Mapping[Look, str]) -> None:
    """Where lines of one name differ in style, what legends call the style follows."""
    styles: dict[str, set[str]] = {}
    for one in series:
        styles.setdefault(one.name, set()).add(one.look.line)
    for one in series:
        style = style_of(one.look, names)
        if style and one.name not in ("", style) and len(styles.get(one.name, ())) > 1:
            one.name = f"{one.name}, {style}"


def _name_after_colour(series: Sequence[Series]) -> None:
    """Call what is faint and unnamed after the one name that its colour has otherwise."""
    for one in series:
        if one.faint and not one.name:
            alike = {other.name for other in series if other.look.color == one.look.color}
            if len(alike - {""}) == 1:
                (one.name,) = alike - {""}


def _point_the_same_way(series: Sequence[Series], named: tuple[bool, bool]) -> None:
    """Intervals without a length reach where the others do; where there are none, across names."""
    ways = [one.along for one in series if one.along is not None]
    usual = max(ways, key=ways.count) if ways else int(named[0])
    for one in series:
        one.along = usual if one.along is None else one.along


def _lead_from(one: Series, dots: np.ndarray) -> bool:
    """Whether every segment has an end in one of the points."""
    places = set(map(tuple, dots.round(9).tolist()))
    met = [tuple(end) in places for end in one.points.round(9).tolist()]
    return bool(np.reshape(met, (-1, 2)).any(axis=1).all())


def _joins(one: Series, dots: np.ndarray, named: tuple[bool, bool]) -> bool:
    """Whether a line goes from one point to another, in a row of names perhaps beside them."""
    if same(*one.points).all():
        return False
    across = 1 - int(one.along or 0)
    reach = np.full(2, 1e-9)
    reach[across] = BESIDE if named[across] else 1e-9
    return all((np.abs(dots - end) <= reach).all(1).any() for end in one.points)


def _lend(one: Series, hosts: Sequence[Series]) -> bool:
    """Give an interval to the point that it goes through; whether there is one.

    Through several points of one series it is a way, and nobody's interval.
    """
    low, high = one.points.min(0) - 1e-9, one.points.max(0) + 1e-9
    along = int(one.along or 0)
    fit: list[tuple[bool, float, int, Series]] = []
    for host in hosts:
        own = host.look.color == one.look.color
        if own or host.kind in ("bars", "total"):
            inside = ((low <= host.points) & (host.points <= high)).all(1)
            if inside.sum() > 1:
                return True
            for row in np.flatnonzero(inside & np.isnan(host.spans[:, along, 0])).tolist():
                off = float(np.abs(host.points[row] - one.points.mean(0)).sum())
                fit.append((not own, off, row, host))
    if fit:
        *_, row, host = min(fit, key=lambda candidate: candidate[:2])
        host.spans[row, along] = np.sort(one.points[:, along])
    return bool(fit)


def _as_stroke(one: Series, named: tuple[bool, bool]) -> None:
    """Make one point of an unnamed line that only marks a place in a row or column of names."""
    if named[int(one.along or 0)]:
        one.kind, one.points, one.spans = "stroke", one.points.mean(0)[None], one.spans[:1]
    else:
        one.kind = "line"


def _lend_band(band: Series, hosts: Iterable[Series]) -> bool:
    """Give a band to the line of its colour that runs in it; whether there is one."""
    reach: Mapping[float, np.ndarray] = dict(zip(band.points[:, 0], band.spans[:, 1], strict=True))
    fit: list[tuple[float, int, Series, np.ndarray]] = []
    for line in hosts:
        alike = line.look.color == band.look.color and line.kind in ("line", "points")
        if alike and len(line.points) and {*line.points[:, 0]} <= {*reach}:
            low, high = np.array([reach[x] for x in line.points[:, 0]]).T
            heights = line.points[:, 1]
            inside = (low - 1e-9 <= heights) & (heights <= high + 1e-9)
            if inside.all() and np.isnan(line.spans[:, 1, 0]).all():
                off = float(np.abs(heights - (low + high) / 2).sum())
                fit.append((off, len(fit), line, np.column_stack([low, high])))
    if fit:
        *_, line, ends = min(fit, key=lambda candidate: candidate[:2])
        line.spans[:, 1] = ends
    return bool(fit)
