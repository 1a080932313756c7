"""Frames and sound of video files, through PyAV; only the seconds that are wanted are decoded."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from coursekit.data.files import DataFileError
from coursekit.data.research.cache import Cached
from coursekit.data.research.decode import Scale, Sound, log_mel_picture, squared
from coursekit.data.research.video_display import shown
from coursekit.data.research.video_file import (
    NoStamps,
    aspect_of,
    go_to,
    opened,
    picture_stream,
    sound_stream,
    start_of,
)

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

LEAD = 0.5  # seconds decoded before the wanted sound: a decoder needs some packets to start well
SHORT = 1.0  # seconds that pictures or sound may end early; then the last frame stays
EARLY = 1e-3  # seconds by which a frame may come late and still count: time stamps are rounded


def _frame_at(
    container: "InputContainer", stream: "VideoStream", wanted: float
) -> "VideoFrame | None":
    """The frame shown at ``wanted``, a time stamp; None if the video has no frame at all.

    Errors: NoStamps.
    """
    for again in (False, True):  # an index may be wrong; then from the beginning
        go_to(container, stream, 0.0 if again else wanted)
        shown = _last_until(container.decode(stream), wanted, or_first=again)
        if shown is not None:
            return shown
    return None


def _last_until(
    frames: "Iterator[VideoFrame]", wanted: float, or_first: bool
) -> "VideoFrame | None":
    """The last frame that starts by ``wanted``; if there is none, the first, where that is asked.

    Without a time stamp a frame counts as following the one before.
    Errors: NoStamps where none has one.
    """
    shown, stamped = None, False
    for frame in frames:
        stamped = stamped or frame.time is not None
        late = frame.time is not None and frame.time > wanted
        if not late or (or_first and shown is None):
            shown = frame
        if late:
            break
    if shown is not None and not stamped:
        raise NoStamps
    return shown


def _rate_of(stream: "VideoStream") -> float:
    """Frames per second, by what the file says or its stream looks like; 0 if that is unknown."""
    rates = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    return next((float(r) for r in rates if r), 0.0)


def _counted(path: Path, seconds: Sequence[float], size: int) -> dict[float, np.ndarray]:
    """What `Frames` reads of a file without time stamps: frame i is shown from i / rate on."""
    taken: dict[float, np.ndarray] = {}
    with opened(path) as container:
        stream = picture_stream(path, container)
        rate, last, number = _rate_of(stream), None, 0
        if not rate:
            raise DataFileError(f"{path} has neither time stamps nor a rate of its pictures.")
        left = sorted(seconds)
        for number, frame in enumerate(container.decode(stream)):
            while last is not None and left and left[0] + EARLY < number / rate:
                taken[left.pop(0)] = squared(shown(last, aspect_of(stream)), size)
            last = frame
        if last is None:
            raise DataFileError(f"{path} shows no frame; some were expected.")
        for second in left:
            _require_reached(path, "pictures", number / rate, second)
            taken[second] = squared(shown(last, aspect_of(stream)), size)
    return taken


def _require_reached(path: Path, what: str, end: float, wanted: float) -> None:
    if wanted - end > SHORT:
        ends = f"{path} breaks off: its {what} end near {end:.2f} s"
        raise DataFileError(f"{ends}; {wanted:.2f} s were expected.")


@dataclass(frozen=True)
class Frames:
    """Decoding: a video → its frames at ``seconds``, bytes (len(seconds), 3, size, size).

    Of each second the frame that is on the screen, as a player turns it and with its pixels square;
    before the first one, the first.
    """

    seconds: tuple[float, ...]
    size: int

    def __call__(self, path: Path) -> np.ndarray:
        """Read ``path``.  Errors: DataFileError; ImportError without PyAV."""
        seconds = sorted(set(self.seconds))
        try:
            taken = self._stamped(path, seconds)
        except NoStamps:
            taken = _counted(path, seconds, self.size)
        return np.stack([taken[second] for second in self.seconds])

    def _stamped(self, path: Path, seconds: Sequence[float]) -> dict[float, np.ndarray]:
        taken = {}
        with opened(path) as container:
            stream, begin = picture_stream(path, container), start_of(container)
            for second in seconds:
                frame = _frame_at(container, stream, begin + second + EARLY)
                if frame is None:
                    raise DataFileError(f"{path} shows no frame; some were expected.")
                _require_reached(path, "pictures", (frame.time or 0.0) - begin, second)
                taken[second] = squared(shown(frame, aspect_of(stream)), self.size)
        return taken


def read_sound(path: Path, start: float, end: float) -> tuple[np.ndarray, int]:
    """The waveform (samples,) float32 between two seconds, mean of the channels, and its rate.

    Up to a second shorter where the sound ends before ``end``.  Errors: DataFileError if more is
    lacking, or there is none at all.
    """
    try:
        pieces, first, rate = _heard(path, start, end, seek=start > LEAD)
    except NoStamps:
        pieces, first, rate = _heard(path, start, end, seek=False)
    wave = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    skip = 0 if not pieces else round((start - first) * rate)
    lasting = round((end - start) * rate) + min(skip, 0)  # sound may begin after the pictures
    part = wave[max(skip, 0) :][: max(lasting, 0)]
    if not len(part):
        raise DataFileError(f"{path} has no sound between {start:g} s and {end:g} s.")
    _require_reached(path, "sounds", first + len(wave) / rate, end)
    return part.clip(-1, 1).astype(np.float32), rate


def _heard(
    path: Path, start: float, end: float, *, seek: bool
) -> tuple[list[np.ndarray], float, int]:
    """Pieces of the waveform up to ``end``, the second of the first one, and the rate.

    seek: begin shortly before ``start``; else at the file's beginning, where frames without time
    stamps are counted.
    Errors: NoStamps where they cannot be.
    """
    pieces: list[np.ndarray] = []
    first, count = math.nan, 0
    with opened(path) as container:
        import av

        stream = sound_stream(path, container)
        rate, begin = stream.rate, start_of(container)
        to_floats = av.AudioResampler(format="fltp", rate=rate)
        if seek:  # a decoder that was moved to the beginning lacks its lead-in
            go_to(container, stream, begin + start - LEAD)
        for frame in container.decode(stream):
            if frame.time is None and seek and not pieces:
                raise NoStamps
            since = 0.0 if math.isnan(first) else first
            now = since + count / rate if frame.time is None else frame.time - begin
            if now > end:
                break
            first = now if math.isnan(first) else first
            new = [floats.to_ndarray().mean(0) for floats in to_floats.resample(frame)]
            count += sum(map(len, new))
            pieces += new
    return pieces, first, rate


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
            pictures = picture_stream(path, container)
            number = pictures.frames
            whole = (container.duration or 0) / 1_000_000
            lasting, rate = _seconds(pictures, whole), _rate_of(pictures)
            tracks = container.streams.audio
            sound = _seconds(tracks[0], whole) if tracks else 0.0
            if not number:
                number = sum(packet.size > 0 for packet in container.demux(pictures))
            if not lasting and rate:  # a bare stream
                lasting = number / rate
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
