"""The first page: what one learns, a picture to turn, the lessons and the routes."""

import html
from collections.abc import Mapping

from coursekit.course.lesson import Lesson
from coursekit.course.registry import lessons
from coursekit.course.routes import PARTS, ROUTES
from coursekit.course.site.lesson_page import raw

TITLE = "---\nhide-toc: true\n---\n\n# Multimodal fusion, and why training it is hard"
LEAD = (
    "Two modalities should be better than one. In training they often are not. {count} lessons "
    "find out why, with intervals, on generated and on real data; you guess first, turn the knobs "
    "of real models, and write the key formulas yourself."
)
FIRST = "retrieval"  # the explorer of the first page; it gives no lesson's guess away
FACTS = (
    "Read and guess here, on a phone too; what you guess stays in your browser. To train, to write "
    "code and to have it checked, open the lessons in JupyterLab on your machine: "
    "`python course.py lab`."
)


def start_page(
    stems: Mapping[str, str], minutes: Mapping[str, str], titles: Mapping[str, str],
    known: Mapping[str, Lesson], card: str,
) -> str:  # fmt: skip
    """Its markdown.

    stems: lesson's two digits → its page's name.  minutes, titles: by the digits, too.  known: what
    the lessons declare.  card: HTML of the explorer to turn.
    """
    first = next(iter(stems.values()))
    lead = html.escape(LEAD.format(count=len(lessons())))
    steps = (
        f'<p class="ck-lead">{lead}</p><p class="ck-steps">'
        f'<a href="lessons/{first}.html">Begin with lesson {first[:2]}</a>'
        '<a href="#routes">Choose a route</a><a href="explorers.html">All explorers</a></p>'
    )
    parts = [TITLE, raw(steps), raw(f'<div class="ck-wide">{card}</div>'), FACTS, "## The lessons"]
    for begin, part in PARTS.items():
        later = [n for n in PARTS if n > begin]
        own = [n for n in stems if n >= begin and (not later or n < later[0])]
        if own:
            parts += [f"### {part}", raw(_cards(own, stems, minutes, titles, known))]
    parts += ["## Routes", *_routes(stems), _toctrees(stems)]
    return "\n\n".join(parts) + "\n"


def _cards(
    own: list[str], stems: Mapping[str, str], minutes: Mapping[str, str],
    titles: Mapping[str, str], known: Mapping[str, Lesson],
) -> str:  # fmt: skip
    cards = "".join(
        f'<a href="lessons/{stems[n]}.html"><strong>{html.escape(titles[n])}</strong>'
        f"{html.escape(known[n].teaches)} <small>{html.escape(minutes[n])}</small></a>"
        for n in own
    )
    return f'<div class="ck-parts">{cards}</div>'


def _routes(stems: Mapping[str, str]) -> list[str]:
    texts = []
    for name, route in ROUTES.items():
        stops = [
            f"[{n}](lessons/{stems[n]}.md)"
            + (f" (*{route.in_part[n]}*)" if n in route.in_part else "")
            for n in route.stops
            if n in stems
        ]
        texts.append(f"**{name}.** {route.whom} At its end {route.able}. {', '.join(stops)}.")
    return texts


def _toctrees(stems: Mapping[str, str]) -> str:
    """The side bar: the parts with their lessons, then everything else."""
    trees = []
    for begin, part in PARTS.items():
        later = [n for n in PARTS if n > begin]
        own = [stems[n] for n in stems if n >= begin and (not later or n < later[0])]
        if own:
            trees.append(_toctree(part, [f"lessons/{stem}" for stem in own]))
    others = ["explorers", "methods", "results", "glossary", "library/index", "instructors"]
    return "\n\n".join([*trees, _toctree("To look up", others)])


def _toctree(caption: str, pages: list[str]) -> str:
    listed = "\n".join(pages)
    return f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n```"
