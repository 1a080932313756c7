"""The glossary's page, and what each term means, from the stored notebook of all terms."""

import re

from nbformat import NotebookNode

from coursekit.course.site.finish_page import anchor
from coursekit.course.site.lesson_page import with_page_links

ENTRY = re.compile(r"^- \*\*(.+?)\*\*: (.*) (\(\[\d\d\]\(.*?\)\))$", re.MULTILINE)


def meanings(glossary: NotebookNode) -> dict[str, str]:
    """Term → its meaning as plain text; formulas without their dollars."""
    text = "\n".join(cell.source for cell in glossary.cells)
    return {name: _plain(meaning) for name, meaning, _ in ENTRY.findall(text)}


def glossary_page(glossary: NotebookNode) -> str:
    """Its markdown; every term is a place that links can lead to."""
    text = "\n\n".join(cell.source for cell in glossary.cells)
    marked = ENTRY.sub(
        lambda m: f'- <span id="{anchor(m[1])}"></span>**{m[1]}**: {m[2]} {m[3]}', text
    )
    return with_page_links(marked) + "\n"


def _plain(meaning: str) -> str:
    """Markdown without its marks."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"[$*`]", "", meaning))
