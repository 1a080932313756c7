"""The loaders of CREMA-D, AVE and UCF101 on tiny folders of their layouts."""

import pickle
import shutil
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
import torch
from research_folders import (
    AVE_ROWS,
    COLOURS,
    edited,
    make_ave,
    make_cremad,
    make_ucf101,
    write_jpg,
    write_published,
    write_video,
    write_wav,
)
from test_research_decode import band_width, loudest_hz

from coursekit.data.files import DataFileError, extra_folder
from coursekit.data.research import SOURCES, Scale, Sound, check, open_data, report, scale_of
from coursekit.data.research import ave as ave_module
from coursekit.data.research.ave import seconds_of
from coursekit.data.research.cremad import EMOTIONS, fold_of, middle
from coursekit.data.research.folder_layout import plain

TINY = Sound(rate=8000, seconds=1.0, mels=20, window=256, step=80)
SMALL = {"size": 16, "sound": TINY}
SPLITS = ("train", "valid", "test")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A good folder of each data set; tests that spoil one copy it."""
    root = tmp_path_factory.mktemp("sets")
    make_cremad(root / "cremad")
    make_ave(root / "ave")
    make_ucf101(root / "ucf101")
    return root


@pytest.fixture
def copied(made, tmp_path):
    """A copy of one data set's folder, to be spoilt."""

    def copy(name):
        return shutil.copytree(made / name, tmp_path / name)

    return copy


def quiet(name, root, **options):
    """Open, and fail at any warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return open_data(name, root, **(SMALL | options))


def colour_of(frame):
    """The name of the nearest colour of a frame's lower half, (3, H, W) between 0 and 1."""
    mean = frame[:, frame.shape[1] // 2 :].reshape(3, -1).mean(1) * 255
    return min(COLOURS, key=lambda name: (mean - torch.tensor(COLOURS[name])).abs().max())


def disjoint(data):
    groups = [set(data.split(s).group.tolist()) for s in SPLITS]
    return not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])


# All of them


@pytest.mark.parametrize("name", ["cremad", "ave", "ucf101"])
def test_workers_and_the_cache_give_the_same_tensors(made, tmp_path, name):
    plain_data = quiet(name, made / name)
    whole = torch.arange(len(plain_data.train))
    parts = [whole[:2], whole[2:]]
    want = list(plain_data.train.batches(parts))
    options = ({"workers": 2}, {"workers": 2, "cache": tmp_path}, {"cache": tmp_path})
    for chosen in options:
        batches = list(quiet(name, made / name, **chosen).train.batches(parts))
        for one, other in zip(want, batches, strict=True):
            assert list(one) == list(other) == ["audio", "video"]
            assert all(one[m].dtype == torch.float32 for m in one)
            assert all(torch.equal(one[m], other[m]) for m in one)
    assert list(tmp_path.rglob("*.npy"))


@pytest.mark.parametrize("name", ["cremad", "ave", "ucf101"])
def test_data_sets_can_be_handed_to_another_process(made, tmp_path, name):
    data = quiet(name, made / name, cache=tmp_path)
    twin = pickle.loads(pickle.dumps(data.read))
    for m, x in data.read(0).items():
        assert torch.equal(twin(0)[m], x)


def _as_arrays(read_and_row):
    read, row = read_and_row
    return {m: x.numpy() for m, x in read(row).items()}


def test_a_process_that_was_started_anew_reads_the_same(made):
    """As worker processes are on macOS and Windows; with one thread where this one has more."""
    reads = [quiet(name, made / name).read for name in ("cremad", "ave", "ucf101")]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        arrays = list(pool.map(_as_arrays, [(read, 0) for read in reads]))
    for read, there in zip(reads, arrays, strict=True):
        for m, x in read(0).items():
            np.testing.assert_array_equal(there[m], x.numpy())


@pytest.mark.parametrize("name", ["cremad", "ucf101"])
def test_the_scale_of_training_rows_standardises_them(made, name):
    data = quiet(name, made / name)
    scale = scale_of(data.train)
    again = quiet(name, made / name, scale=scale).train
    whole = next(again.batches([torch.arange(len(again))]))
    sound, video = whole["audio"].double(), whole["video"].double()
    assert sound.mean() == pytest.approx(0, abs=1e-5)
    assert sound.std(correction=0) == pytest.approx(1, abs=1e-5)
    colours = video.movedim(2, 0).flatten(1)
    torch.testing.assert_close(colours.mean(1), torch.zeros(3).double(), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        colours.std(1, correction=0), torch.ones(3).double(), atol=1e-4, rtol=0
    )
    assert scale_of(data.train, limit=1) != scale
    with pytest.raises(ValueError, match="limit is 0"):
        scale_of(data.train, limit=0)


@pytest.mark.parametrize("name", ["cremad", "ave", "ucf101"])
def test_shapes_scale_and_the_report(made, name):
    frames = 3 if name == "cremad" else 4
    data, scaled = quiet(name, made / name), quiet(name, made / name, scale=SCALE)
    example = data.example()
    assert example["audio"].shape == (1, 1, 20, 101)
    assert example["video"].shape == (1, frames, 3, 16, 16)
    other = scaled.example()
    torch.testing.assert_close(other["audio"], (example["audio"] + 5) / 2)
    torch.testing.assert_close(other["video"][:, :, 1], (example["video"][:, :, 1] - 0.5) / 0.25)
    table = report(data)
    assert table.index.tolist() == ["train", "valid", "test", "left out"]
    for split in SPLITS:
        own = data.split(split)
        counts = pd.Series(own.labels.numpy()).value_counts()
        assert table.loc[split, "rows"] == len(own)
        assert table.loc[split, "groups"] == len(set(own.group.tolist()))
        assert table.loc[split, "classes"] == len(counts)
        assert table.loc[split, "most"] == counts.max()
    assert table.loc["left out", "rows"] == len(data.missing)
    assert check(data, limit=2).empty


SCALE = Scale(audio=(-5.0, 2.0), video=((0.5, 0.5, 0.5), (0.25, 0.25, 0.25)))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda r: open_data("crema", r), "name is 'crema'.*Did you mean 'cremad'"),
        (lambda r: open_data("cremad", r, folds=1), "an option of cremad is 'folds'.*'fold'"),
        (lambda r: open_data("multibench", r, cache="x"), "an option of multibench is 'cache'"),
        (lambda r: open_data("fsdd", r, sed=1), "an option of fsdd is 'sed'.*'seed'"),
        (lambda r: open_data("fsdd", r, speech="synth"), "an option of fsdd is 'speech'"),
        (lambda r: open_data("cremad", r, split="publishd"), "split is 'publishd'.*'published'"),
        (lambda r: open_data("cremad", r, fold=5), "fold is 5"),
        (lambda r: open_data("cremad", r, fold=1, split="published"), "fold is 1; the published"),
        (lambda r: open_data("cremad", r, frames=0), "frames is 0"),
        (lambda r: open_data("cremad", r, size=2.0), r"size is 2\.0"),
        (lambda r: open_data("cremad", r, workers=-1), "workers is -1"),
        (lambda r: open_data("ave", r, split="actors"), "split is 'actors'"),
        (lambda r: open_data("ave", r, fps=0), "fps is 0"),
        (lambda r: open_data("ucf101", r, fold=0), "fold is 0"),
    ],
)
def test_wrong_options_are_named(made, call, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        call(made / "cremad")


@pytest.mark.parametrize("name", SOURCES)
def test_a_root_that_is_no_folder_is_named(tmp_path, name):
    options = {"unpickle": "restricted"} if name == "multibench" else {}
    with pytest.raises(DataFileError, match="nowhere"):
        open_data(name, tmp_path / "nowhere", **options)


@pytest.mark.parametrize(
    "name", ["..", "../a", "a/b", "a\\b", "/a", ".a", "", "a..b", "-/a", "C:a", "a\n", "a\0"]
)
def test_names_that_could_lead_out_are_refused(name):
    with pytest.raises(DataFileError, match="no plain name"):
        plain(name, "here")


@pytest.mark.parametrize("name", ["-aB_9", "--x", "YoYo", "a-b", "_a"])
def test_plain_names_pass(name):
    assert plain(name, "here") == name


# CREMA-D


def test_cremad_rows_are_its_files(made):
    data = quiet("cremad", made / "cremad")
    assert data.classes == EMOTIONS == ("NEU", "HAP", "SAD", "FEA", "DIS", "ANG")
    assert len(data.labels) == 10
    for row in range(10):
        sample = data.read(row)
        loud = loudest_hz(sample["audio"][0].numpy(), TINY)
        want = {0: 500.0, 5: 1000.0}[int(data.labels[row])]
        assert abs(loud - want) <= band_width(want, TINY)
        assert [colour_of(f) for f in sample["video"]] == ["red", "green", "blue"]


def test_cremad_defaults_are_those_of_the_literature(made):
    example = open_data("cremad", made / "cremad").example()
    assert example["audio"].shape == (1, 1, 64, 188)  # 3 s at 22 050 Hz by steps of 353
    assert example["video"].shape == (1, 3, 3, 224, 224)


def test_cremad_folds_test_every_actor_once(made):
    tested = []
    for fold in range(5):
        data = quiet("cremad", made / "cremad", fold=fold)
        assert disjoint(data)
        assert sum(len(data.split(s)) for s in SPLITS) == 10
        tested += data.test.group.unique().tolist()
    assert sorted(tested) == list(range(5))


def test_91_actors_are_dealt_out_evenly():
    actors = [f"{i}" for i in range(1001, 1092) for _ in range(3)]
    for fold in range(5):
        splits = pd.Series(fold_of(actors, fold)).value_counts()
        assert splits["test"] in (18 * 3, 19 * 3)
        assert splits["valid"] in (18 * 3, 19 * 3)


def test_too_few_actors_for_folds(tmp_path):
    with pytest.raises(DataFileError, match="root holds 4 actors; 5 or more"):
        open_data("cremad", make_cremad(tmp_path, actors=4))


def test_the_middle_frames_and_the_last_one_again():
    assert middle(list("abcde"), 3) == list("bcd")
    assert middle(list("abcd"), 3) == list("abc")
    assert middle(list("ab"), 3) == list("abb")


def test_cremad_published_warns_and_cuts_valid_by_actors(copied):
    root = copied("cremad")
    neutral = [f"{a}_DFA_NEU_XX" for a in range(1001, 1006)]
    angry = [f"{a}_DFA_ANG_XX" for a in range(1001, 1005)]
    write_published(root, neutral, angry)
    with pytest.warns(UserWarning, match="4 actors stand in both train and test"):
        data = open_data("cremad", root, split="published", **SMALL)
    assert data.test.labels.tolist() == [5] * 4
    assert data.train.labels.tolist() == [0] * 4
    assert data.valid.labels.tolist() == [0]
    assert not set(data.train.group.tolist()) & set(data.valid.group.tolist())
    assert data.missing == ("1005_DFA_ANG_XX: in neither train.csv nor test.csv.",)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("../../1001_DFA_ANG_XX,ANG", r"train\.csv, line 2.*an ID such as"),
        ("1001_DFA_JOY_XX,JOY", r"train\.csv, line 2.*an ID such as"),
        ("1001_DFA_ANG_XX", "ID,EMO with"),
        ("1001_DFA_NEU_XX,NEU", "1001_DFA_NEU_XX is listed twice"),
        ("1001_DFA_SAD_XX,SAD", "1 of 3 samples lack files. 1001_DFA_SAD_XX: no wave file and no"),
    ],
)
def test_cremad_lists_that_are_wrong(copied, line, sentence):
    root = copied("cremad")
    write_published(root, ["1001_DFA_NEU_XX"], ["1002_DFA_NEU_XX"])
    edited(root / "train.csv", lambda text: text + f"{line}\r\n".encode())
    with pytest.raises(DataFileError, match=sentence):
        open_data("cremad", root, split="published")


def test_cremad_emotions_that_disagree_warn(copied):
    root = copied("cremad")
    names = [f"{a}_DFA_NEU_XX" for a in range(1001, 1006)]
    write_published(root, names[:3], names[3:])
    edited(root / "train.csv", lambda text: text.replace(b",NEU", b",SAD", 1))
    with pytest.warns(UserWarning, match="1 listed emotions are not those of the IDs"):
        data = open_data("cremad", root, split="published", **SMALL)
    assert data.train.labels.tolist() == [2, 0]


def test_cremad_missing_files_are_named_or_left_out(copied):
    root = copied("cremad")
    (root / "AudioWAV" / "1001_DFA_ANG_XX.wav").unlink()
    shutil.rmtree(root / "Image-01-FPS" / "1002_DFA_ANG_XX")
    (root / "Image-01-FPS" / "1003_DFA_ANG_XX" / "00002.jpg").unlink()
    for photo in (root / "Image-01-FPS" / "1004_DFA_ANG_XX").iterdir():
        photo.unlink()
    with pytest.raises(DataFileError, match="4 of 10 samples lack files") as refused:
        open_data("cremad", root)
    for name in ("1001", "1002", "1003"):
        assert f"{name}_DFA_ANG_XX" in str(refused.value)
    assert "1004_DFA_ANG_XX" not in str(refused.value)
    data = open_data("cremad", root, allow_missing=True, **SMALL)
    assert data.missing == (
        "1001_DFA_ANG_XX: no wave file.",
        "1002_DFA_ANG_XX: no folder of frames.",
        "1003_DFA_ANG_XX: no frame 00002.jpg.",
        "1004_DFA_ANG_XX: no frame.",
    )
    assert len(data.labels) == 6
    assert report(data).loc["left out", "rows"] == 4


def test_cremad_folders_that_are_not_there(copied, tmp_path):
    root = copied("cremad")
    with pytest.raises(DataFileError, match="Image-02-FPS is not there"):
        open_data("cremad", root, fps=2)
    (tmp_path / "empty" / "AudioWAV").mkdir(parents=True)
    (tmp_path / "empty" / "Image-01-FPS").mkdir()
    with pytest.raises(DataFileError, match="root holds no samples"):
        open_data("cremad", tmp_path / "empty")


def test_cremad_hidden_files_do_not_count_and_strange_ones_are_named(copied):
    root = copied("cremad")
    (root / "AudioWAV" / "._1001_DFA_ANG_XX.wav").write_bytes(b"")
    assert len(quiet("cremad", root).labels) == 10
    write_wav(root / "AudioWAV" / "notes.wav")
    write_jpg(root / "Image-01-FPS" / "notes" / "00001.jpg")
    with pytest.raises(DataFileError, match="'notes' came; an ID such as"):
        open_data("cremad", root)


@pytest.mark.parametrize("workers", [0, 2])
def test_cremad_unreadable_files_are_named_when_they_are_read(copied, workers):
    root = copied("cremad")
    edited(root / "AudioWAV" / "1003_DFA_ANG_XX.wav", lambda content: content[:100])
    edited(root / "Image-01-FPS" / "1004_DFA_NEU_XX" / "00002.jpg", lambda content: b"")
    data = open_data("cremad", root, workers=workers, **SMALL)
    whole = [torch.arange(len(data.train))]
    with pytest.raises(DataFileError, match=r"1003_DFA_ANG_XX\.wav|00002\.jpg"):
        list(data.train.batches(whole))
    bad = check(data)
    assert len(bad) == 2
    problems = " ".join(bad["problem"])
    assert "1003_DFA_ANG_XX.wav" in problems
    assert "00002.jpg" in problems
    assert set(bad.columns) == {"split", "row", "problem"}


def test_an_edited_recording_is_read_anew_from_the_cache(copied, tmp_path):
    root = copied("cremad")
    data = open_data("cremad", root, cache=tmp_path / "cache", **SMALL)
    before = data.read(0)
    write_wav(root / "AudioWAV" / "1001_DFA_ANG_XX.wav", 3000, 0.5)
    after = data.read(0)
    assert abs(loudest_hz(after["audio"][0].numpy(), TINY) - 3000) <= band_width(3000, TINY)
    assert torch.equal(before["video"], after["video"])


# AVE


def test_ave_reads_its_events(made):
    data = quiet("ave", made / "ave")
    assert data.classes == ("Church bell", "Race car, auto racing")
    assert len(data.train) == 3
    whole, second, _ = (data.read(int(row)) for row in data.train.rows)
    assert [colour_of(f) for f in whole["video"]] == ["red", "red", "green", "blue"]
    assert [colour_of(f) for f in second["video"]] == ["green"] * 4
    assert abs(loudest_hz(second["audio"][0].numpy(), TINY) - 1000) <= band_width(1000, TINY)
    assert data.train.group[0] == data.train.group[1] != data.train.group[2]
    assert data.train.labels.tolist() == [0, 0, 1]


def test_ave_is_disjoint_by_default_and_says_what_it_drops(made):
    data = quiet("ave", made / "ave")
    assert disjoint(data)
    assert data.missing == (
        "train: sharedvalid is also in valid; 2 of 5 rows are left out for this.",
        "train: sharedtests is also in test; 2 of 5 rows are left out for this.",
    )


def test_ave_published_keeps_all_and_warns(made):
    with pytest.warns(UserWarning) as warned:
        data = open_data("ave", made / "ave", split="published", **SMALL)
    messages = [str(w.message) for w in warned]
    assert any("1 videos stand in both train and valid" in s for s in messages)
    assert any("1 videos stand in both train and test" in s for s in messages)
    assert [len(data.split(s)) for s in SPLITS] == [5, 2, 1]
    assert data.missing == ()


def test_ave_moments_of_a_segment():
    assert seconds_of(0, 10, 4, 1) == (0, 2, 5, 7)
    assert seconds_of(3, 7, 4, 1) == (3, 4, 5, 6)
    assert seconds_of(3, 5, 4, 1) == (3, 3, 4, 4)
    assert seconds_of(1, 3, 4, 2) == (1, 1.5, 2, 2.5)
    assert seconds_of(0, 0.5, 2, 1) == (0, 0)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("Church bell&../aaaaaaaa&good&0&3", "no plain name"),
        ("Church bell&/etc/passwd&good&0&3", "no plain name"),
        ("Church bell&aaaaaaaaaaa&good&0", "Category&id&quality&start&end was expected"),
        ("Church bell&aaaaaaaaaaa&good&4&3", "0 ≤ start < end was expected"),
        ("Church bell&aaaaaaaaaaa&good&a&3", "seconds a&3 came"),
        ("Church bell&aaaaaaaaaaa&good&nan&inf", "seconds nan&inf came"),
        ("Doorbell&aaaaaaaaaaa&good&0&3", "'Doorbell' came; a category of Annotations.txt"),
    ],
)
def test_ave_lines_that_are_wrong(copied, line, sentence):
    root = copied("ave")
    edited(root / "trainSet.txt", lambda text: text + f"{line}\n".encode())
    with pytest.raises(DataFileError, match=r"trainSet\.txt, line 6.*" + sentence):
        open_data("ave", root)


def test_ave_missing_videos_are_named_or_left_out(copied):
    root = copied("ave")
    (root / "AVE" / "aaaaaaaaaaa.mp4").unlink()
    with pytest.raises(DataFileError, match=r"2 of 8 samples lack files\. train: aaaaaaaaaaa\.mp4"):
        open_data("ave", root)
    data = open_data("ave", root, allow_missing=True, **SMALL)
    assert data.missing[:2] == ("train: aaaaaaaaaaa.mp4 is not in AVE.",) * 2
    assert len(data.train) == 1
    assert len(data.missing) == 4


def test_ave_broken_videos_are_found(copied):
    root = copied("ave")
    edited(root / "AVE" / "ddddddddddd.mp4", lambda content: content[:200])
    bad = check(open_data("ave", root, **SMALL))
    assert len(bad) == 1
    assert "ddddddddddd.mp4" in bad["problem"][0]
    assert bad["split"][0] == "valid"


def test_ave_lists_without_lines_or_missing(copied):
    root = copied("ave")
    (root / "valSet.txt").write_text("\n")
    with pytest.raises(DataFileError, match=r"valSet\.txt has no lines"):
        open_data("ave", root)
    (root / "Annotations.txt").unlink()
    with pytest.raises(DataFileError, match=r"Annotations\.txt is missing"):
        open_data("ave", root)


def test_ave_rows_are_all_counted():
    """The helper's rows: five train, two validate, one tests; so says each test above."""
    assert {s: len(rows) for s, rows in AVE_ROWS.items()} == {"train": 5, "val": 2, "test": 1}
    assert ave_module.LISTS["valid"] == "valSet.txt"


# UCF101


def test_ucf101_keeps_the_classes_with_sound(made):
    data = quiet("ucf101", made / "ucf101")
    assert data.classes == ("Archery", "HandstandPushups")
    assert len(data.missing) == 5
    assert all("v_YoYo_g0" in s and s.endswith("has no sound.") for s in data.missing)
    assert [len(data.split(s)) for s in SPLITS] == [6, 2, 2]
    assert data.train.labels.tolist() == [0] * 3 + [1] * 3
    assert disjoint(data)
    video = data.read(0)["video"]
    assert [colour_of(f) for f in video] == ["red", "red", "blue", "blue"]
    assert abs(loudest_hz(data.read(0)["audio"][0].numpy(), TINY) - 1000) <= band_width(1000, TINY)


def test_ucf101_named_classes_in_their_order(made):
    data = quiet("ucf101", made / "ucf101", classes=("HandstandPushups", "Archery"))
    assert data.classes == ("HandstandPushups", "Archery")
    assert data.train.labels.tolist() == [1] * 3 + [0] * 3
    assert data.missing == ()
    with pytest.raises(DataFileError, match="classes names 'YoYo', of which no clip can be used"):
        open_data("ucf101", made / "ucf101", classes=("Archery", "YoYo"))
    with pytest.raises(ValueError, match=r"classes is 'Archry'.*Did you mean 'Archery'"):
        open_data("ucf101", made / "ucf101", classes=("Archry",))
    with pytest.raises(ValueError, match="names one twice"):
        open_data("ucf101", made / "ucf101", classes=("Archery", "Archery"))
    with pytest.raises(ValueError, match="classes is empty"):
        open_data("ucf101", made / "ucf101", classes=())


def test_ucf101_short_and_silent_clips_are_reported(copied):
    root = copied("ucf101")
    folder = root / "UCF-101" / "Archery"
    write_video(folder / "v_Archery_g04_c01.avi", ("red",), frames=3)
    write_video(folder / "v_Archery_g05_c01.avi", ("red",), tones=())
    data = open_data("ucf101", root, classes=("Archery", "HandstandPushups"), **SMALL)
    assert data.missing == (
        "v_Archery_g04_c01.avi has 3 frames; 4 or more were expected.",
        "v_Archery_g05_c01.avi has no sound.",
    )
    assert len(data.labels) == 8
    assert check(data).empty


@pytest.mark.parametrize(
    ("file", "line", "sentence"),
    [
        ("trainlist01.txt", "Archery/../v_Archery_g01_c02.avi 1", "_gGG_cCC.avi was expected"),
        ("trainlist01.txt", "Archery/v_YoYo_g01_c02.avi 1", "_gGG_cCC.avi was expected"),
        ("trainlist01.txt", "Archery/v_Archery_g02_c02.avi 3", "class number '1' was expected"),
        ("trainlist01.txt", "Archery/v_Archery_g02_c02.avi", "class number '1' was expected"),
        ("testlist01.txt", "Archery/v_Archery_g01_c02.avi 1", "class number '' was expected"),
        ("testlist01.txt", "Archery/v_Archery_g02_c01.avi", "is listed twice"),
        ("classInd.txt", "4 ../YoYo", "no plain name"),
        ("classInd.txt", "1 Bowling", "a new number and class were expected"),
        ("classInd.txt", "Bowling", "a new number and class were expected"),
    ],
)
def test_ucf101_lines_that_are_wrong(copied, file, line, sentence):
    root = copied("ucf101")
    edited(root / "ucfTrainTestlist" / file, lambda text: text + f"{line}\n".encode())
    with pytest.raises(DataFileError, match=sentence):
        open_data("ucf101", root)


def test_ucf101_groups_on_both_sides_warn(copied):
    root = copied("ucf101")
    write_video(root / "UCF-101" / "Archery" / "v_Archery_g03_c02.avi", ("red",))
    more = b"Archery/v_Archery_g03_c02.avi\n"
    edited(root / "ucfTrainTestlist" / "testlist01.txt", lambda text: text + more)
    with pytest.warns(UserWarning, match="1 groups stand in both valid and test"):
        open_data("ucf101", root, **SMALL)


def test_ucf101_missing_and_broken_clips(copied):
    root = copied("ucf101")
    clip = root / "UCF-101" / "Archery" / "v_Archery_g04_c01.avi"
    edited(clip, lambda content: b"no video")
    with pytest.raises(DataFileError, match=r"v_Archery_g04_c01\.avi cannot be read as a video"):
        open_data("ucf101", root)
    clip.unlink()
    with pytest.raises(DataFileError, match=r"1 of 15 samples lack files\. Archery/v_Archery_g04"):
        open_data("ucf101", root)
    data = open_data("ucf101", root, allow_missing=True, **SMALL)
    assert data.missing[0] == "Archery/v_Archery_g04_c01.avi is not in UCF-101."
    assert len(data.labels) == 9


def test_ucf101_folds_without_lists_are_named(made):
    with pytest.raises(DataFileError, match=r"trainlist03\.txt is missing"):
        open_data("ucf101", made / "ucf101", fold=3)


# The spoken digits


def test_fsdd_reads_the_folder_it_is_given(tmp_path):
    with pytest.raises(DataFileError, match="lacks 3000 of 3000 recordings"):
        open_data("fsdd", tmp_path)


def test_fsdd_is_av_digits_with_recordings():
    """The same tensors as `load_av_digits` finds by itself, where the recordings are at hand."""
    from coursekit.data import load

    extra = extra_folder()
    root = extra / "fsdd" / "recordings" if extra else None
    if root is None or not root.is_dir():
        pytest.skip("the recordings are not here")
    data, want = (
        open_data("fsdd", root, n=100, fold=2),
        load("av_digits", speech="fsdd", n=100, fold=2),
    )
    assert all(torch.equal(data.inputs[m], want.inputs[m]) for m in want.modalities)
    assert report(data)["rows"].tolist() == [100, 500, 1000]
    with pytest.raises(TypeError, match="data is a MultimodalData"):
        check(data)


def test_a_folder_needs_recorded_speech(tmp_path):
    from coursekit.data import load

    with pytest.raises(ValueError, match="a folder needs speech='fsdd'"):
        load("av_digits", folder=tmp_path)


def test_check_finds_numbers_that_are_not_finite(made):
    data = quiet("cremad", made / "cremad", scale=Scale(audio=(0.0, 1e-300)))
    assert torch.isinf(data.read(0)["audio"]).any()
    assert check(data, limit=1)["problem"].tolist() == ["audio contain NaN or infinite values"] * 3
    with pytest.raises(ValueError, match="limit is 0"):
        check(data, limit=0)


def test_a_root_that_is_no_path_is_named():
    with pytest.raises(TypeError, match="root is a int"):
        open_data("cremad", 7)
