"""Motion vectors as a codec has stored them in a video file, through PyAV."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coursekit.data.files import DataFileError
from coursekit.data.research.video_file import opened, picture_stream
from coursekit.utils.checks import require_count, require_instance

COLUMNS = ["frame", "kind", "from", "y", "x", "height", "width", "dy", "dx"]


def codec_vectors(path: Path, most: int = 100) -> pd.DataFrame:
    """Stored vectors of the first ``most`` frames: a row per vector.

    frame: its number from 0.  kind: I, P or B.  from: −1 where the block came from an earlier
    frame, +1 from a later one.  y, x, height, width: the block in pixels, its centre.  dy, dx: from
    the block to where it came from, in pixels, often in quarters.
    I-frames have none, nor have blocks that are stored as a picture; codecs without motion none.
    Errors: ImportError without PyAV; DataFileError for what cannot be read.
    """
    require_instance("path", path, Path)
    require_count("most", most, 1)
    if not path.is_file():
        raise DataFileError(f"{path} is no file; a video was expected.")
    tables: list[pd.DataFrame] = []
    with opened(path) as container:
        stream = picture_stream(path, container)
        context = stream.codec_context
        context.options = {**context.options, "flags2": "+export_mvs"}
        for number, frame in enumerate(container.decode(stream)):
            if number == most:
                break
            kind = getattr(frame.pict_type, "name", str(frame.pict_type))
            sides: list[Any] = list(frame.side_data)
            for side in sides:
                if getattr(side.type, "name", str(side.type)) == "MOTION_VECTORS":
                    tables.append(vectors_of(side.to_ndarray(), number, kind))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)


def vectors_of(stored: np.ndarray, frame: int, kind: str) -> pd.DataFrame:
    """A frame's stored vectors, fields as in ffmpeg's AVMotionVector, as rows of `COLUMNS`."""
    scale = stored["motion_scale"].astype(float).clip(1)
    return pd.DataFrame(
        {
            "frame": frame,
            "kind": kind,
            "from": stored["source"].astype(int),
            "y": stored["dst_y"].astype(int),
            "x": stored["dst_x"].astype(int),
            "height": stored["h"].astype(int),
            "width": stored["w"].astype(int),
            "dy": stored["motion_y"] / scale,
            "dx": stored["motion_x"] / scale,
        },
        columns=COLUMNS,
    )
