"""The numbers of a finished figure as tables, read from what was drawn."""

import html
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection, PolyCollection
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

MOST = 60  # rows of a table; a cloud of points is no table
Row = tuple[str, float, float]  # series, x, y


def figure_tables(figure: Figure) -> dict[str, pd.DataFrame]:
    """Title of each axes → its numbers: series, and a column per axis, called by its label.

    Lines, points, bars and bands, each in the order in which it was drawn; where ticks have names
    the names stand instead of places. Lines across the whole axes and pictures are left out.
    """
    tables: dict[str, pd.DataFrame] = {}
    for number, ax in enumerate(figure.axes, 1):
        rows = list(_rows(ax)) if ax.get_visible() else []
        if rows:
            title = _title(ax) or figure.get_suptitle() or f"Part {number}"
            while title in tables:
                title += " (again)"
            tables[title] = _table(ax, rows)
    return tables


def tables_html(tables: Mapping[str, pd.DataFrame]) -> str:
    """All tables behind a summary that opens them; "" when there is none."""
    if not tables:
        return ""
    parts = []
    for caption, numbers in tables.items():
        text = numbers.head(MOST).to_html(index=False, border=0, float_format="{:.4g}".format)
        head, rest = text.split(">", 1)
        more = f" (the first {MOST} of {len(numbers)} rows)" if len(numbers) > MOST else ""
        parts.append(f"{head}><caption>{html.escape(caption + more)}</caption>{rest}")
    return f"<details><summary>Show as table</summary>{''.join(parts)}</details>"


def _title(ax: Axes) -> str:
    titles = (ax.get_title("left"), ax.get_title("center"), ax.get_title("right"))
    return next(filter(None, titles), "").replace("\n", " ")


def _rows(ax: Axes) -> Iterator[Row]:
    """All numbers of one axes."""
    names, caps = _names(ax)
    for line in ax.lines:
        drawn_here = line.get_visible() and line.get_transform() == ax.transData
        if drawn_here and line not in caps:
            yield from _of_line(names.get(id(line)) or _label(line, _kind(line)), line)
    for container in ax.containers:
        if isinstance(container, BarContainer):
            yield from _of_bars(container)
    for drawn in ax.collections:
        if drawn.get_visible():
            yield from _of_collection(names.get(id(drawn)) or _label(drawn, _kind(drawn)), drawn)


def _names(ax: Axes) -> tuple[dict[int, str], list[Any]]:
    """What belongs to error bars is called after them; and their caps, which tell nothing new."""
    names: dict[int, str] = {}
    ends: list[Any] = []
    for i, container in enumerate(ax.containers, 1):
        if isinstance(container, ErrorbarContainer):
            line, caps, bars = container
            name = _label(container, f"series {i}")
            if line is not None:
                names[id(line)] = name
            names |= {id(part): f"{name}, interval" for part in bars}
            ends += caps
    return names, ends


def _kind(artist: Line2D | Collection) -> str:
    """What to call something without a label."""
    if isinstance(artist, Line2D):
        return "points" if artist.get_linestyle() == "None" else "line"
    if isinstance(artist, PathCollection):
        return "points"
    return "interval" if isinstance(artist, LineCollection) else "band"


def _label(artist: Any, otherwise: str) -> str:
    text = str(artist.get_label() or "")
    return otherwise if text.startswith("_") or not text else text


def _of_line(name: str, line: Line2D) -> Iterator[Row]:
    yield from _points(name, np.column_stack([np.ma.asarray(v, float) for v in line.get_data()]))


def _points(name: str, pairs: np.ndarray) -> Iterator[Row]:
    """(n, 2), those that are finite."""
    for x, y in np.ma.filled(np.ma.asarray(pairs, dtype=float), np.nan).reshape(-1, 2):
        if np.isfinite(x) and np.isfinite(y):
            yield name, float(x), float(y)


def _of_bars(container: BarContainer) -> Iterator[Row]:
    name = _label(container, "bars")
    for bar in container.patches:
        x, y, w, h = bar.get_x(), bar.get_y(), bar.get_width(), bar.get_height()
        flat = container.orientation == "horizontal"
        yield (name, x + w, y + h / 2) if flat else (name, x + w / 2, y + h)


def _of_collection(name: str, drawn: Collection) -> Iterator[Row]:
    if isinstance(drawn, LineCollection):
        for ends in drawn.get_segments():
            yield from _points(name, np.asarray(ends))
    elif isinstance(drawn, PathCollection):
        yield from _points(name, np.asarray(drawn.get_offsets()))
    elif isinstance(drawn, PolyCollection):
        for path in drawn.get_paths():
            yield from _points(name, np.unique(np.asarray(path.vertices), axis=0))


def _table(ax: Axes, rows: list[Row]) -> pd.DataFrame:
    x, y = (np.array([row[i] for row in rows]) for i in (1, 2))
    across, up = ax.get_xlabel() or "across", ax.get_ylabel() or "up"
    if across == up:
        up += " (up)"
    columns = {"series": [row[0] for row in rows]}
    return pd.DataFrame(
        {**columns, _plain(across): _called(ax.xaxis, x), _plain(up): _called(ax.yaxis, y)}
    )


def _plain(text: str) -> str:
    return " ".join(text.split())


def _called(axis: Any, places: np.ndarray) -> list[float | str]:
    """Places as what the ticks say: numbers, numbers on a scale of their own, or names."""
    ticks = np.array([float(t) for t in axis.get_majorticklocs()])
    texts = [text.replace("\n", " ") for text in axis.get_major_formatter().format_ticks(ticks)]
    if axis.get_scale() != "linear" or not any(texts):
        return places.tolist()
    numbers = [_number(text) for text in texts]
    if None in numbers:
        return [texts[int(np.abs(ticks - p).argmin())] for p in places]
    values = np.array(numbers, dtype=float)
    if np.allclose(values, ticks, atol=1e-3 * np.ptp(ticks)):
        return places.tolist()
    if np.allclose(values, 100 * ticks, atol=0.1 * np.ptp(ticks)):  # percent
        return (100 * places).tolist()
    if len(ticks) > 1 and (values > 0).all():  # logarithms may have been drawn
        straight = np.polyfit(ticks, np.log(values), 1)
        if np.allclose(np.polyval(straight, ticks), np.log(values), atol=0.01):
            return np.exp(np.polyval(straight, places)).tolist()
    return [texts[int(np.abs(ticks - p).argmin())] for p in places]


def _number(text: str) -> float | None:
    """What a tick says, if it is a number: 0.5, −1, 1/4, 50 %."""
    try:
        return float(Fraction(text.replace("−", "-").replace("%", "").replace(" ", "")))
    except (ValueError, ZeroDivisionError):
        return None
