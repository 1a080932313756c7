"""Folders as the published scripts and lists leave them, blemishes and system files and all."""

import pickle
import shutil
import warnings

import numpy as np
import pytest
from research_folders import (
    AVE_ROWS,
    edited,
    make_ave,
    make_cremad,
    make_ucf101,
    multibench_parts,
    write_jpg,
    write_wav,
)

from coursekit.data.files import DataFileError
from coursekit.data.research import Sound, open_data
from coursekit.data.research.cremad import frame_numbers, place_rate

TINY = Sound(rate=8000, seconds=1.0, mels=20, window=256, step=80)
SMALL = {"size": 16, "sound": TINY}
JUNK = ("._1001_DFA_ANG_XX", ".DS_Store", "Thumbs.db", "desktop.ini", "ehthumbs.db")


def frames_by_script(pictures, rate, kept):
    """The numbers that the script published with OGM-GE gives a video's frames: its own loop."""
    numbers, place = [], 0
    interval = int(rate / kept)
    for count in range(pictures):
        if count % rate == 0:
            place = 0
        if place < interval * kept and place % interval == 0:
            numbers.append(count)
        place += 1
    return numbers


def cremad(root, lengths, fps=1, rate=29, start=0, name="{:05d}.jpg"):
    """Clips of so many pictures, one per actor and emotion, framed by the script."""
    for i, pictures in enumerate(lengths):
        for emotion in ("NEU", "ANG"):
            clip = f"{1001 + i}_DFA_{emotion}_XX"
            write_wav(root / "AudioWAV" / f"{clip}.wav", 500, 0.2)
            for n in frames_by_script(pictures, rate, fps):
                folder = root / f"Image-{fps:02d}-FPS" / clip
                write_jpg(folder / name.format(n + start), "red", (16, 16))
    return root


def quiet(name, root, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return open_data(name, root, **options)


@pytest.mark.parametrize(("fps", "rate"), [(1, 29), (1, 30), (2, 29), (3, 29), (4, 25), (15, 29)])
def test_frames_numbered_by_their_place_are_read(tmp_path, fps, rate):
    root = cremad(tmp_path, [100, 60, 75, 88, 90], fps, rate)
    data = quiet("cremad", root, fps=fps, **SMALL)
    assert len(data.labels) == 10 and data.missing == ()
    for row, pictures in enumerate([100, 100, 60, 60]):
        want = frames_by_script(pictures, rate, fps)
        assert frame_numbers(pictures - 1, rate, fps) == want
        assert len(data.read.frames[row]) == 3
        assert {int(p.stem) for p in data.read.frames[row]} <= set(want)
    middle = frames_by_script(100, rate, fps)
    first = max(len(middle) - 3, 0) // 2
    assert [int(p.stem) for p in data.read.frames[0]] == middle[first : first + 3]


@pytest.mark.parametrize("lost", [0, 29, 58])
def test_a_frame_that_is_missing_there_is_named(tmp_path, lost):
    root = cremad(tmp_path, [100] * 5)
    (root / "Image-01-FPS" / "1003_DFA_ANG_XX" / f"{lost:05d}.jpg").unlink()
    with pytest.raises(DataFileError, match=f"1003_DFA_ANG_XX: no frame {lost:05d}.jpg"):
        open_data("cremad", root)


def test_a_video_of_another_rate_and_other_names_are_read(tmp_path):
    root = cremad(tmp_path, [100, 100, 100, 100])
    for n in (0, 15, 30, 45):
        write_jpg(root / "Image-01-FPS" / "1005_DFA_ANG_XX" / f"{n:05d}.jpg", "red", (16, 16))
    write_wav(root / "AudioWAV" / "1005_DFA_ANG_XX.wav", 500, 0.2)
    assert len(quiet("cremad", root, **SMALL).labels) == 9
    for start, name in ((1, "{:05d}.jpg"), (1, "frame_{:05d}.jpg"), (0, "frame_{:05d}.jpg")):
        shutil.rmtree(root)
        data = quiet("cremad", cremad(root, [100, 60, 75, 88, 90], start=start, name=name), **SMALL)
        assert data.missing == () and data.read(0)["video"].shape == (3, 3, 16, 16)


def test_rates_are_told_from_numbers():
    assert place_rate([[0, 29, 58], [0, 29]], 1) == 29
    assert place_rate([[1, 2, 3], [1, 3]], 1) == 0
    assert place_rate([[0], [0]], 1) == 0
    assert place_rate([list(range(9))], 3) == 0


def test_a_recording_without_samples_is_left_out_and_named(tmp_path):
    root = make_cremad(tmp_path)
    wave = root / "AudioWAV" / "1003_DFA_ANG_XX.wav"
    edited(wave, lambda content: content[:40] + b"\0\0\0\0")
    with pytest.warns(UserWarning, match=r"1 wave files have no samples: 1003_DFA_ANG_XX\.$"):
        data = open_data("cremad", root, **SMALL)
    assert len(data.labels) == 9
    assert data.missing == ("1003_DFA_ANG_XX: its wave file has no samples.",)


@pytest.mark.parametrize("name", ["cremad", "ave", "ucf101", "multibench"])
def test_files_that_systems_leave_are_no_samples(tmp_path, name):
    make = {"cremad": make_cremad, "ave": make_ave, "ucf101": make_ucf101}
    options = SMALL
    if name == "multibench":
        (tmp_path / "mosi.pkl").write_bytes(pickle.dumps(multibench_parts()))
        options = {"unpickle": "restricted"}
    else:
        make[name](tmp_path)
    before = quiet(name, tmp_path, **options)
    for folder in [tmp_path, *(p for p in tmp_path.rglob("*") if p.is_dir())]:
        for junk in JUNK:
            (folder / junk).write_bytes(b"no data")
        for file in [p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")]:
            (folder / f"._{file.name}").write_bytes(b"no data")
    (tmp_path / "__MACOSX").mkdir()
    after = quiet(name, tmp_path, **options)
    assert after.labels.tolist() == before.labels.tolist()
    assert after.missing == before.missing


def test_other_files_beside_clips_are_named(tmp_path):
    root = make_cremad(tmp_path)
    for name in ("notes.txt", "stat.csv"):
        (root / "Image-01-FPS" / name).write_text("x")
    with pytest.warns(UserWarning, match=r"Left out: 2 files in Image-01-FPS.*: notes\.txt, stat"):
        assert len(open_data("cremad", root, **SMALL).labels) == 10


@pytest.mark.parametrize("seconds", ["0&0", "7&7"])
def test_an_event_of_no_length_is_left_out_and_named(tmp_path, seconds):
    rows = {**AVE_ROWS, "train": [*AVE_ROWS["train"], f"Church bell&VWi2ENBuTbw&good&{seconds}"]}
    root = make_ave(tmp_path, rows)
    (root / "AVE" / "VWi2ENBuTbw.mp4").unlink()  # nobody needs it
    with pytest.warns(UserWarning, match="Left out: 1 events have no length: VWi2ENBuTbw"):
        data = open_data("ave", root, **SMALL)
    assert [len(data.split(s)) for s in ("train", "valid", "test")] == [3, 2, 1]
    assert "train: VWi2ENBuTbw has an event of no length." in data.missing


def test_annotations_may_lack_their_header(tmp_path):
    root = make_ave(tmp_path)
    want = quiet("ave", root, **SMALL)
    edited(root / "Annotations.txt", lambda text: text.partition(b"\n")[2])
    edited(root / "trainSet.txt", lambda text: b"Category&VideoID&Quality&Start&End\r\n" + text)
    got = quiet("ave", root, **SMALL)
    assert got.classes == want.classes and got.labels.tolist() == want.labels.tolist()
    kept = [b"Church bell&aaaaaaaaaaa&good&0&3\n", b"Race car, auto racing&b&good&0&3\n"]
    edited(root / "Annotations.txt", lambda text: b"".join(kept))
    assert quiet("ave", root, **SMALL).classes == want.classes  # the first line counts


def test_scores_of_any_type_and_shape_are_read(tmp_path):
    parts = multibench_parts()
    for part in parts.values():
        part["labels"] = part["labels"].reshape(-1).astype(np.float32)
        part["id"] = part["id"].astype("S")
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(parts))
    assert quiet("multibench", tmp_path, unpickle="restricted").num_classes == 2
