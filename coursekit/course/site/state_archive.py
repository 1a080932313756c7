"""The stored states of an explorer: one zip file with all pictures and what is said of each.

``data/web_states/KEY.zip`` has ``states.json`` and the pictures, WebP, under names that are digests
of what they hold: two states that look alike share one. Equal states give equal bytes.
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from coursekit.course.site.state_digest import digest_of
from coursekit.course.site.state_plan import plan_of
from coursekit.data.files import (
    DATA_FOLDER,
    DataFileError,
    open_checked,
    read_checksums,
    renew_checksums,
)

FOLDER = "web_states"  # below the folder of the data
TEXTS = "states.json"
DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can have; today's would change its bytes
MOST_BYTES = 40_000_000  # of all archives together


@dataclass(frozen=True)
class StoredState:
    """One state: how it is reached, what it shows, and the name of its picture.

    preset, knob, value: from which preset, by turning which knob to what; "" and "" for the preset
    itself.  headline: a sentence that says what changed.  table: HTML.
    """

    preset: str
    knob: str
    value: float | str
    alt: str
    headline: str
    table: str
    picture: str


@dataclass(frozen=True)
class Archive:
    """What a file holds.  digest: of what computed it.  width, height: of every picture, pixels."""

    key: str
    digest: str
    width: int
    height: int
    states: tuple[StoredState, ...]
    pictures: Mapping[str, bytes]


def picture_name(picture: bytes) -> str:
    """The name under which a picture is stored."""
    return f"{hashlib.sha256(picture).hexdigest()[:16]}.webp"


def name_of(key: str) -> str:
    """The archive's name among the data files."""
    return f"{FOLDER}/{key}.zip"


def write_zip(path: Path, texts: object, pictures: Mapping[str, bytes]) -> None:
    """Write an archive of any kind, all of it or nothing; ``texts`` is what JSON can hold."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w") as file:
        text = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
        file.writestr(_entry(TEXTS), text, zipfile.ZIP_DEFLATED, 9)
        for name in sorted(pictures):
            file.writestr(_entry(name), pictures[name], zipfile.ZIP_STORED)
    os.replace(part, path)


def _entry(name: str) -> zipfile.ZipInfo:
    """What the archive says of a file; the same on every system and every day."""
    entry = zipfile.ZipInfo(name, DATE)
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    return entry


def read_zip(path: Path) -> tuple[dict[str, object], dict[str, bytes]]:
    """The texts and the pictures of `write_zip`.

    Errors: DataFileError, in a sentence, when the file is missing or is no archive.
    """
    try:
        with zipfile.ZipFile(path) as file:
            texts = json.loads(file.read(TEXTS))
            return texts, {name: file.read(name) for name in file.namelist() if name != TEXTS}
    except FileNotFoundError:
        raise DataFileError(f"{path} is missing.") from None
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError) as error:
        raise DataFileError(f"{path} is no archive of stored states: {error}.") from None


def write(archive: Archive, path: Path) -> None:
    """Write an explorer's archive."""
    texts = asdict(archive)
    del texts["pictures"]
    write_zip(path, texts, archive.pictures)


def read_file(path: Path) -> Archive:
    """The archive at ``path``. Errors: DataFileError, in a sentence, for what is none."""
    texts, pictures = read_zip(path)
    try:
        states = tuple(StoredState(**state) for state in texts.pop("states"))  # type: ignore[attr-defined]
        archive = Archive(**texts, states=states, pictures=pictures)  # type: ignore[arg-type]
    except (KeyError, TypeError) as error:
        raise DataFileError(f"{path} is no archive of an explorer: {error}.") from None
    lost = sorted({state.picture for state in archive.states} - set(pictures))
    if lost:
        raise DataFileError(f"{path} lacks the pictures {', '.join(lost)}.")
    return archive


def read(key: str, folder: Path = DATA_FOLDER) -> Archive:
    """The published archive of the explorer ``key``.

    Errors: ValueError when there is none; DataFileError when it is damaged.
    """
    return read_file(open_checked(name_of(key), folder))


def stale(key: str, folder: Path = DATA_FOLDER) -> str:
    """Why the stored states of ``key`` are not to be shown, a sentence; "" when they are good."""
    cure = f"`python course.py site --states {key}` makes it anew."
    if name_of(key) not in read_checksums(folder):
        return f"{name_of(key)} is none of the data files; {cure}"
    try:
        archive = read(key, folder)
    except DataFileError as error:
        return str(error)
    if archive.digest == digest_of(plan_of(key)):
        return ""
    return f"{name_of(key)} was made with other code or data than there is now; {cure}"


def publish(keys: Iterable[str], folder: Path = DATA_FOLDER) -> None:
    """Note down the size and SHA-256 of these archives, and of no other file."""
    renew_checksums([name_of(key) for key in keys], folder)
