"""What is wrong with a stored learner notebook, in sentences; nothing is run."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import nbformat
from nbformat import NotebookNode

from coursekit.course.authoring.learner_notebook import WIDGET_VIEW, learner_notebook
from coursekit.course.authoring.sources import (
    ROOT,
    cells_digest,
    described,
    instructor_notebook,
    outputs_digest,
    script_of,
    source_digest,
)

FENCED = re.compile(r"```.*?```|`[^`\n]*`", re.S)
LINK = re.compile(r"(!?)\[([^\]]*)\]\(<?([^)\s>]*)>?(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.M)
MARKERS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)\n[ \t]*### END SOLUTION", re.S)
PART_NAMES = ("id", "type", "text", "metadata")


def problems(path: Path) -> list[str]:
    """One sentence for each thing wrong with the learner notebook at ``path``."""
    script = script_of(path)
    if not script.exists():
        return [f"There is no source script {script.name} for it."]
    if not path.exists():
        return ["It has not been made from its source yet."]
    notebook = nbformat.read(path, 4)
    sentences = [*_stale(notebook, script), *_leaks(notebook, script)]
    if "widgets" in notebook.metadata:
        sentences.append("It stores the widgets' state, which is large and differs each time.")
    for number, cell in enumerate(notebook.cells, 1):
        where = f"Cell {number} ({cell.id})"
        complaints = _outputs(cell) if cell.cell_type == "code" else _markdown(cell, path)
        sentences += [f"{where} {complaint}" for complaint in complaints]
    return sentences


def is_current(path: Path) -> bool:
    """True when the stamp at ``path`` is that of the source as it is now."""
    script = script_of(path)
    if not path.exists():
        return False
    return not list(_stale(nbformat.read(path, 4), script))


def _stale(notebook: NotebookNode, script: Path) -> Iterator[str]:
    made_from = notebook.metadata.get("coursekit", {})
    if made_from.get("source") != source_digest(script):
        yield f"Its outputs are stale: {script.name} has changed since they were made."
    elif made_from.get("cells") != cells_digest(notebook):
        yield "Its cells were edited after they were made; edit the source script instead."
    elif made_from.get("outputs") != outputs_digest(notebook):
        yield "Its outputs are not those that were stored when it was run."
    expected = [described(cell) for cell in learner_notebook(script).cells]
    stored = [described(cell) for cell in notebook.cells]
    for number, (ours, theirs) in enumerate(zip(expected, stored, strict=False), 1):
        parts = [n for n, a, b in zip(PART_NAMES, ours, theirs, strict=True) if a != b]
        if parts:
            yield f"Cell {number} differs from what the source gives: {', '.join(parts)}."
            return
    if len(expected) != len(stored):
        yield f"It has {len(stored)} cells; the source gives {len(expected)}."


def _leaks(notebook: NotebookNode, script: Path) -> Iterator[str]:
    text = nbformat.writes(notebook)
    for marker in MARKERS:
        if marker in text:
            yield f"The marker {marker!r} is still in it."
    cells = "\n".join(_flat(cell.source) for cell in notebook.cells)
    for cell in instructor_notebook(script).cells:
        for solution in SOLUTION.findall(cell.source):
            if _flat(solution) in cells:
                yield f"The solution of {cell.id} can be read in it."


def _flat(text: str) -> str:
    """Text without indents and blank lines, so that a moved solution is recognised."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _outputs(cell: NotebookNode) -> Iterator[str]:
    if cell.source.strip() and cell.execution_count is None:
        yield "has not been run."
    for output in cell.outputs:
        if output.output_type == "error":
            yield f"stores an error: {output.ename}."
        if output.output_type == "stream" and output.name == "stderr":
            yield f"writes to stderr: {output.text.strip()[:80]!r}."
        data: dict[str, Any] = output.get("data", {})
        if WIDGET_VIEW in data:
            yield "stores a widget view, which shows nothing without its kernel."
        for kind in data:
            described_as = output.get("metadata", {}).get(kind, {})
            if kind.startswith("image/") and not str(described_as.get("alt", "")).strip():
                yield f"has a picture ({kind}) without an alternative text."
        yield from _images(str(data.get("text/html", "")))
        shown = str(output.get("text", "")) + "".join(str(x) for x in data.values())
        for folder in {str(ROOT), str(Path.home())} - {"/"}:
            if re.search(rf"{re.escape(folder)}(?![\w.-])", shown):
                yield f"shows a folder of the machine it ran on: {folder}."


class _ImageParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.without_alt = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img" and not (dict(attrs).get("alt") or "").strip():
            self.without_alt += 1


def _images(html: str) -> Iterator[str]:
    parser = _ImageParser()
    parser.feed(html)
    if parser.without_alt:
        yield "has an <img> without an alternative text."


def _markdown(cell: NotebookNode, path: Path) -> Iterator[str]:
    text = FENCED.sub("", cell.source)
    yield from _images(text)
    for bang, words, target in LINK.findall(text):
        if bang and not words.strip():
            yield f"shows {target} without an alternative text."
        complaint = _broken(target, path)
        if complaint:
            yield f"links to {target!r}, {complaint}"


def _broken(target: str, path: Path) -> str:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return ""
    file = path.parent / unquote(parts.path) if parts.path else path
    if not file.exists():
        return "and there is no such file."
    anchor = unquote(parts.fragment)
    if anchor and file.suffix in (".ipynb", ".md") and anchor not in _anchors(file):
        return f"and {file.name} has no such heading."
    return ""


def _anchors(file: Path) -> set[str]:
    """The anchors that JupyterLab makes of headings: blanks become hyphens, capitals stay."""
    if file.suffix == ".ipynb":
        cells = nbformat.read(file, 4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        return {heading.replace(" ", "-") for heading in HEADING.findall(text)}
    headings = HEADING.findall(file.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-").lower() for heading in headings}
