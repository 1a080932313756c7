"""All pages of the site as markdown in a folder, and the pictures beside them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from coursekit.course.authoring.lesson_head import Head, head_of
from coursekit.course.authoring.sources import NOTEBOOKS, ROOT, scripts
from coursekit.course.registry import explorer_entries, lessons
from coursekit.course.site.cell_output import Pictures
from coursekit.course.site.credits import credit_of, credits_html
from coursekit.course.site.glossary_page import Term, glossary_page, terms
from coursekit.course.site.guide_page import guide_page
from coursekit.course.site.lesson_page import lesson_page, raw, with_page_links
from coursekit.course.site.library_pages import ROOMS, library_page, room_page
from coursekit.course.site.methods_page import methods_page
from coursekit.course.site.page_parts import PageParts
from coursekit.course.site.results_page import results_page
from coursekit.course.site.start_page import FIRST, start_page
from coursekit.utils.checks import require

SHELF = re.compile(r'^Shelf\("(\w+)"\)$', re.MULTILINE)
PICTURES, STATES = "_pictures", "_states"
TRIED_ROOMS = ("balancing",)  # of the library, where only some lessons are asked for


@dataclass(frozen=True)
class Written:
    """stems: lesson → the name of its page.  terms: of the glossary."""

    stems: Mapping[str, str]
    terms: Sequence[Term]


def write_source(source: Path, out: Path, wanted: Sequence[str], parts: PageParts) -> Written:
    """Write every page's markdown to ``source``, pictures to ``out``.

    wanted: lessons, two digits each, for a trial with little of the library; all without any.
    Errors: ValueError for a lesson that does not exist, and without the course's notebooks.
    """
    heads = {head.name: head for head in map(head_of, scripts())}
    require(bool(heads), f"{NOTEBOOKS} has no lessons; a checkout of the course was expected.")
    for name in wanted:
        require(name in heads, f"lessons has {name!r}; two digits of a lesson were expected, "
                f"{', '.join(heads)}.")  # fmt: skip
    heads = {name: head for name, head in heads.items() if not wanted or name in wanted}
    stems = {name: Path(head.notebook).stem for name, head in heads.items()}
    notebooks = {stem: _stored(stem) for stem in stems.values()}
    pages: dict[str, str] = {}
    for name, stem in stems.items():
        pictures = Pictures(f"../{PICTURES}/{name}")
        replaced = parts.replaced(name, notebooks[stem], f"../{STATES}")
        page = lesson_page(notebooks[stem], pictures, replaced, lab_box(stem))
        pages[f"lessons/{stem}"] = page
        _keep(pictures, out / PICTURES / name)
    glossary = _stored("glossary")
    rooms = TRIED_ROOMS if wanted else tuple(ROOMS)
    pages |= {
        "index": _start(heads, stems, parts) + raw(credits_html([_first_credit()])),
        "explorers": _explorers(parts, stems)
        + raw(credits_html(map(credit_of, notebooks.values()))),
        "glossary": glossary_page(glossary),
        "results": results_page(notebooks),
        "methods": methods_page(),
        "instructors": guide_page((ROOT / "INSTRUCTORS.md").read_text("utf-8"), stems.values()),
        "library/index": library_page(rooms),
        **{f"library/{room}": room_page(room) for room in rooms},
    }
    for name, text in pages.items():
        path = source / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(without_missing(text, stems.values()), encoding="utf-8")
    return Written(stems, terms(glossary))


def _stored(stem: str) -> NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{stem}.ipynb", as_version=4)


def _keep(pictures: Pictures, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pictures.files.items():
        (folder / name).write_bytes(content)


def without_missing(text: str, stems: Collection[str]) -> str:
    """Links to lessons that this site leaves out become plain words."""
    link = re.compile(r"\[([^\]]*)\]\(/?lessons/(\w+)\.md(?:#[^)]*)?\)")
    return link.sub(lambda m: m[0] if m[2] in stems else m[1], text)


def _start(heads: Mapping[str, Head], stems: Mapping[str, str], parts: PageParts) -> str:
    declared = lessons()
    minutes = {n: f"{h.minutes}{f' + {h.further}' * bool(h.further)} min" for n, h in heads.items()}
    titles = {n: f"{n} · {h.title}" for n, h in heads.items()}
    known = {n: declared[n] for n in heads}
    return start_page(stems, minutes, titles, known, parts.explorer(FIRST, STATES))


def _first_credit() -> str:
    """Who made the pictures of the first page's explorer."""
    lesson, _ = explorer_entries()[FIRST]
    return credit_of(_stored(next(s.stem for s in scripts() if s.stem.startswith(lesson))))


def _explorers(parts: PageParts, stems: Mapping[str, str]) -> str:
    """The page of all explorers, in the words of the notebook of that name."""
    notebook = _stored("explorers")
    texts = [
        "# The explorers\n\nEach shows what a real computation gave, stored for up to three "
        "settings and for steps of up to five knobs from each. Turn one knob at a time. Every "
        "other state needs the Lab, where all knobs can be turned together and the model trains "
        "while you look; the code under the knobs opens it there."
    ]
    entries = explorer_entries()
    for cell in notebook.cells[2:]:
        shelf = SHELF.search(cell.source) if cell.cell_type == "code" else None
        if cell.cell_type == "markdown":
            texts.append(with_page_links(cell.source))
        elif shelf and entries[shelf[1]][0] in stems:
            texts.append(raw(parts.explorer(shelf[1], STATES)))
    return "\n\n".join(texts) + "\n"


def lab_box(stem: str) -> str:
    """How to go on from reading: the two commands, and the switches of the page."""
    clone = "git clone &lt;this repository&gt; && cd &lt;its folder&gt;"
    commands = f"{clone}\npython course.py lab {stem}.ipynb"
    return (
        '<div class="ck-box"><p><strong>Open it in your Lab</strong> to train the models, write '
        "the exercises and have them checked:</p>"
        f'<pre tabindex="0">{commands}</pre><div class="ck-switches">'
        '<label><input type="checkbox" data-switch="code"> show all code</label>'
        '<label><input type="checkbox" data-switch="answers"> read without guessing</label>'
        '<button type="button" data-forget>forget my guesses</button></div>'
        "<p><small>Where the text trains, types or plays, it speaks of the Lab; this page shows "
        "what a stored run gave.</small></p><noscript><p>Without JavaScript all of it can be read; "
        "committing guesses, turning knobs, games and solutions need it.</p></noscript></div>"
    )
