"""A stored notebook as one page of MyST markdown: text, folded code, and what the cells showed."""

import html
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from coursekit.course.site.cell_output import Pictures, output_html
from coursekit.course.site.credits import credit_of, credits_html, without_credit

LINK = re.compile(r"\]\((?:\./)?(\w+)\.ipynb(#[^)]*)?\)")
FENCE = "`" * 8  # longer than what any HTML of ours has in a line
# Where the pages stand that are notebooks here; all others are lessons, in one folder.
ROOT_PAGES = ("explorers", "glossary")


@dataclass(frozen=True)
class Replaced:
    """What the page shows in place of cells, by their number in the notebook.

    cards: HTML instead of code and outputs; "" shows nothing.  dropped: numbers of outputs that are
    left out.  outputs: HTML instead of a cell's outputs; its code stays, folded.  notes: HTML below
    a cell's outputs.  end: HTML below the last cell.
    """

    cards: Mapping[int, str] = field(default_factory=dict)
    dropped: Mapping[int, Collection[int]] = field(default_factory=dict)
    outputs: Mapping[int, str] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)
    end: str = ""


def lesson_page(notebook: NotebookNode, pictures: Pictures, replaced: Replaced, box: str) -> str:
    """The page's markdown.

    pictures: gets the pictures of the outputs.  box: HTML that stands below the first cell.
    """
    parts = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            parts.append(with_page_links(without_credit(cell.source)))
        elif number in replaced.cards:
            parts.append(raw(replaced.cards[number]))
        else:
            parts.append(_code_cell(cell, number, pictures, replaced))
        if number == 0:
            parts.append(raw(box))
    parts.append(raw(replaced.end))
    parts.append(raw(credits_html([credit_of(notebook)])))
    return "\n\n".join(part for part in parts if part) + "\n"


def with_page_links(text: str) -> str:
    """Links to notebooks lead to their pages; written as on a page of a lesson."""
    return LINK.sub(lambda match: f"]({_page(match[1])}{match[2] or ''})", text)


def _page(stem: str) -> str:
    return f"/{stem}.md" if stem in ROOT_PAGES else f"/lessons/{stem}.md"


def raw(markup: str) -> str:
    """HTML as it is, in markdown."""
    if not markup.strip():
        return ""
    return f"{FENCE}{{raw}} html\n{markup}\n{FENCE}"


def _code_cell(
    cell: NotebookNode, number: int, pictures: Pictures, replaced: Replaced
) -> str:  # fmt: skip
    folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
    shown = folded_code(cell.source) if folded else code_block(cell.source)
    if number in replaced.outputs:
        return raw(folded_code(cell.source) + replaced.outputs[number])
    dropped = replaced.dropped.get(number, ())
    outputs = [
        output_html(output, pictures)
        for place, output in enumerate(cell.outputs)
        if place not in dropped
    ]
    body = "".join(f'<div class="ck-output">{markup}</div>' for markup in outputs if markup)
    body += replaced.notes.get(number, "")
    return raw(f'<div class="ck-cell">{shown}{body}</div>')


def code_block(source: str) -> str:
    """Python, highlighted; wide lines scroll, also by keyboard."""
    markup = highlight(source, PythonLexer(), HtmlFormatter(nowrap=True))
    return f'<div class="highlight ck-source"><pre tabindex="0">{markup.rstrip()}</pre></div>'


def folded_code(source: str) -> str:
    """Code that need not be read, closed; its first comment says what it is."""
    first, _, rest = source.partition("\n")
    name = f"Code · {first.removeprefix('#').strip()}" if first.startswith("#") else "Code"
    summary = f"<summary>{html.escape(name.rstrip('.'))}</summary>"
    body = code_block(rest.strip("\n") if first.startswith("#") else source)
    return f'<details class="ck-code">{summary}{body}</details>'
