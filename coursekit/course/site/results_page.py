"""The page of all results: every claim that the lessons checked, with what was measured."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nbformat import NotebookNode

from coursekit.course.site.lesson_page import raw

CLAIM = re.compile(r"^([✓✗]) (.*) \[measured (.*?), required (.*)\]$")


@dataclass(frozen=True)
class Claim:
    """A sentence with its number, and what had to hold.  stem: of the lesson's notebook."""

    stem: str
    sentence: str
    measured: str
    required: str
    holds: bool


def claims_of(stem: str, notebook: NotebookNode) -> Iterator[Claim]:
    """The claims that a stored notebook printed, in their order."""
    whole = ""  # the last sentence that does not go on from another
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            lines = output.text.splitlines() if output.output_type == "stream" else []
            for line in lines:
                match = CLAIM.match(line)
                if match:
                    mark, sentence, measured, required = match.groups()
                    whole = whole if sentence.startswith("…") else sentence
                    sentence = sentence if sentence == whole else f"{whole} {sentence}"
                    yield Claim(stem, sentence, measured, required, mark == "✓")


def results_page(notebooks: Mapping[str, NotebookNode]) -> str:
    """The page's markdown. notebooks: stem → stored notebook."""
    claims = [claim for stem, n in notebooks.items() for claim in claims_of(stem, n)]
    rows = "".join(
        f'<tr><td><a href="lessons/{c.stem}.html">{c.stem[:2]}</a></td>'
        f'<td class="ck-long">{html.escape(c.sentence)}</td><td>{html.escape(c.measured)}</td>'
        f"<td>{html.escape(c.required)}</td></tr>"
        for c in claims
    )
    table = (
        '<div class="ck-box"><label>Show rows with <input type="search" data-filter '
        'aria-controls="all-claims" data-says="claims-shown" placeholder="ensemble 08"></label> '
        f'<span id="claims-shown" role="status">{len(claims)} rows</span></div>'
        '<div class="ck-table" tabindex="0"><table class="ck-sortable" id="all-claims"><thead><tr>'
        '<th scope="col">lesson</th><th scope="col">what was claimed</th>'
        '<th scope="col">measured</th><th scope="col">required</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    failed = sum(not claim.holds for claim in claims)
    return (
        "# All results\n\n"
        f"{len(claims)} sentences of the lessons carry a number, and each lesson checks its own "
        "while it runs: *required* is what had to hold for the sentence to stand, *measured* what "
        f"the stored run gave. {failed} of them did not hold in that run. What stands behind a … "
        "is measured; before it stands the sentence that it goes on from.\n\n"
        "Answers to the lessons' guesses stand here: guess first.\n\n" + raw(table) + "\n"
    )
