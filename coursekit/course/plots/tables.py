"""The numbers of a finished figure as tables, read from what was drawn."""

import html
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from coursekit.course.plots.artist_series import Series
from coursekit.course.plots.axis_names import (
    are_names,
    called,
    has_dates,
    label_of,
    labels_of,
    number_in,
    tick_names,
    ticks_of,
)
from coursekit.course.plots.drawn_series import drawn_series
from coursekit.course.plots.legend_names import legend_names
from coursekit.course.plots.thinned_series import thinned

MOST = 60  # rows of a table; a cloud of points is no table
OURS = ("series", "from", "to")  # columns that no axis may be called like
CELLS = 4  # numbers written into places that ticks name; fewer are remarks


def figure_tables(figure: Figure) -> dict[str, pd.DataFrame]:
    """Title of each axes → its numbers.

    A row per point: its series, where there are several or one has a name; a column per axis,
    called by its label; where it has an interval, from and to. Where ticks have names the names
    stand instead of places. Numbers written into a grid of named places become a table of that
    form. Of what has more points than a table should have rows, evenly spread ones stand for all;
    the table's ``attrs["note"]`` says so. Pictures are left out, and axes of dates or of no plane.
    """
    tables: dict[str, pd.DataFrame] = {}
    for number, ax in enumerate(figure.axes, 1):
        if not ax.get_visible() or ax.name != "rectilinear" or has_dates(ax):
            continue
        table = _grid(ax)
        if table is None:
            names = legend_names(figure, ax)
            table = _table(ax, drawn_series(ax, names), {*names.values()})
        if len(table):
            title = _title(ax) or figure.get_suptitle() or f"Part {number}"
            while title in tables:
                title += " (again)"
            tables[title] = table
    return tables


def tables_html(tables: Mapping[str, pd.DataFrame]) -> str:
    """All tables behind a summary that opens them; "" when there is none."""
    if not tables:
        return ""
    parts = []
    for caption, numbers in tables.items():
        text = numbers.to_html(index=False, border=0, float_format=_digits, na_rep="–")
        head, rest = text.split(">", 1)
        more = f" ({numbers.attrs['note']})" if numbers.attrs.get("note") else ""
        parts.append(f"{head}><caption>{html.escape(caption + more)}</caption>{rest}")
    return f"<details><summary>Show as table</summary>{''.join(parts)}</details>"


def _digits(number: float) -> str:
    """Four digits, whole numbers whole, and no powers of ten that a listener has to undo."""
    if number == 0 or abs(number) >= 1000:
        return f"{number:.0f}"
    text = f"{number:.4g}" if abs(number) >= 1e-4 else f"{number:.5f}"
    return text if text.strip("-0.") else "0"


def _title(ax: Axes) -> str:
    titles = (ax.get_title("left"), ax.get_title("center"), ax.get_title("right"))
    return next(filter(None, titles), "").replace("\n", " ")


# Points.


def _table(ax: Axes, series: Sequence[Series], named: Collection[str]) -> pd.DataFrame:
    """named: names that a legend shows."""
    if not series:
        return pd.DataFrame()
    series, note = thinned(series, MOST)
    points = np.concatenate([one.points for one in series])
    spans = np.concatenate([one.spans for one in series])
    values = np.stack([points, spans[..., 0], spans[..., 1]])  # of one axis all or none are names
    texts = [called(ticks_of(ax, i), values[..., i].ravel()) for i in (0, 1)]
    count = len(points)
    places, starts, stops = ([one[n * count :][:count] for one in texts] for n in range(3))
    mapped = all(are_names(at) for at in places)  # the places say all there is to say
    words = [one.name for one in series] if mapped else _names(series, named)
    by_series = zip(series, words, strict=True)
    names = [name for one, name in by_series for _ in one.points]
    labels = [f"{x} (axis)" if x in OURS else x for x in labels_of(ax, places)]
    order = (1, 0) if are_names(places[1]) and not are_names(places[0]) else (0, 1)
    columns: dict[str, Any] = {"series": names} if any(names) else {}
    columns |= {labels[i]: places[i] for i in order}
    reaching = [i for i in (0, 1) if np.isfinite(spans[:, i]).any()]
    for i in reaching:
        of = f"{labels[i]}: " if len(reaching) > 1 else ""
        columns |= {f"{of}from": starts[i], f"{of}to": stops[i]}
    table = pd.DataFrame(columns)
    table.attrs["note"] = note
    return table


def _names(series: Sequence[Series], named: Collection[str]) -> list[str]:
    """A name per series: its own, or what it is, with a number where several are without one.

    Points that stand alone need none, the places say what they are; nor does the only series,
    unless a legend shows its name.
    """
    bare = [s for s in series if not s.name and not s.faint and len(s.points) > 1]
    names = []
    for one in series:
        name = one.name
        if not name and not one.faint and len(one.points) > 1:
            alike = [other for other in bare if other.kind == one.kind]
            number = next(i for i, other in enumerate(alike, 1) if other is one)
            name = one.kind if len(alike) == 1 else f"{one.kind} {number}"
        name = name or {"stroke": "stroke", "across": "line across"}.get(one.kind, "")
        names.append(f"{name} (faint)".strip() if one.faint else name)
    alone = len(series) == 1 and series[0].name not in named
    return [""] if alone else names


# Numbers written into a grid.


def _grid(ax: Axes) -> pd.DataFrame | None:
    """The numbers that stand where named ticks cross, as rows and columns; None for no such grid.

    With a mark behind a number, a star say, it stays a text.
    """
    cells = [text for text in ax.texts if _is_cell(ax, text)]
    names = [tick_names(ax, i) for i in (0, 1)]
    if len(cells) < CELLS or not all(names):
        return None
    rows = []
    for text in cells:
        x, y = (round(float(place), 6) for place in text.get_position())
        if x not in names[0] or y not in names[1]:
            return None
        rows.append((y, x, text.get_text()))
    frame = pd.DataFrame(rows, columns=["y", "x", "text"])
    table = frame.pivot_table(index="y", columns="x", values="text", aggfunc="first").fillna("")
    table.columns = pd.Index([names[0][float(place)] for place in table.columns])
    head = ", by ".join(filter(None, (label_of(ax, 1) or "name", label_of(ax, 0))))
    table.insert(0, head, [names[1][float(place)] for place in table.index], allow_duplicates=True)
    return table.reset_index(drop=True)


def _is_cell(ax: Axes, text: Text) -> bool:
    centred = text.get_horizontalalignment() == text.get_verticalalignment() == "center"
    here = text.get_visible() and text.get_transform() == ax.transData
    return centred and here and number_in(text.get_text().rstrip("*")) is not None
