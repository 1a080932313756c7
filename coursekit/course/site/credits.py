"""Whose pictures a page shows: the lessons' own words on it, at the foot of their pages."""

import re
from collections.abc import Iterable

from markdown_it import MarkdownIt
from nbformat import NotebookNode

CREDIT = re.compile(r"(?:^|\n\n)(Pictures: .*?)(?=\n\n|\Z)", re.DOTALL)


def credit_of(notebook: NotebookNode) -> str:
    """The paragraph of a lesson that names the makers of its pictures; "" without one."""
    for cell in notebook.cells:
        match = CREDIT.search(cell.source) if cell.cell_type == "markdown" else None
        if match:
            return str(match[1])
    return ""


def without_credit(text: str) -> str:
    """A cell's markdown without that paragraph."""
    return CREDIT.sub("", text)


def credits_html(credit: Iterable[str]) -> str:
    """The foot of a page that shows pictures of several lessons, each credit once; "" for none."""
    paragraphs = dict.fromkeys(text for text in credit if text)
    markup = "".join(MarkdownIt().render(text) for text in paragraphs)
    return f'<footer class="ck-credits">{markup}</footer>' if markup else ""
