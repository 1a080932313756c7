"""Show a figure in a notebook: once, and with an alternative text."""

import base64
import html
import struct
import sys
import warnings
import zlib
from collections.abc import Mapping

import numpy as np
import pandas as pd
from IPython.display import display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from coursekit.course.plots.tables import figure_tables, tables_html
from coursekit.utils.checks import require

DPI = 100
PNG, RGBA = b"\x89PNG\r\n\x1a\n", 6  # the signature, the number of this kind of pixels


def png(figure: Figure) -> bytes:
    """The figure as PNG bytes; equal figures give equal bytes on the same installation."""
    before = figure.dpi
    figure.set_dpi(DPI)
    try:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return encode(canvas.buffer_rgba())
    finally:
        figure.set_dpi(before)


def encode(pixels: memoryview) -> bytes:
    """PNG bytes of pixels (height, width, RGBA).

    Libraries try five filters on every row and compress what is smallest, which pays for photos.
    On lines and text it takes three times as long for a file as large.
    """
    image = np.asarray(pixels)
    height, width, channels = image.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # each begins with 0, no filter
    rows[:, 1:] = image.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, RGBA, 0, 0, 0)
    parts = {b"IHDR": header, b"IDAT": zlib.compress(rows.data, level=1), b"IEND": b""}
    return PNG + b"".join(_chunk(name, data) for name, data in parts.items())


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def image_html(picture: bytes, alt: str, size: tuple[int, int], **data: object) -> str:
    """An ``<img>`` with its text, its ``size`` (width, height in pixels) and ``data-*`` attributes.

    Width and height stand in the tag so that the page keeps the place while a picture is replaced.
    """
    require(
        bool(alt.strip()), "alt is empty; a sentence that says what the picture shows is needed."
    )
    width, height = size
    extra = "".join(f' data-{name}="{html.escape(str(value))}"' for name, value in data.items())
    source = base64.b64encode(picture).decode("ascii")
    return (
        f'<img alt="{html.escape(alt)}" width="{width}" height="{height}"{extra} '
        f'decoding="sync" style="max-width:100%;height:auto" src="data:image/png;base64,{source}">'
    )


def pixels(figure: Figure) -> tuple[int, int]:
    """Width and height of the figure on the page."""
    width, height = figure.get_size_inches()
    return round(width * DPI), round(height * DPI)


def show(figure: Figure, alt: str, tables: Mapping[str, pd.DataFrame] | None = None) -> None:
    """Display ``figure`` with ``alt`` as its alternative text, its numbers to open, and close it.

    The output is text/html, an ``<img alt>`` and a table that is closed at first, and the same
    sentence as text/plain.
    tables: caption → numbers; read from the figure where none are given. A figure that cannot be
    read is shown without, with a warning.
    Errors: ValueError when ``alt`` is empty or a picture has no title.
    """
    headed = figure.get_suptitle() or figure.texts
    for ax in figure.axes:
        title = any(ax.get_title(place) for place in ("left", "center", "right"))
        require(bool(title or headed), "figure has axes without a title; set one with set_title.")
    markup = image_html(png(figure), alt, pixels(figure))
    try:
        markup += tables_html(figure_tables(figure) if tables is None else tables)
    except Exception as error:  # whatever was drawn, the picture counts more than its table
        warnings.warn(f"The figure is shown without its table: {error!r}", stacklevel=2)
    display({"text/html": markup, "text/plain": alt}, raw=True)
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:  # else the inline backend draws the figure a second time
        pyplot.close(figure)
