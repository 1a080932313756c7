"""Late days: a purse of free days for the term, and what each day beyond it costs."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from coursekit.utils.checks import require

DAY = timedelta(days=1)
FILE = "late.json"


@dataclass(frozen=True)
class LateRule:
    """free: days that a student may be late in all, over all assignments of the folder.

    percent: of an assignment's points, taken for each day beyond that.
    Errors: ValueError, naming what does not fit.
    """

    free: int = 0
    percent: float = 0.0

    def __post_init__(self) -> None:
        require(self.free >= 0, f"free is {self.free}; zero or more days were expected.")
        inside = 0 <= self.percent <= 100
        require(inside, f"percent is {self.percent}; a number from 0 to 100 was expected.")


@dataclass(frozen=True)
class Lateness:
    """One student's delay with one assignment.

    days: begun days after the due date.  free: of these, paid from the purse.  share: of the
    assignment's points that is taken, in [0, 1].
    """

    days: int = 0
    free: int = 0
    share: float = 0.0


def days_late(due: datetime | None, handed_in: datetime | None) -> int:
    """Begun days between the two; 0 where either is unknown or it was in time."""
    if due is None or handed_in is None:
        return 0
    return max(0, ceil((handed_in - due) / DAY))


def lateness(
    rule: LateRule, handed_in: Iterable[tuple[str, datetime | None, datetime | None]]
) -> dict[str, Lateness]:
    """By assignment what one student's delays come to; the purse pays for the earliest due first.

    handed_in: assignment, when it was due, when it came.
    """
    by_assignment, purse = {}, rule.free
    for name, due, when in sorted(handed_in, key=lambda x: (x[1] or datetime.max, x[0])):
        days = days_late(due, when)
        free = min(days, purse)
        purse -= free
        by_assignment[name] = Lateness(days, free, min(1.0, (days - free) * rule.percent / 100))
    return by_assignment


def rule_of(folder: Path) -> LateRule:
    """The class's rule; without one nothing is taken."""
    path = folder / FILE
    return LateRule(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else LateRule()


def keep_rule(rule: LateRule, folder: Path) -> None:
    """Write the rule down for all assignments of the class."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps(asdict(rule), indent=1) + "\n", encoding="utf-8")
