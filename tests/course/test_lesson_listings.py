"""The lists of all lessons are those that the lessons declare, and are made from them."""

import pytest

from coursekit.course.authoring import lesson_listings
from coursekit.course.authoring.sources import ROOT


def test_every_list_is_fresh():
    assert lesson_listings.stale() == [], "python course.py refresh renews them"


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """Copies of all pages with a list, the copies instead of the pages."""
    copies = {}
    for path, make in lesson_listings.LISTINGS.items():
        copy = tmp_path / path.relative_to(ROOT).as_posix().replace("/", "-")
        copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        copies[copy] = make
    monkeypatch.setattr(lesson_listings, "LISTINGS", copies)
    return {path.name: path for path in copies}


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("README.md", "[05 More can be worse]"),
        ("INSTRUCTORS.md", "[05 More can be worse](notebooks"),
        ("notebooks-source-00_start_here.py", "Why can a joint network lose, and "),
        ("notebooks-source-explorers.py", 'Shelf("imbalance")'),
    ],
)
def test_a_list_that_lacks_something_is_stale_and_made_anew(pages, name, entry):
    whole = pages[name].read_text(encoding="utf-8")
    assert entry in whole
    pages[name].write_text(whole.replace(entry, "", 1), encoding="utf-8")
    assert lesson_listings.stale() == [name] == lesson_listings.renew()
    assert pages[name].read_text(encoding="utf-8") == whole and lesson_listings.renew() == []


def test_a_page_without_its_table_is_refused(pages):
    pages["README.md"].write_text("Nothing.\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"README.md: .* expected once"):
        lesson_listings.renew()
