"""Whatever a card names as a licence stands in data/licences, with its holders."""

import re
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"
TEXTS = DATA / "licences"
CARDS = sorted(p for p in DATA.glob("*.md") if p.name != "README.md")
# What a card may write, and the text that must then be there: a file, or one of several.
NAMES = {
    r"Apache-2\.0": "Apache-2.0.txt",
    r"BSD 3-Clause": "BSD-3-Clause-*.txt",
    r"CC BY 4\.0": "CC-BY-4.0.txt",
    r"CC BY-SA 3\.0": "CC-BY-SA-3.0.txt",
    r"CC BY-SA 4\.0": "CC-BY-SA-4.0.txt",
    r"GPL 3 or later": "GPL-3.0-or-later.txt",
    r"MIT\b(?!, like the course's code)": "MIT-*.txt",
    r"Unicode-3\.0": "Unicode-3.0.txt",
}
KIND = re.compile(r"\b(Apache|BSD|CC BY|CC0|GPL|LGPL|MIT|ISC|ODbL|Unicode|public domain)\b")
OURS = re.compile(r"MIT, like the course's code")


def licence_of(card):
    """The paragraph of a card that begins with "Licence:"."""
    (text,) = re.findall(r"^- Licence: (.*?)(?=^- |^$)", card.read_text("utf-8"), re.M | re.S)
    return " ".join(text.split())


def without_texts(paragraph, texts):
    """Licences that a paragraph names and ``texts``, a folder, does not hold."""
    missing = [glob for name, glob in NAMES.items()
               if re.search(name, paragraph) and not list(texts.glob(glob))]  # fmt: skip
    rest = OURS.sub("", paragraph)
    for name in NAMES:
        rest = re.sub(name, "", rest)
    return missing + KIND.findall(rest)


@pytest.mark.parametrize("card", CARDS, ids=lambda p: p.stem)
def test_a_card_names_a_licence_whose_text_is_here(card):
    paragraph = licence_of(card)
    assert OURS.search(paragraph) or any(re.search(name, paragraph) for name in NAMES)
    assert without_texts(paragraph, TEXTS) == []


@pytest.mark.parametrize(
    ("paragraph", "missing"),
    [
        ("CC BY-SA 4.0", ["CC-BY-SA-4.0.txt"]),
        ("MIT (somebody) and Unicode-3.0", ["MIT-*.txt", "Unicode-3.0.txt"]),
        ("CC BY 2.0", ["CC BY"]),
        ("GPL 2", ["GPL"]),
        ("MIT, like the course's code", []),
    ],
)
def test_a_text_that_is_missing_is_noticed(paragraph, missing, tmp_path):
    assert without_texts(paragraph, tmp_path) == missing


def test_every_file_has_a_card_and_every_text_its_holders():
    table = (TEXTS / "README.md").read_text("utf-8")
    for text in TEXTS.glob("*.txt"):
        assert f"({text.name})" in table, f"{text.name} has no row in licences/README.md"
        assert len(text.read_text("utf-8")) > 500
    for file in [*DATA.glob("*.csv"), *DATA.glob("*.npz")]:
        assert file.with_suffix(".md").exists(), f"{file.name} has no card"


def test_what_must_be_attributed_is_named_in_the_licence_file():
    notice = (DATA.parent / "LICENSE").read_text("utf-8")
    assert "Twemoji graphics" in notice and "CC BY 4.0" in notice and "data/licences" in notice
