"""What a lesson's source script says of itself at its beginning."""

import re
from pathlib import Path
from typing import NamedTuple

from coursekit.course.authoring.sources import name_of, notebook_of
from coursekit.utils.checks import require

TITLE = re.compile(r"^# # (\d\d) · (.+)$", re.M)
TIME = re.compile(r"^# \*\*Time\*\* about (\d+) minutes", re.M)


class Head(NamedTuple):
    """Two digits, title, minutes to read and do, and the file name of the learner notebook."""

    name: str
    title: str
    minutes: int
    notebook: str


def head_of(script: Path) -> Head:
    """Read it.  Errors: ValueError when the head states no title or no minutes."""
    text = script.read_text(encoding="utf-8")
    title, minutes = TITLE.search(text), TIME.search(text)
    require(title is not None, f"{script.name} does not begin with '# NN · Title'.")
    require(minutes is not None, f"{script.name} has no line '**Time** about N minutes'.")
    assert title is not None and minutes is not None
    return Head(name_of(script), title[2], int(minutes[1]), notebook_of(script).name)
