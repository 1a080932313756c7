"""A decoded frame as a player shows it: turned as the camera was held, with square pixels."""

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from coursekit.data.files import DataFileError

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

MOST_PIXELS = 2**24  # 4096 × 4096, beyond any video of a data set; a damaged header claims more
WIDEST = 8.0  # of a pixel's width to its height, or the reverse; beyond, it is not looked at


def shown(frame: "VideoFrame", aspect: float) -> Image.Image:
    """The picture on the screen.

    aspect: width of a pixel by its height; 1, or not between 1/8 and 8 = square.
    Errors: DataFileError for a frame of more than `MOST_PIXELS`.
    """
    if frame.width * frame.height > MOST_PIXELS:
        size = f"{frame.width} × {frame.height}"
        raise DataFileError(f"a frame has {size} pixels; {MOST_PIXELS} at most were expected.")
    image = frame.to_image()
    if aspect != 1 and 1 / WIDEST <= aspect <= WIDEST:
        wide = max(round(image.width * aspect), 1)
        image = image.resize((wide, image.height), Image.Resampling.BILINEAR)
    return turned(image, _matrix(frame))


def turned(image: Image.Image, matrix: tuple[int, int, int, int]) -> Image.Image:
    """The picture by the matrix (a, b, c, d) of a video: x' = a x + c y, y' = b x + d y.

    Quarter turns and mirrors; of other angles, which players do not follow either, the nearest.
    """
    a, b, c, d = matrix
    x, y = a, d
    if abs(b) + abs(c) > abs(a) + abs(d):
        image = image.transpose(Image.Transpose.TRANSPOSE)
        x, y = c, b
    if x < 0:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if y < 0 else image


def _matrix(frame: "VideoFrame") -> tuple[int, int, int, int]:
    every: Any = frame.side_data  # by kind, though it says by number
    for data in every:
        if data.type.name == "DISPLAYMATRIX":
            rows = np.frombuffer(bytes(data), np.int32)
            if len(rows) >= 5:
                return int(rows[0]), int(rows[1]), int(rows[3]), int(rows[4])
    return 1, 0, 0, 1
