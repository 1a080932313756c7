"""Tux Paint's stamps, on a folder of the same layout that the tests make."""

import warnings

import numpy as np
import pytest
import torch
from PIL import Image

from coursekit.data import load
from coursekit.data.files import DataFileError
from coursekit.data.tux_paint import (
    captions_of,
    families_of,
    find_stamps,
    load_tux_paint,
    read_picture,
    splits_of,
)

KINDS = ("animals", "plants")


def write_stamp(folder, name, english, color=(200, 0, 0), suffix=".png", **others):
    folder.mkdir(parents=True, exist_ok=True)
    if suffix == ".png":
        Image.new("RGBA", (40, 20), (*color, 255)).save(folder / f"{name}.png")
    else:
        (folder / f"{name}.svg").write_text("<svg/>")
    lines = [english, *(f"{language}.utf8={text}" for language, text in others.items())]
    (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_speech(path, seconds=0.6):
    """A tone that fades in and out, in an Ogg file."""
    av = pytest.importorskip("av")
    n = int(seconds * 48000)
    wave = (0.5 * np.sin(np.arange(n) * 0.07) * np.hanning(n)).astype(np.float32)
    with av.open(str(path), "w", format="ogg") as out:
        stream = out.add_stream("libopus", rate=48000, layout="mono")
        whole = (wave * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole[None], format="s16", layout="mono")
        frame.rate = 48000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)


@pytest.fixture
def root(tmp_path):
    """Forty stamps in German too, one of them twice, and what is to be left out."""
    stamps = tmp_path / "stamps"
    for i in range(40):
        write_stamp(stamps / KINDS[i % 2], f"s{i:02}", f"A thing number{i}.", de=f"Ein Ding {i}.")
    write_stamp(stamps / "plants" / "flowers", "daisy", "A flower.", de="Eine Blume.")
    write_stamp(stamps / "plants" / "flowers", "rose", "A flower.", de="Eine Rose.")
    write_stamp(stamps / "plants", "rose2", "Another rose.", de="Eine Rose.")
    write_stamp(stamps / "symbols" / "letters", "a", "The letter A.", de="Der Buchstabe A.")
    return stamps


def quiet(root, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load("tux_paint", root=root, **options)


def test_pictures_and_captions_are_pairs(root):
    data = quiet(root, language="de", size=16)
    assert data.modalities == ("picture", "text") and data.classes == KINDS
    assert len(data.labels) == 43  # no letter is among them
    picture = data.inputs["picture"]
    assert picture.shape == (43, 3, 16, 16) and picture.dtype == torch.float32
    assert picture[:, :, 0].abs().max() == 0  # 40 × 20 leaves white ground above
    assert picture[0, :, 8, 8].tolist() == pytest.approx([1 - 200 / 255, 1, 1])
    length = data.inputs["text"].norm(dim=1)
    assert torch.all((length - 1).abs().lt(1e-5) | (length == 0))


def test_a_language_changes_captions_and_no_split(root):
    german, english = quiet(root, language="de"), quiet(root)
    assert not torch.equal(german.inputs["text"][:, :10], english.inputs["text"][:, :10])
    twice = ("daisy", "rose", "rose2")
    apart = [i for i, s in enumerate(find_stamps(root)[0]) if s.picture.stem not in twice]
    for name in ("train", "valid", "test"):
        one, other = (set(d.splits[name].tolist()) & set(apart) for d in (german, english))
        assert one == other and one


@pytest.mark.parametrize("language", ["en", "de"])
def test_equal_captions_lie_in_one_split_in_either_language(root, language):
    stamps, _ = find_stamps(root, language)
    families = families_of(stamps)
    by_name = {s.picture.stem: f for s, f in zip(stamps, families, strict=True)}
    assert by_name["daisy"] == by_name["rose"]
    assert (by_name["rose"] == by_name["rose2"]) == (language == "de")
    assert len(set(families)) == len(stamps) - (2 if language == "de" else 1)
    splits = splits_of(stamps, families)
    assert sum(map(len, splits.values())) == len(stamps)
    for family in set(families):
        rows = set(np.flatnonzero(families == family).tolist())
        assert sum(bool(rows & set(part.tolist())) for part in splits.values()) == 1


def test_what_is_left_out_is_counted(root):
    write_stamp(root / "animals", "drawn", "A drawing.", suffix=".svg")
    write_stamp(root / "animals", "only", "English only.")
    with pytest.warns(UserWarning, match="1 drawings that are SVG only.*; 1 pictures without a"):
        data = load_tux_paint(root, "de")
    assert len(data.labels) == 43
    with pytest.warns(UserWarning, match="Left out: 1 drawings that are SVG only[^;]*$"):
        assert len(load_tux_paint(str(root)).labels) == 44


def test_spoken_captions_are_a_third_modality(root):
    stamps, _ = find_stamps(root, "de")
    for stamp in stamps[:20]:
        write_speech(stamp.picture.with_name(f"{stamp.picture.stem}_desc_de.ogg"))
    with pytest.warns(UserWarning, match="23 pictures whose caption in 'de' is not spoken"):
        data = load("tux_paint", root=root, language="de", speech=True)
    assert data.modalities == ("picture", "text", "audio")
    audio = data.inputs["audio"]
    assert audio.shape == (20, 1, 32, 32) and bool(audio.isfinite().all())
    assert audio.std() == pytest.approx(1, abs=0.3)


def test_a_recording_that_cannot_be_decoded_is_named(root):
    pytest.importorskip("av")
    for stamp in find_stamps(root, "de")[0]:
        stamp.picture.with_name(f"{stamp.picture.stem}_desc_de.ogg").write_bytes(b"no sound")
    with pytest.raises(DataFileError, match=r"s00_desc_de\.ogg"):
        quiet(root, language="de", speech=True)


def test_nothing_is_stored(root):
    before = sorted(root.rglob("*"))
    quiet(root)
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"root": "/nowhere"}, DataFileError, "root is /nowhere.*tuxpaint-stamps-default"),
        ({"language": "xx"}, DataFileError, "no stamp can be used.*43 pictures without a caption"),
        ({"speech": True}, DataFileError, "43 pictures whose caption in 'en' is not spoken"),
        ({"size": 0}, ValueError, "size is 0"),
        ({"language": 7}, TypeError, "language is a int"),
        ({"root": 7}, TypeError, "root is a int"),
        ({"speech": 1}, TypeError, "speech is 1"),
        ({"langauge": "de"}, ValueError, "Did you mean 'language'"),
    ],
)
def test_refusals(root, options, error, words):
    with pytest.raises(error, match=words):
        load("tux_paint", **{"root": root, **options})


def test_damaged_files_are_named(root):
    (root / "animals" / "s00.png").write_bytes(b"no picture")
    with pytest.raises(DataFileError, match=r"s00\.png cannot be read as a picture"):
        quiet(root)
    (root / "animals" / "s02.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataFileError, match=r"s02\.txt cannot be read as a text in UTF-8"):
        quiet(root)


def test_a_text_may_have_empty_lines_and_signs_in_it(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text(
        "A = B.\n\nde.utf8=A = B, auf Deutsch.\nfr.utf8=\nno equals\n", encoding="utf-8"
    )
    assert captions_of(path) == {"en": "A = B.", "de": "A = B, auf Deutsch."}
    path.write_text("", encoding="utf-8")
    assert captions_of(path) == {}


def test_a_tall_picture_stands_in_the_middle(tmp_path):
    Image.new("RGBA", (10, 30), (0, 0, 0, 255)).save(tmp_path / "x.png")
    picture = read_picture(tmp_path / "x.png", 30)
    assert picture[0, 15].tolist() == [255] * 10 + [0] * 10 + [255] * 10


def test_a_mark_at_the_beginning_is_no_part_of_the_sentence(tmp_path):
    """Editors of Windows put one before the first letter of a text in UTF-8."""
    path = tmp_path / "cat.txt"
    path.write_text("A cat.\nde.utf8=Eine Katze.\n", encoding="utf-8-sig")
    assert captions_of(path) == {"en": "A cat.", "de": "Eine Katze."}


def test_a_picture_of_too_many_pixels_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "large.png"
    Image.new("RGBA", (40, 40)).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    with pytest.raises(DataFileError, match="cannot be read as a picture"):
        read_picture(path, 32)
