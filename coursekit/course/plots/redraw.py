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

from coursekit.course.plots.display import encode, png
from coursekit.course.plots.style import STILL, style_of


class Layers:
    """The picture of ``figure`` as `png` makes it, to the bit, in a third of the time.

    What lies below everything else, backgrounds, the axes' ticks, labels and grids, and whatever
    has the order `STILL`, is painted once and kept while it does not change; the rest is drawn on
    top. So are titles and the figure's own texts, beside which nothing else is drawn, once two
    drawings have them alike: half of a drawing is glyphs. An axes with something below its grid, an
    image say, keeps nothing.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.canvas = FigureCanvasAgg(figure)
        self._lower: Any = None  # the pixels of the lower layer
        self._state: object = None  # what they were painted for
        self._looks: dict[Text, object] = {}  # of all titles in the last drawing
        self._still: list[Text] = []  # those that the lower layer holds
        self._lively: set[Text] = set()  # that it held until they changed; it will not again

    def png(self) -> bytes:
        """PNG bytes of the figure as it is now."""
        if self.figure.get_layout_engine() is not None:  # axes may move at every drawing
            return png(self.figure)
        with style_of(self.figure):
            return self._png()

    def _png(self) -> bytes:
        lower = [ax for ax in self.figure.axes if ax.get_visible() and _has_lower_layer(ax)]
        looks = _titles(self.figure)
        alike = [title for title, look in looks.items() if self._looks.get(title) == look]
        self._lively |= set(self._still) - set(alike)
        still = [title for title in alike if title not in self._lively]
        parts = [part for ax in lower for part in _parts(ax)]
        self._paint([_look(ax) for ax in lower], [self.figure.patch, *parts], still)
        self._looks, self._still = looks, still
        with _hidden([self.figure.patch, *parts, *still]):
            self.figure.draw(self.canvas.get_renderer())
        return encode(self.canvas.get_renderer().buffer_rgba())

    def _paint(self, state: object, parts: list[Artist], still: list[Text]) -> None:
        """Bring the lower layer up to date."""
        renderer = self.canvas.get_renderer()
        new: list[Artist] = [title for title in still if title not in self._still]
        if self._lower is None or self._state != state or set(self._still) - set(still):
            self.canvas.draw()  # places everything
            new = [*parts, *still]
            renderer.clear()
        else:
            renderer.restore_region(self._lower)
        for part in new:
            part.draw(renderer)
        if new:
            self._lower, self._state = renderer.copy_from_bbox(self.figure.bbox), state


def _titles(figure: Figure) -> dict[Text, object]:
    """Texts outside all axes → their looks; an axes places its titles itself."""
    looks: dict[Text, object] = {
        child: (_text_look(child), ax.bbox.bounds)
        for ax in figure.axes
        if ax.get_visible()
        for child in ax.get_children()
        if isinstance(child, Text) and child not in ax.texts
    }
    looks |= {text: (_text_look(text), text.get_unitless_position()) for text in figure.texts}
    return {title: look for title, look in looks.items() if title.get_text()}


def _parts(ax: Axes) -> list[Artist]:
    """What may be kept, from the bottom up; with ``set_axis_off`` there is no frame to draw."""
    still = [child for child in ax.get_children() if child.get_zorder() == STILL]
    return [*_frame(ax), *still] if ax.axison else still


def _frame(ax: Axes) -> list[Artist]:
    return [ax.patch, ax.xaxis, ax.yaxis]


def _has_lower_layer(ax: Axes) -> bool:
    """Whether nothing else of ``ax`` is drawn below what may be kept."""
    kept = [*_frame(ax), *_parts(ax)]
    rest = [child for child in ax.get_children() if child not in kept and child.get_visible()]
    top = max(part.get_zorder() for part in kept if part is not ax.patch)
    return all(child.get_zorder() > top for child in rest)


def _look(ax: Axes) -> tuple[object, ...]:
    """All that the views of the course change about backgrounds, ticks, labels, grids, legends."""
    place = (id(ax), ax.axison, ax.bbox.bounds, ax.viewLim.bounds, ax.patch.get_facecolor())
    still = tuple(
        (_text_look(text), text.get_unitless_position())
        for text in ax.texts
        if text.get_zorder() == STILL
    )
    axes = _axis_look(ax.xaxis), _axis_look(ax.yaxis)
    return place, *axes, _legend_look(ax.get_legend()), still


def _text_look(text: Text) -> tuple[object, ...]:
    return text.get_text(), text.get_visible(), text.get_color(), text.get_fontsize()


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
        tuple(tick.label1.get_color() for tick in axis.get_major_ticks(len(places))),
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
