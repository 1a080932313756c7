"""The lessons at a glance, for whoever teaches: minutes, exercises and points, from the sources.

``python -m coursekit.course.grading.lesson_overview`` prints the table that stands in
INSTRUCTORS.md; ``python course.py refresh`` renews it there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from coursekit.course.authoring.exercise_slices import CHECK, grade_id, key_of
from coursekit.course.authoring.lesson_head import head_of
from coursekit.course.authoring.sources import instructor_notebook, scripts
from coursekit.utils.checks import require

# What an exercise asks, by its points.
LEVELS: Mapping[float, str] = MappingProxyType(
    {1: "easy: recall", 2: "medium: derive or write", 3: "hard: decide or design"}
)
BEGIN = "<!-- made by `python -m coursekit.course.grading.lesson_overview` -->"
END = "<!-- end of what it made -->"


@dataclass(frozen=True)
class Lesson:
    """What a lesson's source says of itself.

    name: two digits.  link: of the notebook, from the course's folder.  minutes: to read and do, on
    the core path.  further: more minutes, for what is marked Further.
    exercises: key → points, in order.
    """

    name: str
    title: str
    link: str
    minutes: int
    further: int
    exercises: Mapping[str, float]


def lesson(script: Path) -> Lesson:
    """Read a lesson's source script.

    Errors: ValueError when its head states no title or no minutes, or an exercise has points that
    stand for no level.
    """
    head = head_of(script)
    checks = [c for c in instructor_notebook(script).cells if grade_id(c).startswith(CHECK)]
    exercises = {key_of(c): float(c.metadata["nbgrader"]["points"]) for c in checks}
    for key, points in exercises.items():
        known = f"points of {key} is {points:g}; one of {list(LEVELS)} was expected."
        require(points in LEVELS, known)
    link = f"notebooks/{head.notebook}"
    return Lesson(head.name, head.title, link, head.minutes, head.further, exercises)


def lessons() -> list[Lesson]:
    """All lessons of the course, in order."""
    return [lesson(script) for script in scripts()]


def table(listed: Sequence[Lesson]) -> str:
    """A row per lesson, a column per level, as markdown; the last row adds up."""
    levels = [f"{level} ({points:g} p.)" for points, level in LEVELS.items()]
    rows = [["lesson", "minutes", *levels, "points"]]
    rows.append(["---", "---:", *["---"] * len(levels), "---:"])
    for entry in listed:
        total = sum(entry.exercises.values())
        keys = [_keys(entry, points) for points in LEVELS]
        minutes = _minutes(entry.minutes, entry.further)
        rows.append([f"[{entry.name} {entry.title}]({entry.link})", minutes, *keys, f"{total:g}"])
    counts = [f"{sum(list(x.exercises.values()).count(p) for x in listed)}" for p in LEVELS]
    minutes = _minutes(sum(x.minutes for x in listed), sum(x.further for x in listed))
    rows.append(["all", minutes, *counts, f"{sum(sum(x.exercises.values()) for x in listed):g}"])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _minutes(core: int, further: int) -> str:
    return f"{core} + {further}" if further else f"{core}"


def _keys(entry: Lesson, points: float) -> str:
    return ", ".join(f"`{key}`" for key, worth in entry.exercises.items() if worth == points)


def block(text: str) -> str:
    """What stands between the two markers of a page.

    Errors: ValueError when they do not stand there once each, in this order.
    """
    parts = re.findall(f"{re.escape(BEGIN)}\n(.*?)\n{re.escape(END)}", text, re.S)
    require(len(parts) == 1, f"{BEGIN} and {END} were expected once each, in this order.")
    return str(parts[0])


if __name__ == "__main__":
    print(table(lessons()))
