"""The learner's copy of the lessons. Standard library only: the launcher uses it before any set-up.

`workbook/` is filled from `notebooks/` and belongs to the learner: nothing here overwrites a file
that was changed. `origin.json` remembers what was handed out, so that a copy nobody touched can
follow an update of the course.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

ORIGIN = ".origin.json"
ASIDE = "set-aside"


def fill(lessons: Path, workbook: Path) -> list[str]:
    """Copy every lesson that is missing; returns a sentence for each thing done or left alone."""
    try:
        workbook.mkdir(exist_ok=True)
    except FileExistsError:
        raise ValueError(
            f"{workbook} is a file, but the folder of your lessons belongs there; "
            "rename it and run this command again."
        ) from None
    origin = _read_origin(workbook)
    report = []
    for source in sorted(lessons.glob("*.ipynb")):
        mine, new = workbook / source.name, _digest(source)
        if not mine.exists():
            report.append(f"{source.name}: a new copy for you.")
        elif origin.get(source.name) == new:
            continue  # handed out as it is now
        elif _digest(mine) == new:
            origin[source.name] = new  # it is, only the list did not know
            continue
        elif _digest(mine) == origin.get(source.name):
            report.append(f"{source.name}: brought up to date (you had not changed it).")
        else:
            report.append(
                f"{source.name}: the course has a newer version; yours is kept. "
                f"`python course.py lab --fresh {source.name[:2]}` sets yours aside."
            )
            continue
        _write(mine, source.read_bytes())
        origin[source.name] = new
    _write(workbook / ORIGIN, json.dumps(origin, indent=1).encode())
    return report


def fresh(lesson: str, lessons: Path, workbook: Path) -> str:
    """Set the learner's copy of ``lesson`` ("01" or a name) aside with a date; give a new one."""
    source = find(lesson, lessons)
    aside = _set_aside(workbook / source.name, workbook)
    fill(lessons, workbook)
    return f"{source.name}: a fresh copy.{aside}"


def reset(exercise: str, lessons: Path, workbook: Path) -> str:
    """Give the answer cell of one exercise ("01-centre") its first state; the rest stays."""
    exercise = exercise.removeprefix("ex-")
    source = find(exercise[:2], lessons)
    mine = workbook / source.name
    if not mine.exists():
        raise ValueError(f"workbook has no {source.name} yet; `python course.py lab` makes it.")
    clean, answers = json.loads(source.read_text("utf-8")), _read_notebook(mine)
    first = {_grade_id(c): c for c in clean["cells"] if _is_answer(c)}
    wanted = f"ex-{exercise}"
    if wanted not in first:
        names = ", ".join(str(k).removeprefix("ex-") for k in first)
        raise ValueError(f"exercise is {exercise!r}; {source.name} has {names}.")
    places = [i for i, c in enumerate(answers["cells"]) if _grade_id(c) == wanted]
    if not places:
        raise ValueError(
            f"Your {source.name} has lost the cell of {exercise}; "
            f"`python course.py lab --fresh {source.name[:2]}` gives a new copy and keeps yours."
        )
    aside = _set_aside(mine, workbook, copy=True)
    answers["cells"][places[0]] = first[wanted]
    _write(mine, (json.dumps(answers, indent=1, ensure_ascii=False) + "\n").encode())
    return f"{exercise} in {source.name} is as it was handed out.{aside}"


def find(lesson: str, lessons: Path) -> Path:
    """The one notebook whose name starts with ``lesson``; a ValueError that lists them if none."""
    known = sorted(lessons.glob("*.ipynb"))
    matches = [p for p in known if p.name.startswith(lesson)]
    if len(matches) != 1:
        names = ", ".join(p.stem for p in known)
        raise ValueError(f"lesson is {lesson!r}; one of {names} was expected.")
    return matches[0]


def _set_aside(file: Path, workbook: Path, copy: bool = False) -> str:
    if not file.exists():
        return ""
    (workbook / ASIDE).mkdir(exist_ok=True)
    stamp = datetime.now().strftime("%Y-%m-%d_%H%M%S_%f")
    target = workbook / ASIDE / f"{file.stem}_{stamp}{file.suffix}"
    if copy:
        _write(target, file.read_bytes())
    else:
        os.replace(file, target)
    return f" What you had is in {target.relative_to(workbook.parent).as_posix()}."


def _is_answer(cell: dict[str, Any]) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get("solution"))


def _grade_id(cell: dict[str, Any]) -> str | None:
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def _read_notebook(file: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(file.read_text("utf-8"))
        list(content["cells"])
    except (ValueError, TypeError, KeyError):
        raise ValueError(
            f"Your {file.name} cannot be read as a notebook; "
            f"`python course.py lab --fresh {file.name[:2]}` gives a new copy and keeps yours."
        ) from None
    return content


def _read_origin(workbook: Path) -> dict[str, str]:
    try:
        return dict(json.loads((workbook / ORIGIN).read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return {}  # without it every copy counts as the learner's own, which loses nothing


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _write(file: Path, content: bytes) -> None:
    """Write whole or not at all."""
    part = file.with_name(file.name + ".part")
    try:
        part.write_bytes(content)
        os.replace(part, file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
