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
from matplotlib.text import Text

from coursekit.plots.show import encode, png
from coursekit.plots.style import STILL


class Layers:
    """The picture of ``figure`` as `png` makes it, to the bit, in a third of the time.

    What lies below everything else, backgrounds, the axes' ticks, labels and grids, and whatever
    has the order `STILL`, is painted once and kept while it does not change; the rest is drawn on
    top. So are titles and the figure's own texts, beside which nothing else is drawn: half of a
    drawing is glyphs. One that has changed once is drawn anew from then on. An axes with something
    below its grid, an image say, keeps nothing.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.canvas = FigureCanvasAgg(figure)
        self._kept: Any = None  # the pixels of the lower layer
        self._state: object = None  # what they were painted for
        self._titles: dict[Text, object] = {}  # what is kept of them → its look
        self._lively: set[Text] = set()  # texts that have changed

    def png(self) -> bytes:
        """PNG bytes of the figure as it is now."""
        if self.figure.get_layout_engine() is not None:  # axes may move at every drawing
            return png(self.figure)
        renderer = self.canvas.get_renderer()
        lower = [ax for ax in self.figure.axes if ax.get_visible() and _has_lower_layer(ax)]
        titles = {text: _text_look(text) for text in _titles(self.figure)}
        before = self._titles
        self._lively |= {t for t, look in titles.items() if t in before and before[t] != look}
        self._titles = {t: look for t, look in titles.items() if t not in self._lively}
        parts = [*(part for ax in lower for part in _parts(ax)), *self._titles]
        state = [_look(ax) for ax in lower], list(self._titles.items())
        if self._kept is None or self._state != state:
            self.canvas.draw()  # places everything, titles too
            self._state = state
            renderer.clear()
            for part in (self.figure.patch, *parts):
                part.draw(renderer)
            self._kept = renderer.copy_from_bbox(self.figure.bbox)
        else:
            renderer.restore_region(self._kept)
        with _hidden([self.figure.patch, *parts]):
            self.figure.draw(renderer)
        return encode(renderer.buffer_rgba())


def _titles(figure: Figure) -> list[Text]:
    """Texts outside all axes."""
    own = [
        child
        for ax in figure.axes
        if ax.get_visible()
        for child in ax.get_children()
        if isinstance(child, Text) and child not in ax.texts
    ]
    return [text for text in (*figure.texts, *own) if text.get_text() and text.get_visible()]


def _parts(ax: Axes) -> list[Artist]:
    """What may be kept, from the bottom up."""
    still = [child for child in ax.get_children() if child.get_zorder() == STILL]
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
    still = tuple(_text_look(text) for text in ax.texts if text.get_zorder() == STILL)
    axes = _axis_look(ax.xaxis), _axis_look(ax.yaxis)
    return place, *axes, _legend_look(ax.get_legend()), still


def _text_look(text: Text) -> tuple[object, ...]:
    return (
        text.get_text(), text.get_visible(), text.get_color(), text.get_fontsize(),
        text.get_unitless_position(),
    )  # fmt: skip


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
