"""The Free Spoken Digit Dataset: real recordings of ten digits, found in a folder or downloaded.

The recordings (CC BY-SA 4.0, Jakobovski/free-spoken-digit-dataset) are not part of the course's
files. Whatever their way here, their content is verified: one SHA-256 digest over all of them.
"""

import contextlib
import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import platformdirs
import torch
from torch import Tensor

from coursekit.data.download_archive import download_and_unpack, write_atomically
from coursekit.data.files import DataFileError, extra_folder, sha256_of
from coursekit.data.spectrogram import RATE, word_picture
from coursekit.data.wave_file import read_samples

COMMIT = "26eb9aaf76e81b692f806f9140c2d2777410d7a1"
ARCHIVE_URL = f"https://github.com/Jakobovski/free-spoken-digit-dataset/archive/{COMMIT}.zip"
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
PICTURE_VERSION = 1  # raise it when word_picture changes, so that old caches are left alone


@dataclass(frozen=True)
class Corpus:
    """Which recordings there must be, ``{digit}_{speaker}_{take}.wav``, and their digest."""

    speakers: tuple[str, ...]
    takes: int
    sha256: str

    def names(self) -> list[str]:
        """The file names, sorted."""
        parts = product(range(10), self.speakers, range(self.takes))
        return sorted(f"{digit}_{speaker}_{take}.wav" for digit, speaker, take in parts)


FSDD = Corpus(
    speakers=SPEAKERS,
    takes=50,
    sha256="dbd573d7cafe79c4b49f65718115e1304e24e067fa39eff18a660dc6cb9c360f",
)


@dataclass(frozen=True)
class SpokenWords:
    """Spoken digits as stretched log-mel pictures.

    words (N, 32, 32) float32 in dB (0 the loudest, −80 silence); seconds (N,) length of each word;
    digit (N,) int64; speaker (N,) int64, an index into ``speakers``.
    """

    words: Tensor
    seconds: Tensor
    digit: Tensor
    speaker: Tensor
    speakers: tuple[str, ...]


def cache_folder() -> Path:
    """The user's cache folder for downloaded recordings and their pictures."""
    return Path(platformdirs.user_cache_dir("coursekit"))


def missing_files(folder: Path, corpus: Corpus = FSDD) -> list[str]:
    """Names of the corpus that are not in ``folder``, sorted."""
    present = {p.name for p in folder.iterdir()} if folder.is_dir() else set()
    return [name for name in corpus.names() if name not in present]


def content_digest(folder: Path, corpus: Corpus = FSDD) -> str:
    """One digest for all recordings: SHA-256 over the sorted lines ``name sha256``.

    Errors: DataFileError naming how many recordings are missing, and the first few.
    """
    missing = missing_files(folder, corpus)
    if missing:
        few = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise DataFileError(
            f"{folder} lacks {len(missing)} of {len(corpus.names())} recordings ({few}); "
            "the whole data set was expected."
        )
    lines = "".join(f"{name} {sha256_of(folder / name)}\n" for name in corpus.names())
    return hashlib.sha256(lines.encode()).hexdigest()


def verify(folder: Path, corpus: Corpus = FSDD) -> str:
    """The content digest of ``folder``, if it is the expected one.

    Errors: DataFileError if recordings are missing or any of them is not the published one.
    """
    digest = content_digest(folder, corpus)
    if digest != corpus.sha256:
        raise DataFileError(
            f"The recordings in {folder} are not the published ones: their common SHA-256 is "
            f"{digest[:12]}…; {corpus.sha256[:12]}… was expected. At least one file is damaged or "
            "comes from another version; get the data set anew."
        )
    return digest


def _candidates() -> Iterator[Path]:
    extra = extra_folder()
    if extra is not None:
        yield extra / "fsdd" / "recordings"
        yield extra / "recordings"
    yield cache_folder() / "fsdd" / "recordings"


def find_recordings() -> Path:
    """The folder of the recordings: below COURSEKIT_DATA, else in the user's cache.

    Errors: DataFileError saying where it looked and how to get the recordings.
    """
    looked = list(_candidates())
    for folder in looked:
        if folder.is_dir():
            return folder
    places = ", ".join(map(str, looked))
    raise DataFileError(
        f"The Free Spoken Digit Dataset is not here (looked in {places}). Download it once with "
        "coursekit.data.fsdd.download(), or set COURSEKIT_DATA to a folder that holds "
        "fsdd/recordings."
    )


def download(
    url: str = ARCHIVE_URL,
    folder: Path | None = None,
    corpus: Corpus = FSDD,
    allow_http: bool = False,
    timeout: float = 30,
) -> Path:
    """Download the recordings into the user's cache (or ``folder``) and return where they are.

    What is there already and verifies is kept. The archive is unpacked beside its place, verified,
    and only then moved there. A download that breaks off is kept beside it and goes on next time.
    Errors: FetchError (network, unsafe archive) or DataFileError (wrong content).
    """
    target = (folder or cache_folder() / "fsdd") / "recordings"
    if target.is_dir() and not missing_files(target, corpus):
        verify(target, corpus)
        return target
    wanted = frozenset(corpus.names())
    download_and_unpack(
        url,
        target,
        wanted,
        check=lambda unpacked: verify(unpacked, corpus),
        allow_http=allow_http,
        timeout=timeout,
    )
    return target


def read_recording(path: Path) -> tuple[Tensor, int]:
    """Samples (n,) int16 and sampling rate of one recording.

    Errors: DataFileError if the file is no mono 8 kHz 16-bit wave file.
    """
    samples, rate = read_samples(path)
    if rate != RATE or samples.ndim != 1 or samples.dtype != np.int16:
        raise DataFileError(
            f"{path} has {rate} Hz, shape {samples.shape} and type {samples.dtype}; "
            f"{RATE} Hz, one channel and 16-bit samples were expected."
        )
    return torch.from_numpy(samples.copy()), rate


def _pictures(folder: Path, corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    words, seconds = [], []
    for name in corpus.names():
        picture, length = word_picture(*read_recording(folder / name))
        words.append(picture.numpy())
        seconds.append(length)
    return np.stack(words), np.array(seconds, np.float32)


def _cached_pictures(
    folder: Path, corpus: Corpus, digest: str, cache: Path
) -> tuple[np.ndarray, np.ndarray]:
    """The pictures from the cache; if they are not there, made, and stored if that is allowed."""
    path = cache / f"fsdd-{digest[:16]}-v{PICTURE_VERSION}.npz"
    try:
        with np.load(path) as stored:
            return stored["words"], stored["seconds"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):  # absent or cut off: make it
        words, seconds = _pictures(folder, corpus)
    with contextlib.suppress(OSError):  # a read-only home costs some seconds each time, no more
        write_atomically(path, lambda file: np.savez(file, words=words, seconds=seconds))
    return words, seconds


def load_words(
    folder: Path | None = None, corpus: Corpus = FSDD, cache: Path | None = None
) -> SpokenWords:
    """All recordings as pictures, in the order of their names.

    Errors: DataFileError if the recordings are not found, incomplete or not the published ones.
    """
    folder = folder or find_recordings()
    digest = verify(folder, corpus)
    words, seconds = _cached_pictures(folder, corpus, digest, cache or cache_folder())
    parts = [name.split("_") for name in corpus.names()]
    return SpokenWords(
        words=torch.from_numpy(words),
        seconds=torch.from_numpy(seconds),
        digit=torch.tensor([int(digit) for digit, _, _ in parts]),
        speaker=torch.tensor([corpus.speakers.index(speaker) for _, speaker, _ in parts]),
        speakers=corpus.speakers,
    )
