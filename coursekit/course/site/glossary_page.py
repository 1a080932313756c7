"""The glossary's page, and what each term means, from the stored notebook of all terms."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from coursekit.course.site.finish_page import anchor
from coursekit.course.site.lesson_page import with_page_links

ENTRY = re.compile(r"^- \*\*(.+?)\*\*: (.*) (\(\[(\d\d)\]\(.*?\)\))$", re.MULTILINE)
# Terms that are everyday words, too, or other things elsewhere: only their own lesson means them.
OWN_LESSON_ONLY = frozenset({
    "accumulation", "alignment", "attention", "audit", "blend", "budget", "calibration",
    "centring", "checkpoint", "checkpointing", "clip", "clipped", "collapse", "conditions",
    "cone", "confidence", "consistency", "convergence", "counter", "curriculum", "distillation",
    "expert", "foil", "gate", "grid", "head", "heterogeneity", "interaction", "intersection",
    "interval", "latents", "leakage", "negatives", "occlusion", "oracle", "pace", "pair",
    "pointing", "pool", "prompt", "prototype", "rank", "readout", "rebuild", "recipe", "recovery",
    "referee", "regret", "residual", "scale", "schedule", "score", "slope", "smoothing",
    "surrogate", "temperature", "token", "tuning", "typical", "undefined", "weighted",
})  # fmt: skip


@dataclass(frozen=True)
class Term:
    """name, meaning: as plain text, formulas without their dollars.  lesson: that defines it."""

    name: str
    meaning: str
    lesson: str


def terms(glossary: NotebookNode) -> list[Term]:
    """Every term of the stored glossary."""
    text = "\n".join(cell.source for cell in glossary.cells)
    return [Term(name, _plain(meaning), lesson) for name, meaning, _, lesson in ENTRY.findall(text)]


def meanings(known: Sequence[Term], lesson: str) -> dict[str, str]:
    """Term → its meaning, of those that mean the same in this lesson. lesson: two digits."""
    return {
        term.name: term.meaning
        for term in known
        if term.lesson == lesson or term.name.lower() not in OWN_LESSON_ONLY
    }


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
