"""Decoded files on disk, so that only the first epoch decodes.

An entry's name is the SHA-256 of the source's content, the decoding with all its parameters and
`VERSION`: an edited source or another parameter is another entry, and two copies of a file share
one. Nothing is ever removed; delete the folder to make room.
"""

import hashlib
import io
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from coursekit.data.download_archive import write_atomically
from coursekit.data.files import DataFileError, sha256_of
from coursekit.utils.checks import require_instance

VERSION = 2  # raise it when a decoding gives other numbers for the same parameters
SETTLED = 2 * 10**9  # nanoseconds after which a change must show in the file's times
DIGEST = 32  # bytes of SHA-256 behind each entry, by which a damaged one is known


def cache_at(folder: Path | str | None) -> Path | None:
    """The folder for decoded files, made if it is not there; None = keep nothing.

    Errors: DataFileError if it cannot be made.
    """
    if folder is None:
        return None
    require_instance("cache", folder, Path | str)
    path = Path(folder).expanduser().absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFileError(f"cache is {path}, which cannot be made a folder: {error}") from None
    return path


@dataclass(frozen=True)
class Cached:
    """``decode`` through a folder of .npy files; without a folder, ``decode`` itself.

    decode: path → array; its repr must name all its parameters (a frozen dataclass does).
    Several processes may use the folder at once. Where it cannot be written, a warning says so and
    the array is given all the same.
    """

    decode: Callable[[Path], np.ndarray]
    folder: Path | None

    def __call__(self, path: Path) -> np.ndarray:
        """The decoded file.  Errors: DataFileError where the file is missing; those of decode."""
        if self.folder is None:
            return self.decode(path)
        before = _times(path)
        entry = self.entry(path)
        stored = _stored(entry)
        if stored is not None:
            return stored
        made = np.ascontiguousarray(self.decode(path))
        if _times(path) == before:  # else it was edited meanwhile, and belongs to another name
            _keep(entry, _packed(made))
        return made

    def entry(self, path: Path) -> Path:
        """Where the decoded ``path`` is kept.  Errors: ValueError without a folder."""
        if self.folder is None:
            raise ValueError("folder is None; an entry needs a folder.")
        kind = type(self.decode)
        what = f"{kind.__module__}.{kind.__qualname__} {self.decode!r} v{VERSION}"
        key = hashlib.sha256(f"{_content(path, self.folder)} {what}".encode()).hexdigest()
        return self.folder / "arrays" / key[:2] / f"{key}.npy"


def _times(path: Path) -> tuple[int, int, int]:
    try:
        status = os.stat(path)
    except OSError as error:
        raise DataFileError(f"{path} cannot be read: {error.strerror}.") from None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _content(path: Path, folder: Path) -> str:
    """The file's SHA-256; noted under its path, size and times, so that it is read only once."""
    before = _times(path)
    name = hashlib.sha256(f"{path.absolute()} {before}".encode()).hexdigest()
    note = folder / "digests" / name[:2] / name
    try:
        noted = note.read_text(encoding="ascii")
        if len(noted) == 2 * DIGEST:
            return noted
    except (OSError, ValueError):  # not there, or damaged: made anew
        pass
    digest = sha256_of(path)
    # A file that changed a moment ago may change again without its times showing it.
    settled = time.time_ns() - max(before[1:]) > SETTLED
    if settled and _times(path) == before:
        _keep(note, digest.encode("ascii"))
    return digest


def _packed(array: np.ndarray) -> bytes:
    """A .npy file with its SHA-256 behind it; numpy reads it all the same."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    content = buffer.getvalue()
    return content + hashlib.sha256(content).digest()


def _stored(entry: Path) -> np.ndarray | None:
    """The array of an entry; None if it is not there or damaged."""
    try:
        content = entry.read_bytes()
    except OSError:
        return None
    body, digest = content[:-DIGEST], content[-DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        return None
    loaded: Any = np.load(io.BytesIO(body), allow_pickle=False)
    return np.asarray(loaded)


def _keep(path: Path, content: bytes) -> None:
    def write(file: Any) -> None:
        file.write(content)

    try:
        write_atomically(path, write)
    except OSError as error:  # full or read-only: slower, but right
        warnings.warn(f"cache: {path.parent} cannot be written ({error}).", stacklevel=3)
