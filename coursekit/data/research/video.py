"""Frames and sound of video files, through PyAV; only the seconds that are wanted are decoded."""

import math
from collections.abc import Iterator, Sequence
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
from coursekit.data.research.video_display import MOST_PIXELS, shown
from coursekit.data.wave_file import FASTEST

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

NEEDS_AV = "Video files are read by PyAV: pip install 'coursekit[research]'"
LEAD = 0.5  # seconds decoded before the wanted sound: a decoder needs some packets to start well
SHORT = 1.0  # seconds that pictures or sound may end early; then the last frame stays
# What a damaged file makes ffmpeg, or its bindings, raise besides ffmpeg's own errors.
DAMAGED = (OSError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError,
           AssertionError, MemoryError, RuntimeError)  # fmt: skip
EARLY = 1e-3  # seconds by which a frame may come late and still count: time stamps are rounded


class _NoStamps(Exception):
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


def _picture_stream(path: Path, container: "InputContainer") -> "VideoStream":
    """The first that is a film and no picture of a cover."""
    streams = container.streams.video
    films = [s for s in streams if not s.disposition & s.disposition.attached_pic]
    if not films:
        raise DataFileError(f"{path} has no pictures; a video stream was expected.")
    return films[0]


def _sound_stream(path: Path, container: "InputContainer") -> "AudioStream":
    if not container.streams.audio:
        raise DataFileError(f"{path} has no sound; an audio stream was expected.")
    stream = container.streams.audio[0]
    if not 1 <= (stream.rate or 0) <= FASTEST:
        raise DataFileError(f"{path} has sound of {stream.rate} Hz; 1 to {FASTEST} was expected.")
    return stream


def _start(container: "InputContainer") -> float:
    """Time stamp of the file's beginning, in seconds; most files begin at 0."""
    return (container.start_time or 0) / 1_000_000  # ffmpeg counts a container in microseconds


def _aspect(stream: "VideoStream") -> float:
    """Width of a pixel by its height, 1 where nothing is said."""
    return float(stream.sample_aspect_ratio or 1)


def _go_to(container: "InputContainer", stream: "VideoStream | AudioStream", time: float) -> None:
    """Move to the last key frame at or before ``time``, a time stamp in seconds.

    Errors: _NoStamps for a bare stream, in which nobody can move.
    """
    unit = stream.time_base
    assert unit is not None  # every stream of a file that was opened has one
    try:
        container.seek(math.floor(max(time, 0.0) / float(unit)), stream=stream, backward=True)
    except PermissionError:
        raise _NoStamps from None


def _frame_at(
    container: "InputContainer", stream: "VideoStream", wanted: float
) -> "VideoFrame | None":
    """The frame shown at ``wanted``, a time stamp; None if the video has no frame at all.

    Errors: _NoStamps.
    """
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
    Errors: _NoStamps where none has one.
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
        raise _NoStamps
    return shown


def _rate_of(stream: "VideoStream") -> float:
    """Frames per second, by what the file says or its stream looks like; 0 if that is unknown."""
    rates = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    return next((float(r) for r in rates if r), 0.0)


def _counted(path: Path, seconds: Sequence[float], size: int) -> dict[float, np.ndarray]:
    """What `Frames` reads of a file without time stamps: frame i is shown from i / rate on."""
    taken: dict[float, np.ndarray] = {}
    with opened(path) as container:
        stream = _picture_stream(path, container)
        rate, last, number = _rate_of(stream), None, 0
        if not rate:
            raise DataFileError(f"{path} has neither time stamps nor a rate of its pictures.")
        left = sorted(seconds)
        for number, frame in enumerate(container.decode(stream)):
            while last is not None and left and left[0] + EARLY < number / rate:
                taken[left.pop(0)] = squared(shown(last, _aspect(stream)), size)
            last = frame
        if last is None:
            raise DataFileError(f"{path} shows no frame; some were expected.")
        for second in left:
            _require_reached(path, "pictures", number / rate, second)
            taken[second] = squared(shown(last, _aspect(stream)), size)
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
        except _NoStamps:
            taken = _counted(path, seconds, self.size)
        return np.stack([taken[second] for second in self.seconds])

    def _stamped(self, path: Path, seconds: Sequence[float]) -> dict[float, np.ndarray]:
        taken = {}
        with opened(path) as container:
            stream, begin = _picture_stream(path, container), _start(container)
            for second in seconds:
                frame = _frame_at(container, stream, begin + second + EARLY)
                if frame is None:
                    raise DataFileError(f"{path} shows no frame; some were expected.")
                _require_reached(path, "pictures", (frame.time or 0.0) - begin, second)
                taken[second] = squared(shown(frame, _aspect(stream)), self.size)
        return taken


def read_sound(path: Path, start: float, end: float) -> tuple[np.ndarray, int]:
    """The waveform (samples,) float32 between two seconds, mean of the channels, and its rate.

    Up to a second shorter where the sound ends before ``end``.  Errors: DataFileError if more is
    lacking, or there is none at all.
    """
    try:
        pieces, first, rate = _heard(path, start, end, seek=start > LEAD)
    except _NoStamps:
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
    Errors: _NoStamps where they cannot be.
    """
    pieces: list[np.ndarray] = []
    first, count = math.nan, 0
    with opened(path) as container:
        import av

        stream = _sound_stream(path, container)
        rate, begin = stream.rate, _start(container)
        to_floats = av.AudioResampler(format="fltp", rate=rate)
        if seek:  # a decoder that was moved to the beginning lacks its lead-in
            _go_to(container, stream, begin + start - LEAD)
        for frame in container.decode(stream):
            if frame.time is None and seek and not pieces:
                raise _NoStamps
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
            pictures = _picture_stream(path, container)
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
