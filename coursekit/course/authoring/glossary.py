"""The glossary: every term of the lessons' sections "Words", in one alphabetical page."""

import re
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from coursekit.course.authoring.sources import (
    KERNEL,
    NOTEBOOKS,
    digest,
    instructor_notebook,
    scripts,
)
from coursekit.utils.checks import require

SECTION = re.compile(r"^## Words\n(.*?)(?=^## |\Z)", re.M | re.S)
BULLET = re.compile(r"^- (.+?)(?=^- |^\S|^$|\Z)", re.M | re.S)
ENTRY = re.compile(r"\*\*([^*]+)\*\*: ([^*]+)")
INTRODUCTION = (
    "# Glossary\n\nThe words of the course, each with the lesson that explains it. "
    "A lesson's own list stands at its end, under *Words*."
)


class Term(NamedTuple):
    """A term, what it means, and the script of the lesson that defines it."""

    name: str
    meaning: str
    script: Path


def terms_of(script: Path) -> list[Term]:
    """The terms that one lesson defines, in its order.

    Errors: ValueError when it has no section "Words", or an item there that is not
    ``- **term**: meaning``.
    """
    cells = instructor_notebook(script).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    section = SECTION.search(text)
    require(section is not None, f"{script.name} has no section '## Words'.")
    assert section is not None
    defined = []
    for bullet in BULLET.findall(section[1] + "\n"):
        item = " ".join(bullet.split())
        entry = ENTRY.fullmatch(item)
        require(
            entry is not None, f"{script.name}: '**term**: meaning' was expected, not {item!r}."
        )
        assert entry is not None
        defined.append(Term(entry[1], entry[2], script))
    return defined


def terms(lessons: list[Path] | None = None) -> list[Term]:
    """Every term of the course, sorted.  Errors: ValueError when two lessons define one term."""
    by_name: dict[str, Term] = {}
    for script in scripts() if lessons is None else lessons:
        for term in terms_of(script):
            first = by_name.setdefault(term.name.lower(), term)
            twice = f"{first.script.name} and {term.script.name} both define {term.name!r}."
            require(first is term, twice)
    return [by_name[name] for name in sorted(by_name)]


def glossary(lessons: list[Path] | None = None) -> NotebookNode:
    """The page as a notebook: an introduction, then one cell per letter."""
    by_letter: dict[str, list[str]] = {}
    for name, meaning, script in terms(lessons):
        link = f"[{script.stem[:2]}]({script.stem}.ipynb)"
        by_letter.setdefault(name[0].upper(), []).append(f"- **{name}**: {meaning} ({link})")
    texts = [INTRODUCTION, *(f"## {k}\n\n" + "\n".join(v) for k, v in by_letter.items())]
    page = new_notebook(metadata={"kernelspec": dict(KERNEL)}, nbformat_minor=5)
    page.cells = [new_markdown_cell(text, id=f"g{digest(text)[:12]}") for text in texts]
    return page


def path_of_glossary(folder: Path = NOTEBOOKS) -> Path:
    """Where the page stands, beside the lessons that link to it."""
    return folder / "glossary.ipynb"
