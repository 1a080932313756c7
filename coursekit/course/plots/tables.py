"""The numbers of a finished figure as tables, read from what was drawn."""

import html
from collections.abc import Mapping, Sequence
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

MOST = 60  # rows of a table; a cloud of points is no table
OURS = ("series", "from", "to")  # columns that no axis may be called like
CELLS = 4  # numbers written into places that ticks name; fewer are remarks


def figure_tables(figure: Figure) -> dict[str, pd.DataFrame]:
    """Title of each axes → its numbers.

    A row per point: its series, where there are several or one has a name; a column per axis,
    called by its label; where it has an interval, from and to. Where ticks have names the names
    stand instead of places. Numbers written into a grid of named places become a table of that
    form. Lines across the whole axes and pictures are left out, and axes of dates or of no plane.
    """
    tables: dict[str, pd.DataFrame] = {}
    names = legend_names(figure)
    for number, ax in enumerate(figure.axes, 1):
        if not ax.get_visible() or ax.name != "rectilinear" or has_dates(ax):
            continue
        table = _grid(ax)
        if table is None:
            table = _table(ax, drawn_series(ax, names))
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
        text = numbers.head(MOST).to_html(
            index=False, border=0, float_format="{:.4g}".format, na_rep="–"
        )
        head, rest = text.split(">", 1)
        more = f" (the first {MOST} of {len(numbers)} rows)" if len(numbers) > MOST else ""
        parts.append(f"{head}><caption>{html.escape(caption + more)}</caption>{rest}")
    return f"<details><summary>Show as table</summary>{''.join(parts)}</details>"


def _title(ax: Axes) -> str:
    titles = (ax.get_title("left"), ax.get_title("center"), ax.get_title("right"))
    return next(filter(None, titles), "").replace("\n", " ")


# Points.


def _table(ax: Axes, series: Sequence[Series]) -> pd.DataFrame:
    if not series:
        return pd.DataFrame()
    points = np.concatenate([one.points for one in series])
    spans = np.concatenate([one.spans for one in series])
    ticks = [ticks_of(ax, i) for i in (0, 1)]
    places = [called(ticks[i], points[:, i]) for i in (0, 1)]
    mapped = all(are_names(at) for at in places)  # the places say all there is to say
    by_series = zip(series, [one.name for one in series] if mapped else _names(series), strict=True)
    names = [name for one, name in by_series for _ in one.points]
    labels = [f"{x} (axis)" if x in OURS else x for x in labels_of(ax, places)]
    order = (1, 0) if are_names(places[1]) and not are_names(places[0]) else (0, 1)
    columns: dict[str, Any] = {"series": names} if any(names) else {}
    columns |= {labels[i]: places[i] for i in order}
    reaching = [i for i in (0, 1) if np.isfinite(spans[:, i]).any()]
    for i in reaching:
        of = f"{labels[i]}: " if len(reaching) > 1 else ""
        for end, word in enumerate(("from", "to")):
            columns[f"{of}{word}"] = called(ticks[i], spans[:, i, end])
    return pd.DataFrame(columns)


def _names(series: Sequence[Series]) -> list[str]:
    """A name per series: its own, or what it is, with a number where several are without one.

    Points that stand alone need none: the places say what they are.
    """
    bare = [s for s in series if not s.name and not s.faint and len(s.points) > 1]
    names = []
    for one in series:
        name = one.name
        if not name and not one.faint and len(one.points) > 1:
            alike = [other for other in bare if other.kind == one.kind]
            number = next(i for i, other in enumerate(alike, 1) if other is one)
            name = one.kind if len(alike) == 1 else f"{one.kind} {number}"
        name = name or ("stroke" if one.kind == "stroke" else "")
        names.append(f"{name} (faint)".strip() if one.faint else name)
    alone = len(series) == 1 and not series[0].name
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
