"""What the legends of a figure call the looks in it: colour, marker, style of the line."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

from coursekit.course.plots.style import INK

NOTHING = ("None", "none", "", " ", ",", None)


class Look(NamedTuple):
    """What tells two series apart; "" for no marker and for what has no line.

    marker: or the pattern of a bar.  fill: colour of the marker's inside, white if it is hollow.
    """

    color: str
    marker: str = ""
    fill: str = ""
    line: str = ""


def look_of(artist: Any) -> Look:
    """How a line, a bar, a cloud or a band looks; of no colour where its parts have several."""
    if isinstance(artist, Line2D):
        marker, line = artist.get_marker(), artist.get_linestyle()
        style = "" if line in NOTHING else str(line)
        if marker in NOTHING:
            return Look(to_hex(artist.get_color()), line=style)
        fill = to_hex(artist.get_markerfacecolor())
        return Look(to_hex(artist.get_color()), str(marker), fill, style)
    colors = artist.get_facecolor()
    if not np.size(colors) and hasattr(artist, "get_edgecolor"):
        colors = artist.get_edgecolor()
    rows = np.reshape(colors, (-1, 4)) if np.size(colors) else np.zeros((1, 4))
    pattern = artist.get_hatch() if hasattr(artist, "get_hatch") else None
    return Look(to_hex(rows[0]) if (rows == rows[0]).all() else "", str(pattern or ""))


def legend_names(figure: Figure, ax: Axes) -> dict[Look, str]:
    """Look → name, of the legends that speak of ``ax``; what two names have alike is left out.

    These are the figure's, its own, and those of axes that show the same along x.

    Where lines in the colour of text differ by their style alone, that style names lines of any
    colour, in a look without one.
    """
    entries = list(_entries(figure, ax))
    plain = {look for look, _ in entries if look.color == INK and look.line and not look.marker}
    names: dict[Look, str] = {}
    doubtful: set[Look] = set()
    for look, name in entries:
        parts = (*_parts(look), look._replace(color="")) if {look} < plain else _parts(look)
        for part in parts:
            doubtful |= {part} if names.setdefault(part, name) != name else set()
    return {look: name for look, name in names.items() if look not in doubtful}


def _parts(look: Look) -> tuple[Look, ...]:
    """The whole look, and what may stand for it: a marker without its line."""
    return (look, look._replace(line="")) if look.marker else (look,)


def _entries(figure: Figure, ax: Axes) -> Iterator[tuple[Look, str]]:
    alike = [one for one in figure.axes if one is ax or one.get_xlabel() == ax.get_xlabel()]
    own = (one.get_legend() for one in alike)
    extra = (a for one in alike for a in one.artists if isinstance(a, Legend))
    for legend in chain(figure.legends, own, extra):
        if legend is not None:
            for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=False):
                if handle is not None:
                    yield look_of(handle), " ".join(text.get_text().split())


def name_of(look: Look, names: Mapping[Look, str]) -> str:
    """What legends call ``look``: by its marker where there is one, else by all of it; or ""."""
    own = next((names[part] for part in _parts(look) if part in names), "")
    return own or ("" if look.marker else style_of(look, names))


def style_of(look: Look, names: Mapping[Look, str]) -> str:
    """What legends call the style of a line, whatever its colour; or ""."""
    return names.get(Look("", line=look.line), "") if look.line else ""
