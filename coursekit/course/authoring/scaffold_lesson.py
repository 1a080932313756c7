"""The files of a new lesson, and of a new exercise in a lesson."""

import ast
import builtins
import keyword
import re
from collections.abc import Mapping
from pathlib import Path

from coursekit.course.authoring.scaffold import (
    SNAKE,
    Scaffold,
    filled,
    new_test,
    require_name,
)
from coursekit.course.authoring.sources import NOTEBOOKS, ROOT, scripts
from coursekit.course.registry import explorers, rooms
from coursekit.utils.checks import choose, require

LESSON = re.compile(rf"\d\d_{SNAKE.pattern}")
KEY = re.compile(r"\d\d-[a-z]+(?:-[a-z]+)*")
FIRST = "share-of"  # the exercise that a new lesson begins with
CELL = "# %% [markdown]\n"
WORDS = "# ## Words\n"
GUIDE = ROOT / "INSTRUCTORS.md"
EQUIVALENTS = ROOT / "tests" / "course" / "mutants" / "equivalents.toml"
SECTION = re.compile(r"^### (\d\d) .*\n", re.M)


def lesson(name: str) -> Scaffold:
    """The files of a lesson with an explorer and one exercise.  name: 09_contrastive_alignment.

    Errors: ValueError for a name that is malformed, or whose number or words are taken.
    """
    form = "two digits and words in small letters joined by _"
    require_name("the lesson's name", name, LESSON, f"{form}, such as 09_contrastive_alignment,")
    number = name[:2]
    numbers = {script.stem[:2]: script.stem for script in scripts()}
    numbers |= {n: room.rpartition(".")[2] for n, room in rooms().items()}
    following = next((m for n in range(100) if (m := f"{n:02d}") not in numbers), "none")
    taken = f"lesson {number} is taken by {numbers.get(number)}"
    require(number not in numbers, f"{taken}; the next free number is {following}.")
    key = f"dice{number}"
    require(key not in explorers(), f"{key!r}, its explorer's key, is taken by another one.")
    room, title = f"l{name}", name[3:].replace("_", " ").capitalize()
    fill = {"number": number, "explorer": key, "room": room, "title": title}
    package, tests = ROOT / "coursekit" / "lessons" / room, ROOT / "tests" / "lessons" / room
    texts = {
        package / "__init__.py": filled("lesson/__init__.py", **fill),
        package / "explorer.py": filled("lesson/explorer.py", **fill),
        package / "explorer_view.py": filled("lesson/explorer_view.py", **fill),
        package / "exercises" / "__init__.py": filled("lesson/exercises.py", **fill),
        NOTEBOOKS / "source" / f"{name}.py": filled("lesson/source.py", **fill),
        tests / "answers.py": filled("lesson/answers.py", **fill),
        new_test(f"tests/lessons/{room}/test_lesson_{number}.py"): filled("lesson/test.py", **fill),
    }
    there = [path.relative_to(ROOT).as_posix() for path in texts if path.exists()]
    require(not there, f"{there} would be overwritten; another name was expected.")
    guide = _with_section(GUIDE.read_text(encoding="utf-8"), fill)
    return {**texts, GUIDE: guide, **_with_exercise(texts, name, f"{number}-{FIRST}")}


def exercise(key: str) -> Scaffold:
    """The files of an exercise in a lesson that there is.  key: 05-fair-rival.

    Errors: ValueError for a key that is malformed or taken, or of no lesson.
    """
    form = "a lesson's two digits and words in small letters joined by -"
    require_name("the exercise's key", key, KEY, f"{form}, such as 05-fair-rival,")
    choose("lesson", key[:2], rooms())
    script = next(script for script in scripts() if script.stem[:2] == key[:2])
    _, exercises, source, answers = _places(script.stem, key)
    texts = {path: path.read_text(encoding="utf-8") for path in (exercises, source, answers)}
    return _with_exercise(texts, script.stem, key)


def _places(lesson_name: str, key: str) -> tuple[Path, Path, Path, Path]:
    """The exercise's module, those that list it, the source script, the answers."""
    room = f"l{lesson_name}"
    folder = ROOT / "coursekit" / "lessons" / room / "exercises"
    return (
        folder / f"ex_{key[3:].replace('-', '_')}.py",
        folder / "__init__.py",
        NOTEBOOKS / "source" / f"{lesson_name}.py",
        ROOT / "tests" / "lessons" / room / "answers.py",
    )


def _with_exercise(texts: Scaffold, lesson_name: str, key: str) -> Scaffold:
    """The files that an exercise adds to or changes, from what stands in them."""
    module, exercises, source, answers = _places(lesson_name, key)
    name = key[3:].replace("-", "_")
    exists = module.exists() or f'"ex-{key}"' in texts[source]
    require(not exists, f"{key!r} is taken: lesson {key[:2]} has this exercise already.")
    bound = {*_names(texts[source]), *_names(texts[exercises]), *dir(builtins), *keyword.kwlist}
    known = f"Python or lesson {key[:2]} has something called so already"
    require(name not in bound, f"{key!r} gives a function {name}; {known}.")
    fill = {
        "number": key[:2],
        "key": key,
        "name": name,
        "count": str(len(re.findall(r"^# ### Exercise \d+", texts[source], re.M)) + 1),
        "seed": _free_seed(texts[source], key[:2]),
    }
    package = f"coursekit.lessons.l{lesson_name}.exercises"
    return {
        module: filled("exercise/exercise.py", **fill),
        exercises: _exported(texts[exercises], f"{package}.{module.stem}", name),
        source: _with_cells(texts[source], filled("exercise/cells.py", **fill), source.name),
        answers: texts[answers].rstrip("\n") + "\n" + filled("exercise/answers.py", **fill),
        EQUIVALENTS: EQUIVALENTS.read_text(encoding="utf-8")
        + filled("exercise/equivalents.toml", **fill),
    }


def _names(code: str) -> set[str]:
    """All names that a script or module makes or uses."""
    nodes = list(ast.walk(ast.parse(code)))
    names = {n.id for n in nodes if isinstance(n, ast.Name)}
    names |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return names | {n.asname or n.name for n in nodes if isinstance(n, ast.alias)}


def _free_seed(source: str, number: str) -> str:
    """A seed for the hidden cases that no other exercise of the lesson has."""
    lead = f"{int(number)}_01" if int(number) else "1"  # a whole number begins with no zero
    seeds = (f"{lead}{n:02d}" for n in range(1, 100))
    return next(seed for seed in seeds if f"seed={seed})" not in source)


def _exported(code: str, module: str, name: str) -> str:
    """The exercises' ``__init__`` with one more; imports are sorted when the file is formatted."""
    tree = ast.parse(code)
    lines = code.splitlines()
    head = tree.body[0].end_lineno or 0  # behind the docstring
    listed = next(
        (n for n in tree.body if isinstance(n, ast.Assign) and _target(n) == "__all__"), None
    )
    if listed is None:  # exercises that stand in the file itself
        made = (_target(n) for n in tree.body if isinstance(n, ast.Assign))
        names = [n for n in made if not n.startswith("_") and n.islower()]
        lines += ["", f"__all__ = {sorted([*names, name])}"]
    else:
        names = ast.literal_eval(listed.value)
        lines[listed.lineno - 1 : listed.end_lineno] = [f"__all__ = {sorted([*names, name])}"]
    lines[head:head] = ["", f"from {module} import {name}"]
    return "\n".join(lines) + "\n"


def _target(node: ast.Assign) -> str:
    return node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""


def _with_cells(source: str, cells: str, name: str) -> str:
    """The script with the exercise's cells before its section "Words", which stays one cell."""
    once = source.count(f"\n{WORDS}") == 1
    require(once, f"{name} was expected to have one section '## Words'.")
    before, after = source.split(WORDS)
    before = re.sub(r"(?:^#?\n)+\Z", "", before.removesuffix(CELL), flags=re.M)
    return f"{before}\n{cells}{CELL}{WORDS}{after}"


def _with_section(text: str, fill: Mapping[str, str]) -> str:
    """INSTRUCTORS.md with a section for the lesson, in the order of the lessons."""
    sections = list(SECTION.finditer(text))
    require(bool(sections), f"{GUIDE.name} was expected to have a section '### NN Title' a lesson.")
    later = next((s.start() for s in sections if s[1] > fill["number"]), None)
    place = text.index("\n## ", sections[-1].end()) + 1 if later is None else later
    return text[:place] + filled("lesson/instructors.md", **fill) + text[place:]
