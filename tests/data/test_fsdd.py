"""Real spoken digits: found, downloaded, verified; a small corpus made here stands in for them."""

import http.server
import io
import os
import stat
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import wavfile

from coursekit.data import download_archive, fsdd, load
from coursekit.data.download_archive import FetchError
from coursekit.data.files import DataFileError

TOP = "free-spoken-digit-dataset-x"


def wave_bytes(number, rate=8000):
    """A short sound, another one for every number."""
    time = np.arange(rate // 5) / rate
    sound = io.BytesIO()
    wavfile.write(sound, rate, (9000 * np.sin(2 * np.pi * (200 + 20 * number) * time)).astype("i2"))
    return sound.getvalue()


@pytest.fixture(scope="module")
def sounds():
    names = fsdd.Corpus(("ada", "bob"), 2, "").names()
    return {name: wave_bytes(i) for i, name in enumerate(names)}


def put(folder, sounds):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in sounds.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def corpus(sounds, tmp_path):
    plain = fsdd.Corpus(("ada", "bob"), 2, "")
    digest = fsdd.content_digest(put(tmp_path / "good", sounds), plain)
    return fsdd.Corpus(plain.speakers, plain.takes, digest)


def archive(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return packed.getvalue()


def recordings(sounds):
    return {
        f"{TOP}/README.md": b"read me",
        **{f"{TOP}/recordings/{n}": d for n, d in sounds.items()},
    }


@contextmanager
def server(body, status=200, location=None, promised=None):
    """A web server on the loopback address that answers everything with ``body``."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(promised or len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}/archive.zip"
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def fetched(url, folder, corpus):
    return fsdd.download(url, folder, corpus, allow_http=True, timeout=5)


def leftovers(folder):
    return [p for p in folder.rglob("*") if p.is_file()] if folder.exists() else []


# ---- download ------------------------------------------------------------------------------


def test_the_published_address_is_one_commit_over_https():
    assert fsdd.ARCHIVE_URL.startswith("https://") and fsdd.COMMIT in fsdd.ARCHIVE_URL
    assert len(fsdd.COMMIT) == 40
    assert len(fsdd.FSDD.names()) == 3000 and len(fsdd.FSDD.sha256) == 64


def test_download_brings_exactly_the_recordings(tmp_path, sounds, corpus):
    with server(archive(recordings(sounds))) as url:
        folder = fetched(url, tmp_path / "cache", corpus)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == sounds
    assert sorted(p.name for p in (tmp_path / "cache").iterdir()) == ["recordings"]
    # There already: nothing is asked of the (now closed) server.
    assert fetched(url, tmp_path / "cache", corpus) == folder


def test_download_completes_an_incomplete_copy(tmp_path, sounds, corpus):
    some = dict(list(sounds.items())[:5])
    put(tmp_path / "cache" / "recordings", some)
    with server(archive(recordings(sounds))) as url:
        folder = fetched(url, tmp_path / "cache", corpus)
    assert fsdd.verify(folder, corpus) == corpus.sha256


@pytest.mark.parametrize("change", ["damaged", "lacking"])
def test_an_archive_with_other_content_leaves_nothing_behind(tmp_path, sounds, corpus, change):
    other = dict(sounds)
    name = "3_ada_1.wav"
    if change == "damaged":
        other[name] = wave_bytes(99)
    else:
        del other[name]
    sentence = "not the published ones" if change == "damaged" else f"lacks 1 of 40.*{name}"
    with server(archive(recordings(other))) as url, pytest.raises(DataFileError, match=sentence):
        fetched(url, tmp_path / "cache", corpus)
    assert leftovers(tmp_path / "cache") == []


def test_a_truncated_archive_is_refused(tmp_path, sounds, corpus):
    whole = archive(recordings(sounds))
    with server(whole[: len(whole) // 2]) as url, pytest.raises(FetchError, match="cannot be read"):
        fetched(url, tmp_path / "cache", corpus)
    assert leftovers(tmp_path / "cache") == []


def test_a_broken_connection_is_reported(tmp_path, sounds, corpus):
    whole = archive(recordings(sounds))
    with (
        server(whole[:1000], promised=len(whole)) as url,
        pytest.raises(FetchError, match=r"could not be downloaded.*COURSEKIT_DATA"),
    ):
        fetched(url, tmp_path / "cache", corpus)
    assert leftovers(tmp_path / "cache") == []


def test_a_missing_page_and_a_closed_server_are_reported(tmp_path, corpus):
    with server(b"no", status=404) as url, pytest.raises(FetchError, match="404"):
        fetched(url, tmp_path / "cache", corpus)
    with pytest.raises(FetchError, match="could not be downloaded"):
        fetched(url, tmp_path / "cache", corpus)


def test_only_https_is_used_unless_allowed(tmp_path, corpus):
    with server(b"") as url, pytest.raises(FetchError, match="begins with https://"):
        fsdd.download(url, tmp_path / "cache", corpus)
    with pytest.raises(FetchError, match="begins with https://"):
        fsdd.download("file:///etc/hosts", tmp_path / "cache", corpus, allow_http=True)


def test_a_redirect_away_from_the_web_is_refused(tmp_path, corpus):
    with (
        server(b"", status=302, location="ftp://127.0.0.1/archive.zip") as url,
        pytest.raises(FetchError, match=r"'ftp://127.0.0.1/archive.zip'"),
    ):
        fetched(url, tmp_path / "cache", corpus)


# ---- unpacking -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["../3_ada_1.wav", f"{TOP}/../../3_ada_1.wav", "/3_ada_1.wav", "C:\\3_ada_1.wav", "..\\x"],
)
def test_members_that_point_outside_are_refused(tmp_path, name):
    (tmp_path / "a.zip").write_bytes(archive({name: b"x"}))
    with pytest.raises(FetchError, match="points outside"):
        download_archive.unpack_flat(tmp_path / "a.zip", tmp_path / "in" / "out", {"3_ada_1.wav"})
    assert [p.name for p in leftovers(tmp_path)] == ["a.zip"]


def test_two_members_of_one_name_and_huge_members_are_refused(tmp_path, monkeypatch):
    (tmp_path / "a.zip").write_bytes(archive({"a/x.wav": b"1", "b/x.wav": b"2"}))
    with pytest.raises(FetchError, match=r"two files named 'x.wav'"):
        download_archive.unpack_flat(tmp_path / "a.zip", tmp_path / "one", {"x.wav"})
    monkeypatch.setattr(download_archive, "LARGEST_MEMBER", 10)
    (tmp_path / "b.zip").write_bytes(archive({"x.wav": b"0" * 11}))
    with pytest.raises(FetchError, match="of 11 bytes"):
        download_archive.unpack_flat(tmp_path / "b.zip", tmp_path / "two", {"x.wav"})


def test_what_is_not_wanted_stays_packed_and_links_become_plain_files(tmp_path):
    link = zipfile.ZipInfo("a/x.wav")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(link, "/etc/hosts")
        file.writestr("a/run.sh", "echo")
    download_archive.unpack_flat(tmp_path / "a.zip", tmp_path / "out", {"x.wav"})
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["x.wav"]
    assert not (tmp_path / "out" / "x.wav").is_symlink()


def test_writing_is_all_or_nothing(tmp_path):
    path = tmp_path / "deep" / "file"
    download_archive.write_atomically(path, lambda file: file.write(b"old"))

    def fail(file):
        file.write(b"ne")
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        download_archive.write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


# ---- finding and verifying -----------------------------------------------------------------


def test_missing_recordings_are_counted_and_the_first_named(tmp_path, sounds, corpus):
    folder = put(tmp_path / "some", sounds)
    for name in ("0_ada_0.wav", "0_ada_1.wav", "5_bob_0.wav", "9_bob_1.wav"):
        (folder / name).unlink()
    with pytest.raises(DataFileError) as error:
        fsdd.load_words(folder, corpus, tmp_path)
    assert "lacks 4 of 40 recordings (0_ada_0.wav, 0_ada_1.wav, 5_bob_0.wav …)" in str(error.value)


def test_recordings_are_found_below_the_named_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(fsdd, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    with pytest.raises(DataFileError, match=r"not here \(looked in .*download\(\).*COURSEKIT_DATA"):
        fsdd.find_recordings()
    (tmp_path / "cache" / "fsdd" / "recordings").mkdir(parents=True)
    assert fsdd.find_recordings() == tmp_path / "cache" / "fsdd" / "recordings"
    (tmp_path / "recordings").mkdir()
    assert fsdd.find_recordings() == tmp_path / "recordings"
    (tmp_path / "fsdd" / "recordings").mkdir(parents=True)
    assert fsdd.find_recordings() == tmp_path / "fsdd" / "recordings"
    monkeypatch.delenv("COURSEKIT_DATA")
    assert fsdd.find_recordings() == tmp_path / "cache" / "fsdd" / "recordings"


def test_wrong_sounds_are_refused(tmp_path):
    (tmp_path / "a.wav").write_bytes(wave_bytes(1, rate=16000))
    with pytest.raises(DataFileError, match=r"16000 Hz.*8000 Hz, one channel"):
        fsdd.read_recording(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(b"RIFFnothing of the kind")
    with pytest.raises(DataFileError, match="cannot be read as a wave file"):
        fsdd.read_recording(tmp_path / "b.wav")


# ---- pictures and their cache --------------------------------------------------------------


def test_words_follow_their_names_and_the_cache_gives_the_same(tmp_path, corpus):
    folder, cache = tmp_path / "good", tmp_path / "cache"
    first = fsdd.load_words(folder, corpus, cache)
    assert first.words.shape == (40, 32, 32) and first.words.dtype == torch.float32
    assert torch.bincount(first.digit).tolist() == [4] * 10
    assert [first.speakers[i] for i in first.speaker[:4].tolist()] == ["ada", "ada", "bob", "bob"]
    (stored,) = cache.iterdir()
    again = fsdd.load_words(folder, corpus, cache)
    assert torch.equal(first.words, again.words) and torch.equal(first.seconds, again.seconds)

    stored.write_bytes(stored.read_bytes()[:500])
    repaired = fsdd.load_words(folder, corpus, cache)
    assert torch.equal(first.words, repaired.words)
    with np.load(stored) as arrays:
        assert arrays["words"].shape == (40, 32, 32)


def test_the_cache_is_used(tmp_path, corpus, monkeypatch):
    fsdd.load_words(tmp_path / "good", corpus, tmp_path / "cache")
    monkeypatch.setattr(fsdd, "word_picture", lambda *_: pytest.fail("decoded again"))
    fsdd.load_words(tmp_path / "good", corpus, tmp_path / "cache")


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path, corpus):
    (tmp_path / "file").write_bytes(b"")
    words = fsdd.load_words(tmp_path / "good", corpus, tmp_path / "file")
    assert len(words.words) == 40


# ---- the real recordings -------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """COURSEKIT_DATA set to a folder with the real recordings, and a cache of the tests' own."""
    named = os.environ.get("COURSEKIT_DATA")
    root = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    if not any((root / part).is_dir() for part in ("fsdd/recordings", "recordings")):
        pytest.skip(
            f"no Free Spoken Digit Dataset in {root}; COURSEKIT_DATA may name another folder"
        )
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSEKIT_DATA", str(root))
        patch.setattr(fsdd, "cache_folder", lambda: cache)
        yield root


def test_the_real_recordings_are_the_published_ones(real):
    words = fsdd.load_words()
    assert words.words.shape == (3000, 32, 32)
    assert torch.bincount(words.digit * 6 + words.speaker).tolist() == [50] * 60
    # resizing weighs cells with sums that are 1 only up to rounding
    assert words.words.min() > -80.001 and words.words.max() < 0.001
    assert 0.1 < words.seconds.median() < 1


@pytest.mark.parametrize("fold", range(6))
def test_real_speakers_do_not_straddle_the_splits(real, fold):
    data = load("av_digits", speech="fsdd", fold=fold, train_speakers=1)
    speakers = [set(s.group.tolist()) for s in (data.train, data.valid, data.test)]
    assert speakers[0] == {fold} and speakers[1] == {(fold + 1) % 6}
    assert speakers[2] == set(range(6)) - speakers[0] - speakers[1]
    assert "recorded" in data.name
    assert torch.bincount(data.test.labels).tolist() == [100] * 10


def test_real_pairs_are_the_same_every_time(real):
    options = {"speech": "fsdd", "train_speakers": 2, "image_noise": 3.0, "stretch": True}
    a, b = (load("av_digits", **options, fold=3, seed=5) for _ in range(2))
    assert all(torch.equal(a.inputs[m], b.inputs[m]) for m in a.modalities)
    assert torch.equal(a.labels, b.labels) and torch.equal(a.group, b.group)
    assert a.inputs["image"].shape == (2500, 1, 14, 14)
    assert a.inputs["audio"].shape == (2500, 1, 16, 16)
