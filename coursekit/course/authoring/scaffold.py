"""What an author begins with: files made of templates, written all or not at all.

`method` and `operator` plan theirs here, `coursekit.course.authoring.scaffold_lesson` those of
lessons and exercises; `write_all` writes a plan and makes the lists of lessons fresh.
"""

import importlib
import keyword
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from coursekit.course import registry
from coursekit.course.authoring.lesson_listings import LISTINGS, renew
from coursekit.course.authoring.sources import ROOT
from coursekit.utils.checks import RESERVED, require

TEMPLATES = Path(__file__).parent / "templates"
ARGUMENTS = ROOT / "tests" / "test_every_input.py"
SNAKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
REGISTERED = re.compile(r'^    name = "([\w-]+)"$', re.M)
# Other rows of tables that list methods, or operators: what is unimodal, without fusion, no entrant
# of a race, or a modality of the measured text.
ROWS = (*RESERVED, "none", "nobody", "text", "audio", "vision")

Scaffold = Mapping[Path, str]  # file → all that is to stand in it


def filled(template: str, **words: str) -> str:
    """A template's text with «key» replaced by what ``words`` has for it."""
    text = (TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")
    for key, value in words.items():
        text = text.replace(f"«{key}»", value)
    return text


def method(name: str) -> Scaffold:
    """The files of a balancing method.

    Errors: ValueError for a name that is malformed, taken or reserved.
    """
    return _module("method", "balancing", name)


def operator(name: str) -> Scaffold:
    """The files of a fusion operator.

    Errors: ValueError for a name that is malformed, taken or reserved.
    """
    return _module("operator", "fusion", name)


def _module(kind: str, room: str, name: str) -> Scaffold:
    """A module with an equation and a class, its tests, and its wrong arguments."""
    require_name(f"the {kind}'s name", name, SNAKE, "words in small letters joined by _")
    require(
        not keyword.iskeyword(name), f"{name!r} is a word of Python's own; choose another name."
    )
    registered = name.replace("_", "-")
    folder = ROOT / "coursekit" / room
    taken = {*REGISTERED.findall("\n".join(p.read_text("utf-8") for p in folder.glob("*.py")))}
    exists = registered in taken or (folder / f"{name}.py").exists()
    require(not exists, f"{name!r} is taken: coursekit/{room} has one already.")
    reserved = registered in ROWS or registered.startswith("unimodal")
    require(not reserved, f"{name!r} is reserved: tables have another row of this name.")
    words = {
        "name": name,
        "registered": registered,
        "Title": name.replace("_", " ").capitalize(),
        "Class": "".join(part.capitalize() for part in name.split("_")),
    }
    return {
        folder / f"{name}.py": filled(f"{kind}/{kind}.py", **words),
        new_test(f"tests/{room}/test_{name}.py"): filled(f"{kind}/test.py", **words),
        ARGUMENTS: after_line(ARGUMENTS, f"    # {room}", filled(f"{kind}/arguments.py", **words)),
    }


def require_name(label: str, name: str, pattern: re.Pattern[str], form: str) -> None:
    """Refuse a malformed name; ``form``: what it is made of."""
    require(pattern.fullmatch(name) is not None, f"{label} is {name!r}; {form} were expected.")


def new_test(path: str) -> Path:
    """Where a test file is to stand.  Errors: ValueError when another one is called so."""
    place = ROOT / path
    others = [p.relative_to(ROOT).as_posix() for p in (ROOT / "tests").rglob(place.name)]
    require(not others, f"{place.name} is taken by {others}; test files need names of their own.")
    return place


def after_line(path: Path, line: str, more: str) -> str:
    """The file's text with ``more`` behind the one line that reads ``line``."""
    text = path.read_text(encoding="utf-8")
    once = text.count(f"\n{line}\n") == 1
    require(once, f"{path.relative_to(ROOT)} was expected to have the line {line.strip()!r} once.")
    return text.replace(f"\n{line}\n", f"\n{line}\n{more}")


def write_all(texts: Scaffold) -> dict[Path, str]:
    """Write the files, in the course's style, and the lists of lessons; all of them or none.

    Returns what was done to each file, "new" or "changed", in their order.
    Errors: ValueError when what was written would not pass the style check, OSError; then
    everything is as it was.
    """
    before = {p: p.read_bytes() if p.exists() else None for p in (*texts, *LISTINGS)}
    folders = [f for path in texts for f in (path.parent, *path.parents) if not f.exists()]
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        _style([path for path in texts if path.suffix == ".py"])
        forget_rooms()
        renew()
    except BaseException:
        for path, content in before.items():
            if content is not None:
                path.write_bytes(content)
            else:
                path.unlink(missing_ok=True)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    after = {path: "new" if old is None else "changed" for path, old in before.items()}
    return {path: change for path, change in after.items() if path.read_bytes() != before[path]}


def _style(paths: list[Path]) -> None:
    """Sort imports and format, so that names of any length stand as the style asks; then check."""
    for step in (["check", "--quiet", "--select=I", "--fix"], ["format", "--quiet"], ["check"]):
        run = [sys.executable, "-m", "ruff", *step, *map(str, paths)]
        result = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
        problem = f"Nothing is written, for it would not pass ruff:\n{result.stdout}{result.stderr}"
        require(result.returncode == 0, f"{problem}\nA shorter name may help.")


def forget_rooms() -> None:
    """Let the registry look anew for the lessons' rooms."""
    importlib.invalidate_caches()
    registry.rooms.cache_clear()
    registry.lessons.cache_clear()
