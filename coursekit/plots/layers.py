"""Draw one figure again and again: frames, ticks and grids are kept from the last time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from coursekit.plots.show import encode, png
from coursekit.plots.style import STILL


class Layers:
    """The picture of ``figure`` as `png` makes it, to the bit, in about half the time.

    What lies below everything else, backgrounds, the axes' ticks, labels and grids, and legends
    with the order `STILL`, is painted once and kept while it does not change; the rest is drawn on
    top. An axes with something below its grid, an image say, keeps nothing.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.canvas = FigureCanvasAgg(figure)
        self._kept: Any = None  # the pixels of the lower layer
        self._state: object = None  # what they were painted for

    def png(self) -> bytes:
        """PNG bytes of the figure as it is now."""
        if self.figure.get_layout_engine() is not None:  # axes may move at every drawing
            return png(self.figure)
        renderer = self.canvas.get_renderer()
        lower = [ax for ax in self.figure.axes if ax.get_visible() and _has_lower_layer(ax)]
        state = [_look(ax) for ax in lower]
        if self._kept is None or self._state != state:
            self.canvas.draw()  # places everything, titles too
            self._state = state
            renderer.clear()
            self.figure.patch.draw(renderer)
            for ax in lower:
                for part in _parts(ax):
                    part.draw(renderer)
            self._kept = renderer.copy_from_bbox(self.figure.bbox)
        else:
            renderer.restore_region(self._kept)
        with _hidden([self.figure.patch, *(part for ax in lower for part in _parts(ax))]):
            self.figure.draw(renderer)
        return encode(renderer.buffer_rgba())


def _parts(ax: Axes) -> list[Artist]:
    """What may be kept, from the bottom up: a legend only where it was put `STILL`."""
    legend = ax.get_legend()
    still = [legend] if legend is not None and legend.get_zorder() == STILL else []
    return [ax.patch, ax.xaxis, ax.yaxis, *still]


def _has_lower_layer(ax: Axes) -> bool:
    """Whether nothing else of ``ax`` is drawn below what may be kept."""
    own = _parts(ax)
    rest = [child for child in ax.get_children() if child not in own and child.get_visible()]
    top = max(part.get_zorder() for part in own[1:])
    return all(child.get_zorder() > top for child in rest)


def _look(ax: Axes) -> tuple[object, ...]:
    """All that the views of the course change about backgrounds, ticks, labels, grids, legends."""
    place = (id(ax), ax.bbox.bounds, ax.viewLim.bounds, ax.patch.get_facecolor())
    return place, _axis_look(ax.xaxis), _axis_look(ax.yaxis), _legend_look(ax.get_legend())


def _legend_look(legend: Legend | None) -> tuple[object, ...]:
    if legend is None:
        return ()
    texts = [text.get_text() for text in legend.get_texts()]
    return id(legend), legend.get_visible(), legend.get_zorder(), *texts


def _axis_look(axis: Axis) -> tuple[object, ...]:
    places = axis.get_majorticklocs()
    texts = axis.get_major_formatter().format_ticks(list(places))
    label = axis.label
    return (
        axis.get_visible(), axis.get_scale(), tuple(places), tuple(texts),
        tuple(tick.label1.get_color() for tick in axis.majorTicks),
        label.get_text(), label.get_color(), label.get_visible(),
    )  # fmt: skip


@contextmanager
def _hidden(artists: list[Artist]) -> Iterator[None]:
    """Nothing of ``artists`` is drawn inside the block."""
    shown = [artist for artist in artists if artist.get_visible()]
    for artist in shown:
        artist.set_visible(False)
    try:
        yield
    finally:
        for artist in shown:
            artist.set_visible(True)
