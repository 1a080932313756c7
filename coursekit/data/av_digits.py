"""Audio-visual digits: a handwritten MNIST digit together with somebody saying the same digit.

Nobody wrote and spoke these digits at once: each sample pairs an image and a recording by chance,
only the digit is common. Speakers and images of train, valid and test are different ones.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from coursekit.data import fsdd
from coursekit.data.files import DATA_FOLDER, open_checked
from coursekit.data.fsdd import SpokenWords
from coursekit.data.multimodal import MultimodalData
from coursekit.data.spectrogram import FLOOR_DB, WORD_SIZE, lay_out
from coursekit.data.standardise import standardise_whole
from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_flag,
    require_instance,
    require_not_negative,
)
from coursekit.utils.threads import threads

WRITTEN, SPOKEN = "mnist_5k.npz", "spoken_digits_synth.npz"
DIGITS = 10
FOLDS = 6
NOISE_STREAM = 10**6  # keeps the noise apart from the draws that pair images and recordings
IMAGES = {"train": 300, "valid": 80, "test": 120}  # of the 500 images of each digit
PAIRS = {"valid": 500, "test": 1000}
# Seconds on an unstretched picture: longer than 95 % of the words of either source.
WINDOW = {"synth": 0.64, "fsdd": 0.64}


@dataclass(frozen=True)
class SpeakerPlan:
    """How a source's speakers are shared out: one training number by default, a fixed rest."""

    train: int
    most: int
    valid: int
    step: int


# Six recorded speakers: one validates, what neither trains nor validates tests; a fold moves on by
# one speaker. 78 synthetic voices: 13 validate, and a fold moves on by 13.
PLANS = {
    "fsdd": SpeakerPlan(train=1, most=4, valid=1, step=1),
    "synth": SpeakerPlan(train=39, most=52, valid=13, step=13),
}


def synthesised_words() -> SpokenWords:
    """The espeak-ng digits: 78 synthesised voices × 10 digits × 4 takes."""
    with np.load(open_checked(SPOKEN)) as arrays:
        decibels = (arrays["log_mel"].astype(np.float32) / 255 - 1) * FLOOR_DB
        return SpokenWords(
            words=torch.from_numpy(decibels.astype(np.float32)),
            seconds=torch.from_numpy(arrays["seconds"]),
            digit=torch.from_numpy(arrays["digit"].astype(np.int64)),
            speaker=torch.from_numpy(arrays["voice"].astype(np.int64)),
            speakers=tuple(arrays["voice_name"].tolist()),
        )


def speaker_splits(speech: str, number: int, train: int, fold: int) -> dict[str, Tensor]:
    """Which of ``number`` speakers train, validate and test: in name order, rotated by the fold.

    The ``train`` first speakers train, the next one (synth: 13) validate, all the others test.
    """
    plan = PLANS[speech]
    order = torch.arange(number).roll(-fold * plan.step)
    parts = order.split([train, plan.valid, number - train - plan.valid])
    return dict(zip(("train", "valid", "test"), parts, strict=True))


def _draw(rows: Tensor, number: int, generator: torch.Generator) -> Tensor:
    """``number`` of ``rows`` in random order; each is used once before any is used again."""
    rounds = -(-number // len(rows))
    shuffled = [rows[torch.randperm(len(rows), generator=generator)] for _ in range(rounds)]
    return torch.cat(shuffled)[:number]


def _pair(
    digit_of_image: Tensor,
    words: SpokenWords,
    speakers: dict[str, Tensor],
    pairs: dict[str, int],
    seed: int,
) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Image rows (N,), recording rows (N,) and the splits' rows; digits equally often in each."""
    generator = torch.Generator().manual_seed(seed)
    images: dict[str, list[Tensor]] = {s: [] for s in pairs}
    recordings: dict[str, list[Tensor]] = {s: [] for s in pairs}
    for digit in range(DIGITS):
        images_of_digit = (digit_of_image == digit).nonzero().flatten()
        images_of_digit = images_of_digit[torch.randperm(len(images_of_digit), generator=generator)]
        shares = dict(zip(IMAGES, images_of_digit.split(list(IMAGES.values())), strict=True))
        for split, number in pairs.items():
            spoken = (words.digit == digit) & torch.isin(words.speaker, speakers[split])
            recording_rows_of_digit = spoken.nonzero().flatten()
            images[split].append(_draw(shares[split], number // DIGITS, generator))
            recordings[split].append(_draw(recording_rows_of_digit, number // DIGITS, generator))
    image_rows, recording_rows, splits, start = [], [], {}, 0
    for split, number in pairs.items():
        order = torch.randperm(number, generator=generator)
        image_rows.append(torch.cat(images[split])[order])
        recording_rows.append(torch.cat(recordings[split])[order])
        splits[split] = torch.arange(start, start + number)
        start += number
    return torch.cat(image_rows), torch.cat(recording_rows), splits


def noisy_images(pixels: Tensor, train: Tensor, noise: float, size: int, seed: int) -> Tensor:
    """Pixels (N, 28, 28) as standardised pictures (N, 1, size, size) with Gaussian noise.

    The noise has the deviation ``noise`` on the standardised 28 × 28 picture, as a bad camera would
    add it; shrinking the picture then averages some of it away. The seed fixes the pattern.
    """
    clean = standardise_whole(pixels[:, None].float(), train)
    generator = torch.Generator().manual_seed(NOISE_STREAM + seed)
    noisy = clean + noise * torch.randn(clean.shape, generator=generator)
    return standardise_whole(F.adaptive_avg_pool2d(noisy, size), train)


@threads(1)
def load_av_digits(
    speech: str = "synth",
    n: int = 1000,
    image_noise: float = 1.0,
    train_speakers: int | None = None,
    fold: int = 0,
    stretch: bool = False,
    image_size: int = 14,
    mel_size: int = 16,
    seed: int = 0,
    folder: Path | None = None,
) -> MultimodalData:
    """Modalities image (N, 1, s, s) and audio (N, 1, m, m) of the digits 0–9; group = speaker.

    speech: "synth", synthesised voices that come with the course, or "fsdd", real recordings that
    must be downloaded first (coursekit.data.fsdd.download) or lie below COURSEKIT_DATA.
    n: training pairs, a multiple of 10; 500 pairs validate and 1000 test. Images are never used
    twice, recordings are if there are fewer than pairs.
    train_speakers: how many speakers train; fsdd 1 to 4 (default 1), one other validates and the
    rest test; synth 1 to 52 (default 39), 13 others validate and the rest test.  fold: 0 to 5,
    rotates who does what.
    image_noise: deviation of the Gaussian noise added to the standardised 28 × 28 image before it
    is shrunk; the seed fixes its pattern, this number only its strength.
    stretch: every word fills the picture's width, else it keeps its length on a window of 0.64 s.
    image_size 2 to 28, mel_size 2 to 32: pixels per side.
    seed: which images belong to which split, the pairs and the noise.
    folder: of the recordings; default, where they are looked for. Only with speech="fsdd".
    The same options give the same data bit for bit, whatever the machine's number of cores.
    Errors: ValueError for options out of range; DataFileError if data are missing or damaged.
    """
    choose("speech", speech, PLANS)
    plan = PLANS[speech]
    chosen = plan.train if train_speakers is None else train_speakers
    most = IMAGES["train"] * DIGITS
    require_count("n", n)
    fits = n % DIGITS == 0 and 0 < n <= most
    require(fits, f"n is {n}; a multiple of 10 to {most} was expected.")
    require_not_negative("image_noise", image_noise)
    require_count("train_speakers", chosen, 1, plan.most)
    require_count("fold", fold, 0, FOLDS - 1)
    require_count("image_size", image_size, 2, 28)
    require_count("mel_size", mel_size, 2, WORD_SIZE)
    require_count("seed", seed)
    require_flag("stretch", stretch)
    own = folder is None or speech == "fsdd"
    require_instance("folder", folder, Path | None)
    require(own, f"folder is {folder}, speech is {speech!r}; a folder needs speech='fsdd'.")

    written = open_checked(WRITTEN)
    with np.load(written) as arrays:
        pixels = torch.from_numpy(arrays["image"])
        digit_of_image = torch.from_numpy(arrays["digit"].astype(np.int64))
    spoken = DATA_FOLDER / SPOKEN if speech == "synth" else folder or fsdd.find_recordings()
    words = synthesised_words() if speech == "synth" else fsdd.load_words(spoken)
    speakers = speaker_splits(speech, len(words.speakers), chosen, fold)
    image_rows, recording_rows, splits = _pair(
        digit_of_image, words, speakers, {"train": n, **PAIRS}, seed
    )
    image = noisy_images(pixels[image_rows], splits["train"], image_noise, image_size, seed)
    sound = lay_out(
        words.words[recording_rows],
        words.seconds[recording_rows],
        mel_size,
        stretch,
        WINDOW[speech],
    )
    return MultimodalData(
        name=f"av_digits ({'synthesised' if speech == 'synth' else 'recorded'} speech)",
        inputs={
            "image": image,
            "audio": standardise_whole(sound[:, None], splits["train"]),
        },
        labels=digit_of_image[image_rows],
        group=words.speaker[recording_rows],
        splits=splits,
        classes=tuple(map(str, range(DIGITS))),
        files=(written, spoken),
    )
