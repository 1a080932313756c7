"""What a lesson's source script says of itself at its beginning."""

import re
from pathlib import Path
from typing import NamedTuple

from coursekit.course.authoring.sources import name_of, notebook_of
from coursekit.utils.checks import require

TITLE = re.compile(r"^# # (\d\d) · (.+)$", re.M)
TIME = re.compile(r"^# \*\*Time\*\* about (\d+) minutes", re.M)
FURTHER = re.compile(r"(\d+) more for what is marked \*Further\*")
COMPUTING = re.compile(r"computing takes (\d+) to (\d+) seconds")


class Head(NamedTuple):
    """What a lesson says of itself.

    name: two digits.  minutes: to read and do, on the core path.  further: more minutes, for what
    is marked Further.  computing: seconds, on an idle machine and on a busy one.  notebook: the
    file name of the learner's.
    """

    name: str
    title: str
    minutes: int
    further: int
    computing: tuple[int, int]
    notebook: str


def head_of(script: Path) -> Head:
    """Read it.  Errors: ValueError when the head states no title, no minutes or no seconds."""
    text = script.read_text(encoding="utf-8")
    title, minutes = TITLE.search(text), TIME.search(text)
    sentences = text.replace("\n# ", " ")  # which may be broken into lines anywhere
    further, computing = FURTHER.search(sentences), COMPUTING.search(sentences)
    require(title is not None, f"{script.name} does not begin with '# NN · Title'.")
    require(minutes is not None, f"{script.name} has no line '**Time** about N minutes'.")
    require(
        computing is not None, f"{script.name} does not state 'computing takes N to M seconds'."
    )
    assert title is not None and minutes is not None and computing is not None
    more = 0 if further is None else int(further[1])
    seconds = int(computing[1]), int(computing[2])
    name = name_of(script)
    return Head(name, title[2], int(minutes[1]), more, seconds, notebook_of(script).name)
