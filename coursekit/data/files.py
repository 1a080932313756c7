"""The course's data files: where they lie, and whether they are still what they were."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from coursekit.utils.checks import choose, require_instance

CHECKSUMS = "checksums.json"
# What the checksums cover; cards and scripts are text that git looks after.
SUFFIXES = (".csv", ".npz")
ARCHIVES = "web_states/*.zip"  # what the course's web pages show, drawn beforehand


class DataFileError(OSError):
    """A data file is missing or is not what was published; the message says what to do."""


class FileReport(NamedTuple):
    """What the check of one data file found: ``line`` is a sentence to print."""

    name: str
    ok: bool
    line: str


def extra_folder() -> Path | None:
    """The folder that COURSEKIT_DATA names, searched for real recordings; None if unset."""
    named = os.environ.get("COURSEKIT_DATA", "")
    return Path(named).expanduser() if named else None


def data_folder() -> Path:
    """Where the course's data files lie: ``data`` of the checkout, else below COURSEKIT_DATA.

    An installed package has no checkout around it; what it generates needs no file.
    """
    root, named = Path(__file__).resolve().parents[2], extra_folder()
    if (root / "pyproject.toml").exists() or named is None:
        return root / "data"
    return named


DATA_FOLDER = data_folder()


def sha256_of(path: Path) -> str:
    """The SHA-256 digest of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_checksums(folder: Path = DATA_FOLDER) -> dict[str, dict[str, str | int]]:
    """Write ``checksums.json`` for the data files now in ``folder``, and return what it says."""
    files = sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES)
    files += sorted(folder.glob(ARCHIVES))
    return _write({p.relative_to(folder).as_posix(): _facts(p) for p in files}, folder)


def renew_checksums(names: Iterable[str], folder: Path = DATA_FOLDER) -> None:
    """Bring what ``checksums.json`` says of these files up to date, and of no other.

    Errors: DataFileError if the list is missing or is not JSON; OSError for a file that is missing.
    """
    table = read_checksums(folder) | {name: _facts(folder / name) for name in names}
    archives = sorted(name for name in table if "/" in name)
    plain = sorted(name for name in table if "/" not in name)
    _write({name: table[name] for name in (*plain, *archives)}, folder)


def _facts(path: Path) -> dict[str, str | int]:
    return {"sha256": sha256_of(path), "bytes": path.stat().st_size}


def _write(table: dict[str, dict[str, str | int]], folder: Path) -> dict[str, dict[str, str | int]]:
    part = folder / f"{CHECKSUMS}.part"  # whoever is stopped here keeps the list as it was
    part.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    part.replace(folder / CHECKSUMS)
    return table


def read_checksums(folder: Path = DATA_FOLDER) -> dict[str, dict[str, str | int]]:
    """The published size and digest of each data file: name → {"sha256", "bytes"}.

    Errors: DataFileError if the list itself is missing or is not JSON.
    """
    require_instance("folder", folder, Path)
    path = folder / CHECKSUMS
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        what = f"{path} is missing; it lists what the data files should be."
        raise DataFileError(f"{what} {_restore(CHECKSUMS)}") from None
    except ValueError as error:
        raise DataFileError(f"{path} cannot be read: {error}. {_restore(CHECKSUMS)}") from None
    return dict(table)


def _restore(name: str) -> str:
    if (Path(__file__).resolve().parents[2] / "pyproject.toml").exists():
        return f"To restore it: git checkout -- data/{name}"
    return (
        "The package comes without the course's data files: set the environment variable "
        f"COURSEKIT_DATA to the folder data of a checkout of the course, which has {name}."
    )


def _complaint(folder: Path, name: str, expected: dict[str, str | int]) -> str:
    """What is wrong with one file, as a sentence; empty if nothing is."""
    path, restore = folder / name, _restore(name)
    size, digest = int(expected["bytes"]), str(expected["sha256"])
    want = f"{size} bytes with SHA-256 {digest[:12]}… were expected"
    if not path.is_file():
        return f"{path} is missing; {want}. {restore}"
    actual_size = path.stat().st_size
    if actual_size < size:
        return f"{path} is truncated: it has {actual_size} bytes; {want}. {restore}"
    if actual_size > size:
        return f"{path} is too long: it has {actual_size} bytes; {want}. {restore}"
    actual = sha256_of(path)
    if actual != digest:
        return f"{path} is damaged: its SHA-256 is {actual[:12]}…; {want}. {restore}"
    return ""


def open_checked(name: str, folder: Path = DATA_FOLDER) -> Path:
    """Path of one data file, once its size and digest agree with ``checksums.json``.

    Errors: ValueError for a name that is not a data file; DataFileError for one that is missing,
    truncated or damaged, saying what was expected and how to restore it.
    """
    table = read_checksums(folder)
    choose("name", name, table)
    complaint = _complaint(folder, name, table[name])
    if complaint:
        raise DataFileError(complaint)
    return folder / name


def check_all(folder: Path = DATA_FOLDER) -> list[FileReport]:
    """Check every data file; one report per file, good ones too, in the order of their names."""
    reports = []
    for name, expected in sorted(read_checksums(folder).items()):
        complaint = _complaint(folder, name, expected)
        good = (
            f"{name}: {expected['bytes']} bytes, SHA-256 {str(expected['sha256'])[:12]}…, as it was"
        )
        reports.append(FileReport(name, not complaint, complaint or good))
    return reports
