"""Where all lessons are listed: two tables, lesson 00's way through, the page of explorers.

Each is made from what the lessons declare (`coursekit.course.lesson`) and from their source
scripts, by ``refresh``; the tests ask whether they are fresh.
"""

import re
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from coursekit.course.authoring.lesson_head import head_of
from coursekit.course.authoring.sources import NOTEBOOKS, ROOT, scripts
from coursekit.course.grading import lesson_overview
from coursekit.course.lesson import Lesson
from coursekit.course.registry import explorer_entries, lessons
from coursekit.course.routes import PARTS, ROUTES, in_words
from coursekit.utils.checks import require

BEGIN, END = "<!-- made by `python course.py refresh` -->", "<!-- end of what it made -->"
WAY = re.compile(
    r"(?<=^# ### The routes\n#\n).*?(?=^#\n# The words of the whole course)", re.M | re.S
)
SECTIONS = re.compile(r"^# %% \[markdown\]\n# ## .*\Z", re.M | re.S)
WIDTH = 100


def readme_table() -> str:
    """README's table of the lessons, part by part, and the routes through them."""
    rows = ["| lesson | you learn | time: core + further |", "|---|---|---|"]
    for head in map(head_of, scripts()):
        lesson = _declared(head.name)
        if head.name in PARTS:
            rows.append(f"| **{PARTS[head.name]}** | | |")
        link = f"[{head.name} {lesson.listed_as or head.title}](notebooks/{head.notebook})"
        more = f" + {head.further}" if head.further else ""
        rows.append(f"| {link} | {lesson.teaches} | {head.minutes}{more} min |")
    routes = [line for text in _routes() for line in _wrapped(text, "- ", "  ")]
    return "\n".join(
        [*rows, "", "Three routes lead through them; lesson 00 draws the map.", "", *routes]
    )


def way_through() -> str:
    """Lesson 00's routes, and its list of those that follow, as lines of its source script."""
    lines = [line for text in _routes() for line in _wrapped(text, "# - ", "#   ")]
    lines += ["#", "# ### The lessons"]
    for head in map(head_of, scripts()):
        if head.name in PARTS:
            lines += ["#", f"# **{PARTS[head.name]}**", "#"]
        if head.name != "00":
            lesson = _declared(head.name)
            name = lesson.listed_as or head.title
            item = f"[{head.name} {name}]({head.notebook}) {lesson.invites}"
            lines += _wrapped(item, "# - ", "#   ")
    return "".join(f"{line}\n" for line in lines)


def explorer_sections() -> str:
    """The page of explorers: a section each, as cells of its source script."""
    sections = []
    for key, (lesson, entry) in explorer_entries().items():
        shown_in = sorted({lesson, *entry.also})
        where = f"**Lesson{'s' if len(shown_in) > 1 else ''} {' and '.join(shown_in)}.**"
        text = "\n".join(_wrapped(f"{where} {entry.shows}", "# ", "# "))
        head = f"# %% [markdown]\n# ## {entry.title}\n#\n{text}"
        sections.append(f'{head}\n\n# %%\nShelf("{key}")\n')
    return "\n".join(sections)


def _routes() -> list[str]:
    minutes = {head.name: head.minutes for head in map(head_of, scripts())}
    return [in_words(name, minutes) for name in ROUTES]


def _declared(name: str) -> Lesson:
    require(name in lessons(), f"lesson {name} has a source script and no room in the package.")
    return lessons()[name]


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip


def _in_readme(text: str) -> str:
    pattern = re.compile(f"{re.escape(BEGIN)}\n.*?\n{re.escape(END)}", re.S)
    require(len(pattern.findall(text)) == 1, f"README.md: {BEGIN} and {END} were expected once.")
    return pattern.sub(lambda _: f"{BEGIN}\n{readme_table()}\n{END}", text)


def _in_instructors(text: str) -> str:
    old = lesson_overview.block(text)
    return text.replace(old, lesson_overview.table(lesson_overview.lessons()))


def _in_lesson_00(text: str) -> str:
    require(WAY.search(text) is not None, "Lesson 00 has no list under '### The routes'.")
    return WAY.sub(lambda _: way_through(), text)


def _in_page(text: str) -> str:
    require(SECTIONS.search(text) is not None, "explorers.py has no sections '# ## Title'.")
    return SECTIONS.sub(lambda _: explorer_sections(), text)


LISTINGS: Mapping[Path, Callable[[str], str]] = MappingProxyType(
    {
        ROOT / "README.md": _in_readme,
        ROOT / "INSTRUCTORS.md": _in_instructors,
        NOTEBOOKS / "source" / "00_start_here.py": _in_lesson_00,
        NOTEBOOKS / "source" / "explorers.py": _in_page,
    }
)


def stale() -> list[str]:
    """Names of the pages that do not list what the lessons declare."""
    texts = {path: path.read_text(encoding="utf-8") for path in LISTINGS}
    return [path.name for path, text in texts.items() if LISTINGS[path](text) != text]


def renew() -> list[str]:
    """Write the lists anew where they are stale; names of what was written."""
    written = []
    for path, make in LISTINGS.items():
        before = path.read_text(encoding="utf-8")
        after = make(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            written.append(path.name)
    return written
