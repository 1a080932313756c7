"""Pictures drawn in layers are the pictures drawn whole."""

import io

import numpy as np
import pytest
from PIL import Image

from coursekit.course.plots import new_figure
from coursekit.course.plots.display import png
from coursekit.course.plots.redraw import Layers
from coursekit.course.plots.style import STILL
from coursekit.course.widgets import EXPLORERS, Slider


@pytest.mark.parametrize("key", ["lines", "symptoms"])
def test_an_explorer_is_drawn_as_a_whole_drawing_would(key):
    explorer = EXPLORERS[key]()
    assert explorer.picture == png(explorer._view.figure)
    sliders = [name for name, c in explorer.controls.items() if isinstance(c, Slider)]
    control = explorer.controls[sliders[0]]
    for place in (control.count // 2, control.count // 3):
        explorer.set(**{sliders[0]: control.at(place)})
        assert explorer.picture == png(explorer._view.figure)
    assert explorer.render(**explorer.state) == explorer.picture


def changes():
    def limits(ax):
        ax.set_xlim(0, 3)

    def ticks(ax):
        ax.set_xticks([0, 1], ["no", "yes"])

    def names(ax):
        ax.set_yticks([0.2, 0.8], ["low", "high"])

    def color(ax):
        ax.yaxis.majorTicks[2].label1.set_color("red")

    def label(ax):
        ax.set_xlabel("another")

    def background(ax):
        ax.set_facecolor("#eeeeee")

    def place(ax):
        ax.set_position((0.3, 0.3, 0.4, 0.4))

    def hidden(ax):
        ax.xaxis.set_visible(False)

    def frameless(ax):
        ax.set_axis_off()

    def gone(ax):
        ax.set_visible(False)

    def below(ax):
        ax.axhspan(0.2, 0.4, zorder=0.1)

    def title(ax):
        ax.set_title("new")

    def headline(ax):
        ax.figure.texts[0].set_text("another headline")

    def headline_moved(ax):
        ax.figure.texts[0].set_position((0.5, 0.9))

    def note(ax):
        ax.texts[0].set_text("another note")

    def note_moved(ax):
        ax.texts[0].set_position((0.6, 0.6))

    def legend(ax):
        ax.get_legend().get_texts()[0].set_text("renamed")

    def raised(ax):
        ax.get_legend().set_zorder(9)
        ax.lines[0].set_ydata([0, 1, 1])

    found = (
        legend,
        raised,
        limits,
        ticks,
        names,
        color,
        label,
        background,
        place,
        hidden,
        frameless,
        gone,
        below,
        title,
        headline,
        headline_moved,
        note,
        note_moved,
    )
    return [pytest.param(f, id=f.__name__) for f in found]


@pytest.mark.parametrize("change", changes())
def test_a_change_of_any_layer_is_seen(change):
    figure, (ax, other) = new_figure(5, 2.5, columns=2, layout=None)
    figure.subplots_adjust(bottom=0.3, left=0.2, top=0.7, wspace=0.6)  # nothing overlaps
    (line,) = ax.plot([0, 1, 2], [0, 1, 0.5], label="first")
    ax.legend(loc="lower right").set_zorder(STILL)
    ax.set_title("old")
    figure.text(0.1, 0.94, "a headline")
    ax.text(0.1, 0.8, "a note", transform=ax.transAxes, zorder=STILL)
    other.imshow([[0, 1], [1, 0]])
    layers = Layers(figure)
    before = layers.png()
    assert before == png(figure) == layers.png() == layers.png()
    change(ax)
    after = layers.png()
    assert after == png(figure) and after != before
    line.set_ydata([1, 0, 1])
    assert layers.png() == png(figure)


def test_any_decoder_reads_the_pixels_that_were_drawn():
    figure, (ax,) = new_figure(3, 2, layout=None)
    ax.plot([0, 1], [0, 1])
    layers = Layers(figure)
    with Image.open(io.BytesIO(layers.png())) as image:
        image.verify()
    with Image.open(io.BytesIO(layers.png())) as image:
        assert image.mode == "RGBA"
        assert np.array_equal(np.asarray(image), np.asarray(layers.canvas.buffer_rgba()))
        assert len(np.unique(np.asarray(image))) > 20


def test_a_layout_that_moves_axes_is_drawn_whole():
    figure, (ax,) = new_figure(3, 2)
    layers = Layers(figure)
    ax.set_ylabel("a long label")
    assert layers.png() == png(figure)
    ax.set_ylabel("a label\nin two lines")
    assert layers.png() == png(figure)
