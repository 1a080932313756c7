"""From the bytes of a recording or a picture to arrays: waveforms, log-mel pictures, pixels.

What turns a file into an array is a small frozen class whose fields are all its parameters, so that
`coursekit.data.research.cache` can tell two decodings apart and worker processes can be handed one.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from coursekit.data.files import DataFileError
from coursekit.data.spectrogram import mel_filters
from coursekit.data.wave_file import read_samples
from coursekit.utils.checks import require, require_count, require_finite, require_instance
from coursekit.utils.threads import threads

FINE = 20_000
REACH = 20  # samples of the slower rate on which the filter of `resampled` looks, and some
QUIET = 1e-7  # added to the power before the logarithm; about the rounding of 16-bit samples


@dataclass(frozen=True)
class Sound:
    """How a waveform becomes a log-mel picture (mels, frames).

    rate: Hz, to which every recording is resampled.  seconds: the fixed length; what is shorter is
    repeated, what is longer is cut.  mels: bands.  window, step: samples of one frame and from
    frame to frame, so that frames = 1 + ⌊rate · seconds / step⌋ (frames are centred).
    Errors: TypeError or ValueError for numbers that make no picture.
    """

    rate: int
    seconds: float
    mels: int
    window: int
    step: int

    def __post_init__(self) -> None:
        for name in ("rate", "mels", "window", "step"):
            require_count(name, getattr(self, name), 1)
        require_finite("seconds", self.seconds)
        least = self.window // 2 + 1
        long = self.samples >= least
        require(long, f"seconds is {self.seconds}; {least} samples or more were expected.")
        heard = bool((mel_filters(self.mels, self.fft, self.rate).sum(1) > 0).all())
        fewer = "fewer bands or a longer window were expected."
        require(heard, f"mels is {self.mels}: some bands hold no frequency; {fewer}")

    @property
    def samples(self) -> int:
        """Length of the waveform at ``rate``."""
        return round(self.seconds * self.rate)

    @property
    def fft(self) -> int:
        """Length to which a frame is padded: the power of two from twice the window on."""
        return 2 ** math.ceil(math.log2(2 * self.window))

    @property
    def frames(self) -> int:
        """Columns of the picture."""
        return 1 + self.samples // self.step


@dataclass(frozen=True)
class Scale:
    """(x − mean) / std for each modality; numbers from training rows or the literature, no default.

    audio: (mean, std) of the log-mel pictures.  video: (mean, std) of red, green and blue, pixels
    counted from 0 to 1.  The defaults change nothing.
    Errors: ValueError unless all are finite and each std is above 0.
    """

    audio: tuple[float, float] = (0.0, 1.0)
    video: tuple[tuple[float, float, float], tuple[float, float, float]] = ((0, 0, 0), (1, 1, 1))

    def __post_init__(self) -> None:
        for name, form in (("audio", (2,)), ("video", (2, 3))):
            numbers = getattr(self, name)
            fits = np.shape(np.array(numbers, dtype=object)) == form
            require(fits, f"{name} is {numbers!r}; numbers of the form {form} were expected.")
        pairs = {"audio": [self.audio], "video": list(zip(*self.video, strict=True))}
        for name, moments in pairs.items():
            for mean, std in moments:
                require_finite(f"{name} mean", mean)
                require_finite(f"{name} std", std)
                require(std > 0, f"{name} std is {std}; a number above 0 was expected.")

    def sound(self, picture: np.ndarray) -> Tensor:
        """(mels, frames) as a channel (1, mels, frames), scaled."""
        mean, std = self.audio
        return (torch.from_numpy(picture)[None] - mean) / std

    def pixels(self, pictures: np.ndarray) -> Tensor:
        """Bytes (..., 3, H, W) as float32, 0–255 on 0–1, scaled by colour."""
        mean, std = (torch.tensor(x, dtype=torch.float32)[:, None, None] for x in self.video)
        return torch.from_numpy(pictures).float().div_(255).sub_(mean).div_(std)


def require_pictures(frames: int, size: int, sound: Sound, scale: Scale) -> None:
    """Refuse what no loader of sound and pictures can use; see the loaders for what they mean."""
    for name, value in (("frames", frames), ("size", size)):
        require_count(name, value, 1)
    require_instance("sound", sound, Sound)
    require_instance("scale", scale, Scale)


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    """Waveform (samples,) float32 in [−1, 1], the mean of the channels, and its rate in Hz.

    Whole numbers are divided by the largest of their type; 8 bits are counted from 128.
    Errors: DataFileError for what is no wave file, is cut off, empty or not finite.
    """
    samples, rate = read_samples(path)
    if samples.size == 0:
        raise DataFileError(f"{path} holds no sample; sound was expected.")
    return _unit(path, samples), rate


def _unit(path: Path, samples: np.ndarray) -> np.ndarray:
    """Samples of any type (n,) or (n, channels) as (n,) float32 in [−1, 1]."""
    wave = samples.astype(np.float64)
    if samples.dtype == np.uint8:
        wave = (wave - 128) / 128
    elif np.issubdtype(samples.dtype, np.integer):
        wave = wave / -float(np.iinfo(samples.dtype).min)
    if not np.isfinite(wave).all():
        raise DataFileError(f"{path} holds NaN or infinite samples; finite ones were expected.")
    mono = wave if wave.ndim == 1 else wave.mean(1)
    return mono.clip(-1, 1).astype(np.float32)


def resampled(wave: np.ndarray, rate: int, to: int) -> np.ndarray:
    """The waveform (n,) at ``rate`` Hz as one at ``to`` Hz, with an anti-aliasing filter.

    The ratio of odd rates is rounded to a fraction with a denominator of `FINE` at most, by which
    the pitch changes less than anybody hears; the filter is as long as its numbers are large.
    """
    for name, value in (("rate", rate), ("to", to)):
        require_count(name, value, 1)
    if rate == to:
        return wave
    from scipy.signal import resample_poly  # takes two seconds

    ratio = Fraction(to, rate).limit_denominator(FINE) or Fraction(to, rate)
    up, down = ratio.numerator, ratio.denominator
    return resample_poly(wave.astype(np.float64), up, down).astype(np.float32)


def fitted(wave: np.ndarray, samples: int) -> np.ndarray:
    """The waveform (n,), one sample or more, repeated or cut to ``samples``."""
    require_count("samples", samples, 1)
    require(len(wave) > 0, "wave is empty; one sample or more were expected.")
    return np.tile(wave, -(-samples // len(wave)))[:samples]


def log_mel_picture(wave: np.ndarray, rate: int, sound: Sound) -> np.ndarray:
    """Waveform (n,) at ``rate`` Hz as a log-mel picture (mels, frames) float32.

    Resample, repeat or cut to ``sound.seconds``, then ln(F |STFT|² + 10⁻⁷) with a Hann window and
    the triangles F of `coursekit.data.spectrogram.mel_filters`. Unlike the course's own pictures,
    loudness is kept.
    Errors: ValueError for samples that are not finite, or a rate that is no whole number of 1 Hz or
    more.
    """
    require_instance("sound", sound, Sound)
    require_count("rate", rate, 1)
    require(bool(np.isfinite(wave).all()), "wave holds NaN or inf; finite samples were expected.")
    # What lies beyond, and beyond the filter's reach, would be computed and cut away.
    needed = -(-sound.samples * rate // sound.rate) + REACH * (1 + -(-rate // sound.rate))
    heard = resampled(wave[:needed], rate, sound.rate)
    fixed = torch.from_numpy(fitted(heard, sound.samples)).double()
    with threads(1):  # the same bits in every process
        spectrum = torch.stft(
            fixed,
            n_fft=sound.fft,
            hop_length=sound.step,
            win_length=sound.window,
            window=torch.hann_window(sound.window, dtype=torch.float64),
            pad_mode="constant",
            return_complex=True,
        )
        filters = mel_filters(sound.mels, sound.fft, sound.rate).double()
        power = filters @ spectrum.abs().square()
        return (power + QUIET).log().float().numpy()


def squared(image: Image.Image, size: int) -> np.ndarray:
    """A picture as bytes (3, size, size): the short side resized to ``size``, the centre cut out.

    Bilinear, averaging where it shrinks (Pillow's ImageOps.fit, which does both in one step).
    """
    require_instance("image", image, Image.Image)
    require_count("size", size, 1)
    box = (size, size)
    fitting = ImageOps.fit(image.convert("RGB"), box, Image.Resampling.BILINEAR)
    return np.asarray(fitting).transpose(2, 0, 1).copy()


@dataclass(frozen=True)
class WavPicture:
    """Decoding: a wave file → log-mel picture (mels, frames) float32."""

    sound: Sound

    def __post_init__(self) -> None:
        require_instance("sound", self.sound, Sound)

    def __call__(self, path: Path) -> np.ndarray:
        """Read ``path``.  Errors: DataFileError."""
        return log_mel_picture(*read_wav(path), self.sound)


@dataclass(frozen=True)
class Photo:
    """Decoding: a picture file, such as jpg → bytes (3, size, size); see `squared`.

    Upright, where the file tells how the camera was held.
    """

    size: int

    def __post_init__(self) -> None:
        require_count("size", self.size, 1)

    def __call__(self, path: Path) -> np.ndarray:
        """Read ``path``.  Errors: DataFileError."""
        try:
            with Image.open(path) as image:
                return squared(ImageOps.exif_transpose(image), self.size)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise DataFileError(f"{path} cannot be read as a picture: {error}") from None
