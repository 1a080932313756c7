"""What the scaffolds leave to the author: sentences that nobody else can write, each marked."""

import re
from collections.abc import Iterator
from pathlib import Path

from coursekit.course.authoring.lesson_listings import WAY
from coursekit.course.authoring.sources import ROOT, scripts

MARK = "TODO(author)" + ":"  # in two parts, for this line is no place that waits for words
FOLDERS = ("coursekit", "tests")


def places() -> list[Path]:
    """Files in which an author writes: the package, the tests, source scripts, INSTRUCTORS.md."""
    code = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    return [*code, *scripts(), ROOT / "INSTRUCTORS.md"]


def placeholders(path: Path) -> Iterator[str]:
    """A sentence for each mark in a file: where it stands and what belongs there."""
    text = path.read_text(encoding="utf-8")
    # Lesson 00's list quotes the lessons' own words, which are asked for where they are written.
    text = WAY.sub(lambda made: "\n" * made[0].count("\n"), text)
    for number, line in enumerate(text.splitlines(), 1):
        for asked in re.findall(rf"{re.escape(MARK)} (.*?)\W*(?={re.escape(MARK)}|$)", line):
            yield f"{path.relative_to(ROOT).as_posix()}:{number}: missing is {asked}"
