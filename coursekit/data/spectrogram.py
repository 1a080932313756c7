"""From a spoken word's waveform to a small log-mel picture, the same for every source of speech.

A word is kept as a *stretched* picture of 32 mel bands × 32 frames together with its length in
seconds. From these two any layout follows: the word filling the whole width (stretched), or the
word at its own length on a fixed window, with silence behind it.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from coursekit.utils.checks import (
    require,
    require_count,
    require_instance,
    require_not_negative,
    require_positive,
)
from coursekit.utils.tensor_checks import require_batch

RATE = 8000  # Hz; recordings with another rate are resampled, so that all are comparable
WINDOW = 256  # samples in one frame: 32 ms
HOP = 80  # samples from frame to frame: 10 ms
FFT = 512  # the frame is padded to this length, for finer frequency steps
FLOOR_DB = 80.0  # what is quieter than the loudest cell by more than this counts as silence
WORD_SIZE = 32  # mel bands and frames of a stored word


def hz_to_mel(hz: float) -> float:
    """Frequency in Hz to mel: 2595 log10(1 + f/700)."""
    require_not_negative("hz", hz)
    return 2595 * math.log10(1 + hz / 700)


def mel_filters(mels: int, fft: int = FFT, rate: int = RATE) -> Tensor:
    """Triangular mel filters, (mels, fft/2 + 1): what each band takes from each frequency.

    Band b rises from the centre of band b − 1 to its own and falls to that of band b + 1; the
    centres are equally far apart in mel between 0 Hz and half the sampling rate.
    """
    require_count("mels", mels, 1)
    require_count("fft", fft, 2)
    require_count("rate", rate, 1)
    edges_mel = torch.linspace(0, hz_to_mel(rate / 2), mels + 2, dtype=torch.float64)
    edges = 700 * (10 ** (edges_mel / 2595) - 1)
    frequency = torch.arange(fft // 2 + 1, dtype=torch.float64) * rate / fft
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (frequency - low) / (centre - low)
    falling = (high - frequency) / (high - centre)
    return torch.minimum(rising, falling).clamp(min=0).float()


def _require_wave(wave: Tensor) -> None:
    require_instance("wave", wave, Tensor)
    require(wave.ndim == 1, f"wave has shape {tuple(wave.shape)}; one channel was expected.")
    require(len(wave) > 0, "wave is empty; samples were expected.")
    require(bool(torch.isfinite(wave).all()), "wave contains NaN or infinite values.")


def log_mel(wave: Tensor, mels: int = WORD_SIZE) -> Tensor:
    """Log-mel spectrogram (mels, frames) of a waveform (samples,) at 8 kHz, in decibels.

    0 dB is the loudest cell of this word, so that loud and quiet speakers look alike; nothing
    lies below −80 dB. Errors: ValueError for an empty or silent waveform or more than one channel.
    """
    _require_wave(wave)
    require(bool((wave != 0).any()), f"wave is silent ({len(wave)} samples, all zero).")
    spectrum = torch.stft(
        wave.float(),
        n_fft=FFT,
        hop_length=HOP,
        win_length=WINDOW,
        window=torch.hann_window(WINDOW),
        pad_mode="constant",
        return_complex=True,
    )
    power = mel_filters(mels) @ spectrum.abs().square()
    decibels = 10 * torch.log10(power / power.max() + 1e-12)
    return decibels.clamp(min=-FLOOR_DB)


def at_8_khz(wave: Tensor, rate: int) -> Tensor:
    """The waveform (samples,) resampled from ``rate`` Hz to 8 kHz, with an anti-aliasing filter."""
    _require_wave(wave)
    require_count("rate", rate, 1)
    if rate == RATE:
        return wave.float()
    from scipy.signal import resample_poly  # takes two seconds; only sound of other rates needs it

    step = math.gcd(rate, RATE)
    return torch.from_numpy(
        resample_poly(wave.double().numpy(), RATE // step, rate // step)
    ).float()


def trim_silence(wave: Tensor, below_db: float = 40.0) -> Tensor:
    """The waveform without its quiet ends: 10 ms pieces ``below_db`` under the loudest piece."""
    _require_wave(wave)
    require_not_negative("below_db", below_db)
    silent = f"wave is silent ({len(wave)} samples); a word was expected."
    require(len(wave) >= HOP and bool((wave != 0).any()), silent)
    pieces = wave[: len(wave) // HOP * HOP].reshape(-1, HOP).float().square().mean(1)
    loud = (pieces >= pieces.max() * 10 ** (-below_db / 10)).nonzero().flatten()
    return wave[int(loud[0]) * HOP : (int(loud[-1]) + 1) * HOP]


def resize(pictures: Tensor, height: int, width: int) -> Tensor:
    """Pictures (n, H, W) resized to (n, height, width), averaging where they shrink."""
    require_batch("pictures", pictures, (None, None, None))
    require_count("height", height, 1)
    require_count("width", width, 1)
    return F.interpolate(
        pictures[:, None].float(), (height, width), mode="bilinear", antialias=True
    )[:, 0]


def word_picture(wave: Tensor, rate: int) -> tuple[Tensor, float]:
    """One spoken word as a stretched log-mel picture (32, 32) in dB, and its length in seconds."""
    word = trim_silence(at_8_khz(wave, rate))
    return resize(log_mel(word)[None], WORD_SIZE, WORD_SIZE)[0], len(word) / RATE


def lay_out(words: Tensor, seconds: Tensor, size: int, stretch: bool, window: float) -> Tensor:
    """Stretched words (n, 32, 32) in dB and their lengths (n,) as pictures (n, size, size) in dB.

    stretch=True: each word fills the whole width.  stretch=False: the picture is ``window``
    seconds wide; each word starts at its left edge and keeps its own length, silence (−80 dB)
    follows it, and what lies beyond the window is cut off.
    """
    require_batch("words", words, (None, WORD_SIZE, WORD_SIZE))
    require_batch("seconds", seconds, (len(words),))
    require_positive("window", window)
    require_count("mel_size", size)
    require(2 <= size <= WORD_SIZE, f"mel_size is {size}; 2 to {WORD_SIZE} was expected.")
    if stretch:
        return resize(words, size, size)
    pictures = torch.full((len(words), size, size), -FLOOR_DB)
    columns = (seconds / window * size).round().long().clamp(min=1)
    for width in columns.unique().tolist():  # words of the same width are resized together
        rows = (columns == width).nonzero().flatten()
        shown = min(width, size)
        pictures[rows, :, :shown] = resize(words[rows], size, width)[:, :, :shown]
    return pictures
