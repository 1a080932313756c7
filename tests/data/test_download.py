"""Downloads that break, change, hang or lie: what is kept, what is refused, how it goes on."""

import errno
import http.server
import io
import os
import random
import re
import threading
import zipfile
from contextlib import contextmanager
from hashlib import sha256
from types import SimpleNamespace

import pytest

from coursekit.data import download, download_archive
from coursekit.data.download import FetchError, download_file

BODY, OTHER = (random.Random(i).randbytes(300_000) for i in range(2))
CUT = 200_000  # bytes after which the connection breaks
TAG = {"ETag": '"first"'}


# ---- a server that misbehaves on purpose -----------------------------------------------------


def whole(body=BODY, status=200, headers=TAG, promised=None):
    """All of ``body``, whatever was asked for; ``promised`` bytes are announced."""

    def act(handler):
        handler.send_response(status)
        length = {"Content-Length": str(len(body) if promised is None else promised)}
        for name, value in {**length, **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return act


def cut(headers=TAG):
    """A connection that breaks in the middle."""
    return whole(BODY[:CUT], headers=headers, promised=len(BODY))


def ranged(body=BODY, headers=TAG):
    """What the standard asks for: the rest if the version is the same, else everything."""

    def act(handler):
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        if asked and handler.headers.get("If-Range") in headers.values():
            rest(int(asked[1]), body, headers)(handler)
        else:
            whole(body, headers=headers)(handler)

    return act


def careless(body, headers):
    """The rest, though it is another version's."""

    def act(handler):
        rest(int(handler.headers["Range"].removeprefix("bytes=")[:-1]), body, headers)(handler)

    return act


def rest(start, body=BODY, headers=TAG, content_range=None):
    """206 with the bytes from ``start`` on; ``content_range`` is one that is not the right."""
    right = f"bytes {start}-{len(body) - 1}/{len(body)}"
    place = {"Content-Range": content_range or right}
    return whole(body[start:], 206, {**place, **headers})


@contextmanager
def server(*acts):
    """A server on the loopback address: its address, and the headers of each request so far.

    Each request gets the next of ``acts``; a request too many breaks the connection.
    """
    todo, asked = list(acts), []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(dict(self.headers))
            if todo:
                todo.pop(0)(self)

        def log_message(self, *_):
            pass

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, *_):  # the client hung up, as it should
            pass

    httpd = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}/file.bin", asked
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


@pytest.fixture
def get(tmp_path):
    """Download to one and the same place; what lies there is found by ``get.names()``."""

    def call(url, **how):
        download_file(url, tmp_path / "file.bin", allow_http=True, **{"timeout": 5, **how})

    call.path, call.part = tmp_path / "file.bin", tmp_path / "file.bin.part"
    call.names = lambda: sorted(p.name for p in tmp_path.iterdir())
    return call


KEPT = ["file.bin.part", "file.bin.part.version"]


# ---- downloads -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "mark"),
    [
        (TAG, '"first"'),
        ({"Last-Modified": "Mon, 05 Jan 2026 10:00:00 GMT"}, "Mon, 05 Jan 2026 10:00:00 GMT"),
        ({"ETag": 'W/"weak"', "Last-Modified": "Mon, 05 Jan 2026 10:00:00 GMT"}, "Mon, 05 Jan"),
    ],
)
def test_a_broken_download_goes_on_where_it_stopped(get, headers, mark):
    with server(cut(headers), ranged(headers=headers)) as (url, asked):
        with pytest.raises(FetchError, match=r"kept in file.bin.part: the same call goes on"):
            get(url)
        assert get.names() == KEPT
        came = get.part.read_bytes()
        assert BODY.startswith(came) and CUT - 2 * download.CHUNK < len(came) <= CUT
        get(url)
    assert get.path.read_bytes() == BODY and get.names() == ["file.bin"]
    assert "Range" not in asked[0] and asked[0]["Accept-Encoding"] == "identity"
    assert asked[1]["Range"] == f"bytes={len(came)}-" and asked[1]["If-Range"].startswith(mark)


def test_it_may_break_more_than_once(get):
    def second(handler):
        start = int(handler.headers["Range"][6:-1])
        middle = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
        part = BODY[start : start + 70_000]
        whole(part, 206, {"Content-Range": middle, **TAG}, len(BODY) - start)(handler)

    with server(cut(), second, ranged()) as (url, asked):
        sizes = []
        for _ in range(2):
            with pytest.raises(FetchError):
                get(url)
            sizes.append(get.part.stat().st_size)
        get(url)
    assert 0 < sizes[0] < sizes[1] and asked[2]["Range"] == f"bytes={sizes[1]}-"
    assert get.path.read_bytes() == BODY


@pytest.mark.parametrize(
    "answers",
    [
        [whole(OTHER, headers={})],  # knows no Range
        [ranged(OTHER, {"ETag": '"second"'})],  # another version now
        [whole(b"", 416, {}), whole(OTHER)],  # shorter now
        # And three that break the rules: the version not looked at, the wrong place, no place.
        [careless(OTHER, {"ETag": '"second"'}), whole(OTHER, headers={"ETag": '"second"'})],
        [rest(0, OTHER), whole(OTHER)],
        [rest(0, OTHER, content_range="all of it"), whole(OTHER)],
    ],
    ids=["no range", "new version", "416", "version ignored", "other place", "no place"],
)
def test_where_going_on_would_mix_two_files_it_starts_anew(get, answers):
    with server(cut(), *answers) as (url, asked):
        with pytest.raises(FetchError):
            get(url)
        get(url)
    assert get.path.read_bytes() == OTHER and get.names() == ["file.bin"]
    assert len(asked) == 1 + len(answers)
    assert "Range" in asked[1] and all("Range" not in a for a in asked[2:])


def test_without_a_mark_nothing_is_kept(get):
    with server(cut({}), whole(headers={})) as (url, asked):
        with pytest.raises(FetchError, match="Nothing of it is kept; the same call starts anew"):
            get(url)
        assert get.names() == []
        get(url)
    assert get.path.read_bytes() == BODY and "Range" not in asked[1]


def test_the_file_there_stays_until_the_new_one_is_whole(get):
    get.path.write_bytes(b"old")
    with server(cut(), ranged()) as (url, _):
        with pytest.raises(FetchError):
            get(url)
        assert get.path.read_bytes() == b"old"
        get(url)
    assert get.path.read_bytes() == BODY


def test_a_digest_is_checked_before_the_file_gets_its_name(get):
    with server(whole(), whole(OTHER), cut(), rest(0)) as (url, _):
        get(url, sha256=sha256(BODY).hexdigest().upper())
        get.path.unlink()
        with pytest.raises(FetchError, match=f"{sha256(BODY).hexdigest()} was expected"):
            get(url, sha256=sha256(BODY).hexdigest())
    assert get.names() == []


def test_other_bytes_under_the_same_mark_are_found_by_the_digest(get):
    with server(cut(), ranged(OTHER)) as (url, _):
        with pytest.raises(FetchError):
            get(url, sha256=sha256(BODY).hexdigest())
        with pytest.raises(FetchError, match="has the SHA-256"):
            get(url, sha256=sha256(BODY).hexdigest())
    assert get.names() == []


@pytest.mark.parametrize("begun", [False, True])
def test_a_server_that_hangs_is_left(get, begun):
    done = threading.Event()

    def hang(handler):
        if begun:
            cut()(handler)
            handler.wfile.flush()
        done.wait()  # until the other side has given up

    with server(hang) as (url, asked):
        with pytest.raises(FetchError, match=r"could not be downloaded \(.*[Tt]ime"):
            get(url, timeout=(5, 0.3))
        done.set()
    assert len(asked) == 1
    assert get.names() == (KEPT if begun else [])


def test_too_large_a_file_is_refused_by_what_is_said_and_by_what_comes(get):
    def endless(handler):
        handler.send_response(200)
        handler.send_header("ETag", '"endless"')
        handler.end_headers()  # no length: until the connection closes
        for _ in range(1000):
            handler.wfile.write(BODY)

    with server(whole(), endless) as (url, _):
        for _ in range(2):
            with pytest.raises(FetchError, match=r"bytes or more; 250000 at most"):
                get(url, largest=250_000)
            assert get.names() == []


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (whole(status=404), "404"),
        (whole(status=204, body=b""), "answers 204; 200 was expected"),
        (rest(0), "answers 206; 200 was expected"),
        (whole(headers={"Content-Encoding": "gzip"}), "comes coded as gzip"),
    ],
)
def test_what_is_not_the_file_is_no_file(get, act, words):
    with server(act) as (url, _), pytest.raises(FetchError, match=words):
        get(url)
    assert get.names() == []


def test_a_server_that_is_busy_is_asked_again_but_not_for_ever(get):
    busy = whole(b"", 503, {"Retry-After": "3600"})
    with server(busy, busy, whole(), *(busy,) * 3) as (url, asked):
        get(url)
        assert len(asked) == 3
        with pytest.raises(FetchError, match="503"):
            get(url)


class Stop:
    """In place of the progress bar: fails once ``after`` pieces have come."""

    def __init__(self, error, after):
        self.error, self.left = error, after

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def update(self, _):
        self.left -= 1
        if self.left == 0:
            raise self.error


@pytest.mark.parametrize(
    ("error", "caught", "words"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), FetchError, "disk is full, make room"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), FetchError, "could not be written"),
        (KeyboardInterrupt(), KeyboardInterrupt, None),
    ],
    ids=["full disk", "broken disk", "Ctrl-C"],
)
def test_what_came_before_the_disk_was_full_or_ctrl_c_is_kept(
    get, monkeypatch, error, caught, words
):
    with server(whole(), ranged()) as (url, asked):
        with monkeypatch.context() as patch:
            patch.setattr(download, "_bar", lambda *_: Stop(error, 2))
            with pytest.raises(caught, match=words):
                get(url)
        assert get.names() == KEPT
        get(url)
    assert asked[1]["Range"] == f"bytes={2 * download.CHUNK}-"
    assert get.path.read_bytes() == BODY


def test_no_answer_leads_from_https_to_http():
    (look,) = download._session(allow_http=False).hooks["response"]
    there, plain = "https://example.org/a", "http://example.org/b"
    with pytest.raises(FetchError, match="begins with https://"):
        look(SimpleNamespace(url=there, headers={"location": plain}))
    with pytest.raises(FetchError, match="begins with https://"):
        look(SimpleNamespace(url=plain, headers={}))
    look(SimpleNamespace(url=there, headers={"location": "/c"}))


# ---- archives --------------------------------------------------------------------------------


def archive():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("top/x.bin", BODY)
    return packed.getvalue()


def unpack(url, folder, check=lambda unpacked: None):
    download_archive.download_and_unpack(
        url, folder / "out", {"x.bin"}, check, allow_http=True, timeout=5
    )


def test_a_partial_archive_survives_a_failed_call(tmp_path):
    packed = archive()
    half = whole(packed[:CUT], headers=TAG, promised=len(packed))
    with server(half, ranged(packed)) as (url, asked):
        with pytest.raises(FetchError, match=r"kept in download-\w{16}\.zip\.part"):
            unpack(url, tmp_path)
        assert len(list(tmp_path.iterdir())) == 2  # the part and its mark
        unpack(url, tmp_path)
    assert (tmp_path / "out" / "x.bin").read_bytes() == BODY
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert int(asked[1]["Range"][6:-1]) > CUT - 2 * download.CHUNK


def test_another_address_does_not_go_on_with_this_one(tmp_path):
    with server(cut(), ranged(archive())) as (url, asked):
        with pytest.raises(FetchError):
            unpack(url, tmp_path)
        unpack(f"{url}?other", tmp_path)
    assert "Range" not in asked[1]


def test_a_whole_archive_is_kept_when_the_disk_is_full_and_removed_when_it_is_not_good(tmp_path):
    def full(unpacked):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def bad(unpacked):
        raise ValueError("not these")

    with server(whole(archive()), whole(archive())) as (url, asked):
        with pytest.raises(OSError, match="No space"):
            unpack(url, tmp_path, full)
        with pytest.raises(ValueError, match="not these"):
            unpack(url, tmp_path, bad)
        assert len(asked) == 1 and list(tmp_path.iterdir()) == []
        unpack(url, tmp_path)
    assert len(asked) == 2 and [p.name for p in tmp_path.iterdir()] == ["out"]
