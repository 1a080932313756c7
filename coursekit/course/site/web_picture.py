"""Pictures for the web: the PNG of a figure as a small WebP that keeps lines and letters crisp."""

import io

import numpy as np
from PIL import Image

COLOURS = 256
# How far a palette may be off (0 to 255, mean over the picture): photos are further off than that.
MOST_OFF = 1.5
QUALITY = 86  # of pictures that no palette fits


def webp(png: bytes, widest: int | None = None) -> bytes:
    """The picture as WebP: lossless with a palette where that fits, else at a quality of 86.

    png: what `coursekit.course.plots.display.png` returns; transparent parts become white.
    widest: pixels; a wider picture is scaled down to it.
    """
    with Image.open(io.BytesIO(png)) as given:
        image = Image.alpha_composite(Image.new("RGBA", given.size, "white"), given.convert("RGBA"))
    image = image.convert("RGB")
    if widest is not None and image.width > widest:
        image = image.resize(
            (widest, round(image.height * widest / image.width)), Image.Resampling.LANCZOS
        )
    few = image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few = few.convert("RGB")
    off = np.abs(np.asarray(few, dtype=float) - np.asarray(image, dtype=float)).mean()
    out = io.BytesIO()
    if off <= MOST_OFF:
        few.save(out, "WEBP", lossless=True, quality=80, method=4)
    else:
        image.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()
