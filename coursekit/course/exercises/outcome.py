"""What a check can find: correct, incorrect, not attempted, cannot be checked."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Outcome:
    """The finding, in a sentence, and what helps to go on.

    sentence: what was found.  hint: the advice meant for a known misconception.
    misconception: its name.  detail: the first case that differs, or the learner's failing line.
    printed: what the learner's code printed or warned while it was checked.
    """

    name: ClassVar[str] = ""
    sentence: str
    hint: str = ""
    misconception: str = ""
    detail: str = ""
    printed: str = ""

    def points(self, out_of: float) -> float:
        """The points earned: all of them when correct, else none."""
        return out_of if isinstance(self, Correct) else 0


@dataclass(frozen=True)
class Correct(Outcome):
    """The answer agrees with the reference on every case."""

    name: ClassVar[str] = "correct"


@dataclass(frozen=True)
class Incorrect(Outcome):
    """The answer differs, has another form, or the learner's code raised."""

    name: ClassVar[str] = "incorrect"


@dataclass(frozen=True)
class NotAttempted(Outcome):
    """Nothing was returned or assigned yet."""

    name: ClassVar[str] = "not attempted"


@dataclass(frozen=True)
class CannotCheck(Outcome):
    """The check itself failed; the answer may be right."""

    name: ClassVar[str] = "cannot be checked"
