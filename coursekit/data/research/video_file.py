"""An open video file: its streams, where it begins, and how to move in it; through PyAV."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.data.files import DataFileError
from coursekit.data.research.video_display import MOST_PIXELS
from coursekit.data.wave_file import FASTEST

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

NEEDS_AV = "Video files are read by PyAV: pip install 'coursekit[research]'"
# What a damaged file makes ffmpeg, or its bindings, raise besides ffmpeg's own errors.
DAMAGED = (OSError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError,
           AssertionError, MemoryError, RuntimeError)  # fmt: skip


class NoStamps(Exception):
    """The file's frames have no time stamps; they are counted from its beginning instead."""


@contextmanager
def opened(path: Path) -> Iterator["InputContainer"]:
    """The video file ``path``; whatever goes wrong while it is read is a sentence with its path.

    Text in it that is no UTF-8, such as a title, does no harm.
    Errors: ImportError without PyAV; DataFileError for what cannot be opened or decoded.
    """
    try:
        import av
    except ImportError:
        raise ImportError(NEEDS_AV) from None
    options = {"protocol_whitelist": "file"}  # a file that names addresses asks nobody
    try:
        with av.open(str(path), metadata_errors="replace", container_options=options) as container:
            for stream in container.streams.video:
                # A decoder with threads of its own would wait for ever in a worker that was forked
                # while it stood in memory; workers are how several videos are read at a time.
                stream.codec_context.thread_count = 1
                stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            yield container
    except DataFileError as error:
        if str(path) in str(error):
            raise
        raise DataFileError(f"{path}: {error}") from None
    except (av.FFmpegError, *DAMAGED) as error:
        what = str(error) or type(error).__name__
        raise DataFileError(f"{path} cannot be read as a video: {what}") from None


def picture_stream(path: Path, container: "InputContainer") -> "VideoStream":
    """The first that is a film and no picture of a cover."""
    streams = container.streams.video
    films = [s for s in streams if not s.disposition & s.disposition.attached_pic]
    if not films:
        raise DataFileError(f"{path} has no pictures; a video stream was expected.")
    return films[0]


def sound_stream(path: Path, container: "InputContainer") -> "AudioStream":
    """The first stream of sound.  Errors: DataFileError where there is none, or of no rate."""
    if not container.streams.audio:
        raise DataFileError(f"{path} has no sound; an audio stream was expected.")
    stream = container.streams.audio[0]
    if not 1 <= (stream.rate or 0) <= FASTEST:
        raise DataFileError(f"{path} has sound of {stream.rate} Hz; 1 to {FASTEST} was expected.")
    return stream


def start_of(container: "InputContainer") -> float:
    """Time stamp of the file's beginning, in seconds; most files begin at 0."""
    return (container.start_time or 0) / 1_000_000  # ffmpeg counts a container in microseconds


def aspect_of(stream: "VideoStream") -> float:
    """Width of a pixel by its height, 1 where nothing is said."""
    return float(stream.sample_aspect_ratio or 1)


def go_to(container: "InputContainer", stream: "VideoStream | AudioStream", time: float) -> None:
    """Move to the last key frame at or before ``time``, a time stamp in seconds.

    Errors: NoStamps for a bare stream, in which nobody can move.
    """
    unit = stream.time_base
    assert unit is not None  # every stream of a file that was opened has one
    try:
        container.seek(math.floor(max(time, 0.0) / float(unit)), stream=stream, backward=True)
    except PermissionError:
        raise NoStamps from None
