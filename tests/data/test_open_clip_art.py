"""Open Clip Art from a folder of the same layout as Debian's packages."""

import os
from pathlib import Path

import pytest
from PIL import Image

from coursekit.data.files import DataFileError
from coursekit.data.open_clip_art import (
    ROOT,
    find_drawings,
    load_open_clip_art,
    what_is_said,
)

RDF = """<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg"><metadata>
<rdf:RDF xmlns:cc="http://web.resource.org/cc/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><cc:Work rdf:about="">
<dc:publisher><cc:Agent><dc:title>Open Clip Art Library</dc:title></cc:Agent></dc:publisher>
<dc:title> {title} </dc:title><dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>
</cc:Work></rdf:RDF></metadata></svg>
"""


def draw(root, place, title=None, keywords=(), colour="red", picture=True):
    """One drawing at a place such as animals/cat_01; without a title it has no RDF."""
    svg, png = (root / kind / f"{place}.{kind}" for kind in ("svg", "png"))
    for path in (svg, png):
        path.parent.mkdir(parents=True, exist_ok=True)
    items = "".join(f"<rdf:li>{word}</rdf:li>" for word in keywords)
    text = "<svg/>" if title is None else RDF.format(title=title, items=items)
    svg.write_text(text, encoding="utf-8")
    if picture:
        Image.new("RGBA", (40, 20), colour).save(png)


@pytest.fixture
def root(tmp_path):
    draw(tmp_path, "animals/red_Cat_01", "A red cat", ("cat", "pet"))
    draw(tmp_path, "animals/birds/owl-2", "Part of the Collection (Wed Aug 25 2004)", ("hash",))
    draw(tmp_path, "tools/hammer", None, colour="blue")
    draw(tmp_path, "loose", "gramastar")
    draw(tmp_path, "tools/never_drawn", "unseen", picture=False)
    (tmp_path / "svg" / "duplicates").mkdir()
    os.symlink("../animals/red_Cat_01.svg", tmp_path / "svg" / "duplicates" / "cat.svg")
    return tmp_path


def test_titles_keywords_names_and_folders(root):
    table, pictures = find_drawings(root)
    assert table.to_dict("list") == {
        "title": ["Part of the Collection (Wed Aug 25 2004)", "A red cat", "gramastar", ""],
        "keywords": ["hash", "cat pet", "", ""],
        "file_name": ["owl", "red cat", "loose", "hammer"],
        "folder": ["animals", "animals", "other", "tools"],
    }
    assert [path.stem for path in pictures] == ["owl-2", "red_Cat_01", "loose", "hammer"]


def test_pictures_stand_on_white_and_captions_are_words(root):
    art = load_open_clip_art(root, size=16)
    assert art.pictures.shape == (4, 3, 16, 16)
    assert art.pictures[3, :, 8, 8].tolist() == [0, 0, 255]
    assert art.pictures[3, :, 0, 0].tolist() == [255, 255, 255]
    assert art.captions()[1] == ("a", "red", "cat") and art.captions("file_name")[0] == ("owl",)
    with pytest.raises(ValueError, match="text is 'titel'"):
        art.captions("titel")


def test_some_lie_evenly_among_all(root):
    assert load_open_clip_art(root, most=2).table["file_name"].tolist() == ["owl", "hammer"]
    assert len(load_open_clip_art(root, most=99).table) == 4
    with pytest.raises(ValueError, match="most is 0"):
        load_open_clip_art(root, most=0)


def test_what_is_missing_or_damaged_is_said(root, tmp_path):
    with pytest.raises(DataFileError, match="openclipart-png"):
        find_drawings(tmp_path / "nowhere")
    with pytest.raises(TypeError, match="root is a int"):
        find_drawings(7)
    broken = root / "svg" / "loose.svg"
    broken.write_text("<svg", encoding="utf-8")
    with pytest.raises(DataFileError, match=r"loose\.svg cannot be read as SVG"):
        what_is_said(broken)
    (root / "png" / "tools" / "hammer.png").write_bytes(b"no picture")
    with pytest.raises(DataFileError):
        load_open_clip_art(root)


@pytest.mark.skipif(not (ROOT / "png").is_dir(), reason=f"no Open Clip Art in {ROOT}")
def test_the_users_own():
    table, pictures = find_drawings()
    assert len(table) == len(pictures) > 7000
    assert all(isinstance(path, Path) for path in pictures)
