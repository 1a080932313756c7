"""Download a file over https, and go on where a broken download stopped.

What came before a break lies beside the file's place, in ``NAME.part``, and the server's mark of
that version (ETag or Last-Modified) in ``NAME.part.version``.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from tqdm.auto import tqdm
from urllib3.util import Retry

from coursekit.data.files import sha256_of

LARGEST_DOWNLOAD = 2**30  # bytes; far above any file that the course asks for
CHUNK = 2**16  # bytes; small, so that little is lost when a connection breaks
Timeout = float | tuple[float, float]  # seconds: one number for both, or (to connect, a read)


class FetchError(OSError):
    """A download failed, or what came cannot be unpacked safely."""


class _NotTheFile(FetchError):
    """What came is not what was asked for, so that no part of it is worth keeping."""


def download_file(
    url: str,
    path: Path,
    allow_http: bool = False,
    timeout: Timeout = 30,
    *,
    sha256: str | None = None,
    largest: int = LARGEST_DOWNLOAD,
) -> None:
    """Download ``url`` to ``path`` with a progress bar; https only, unless ``allow_http``.

    The file gets its name when all of it is there. Of a broken download the part that came is kept,
    if the server marks versions, and the same call goes on from there; where the file has changed
    since, or the server cannot go on, it starts anew.
    timeout: seconds without a sign of the server, one number or (to connect, for each read); not of
    the whole.  sha256: digest that the file must have, 64 hexadecimal digits.  largest: bytes that
    are accepted.
    Errors: FetchError naming the address and what went wrong.
    Source: RFC 9110, sections 13.1.5 (If-Range) and 14 (Range).
    """
    require_https(url, allow_http)
    with _Part(path) as part, _sentences(url, part), _session(allow_http) as session:
        stored = part.size()
        response = _ask(session, url, timeout, part, stored)
        if stored and not _goes_on(response, part):
            response.close()
            stored = 0
            response = _ask(session, url, timeout, part, stored)
        with response:
            response.raise_for_status()
            _receive(response, part, stored, largest)
        digest = sha256_of(part.path) if sha256 else None
        if sha256 and digest != sha256.lower():
            raise _NotTheFile(f"{url} has the SHA-256 {digest}; {sha256} was expected.")
        os.replace(part.path, path)


def require_https(url: str, allow_http: bool) -> None:
    """Refuse, with FetchError, an address that is not https (nor http, where it is allowed)."""
    scheme = urlsplit(url).scheme or "https"  # a redirect within the same server names none
    if scheme != "https" and not (allow_http and scheme == "http"):
        raise FetchError(f"url is {url!r}; an address that begins with https:// was expected.")


class _Part:
    """The beginning of a file that is still being downloaded, and which version of it that is."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.part")
        self.mark = path.with_name(f"{path.name}.part.version")

    def __enter__(self) -> "_Part":
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        """Keep only what can be gone on from."""
        if self.size() == 0 or (kind is not None and issubclass(kind, _NotTheFile)):
            self.remove()

    def version(self) -> str:
        """The server's mark; empty if there is none."""
        return self.mark.read_text(encoding="utf-8") if self.mark.exists() else ""

    def size(self) -> int:
        """Bytes that may be gone on from: none without a mark, since the file may have changed."""
        return self.path.stat().st_size if self.path.exists() and self.version() else 0

    def begin(self, version: str) -> None:
        """Forget what was there and note the mark."""
        self.remove()
        if version:
            self.mark.write_text(version, encoding="utf-8")

    def remove(self) -> None:
        """Leave nothing."""
        self.path.unlink(missing_ok=True)
        self.mark.unlink(missing_ok=True)


def _session(allow_http: bool) -> requests.Session:
    """A session that tries again when the server is not reached, and looks at every redirect."""

    def refuse_plain(response: requests.Response, *_: object, **__: object) -> None:
        for address in (response.url, response.headers.get("location", "")):
            require_https(address, allow_http)

    session = requests.Session()
    again = Retry(
        connect=2,
        read=0,
        status=2,
        status_forcelist=(502, 503, 504),
        backoff_factor=0.2,
        raise_on_status=False,
        respect_retry_after_header=False,  # a server may ask for an hour
    )
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=again))
    session.hooks["response"].append(refuse_plain)
    return session


def _ask(
    session: requests.Session, url: str, timeout: Timeout, part: _Part, start: int
) -> requests.Response:
    headers = {"Accept-Encoding": "identity"}  # the file's own bytes, so that they can be counted
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": part.version()}
    return session.get(url, headers=headers, timeout=timeout, stream=True)


def _goes_on(response: requests.Response, part: _Part) -> bool:
    """Whether an answer to Range can be used: what follows in the same version, or all anew."""
    if response.status_code == 206:
        content_range = response.headers.get("Content-Range", "")
        place = re.match(rf"bytes {part.size()}-\d+/", content_range) is not None
        return place and _version(response) in ("", part.version())
    return response.status_code != 416  # "not satisfiable": what is kept is no beginning of it


def _receive(response: requests.Response, part: _Part, stored: int, largest: int) -> None:
    """Append the answer's body to what is kept, or start anew with it."""
    coding = response.headers.get("Content-Encoding", "identity")
    if response.status_code != (206 if stored else 200) and response.status_code != 200:
        raise FetchError(f"{response.url} answers {response.status_code}; 200 was expected.")
    if coding != "identity":
        raise FetchError(f"{response.url} comes coded as {coding}; the bare file was expected.")
    if response.status_code == 200:
        stored = 0
        part.begin(_version(response))
    total, size = _total(response), stored
    _require_size(response.url, total or 0, largest)
    with part.path.open("ab") as sink, _bar(stored, total) as bar:
        for chunk in response.iter_content(CHUNK):
            size += len(chunk)
            _require_size(response.url, size, min(largest, total or largest))
            sink.write(chunk)
            bar.update(len(chunk))
    if total is not None and size < total:
        raise requests.ConnectionError(f"{size} of {total} bytes came")


def _total(response: requests.Response) -> int | None:
    """Bytes of the whole file, where the server tells."""
    partial = response.status_code == 206
    header = response.headers.get("Content-Range" if partial else "Content-Length", "")
    number = header.rpartition("/")[2]
    return int(number) if number.isdigit() else None


def _version(response: requests.Response) -> str:
    """What names this version for If-Range: a strong ETag, else the date of the last change."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _bar(start: int, total: int | None) -> tqdm:
    return tqdm(total=total, initial=start, unit="B", unit_scale=True, leave=False)


def _require_size(url: str, size: int, largest: int) -> None:
    if size > largest:
        raise _NotTheFile(f"{url} has {size} bytes or more; {largest} at most were expected.")


@contextmanager
def _sentences(url: str, part: _Part) -> Iterator[None]:
    """Turn what the network or the disk says into a FetchError that tells how to go on."""
    try:
        yield
    except FetchError:
        raise
    except requests.RequestException as error:
        raise FetchError(
            f"{url} could not be downloaded ({type(error).__name__}: {error}). {_way_on(part)} "
            "Without a network, get the data elsewhere and set COURSEKIT_DATA to its folder."
        ) from None
    except OSError as error:
        full = "; the disk is full, make room" if error.errno == errno.ENOSPC else ""
        raise FetchError(
            f"{part.path} could not be written ({error}){full}. {_way_on(part)}"
        ) from None


def _way_on(part: _Part) -> str:
    if size := part.size():
        return f"The first {size} bytes are kept in {part.path.name}: the same call goes on there."
    return "Nothing of it is kept; the same call starts anew."
