"""Pictures for the web: a PNG in few colours as a small WebP that keeps lines and letters crisp."""

import io

import numpy as np
from PIL import Image

COLOURS = 256
# How far a colour may be off anywhere (of 255): in figures it is off by 3 or so, in photos by more.
MOST_OFF = 16
QUALITY = 86  # of pictures that no palette fits


def webp(png: bytes) -> bytes:
    """The picture as WebP: lossless with a palette where that fits, else at a quality of 86.

    png: what `coursekit.course.plots.display.png` returns; transparent parts become white.
    """
    with Image.open(io.BytesIO(png)) as given:
        image = Image.alpha_composite(Image.new("RGBA", given.size, "white"), given.convert("RGBA"))
    image = image.convert("RGB")
    few = in_few_colours(image, COLOURS)
    off = np.abs(np.asarray(few, dtype=int) - np.asarray(image, dtype=int)).max()
    out = io.BytesIO()
    if off <= MOST_OFF:
        few.save(out, "WEBP", lossless=True, quality=80, method=4)
    else:
        image.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def in_few_colours(image: Image.Image, colours: int) -> Image.Image:
    """The picture in so many colours, RGB.

    They are spread over all that there are: those that cover most pixels would turn the few of a
    small mark into another's, and the legend would be wrong.
    """
    few = image.quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    return few.convert("RGB")
