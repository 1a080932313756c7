"""The cache of decoded files: right after every edit, after damage, and from several processes."""

import os
import pickle
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import pytest

from coursekit.data.files import DataFileError
from coursekit.data.research import cache
from coursekit.data.research.cache import Cached, cache_at


@dataclass(frozen=True)
class Times:
    """A decoding: the file's bytes times a factor; every call leaves a line in ``log``."""

    factor: int
    log: str = ""

    def __call__(self, path):
        if self.log:
            with open(self.log, "a") as log:
                log.write("x")
        return np.frombuffer(path.read_bytes(), np.uint8).astype(np.float32) * self.factor


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.bin"
    path.write_bytes(b"abc")
    return path


@pytest.fixture
def calls(tmp_path):
    """A log, and how often it was written to."""
    log = tmp_path / "log"
    return str(log), lambda: len(log.read_text()) if log.exists() else 0


def arrays(folder):
    return sorted((folder / "arrays").rglob("*.npy"))


def test_the_second_reading_decodes_nothing(tmp_path, source, calls):
    log, count = calls
    read = Cached(Times(2, log), tmp_path / "cache")
    first, second = read(source), read(source)
    assert count() == 1
    np.testing.assert_array_equal(first, [194, 196, 198])
    np.testing.assert_array_equal(second, first)
    assert second.dtype == first.dtype


def test_without_a_folder_every_reading_decodes(source, calls):
    log, count = calls
    read = Cached(Times(2, log), None)
    read(source), read(source)
    assert count() == 2
    with pytest.raises(ValueError, match="folder is None"):
        read.entry(source)


@pytest.mark.parametrize("settled", [0, cache.SETTLED])
def test_an_edited_file_gives_a_new_entry(tmp_path, source, monkeypatch, settled):
    """Also one of the same length with its time set back, noted before or just written."""
    monkeypatch.setattr(cache, "SETTLED", settled)
    read, before = Cached(Times(1), tmp_path / "cache"), os.stat(source)
    assert read(source).tolist() == [97, 98, 99]
    time.sleep(0.02)  # more than a file system's clock may lag
    source.write_bytes(b"xyz")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert read(source).tolist() == [120, 121, 122]
    assert len(arrays(tmp_path / "cache")) == 2


def test_what_changed_a_moment_ago_is_not_noted(tmp_path, source, monkeypatch):
    read = Cached(Times(1), tmp_path / "cache")
    read(source)
    assert not (tmp_path / "cache" / "digests").exists()
    monkeypatch.setattr(cache, "SETTLED", 0)
    read(source)
    notes = [p for p in (tmp_path / "cache" / "digests").rglob("*") if p.is_file()]
    assert len(notes) == 1


def test_a_noted_file_is_not_hashed_again(tmp_path, source, monkeypatch):
    monkeypatch.setattr(cache, "SETTLED", 0)
    read = Cached(Times(1), tmp_path / "cache")
    read(source)

    def refuse(path):
        raise AssertionError("hashed again")

    monkeypatch.setattr(cache, "sha256_of", refuse)
    assert read(source).tolist() == [97, 98, 99]
    for note in (tmp_path / "cache" / "digests").rglob("*"):
        if note.is_file():
            note.write_text("short")  # a damaged note is no note
    with pytest.raises(AssertionError, match="hashed again"):
        read(source)


def test_other_parameters_and_versions_are_other_entries(tmp_path, source, monkeypatch):
    folder = tmp_path / "cache"
    assert Cached(Times(1), folder)(source).tolist() == [97, 98, 99]
    assert Cached(Times(3), folder)(source).tolist() == [291, 294, 297]
    assert len(arrays(folder)) == 2
    monkeypatch.setattr(cache, "VERSION", cache.VERSION + 1)
    Cached(Times(1), folder)(source)
    assert len(arrays(folder)) == 3


def test_copies_of_a_file_share_an_entry(tmp_path, source):
    read = Cached(Times(1), tmp_path / "cache")
    twin = tmp_path / "twin.bin"
    twin.write_bytes(source.read_bytes())
    assert read.entry(source) == read.entry(twin)


@pytest.mark.parametrize("damage", [b"", b"x", "cut", "flip"])
def test_a_damaged_entry_is_made_anew(tmp_path, source, calls, damage):
    log, count = calls
    read = Cached(Times(1, log), tmp_path / "cache")
    read(source)
    entry = read.entry(source)
    good = entry.read_bytes()
    flipped = bytearray(good)
    flipped[-40] ^= 1  # a bit of the last number
    spoilt = {"cut": good[:-5], "flip": bytes(flipped)}.get(damage, damage)
    entry.write_bytes(spoilt)
    assert read(source).tolist() == [97, 98, 99]
    assert count() == 2
    assert entry.read_bytes() == good


def test_an_entry_is_a_plain_npy_file(tmp_path, source):
    read = Cached(Times(1), tmp_path / "cache")
    read(source)
    assert np.load(read.entry(source), allow_pickle=False).tolist() == [97, 98, 99]


def test_arrays_of_objects_are_never_stored(tmp_path, source):
    with pytest.raises(ValueError, match="Object arrays"):
        Cached(_objects, tmp_path / "cache")(source)


def _objects(path):
    return np.array([object()])


def _edit_while_decoding(path):
    content = path.read_bytes()
    path.write_bytes(b"later")
    return np.frombuffer(content, np.uint8)


def test_what_is_edited_while_it_is_decoded_is_not_stored(tmp_path, source):
    assert Cached(_edit_while_decoding, tmp_path / "cache")(source).tolist() == [97, 98, 99]
    assert arrays(tmp_path / "cache") == []


def test_a_folder_that_cannot_be_written_warns_and_reads_all_the_same(tmp_path, source):
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "arrays").write_text("a file where a folder should be")
    with pytest.warns(UserWarning, match=r"cache: .* cannot be written"):
        assert Cached(Times(1), folder)(source).tolist() == [97, 98, 99]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataFileError, match=r"gone\.bin cannot be read"):
        Cached(Times(1), tmp_path / "cache")(tmp_path / "gone.bin")


def test_the_folder_is_made_or_refused(tmp_path):
    assert cache_at(None) is None
    assert cache_at(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFileError, match="cannot be made a folder"):
        cache_at(tmp_path / "file")


def _total(read_and_path):
    read, path = read_and_path
    return sum(read(path).sum() for _ in range(30))


def test_several_processes_may_write_at_once(tmp_path, source):
    source.write_bytes(b"a" * 100_000)
    read = Cached(Times(1), tmp_path / "cache")
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        totals = list(pool.map(_total, [(read, source)] * 6))
    assert totals == [30 * 97 * 100_000] * 6
    others = [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and p.suffix != ".npy"]
    assert [p for p in others if "digests" not in p.parts] == []
    assert len(arrays(tmp_path / "cache")) == 1


def test_a_cache_can_be_handed_to_another_process(tmp_path):
    read = Cached(Times(1), tmp_path)
    assert pickle.loads(pickle.dumps(read)) == read
