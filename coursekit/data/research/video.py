"""Frames and sound of video files, through PyAV; only the seconds that are wanted are decoded."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from coursekit.data.files import DataFileError
from coursekit.data.research.cache import Cached
from coursekit.data.research.decode import Scale, Sound, log_mel_picture, squared

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

NEEDS_AV = "Video files are read by PyAV: pip install 'coursekit[research]'"
LEAD = 0.5  # seconds decoded before the wanted sound: a decoder needs some packets to start well
SHORT = 1.0  # seconds that pictures or sound may end early; then the last frame stays
EARLY = 1e-3  # seconds by which a frame may come late and still count: time stamps are rounded


@contextmanager
def opened(path: Path) -> Iterator["InputContainer"]:
    """The video file ``path``; whatever goes wrong while it is read is a sentence with its path.

    Errors: ImportError without PyAV; DataFileError for what cannot be opened or decoded.
    """
    try:
        import av
    except ImportError:
        raise ImportError(NEEDS_AV) from None
    try:
        with av.open(str(path)) as container:
            yield container
    except (av.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(f"{path} cannot be read as a video: {error}") from None


def _picture_stream(path: Path, container: "InputContainer") -> "VideoStream":
    if not container.streams.video:
        raise DataFileError(f"{path} has no pictures; a video stream was expected.")
    return container.streams.video[0]


def _sound_stream(path: Path, container: "InputContainer") -> "AudioStream":
    if not container.streams.audio:
        raise DataFileError(f"{path} has no sound; an audio stream was expected.")
    return container.streams.audio[0]


def _start(container: "InputContainer") -> float:
    """Time stamp of the file's beginning, in seconds; most files begin at 0."""
    return (container.start_time or 0) / 1_000_000  # ffmpeg counts a container in microseconds


def _go_to(container: "InputContainer", stream: "VideoStream | AudioStream", time: float) -> None:
    """Move to the last key frame at or before ``time``, a time stamp in seconds."""
    unit = stream.time_base
    assert unit is not None  # every stream of a file that was opened has one
    container.seek(math.floor(max(time, 0.0) / float(unit)), stream=stream, backward=True)


def _frame_at(
    container: "InputContainer", stream: "VideoStream", wanted: float
) -> "VideoFrame | None":
    """The frame shown at ``wanted``, a time stamp; None if the video has no frame at all."""
    for again in (False, True):  # an index may be wrong; then from the beginning
        _go_to(container, stream, 0.0 if again else wanted)
        shown = _last_until(container.decode(stream), wanted, or_first=again)
        if shown is not None:
            return shown
    return None


def _last_until(
    frames: "Iterator[VideoFrame]", wanted: float, or_first: bool
) -> "VideoFrame | None":
    """The last frame that starts by ``wanted``; if there is none, the first, where that is asked.

    Without a time stamp a frame counts as following the one before.
    """
    shown = None
    for frame in frames:
        late = frame.time is not None and frame.time > wanted
        if not late or (or_first and shown is None):
            shown = frame
        if late:
            break
    return shown


def _require_reached(path: Path, what: str, end: float, wanted: float) -> None:
    if wanted - end > SHORT:
        ends = f"{path} breaks off: its {what} end near {end:.2f} s"
        raise DataFileError(f"{ends}; {wanted:.2f} s were expected.")


@dataclass(frozen=True)
class Frames:
    """Decoding: a video → its frames at ``seconds``, bytes (len(seconds), 3, size, size).

    Of each second the frame that is on the screen; before the first one, the first.
    """

    seconds: tuple[float, ...]
    size: int

    def __call__(self, path: Path) -> np.ndarray:
        """Read ``path``.  Errors: DataFileError; ImportError without PyAV."""
        shown = {}
        with opened(path) as container:
            stream, begin = _picture_stream(path, container), _start(container)
            for second in sorted(set(self.seconds)):
                wanted = begin + second + EARLY
                frame = _frame_at(container, stream, wanted)
                if frame is None:
                    raise DataFileError(f"{path} shows no frame; some were expected.")
                _require_reached(path, "pictures", (frame.time or 0.0) - begin, second)
                shown[second] = squared(frame.to_image(), self.size)
        return np.stack([shown[second] for second in self.seconds])


def read_sound(path: Path, start: float, end: float) -> tuple[np.ndarray, int]:
    """The waveform (samples,) float32 between two seconds, mean of the channels, and its rate.

    Up to a second shorter where the sound ends before ``end``.  Errors: DataFileError if more is
    lacking, or there is none at all.
    """
    pieces, first = [], math.nan
    with opened(path) as container:
        import av

        stream = _sound_stream(path, container)
        rate, begin = stream.rate, _start(container)
        to_floats = av.AudioResampler(format="fltp")
        if start > LEAD:  # a decoder that was moved to the beginning lacks its lead-in
            _go_to(container, stream, begin + start - LEAD)
        for frame in container.decode(stream):
            if frame.time is None or frame.time > begin + end:
                break
            first = frame.time - begin if math.isnan(first) else first
            pieces += [floats.to_ndarray().mean(0) for floats in to_floats.resample(frame)]
    wave = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    skip = 0 if not pieces else round((start - first) * rate)
    lasting = round((end - start) * rate) + min(skip, 0)  # sound may begin after the pictures
    part = wave[max(skip, 0) :][: max(lasting, 0)]
    if not len(part):
        raise DataFileError(f"{path} has no sound between {start:g} s and {end:g} s.")
    _require_reached(path, "sounds", first + len(wave) / rate, end)
    return part.clip(-1, 1).astype(np.float32), rate


@dataclass(frozen=True)
class Soundtrack:
    """Decoding: a video's sound between two seconds → log-mel picture (mels, frames) float32."""

    start: float
    end: float
    sound: Sound

    def __call__(self, path: Path) -> np.ndarray:
        """Read ``path``.  Errors: DataFileError; ImportError without PyAV."""
        return log_mel_picture(*read_sound(path, self.start, self.end), self.sound)


def _seconds(stream: "VideoStream | AudioStream", otherwise: float) -> float:
    """How long a stream lasts, by what the file says."""
    if stream.duration is None or stream.time_base is None:
        return otherwise
    return float(stream.duration * stream.time_base)


@dataclass(frozen=True)
class Probe:
    """Decoding: a video → (number of frames, seconds of pictures, seconds of sound), float64.

    Nothing is decoded; packets are counted where the file does not say how many frames it has.
    """

    def __call__(self, path: Path) -> np.ndarray:
        """Read ``path``.  Errors: DataFileError; ImportError without PyAV."""
        with opened(path) as container:
            pictures = _picture_stream(path, container)
            number = pictures.frames
            whole = (container.duration or 0) / 1_000_000
            lasting = _seconds(pictures, whole)
            tracks = container.streams.audio
            sound = _seconds(tracks[0], whole) if tracks else 0.0
            if not number:
                number = sum(packet.size > 0 for packet in container.demux(pictures))
        return np.array([number, lasting, sound])


@dataclass(frozen=True)
class Film:
    """One row: a video file, the seconds of its frames, and from when to when it is heard."""

    path: Path
    seconds: tuple[float, ...]
    start: float
    end: float


@dataclass(frozen=True)
class ReadFilms:
    """Row number → {"audio": (1, mels, frames), "video": (T, 3, size, size)}, float32."""

    films: tuple[Film, ...]
    size: int
    sound: Sound
    scale: Scale
    cache: Path | None

    def __call__(self, row: int) -> dict[str, Tensor]:
        """Decode one row.  Errors: DataFileError; ImportError without PyAV."""
        film = self.films[row]
        soundtrack = Soundtrack(film.start, film.end, self.sound)
        frames = Frames(film.seconds, self.size)
        audio = self.scale.sound(Cached(soundtrack, self.cache)(film.path))
        video = self.scale.pixels(Cached(frames, self.cache)(film.path))
        return {"audio": audio.to(torch.float32), "video": video}
