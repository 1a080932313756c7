"""README, CONTRIBUTING and the cards: what they link to exists, every picture has a text."""

import re
import subprocess
from pathlib import Path

import pytest

from coursekit.course.registry import rooms

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", "INSTRUCTORS.md", "coursekit/course/hub/README.md"]
PAGES += [f"data/{p.name}" for p in (ROOT / "data").glob("*.md")]
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere_and_pictures_have_a_text(page):
    tracked = set(subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).split("\n"))
    for bang, words, target in LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file = ((ROOT / page).parent / target.split("#")[0]).resolve().relative_to(ROOT)
        assert file.as_posix() in tracked, f"{page} links to {target}, which is not in the course"
        assert words.strip(), f"{page}: {target} has no text"
        assert not bang or len(words) > 40, f"{page}: the picture {target} needs a description"


def test_the_first_screen_shows_the_explorer_and_both_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert 0 < text.index("![") < text.index("python course.py lab") < 2500
    assert "python course.py test" in text


def test_every_lesson_stands_in_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(rooms()) > 8
    assert [key for key in rooms() if f"notebooks/{key}_" not in text] == []
