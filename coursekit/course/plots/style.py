"""How the course draws: one palette, one marker and one line style for each role.

Colour never stands alone. Whoever cannot tell the colours apart still has the marker and the line.

Matplotlib reads its settings whenever a line, a text or a tick is made, and they belong to whoever
draws besides us. So the course's settings are in force only inside what its own figures and axes
do: `CourseFigure` and `CourseAxes` set them in each of their methods and put the others back.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import wraps
from types import MappingProxyType
from typing import Any, TypeVar

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

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


def legend_key(**look: Any) -> Line2D:
    """An entry for a legend, ``ax.legend(handles=[…])``, that stands for no line of the picture.

    look: keywords of a line (color, linestyle, marker, label); width and size are the course's.
    """
    defaults = {name: RC[f"lines.{name}"] for name in ("linewidth", "markersize")}
    return Line2D([], [], **(defaults | look))


# Whether the course's settings are in force: methods call one another, the outermost sets them.
IN_FORCE: ContextVar[bool] = ContextVar("IN_FORCE", default=False)


@contextmanager
def course_style() -> Iterator[None]:
    """The course's settings for what is made or drawn inside the block; then all is as before."""
    if IN_FORCE.get():
        yield
        return
    with rc_context(dict(RC)):
        token = IN_FORCE.set(True)
        try:
            yield
        finally:
            IN_FORCE.reset(token)


def _in_style(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        if IN_FORCE.get():
            return method(*args, **kwargs)
        with course_style():
            return method(*args, **kwargs)

    return call


# Getters that make ticks where there are none yet.
MAKERS = ("ticklabels", "ticklines", "gridlines", "tightbbox")
Artist = TypeVar("Artist", bound=type)


def _styled(cls: Artist) -> Artist:
    """``cls`` with its public methods, inherited ones too, in the course's style.

    Not with those that only look something up: they make nothing, and some matplotlib knows again.
    """
    for name, method in inspect.getmembers_static(cls, inspect.isfunction):
        if not name.startswith(("_", "get_")) or name.endswith(MAKERS):
            setattr(cls, name, _in_style(method))
    return cls


@_styled
class CourseAxes(Axes):
    """Axes on which everything is drawn in the course's style."""

    def inset_axes(self, *args: Any, **kwargs: Any) -> Axes:
        """As in matplotlib, and what stands inside is in the course's style too."""
        return super().inset_axes(*args, **_with_axes(kwargs))


@_styled
class CourseFigure(Figure):
    """A figure that is drawn in the course's style, and whose axes are `CourseAxes`."""

    def add_subplot(self, *args: Any, **kwargs: Any) -> Axes:
        """As in matplotlib; axes of another kind (polar, say) only begin in the course's style."""
        return super().add_subplot(*args, **_with_axes(kwargs))

    def add_axes(self, *args: Any, **kwargs: Any) -> Axes:
        """As in matplotlib; axes of another kind (polar, say) only begin in the course's style."""
        return super().add_axes(*args, **_with_axes(kwargs))


def style_of(figure: Figure) -> AbstractContextManager[None]:
    """The settings in which ``figure`` draws, for a block with many calls: they are set once."""
    return course_style() if isinstance(figure, CourseFigure) else nullcontext()


def _with_axes(keywords: Mapping[str, Any]) -> dict[str, Any]:
    other = {"axes_class", "projection", "polar"} & set(keywords)
    return dict(keywords) if other else {"axes_class": CourseAxes, **keywords}


def new_figure(
    width: float = 7.2, height: float = 4.2, columns: int = 1, *, layout: str | None = "constrained"
) -> tuple[Figure, list[Axes]]:
    """A figure of the course (inches) and its axes, one per column; never known to pyplot.

    What their methods draw, titles and legends added later too, is in the course's style; figures
    made otherwise look as if the course were not there. ``layout=None`` is for an explorer:
    constrained layout measures the text anew at every drawing, so axes would move while a knob is
    turned.
    """
    with course_style():
        figure = CourseFigure(figsize=(width, height), layout=layout)  # type: ignore[arg-type]
        FigureCanvasAgg(figure)
        axes = figure.subplots(1, columns, squeeze=False)
    return figure, list(axes[0])
