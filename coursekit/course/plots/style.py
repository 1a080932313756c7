"""How the course draws: one palette, one marker and one line style for each role.

Colour never stands alone. Whoever cannot tell the colours apart still has the marker and the line.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from coursekit.utils.checks import choose

INK = "#1f2933"
MUTED = "#5f6b7a"
GRID = "#e4e8ee"
SIGNED = "PuOr_r"  # orange above zero, purple below; told apart with every common colour blindness

# Orders of drawing (matplotlib's zorder), both above a grid and below all lines.
STILL = 0.55  # what an explorer keeps from one picture to the next: legends, notes, shading
BELOW = 0.6  # what moves, and yet stands behind everything

# Every colour has a contrast of 3:1 to white; tests simulate two kinds of colour blindness.
STYLE: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "A": MappingProxyType({"color": "#0072B2", "linestyle": "-", "marker": "o"}),
        "B": MappingProxyType({"color": "#DD6E00", "linestyle": "--", "marker": "s"}),
        "joint": MappingProxyType({"color": "#006D2C", "linestyle": "-", "marker": "^"}),
        "ensemble": MappingProxyType({"color": "#8C8C8C", "linestyle": ":", "marker": "D"}),
    }
)

RC: Mapping[Any, Any] = MappingProxyType(
    {
        "font.family": "DejaVu Sans",  # shipped with matplotlib, so pictures agree everywhere
        "font.size": 10,
        "text.color": INK,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlepad": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "lines.linewidth": 2.0,
        "lines.markersize": 6,
        "figure.facecolor": "white",
        "axes.facecolor": "white",
    }
)


def style(role: str, *parts: str) -> dict[str, Any]:
    """Matplotlib keywords of ``role`` ("A", "B", "joint", "ensemble"), or only the named ``parts``.

    ``ax.plot(x, y, **style("A"))`` draws line and markers; ``ax.scatter(x, y, **style("A", "color",
    "marker"))`` takes what a scatter knows.
    """
    keywords = STYLE[choose("role", role, STYLE)]
    return {part: keywords[part] for part in parts or keywords}


def new_figure(
    width: float = 7.2, height: float = 4.2, columns: int = 1, *, layout: str | None = "constrained"
) -> tuple[Figure, list[Axes]]:
    """A figure of the course (inches) and its axes, one a column; never known to pyplot.

    The course's style is set for whatever is drawn from then on, so that titles and legends added
    later follow it too. ``layout=None`` is for an explorer: constrained layout measures the text
    anew at every drawing, so axes would move while a knob is turned.
    """
    rcParams.update(RC)
    figure = Figure(figsize=(width, height), layout=layout)  # type: ignore[arg-type]
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, columns, squeeze=False)
    return figure, list(axes[0])
