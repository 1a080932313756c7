"""Download an archive and unpack it so that either all of it arrives, or nothing does."""

import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Set
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import IO
from urllib.parse import urlsplit

import requests
from pooch import HTTPDownloader

LARGEST_MEMBER = 8 * 2**20  # bytes; far above any single recording


class FetchError(OSError):
    """A download failed, or what came cannot be unpacked safely."""


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
    timeout: float = 30,
) -> None:
    """Put the ``wanted`` files of the zip archive at ``url`` into the new folder ``target``.

    ``check`` gets the unpacked folder and raises if it is not good; only a good one is moved to
    ``target``. ``timeout`` (seconds) bounds each wait for the server, not the whole download.
    Errors: FetchError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix="download-") as scratch:
        archive, unpacked = Path(scratch) / "archive.zip", Path(scratch) / "unpacked"
        download_file(url, archive, allow_http, timeout)
        unpack_flat(archive, unpacked, wanted)
        check(unpacked)
        if target.exists():  # an incomplete older copy
            shutil.rmtree(target)
        os.replace(unpacked, target)


def download_file(url: str, path: Path, allow_http: bool = False, timeout: float = 30) -> None:
    """Download ``url`` to ``path`` with a progress bar; https only, unless ``allow_http``.

    Errors: FetchError naming the address and what went wrong.
    """

    def refuse_plain(response: requests.Response, *_: object, **__: object) -> None:
        for address in (response.url, response.headers.get("location", "")):
            _require_https(address, allow_http)

    _require_https(url, allow_http)
    fetch = HTTPDownloader(
        progressbar=True, timeout=timeout, hooks={"response": refuse_plain}, chunk_size=2**16
    )
    try:
        fetch(url, str(path), None)
    except requests.RequestException as error:
        raise FetchError(
            f"{url} could not be downloaded ({type(error).__name__}: {error}). Without a network, "
            "get the data elsewhere and set COURSEKIT_DATA to its folder."
        ) from None


def _require_https(url: str, allow_http: bool) -> None:
    scheme = urlsplit(url).scheme or "https"  # a redirect within the same server names none
    if scheme != "https" and not (allow_http and scheme == "http"):
        raise FetchError(f"url is {url!r}; an address that begins with https:// was expected.")


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
