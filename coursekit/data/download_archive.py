"""Download an archive and unpack it so that either all of it arrives, or nothing does."""

import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Set
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import IO

from coursekit.data.download import FetchError, Timeout, download_file

LARGEST_MEMBER = 8 * 2**20  # bytes; far above any single recording


def write_atomically(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write a file beside its place and move it there when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            write(file)
            file.close()
            os.replace(file.name, path)
        except BaseException:
            file.close()
            Path(file.name).unlink(missing_ok=True)
            raise


def download_and_unpack(
    url: str,
    target: Path,
    wanted: Set[str],
    check: Callable[[Path], object],
    allow_http: bool = False,
    timeout: Timeout = 30,
) -> None:
    """Put the ``wanted`` files of the zip archive at ``url`` into the new folder ``target``.

    ``check`` gets the unpacked folder and raises if it is not good; only a good one is moved to
    ``target``. Until then the archive, or the part of it that came, lies beside ``target``, so that
    a second call goes on where a broken one stopped; an archive that is not good is removed.
    ``timeout``: see `download_file`.  Errors: FetchError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(url.encode()).hexdigest()[:16]  # another address, another archive
    archive = target.parent / f"download-{name}.zip"
    if not archive.exists():
        download_file(url, archive, allow_http, timeout)
    with TemporaryDirectory(dir=target.parent, prefix="unpacking-") as scratch:
        unpacked = Path(scratch) / "unpacked"
        try:
            unpack_flat(archive, unpacked, wanted)
            check(unpacked)
        except BaseException as error:
            # Only where the system stopped the work (a full disk, Ctrl-C) may the archive be good.
            if not (isinstance(error, KeyboardInterrupt) or getattr(error, "errno", None)):
                archive.unlink()
            raise
        if target.exists():  # an incomplete older copy
            shutil.rmtree(target)
        os.replace(unpacked, target)
    archive.unlink()


def unpack_flat(archive: Path, folder: Path, wanted: Set[str]) -> None:
    """Write the members of a zip archive whose last name is ``wanted`` into the new ``folder``.

    Other members are left packed. Errors: FetchError if the archive cannot be read, or any member
    is absolute, climbs out with "..", occurs twice under a wanted name, or is far too large.
    """
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            for member in members:
                _require_safe(member)
            for member in members:
                name = PurePosixPath(member.filename).name
                if name in wanted and not member.is_dir():
                    _write_member(packed, member, folder / name)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise FetchError(f"The downloaded archive cannot be read: {error}.") from None


def _require_safe(member: zipfile.ZipInfo) -> None:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise FetchError(f"The archive holds {member.filename!r}, which points outside of it.")
    if member.file_size > LARGEST_MEMBER:
        raise FetchError(f"The archive holds {member.filename!r} of {member.file_size} bytes.")


def _write_member(packed: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    if path.exists():
        raise FetchError(f"The archive holds two files named {path.name!r}.")
    with packed.open(member) as source, path.open("wb") as sink:
        shutil.copyfileobj(source, sink)
