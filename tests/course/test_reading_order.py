"""A lesson's words are defined where they first stand, in the order in which one reads."""

import re

import pytest

from coursekit.course.authoring.glossary import terms_of
from coursekit.course.authoring.reading_time import further_cells
from coursekit.course.authoring.sources import instructor_notebook, scripts

# Words of the glossary that are plain English, too: nobody stumbles over them.
PLAIN = {"score", "scale", "pace", "gate", "grid", "head", "rank", "slope", "token", "checkpoint"}
# A word of a later place may stand in a paragraph that says where it is explained.
ANNOUNCED = re.compile(r"\bbelow\b|\blessons?\b|\bexplained\b|part of the course|\.ipynb\)")
NOT_PROSE = re.compile(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|^#+ .*$", re.S | re.M)
SCRIPTS = scripts()
TERMS = {script: [term.name for term in terms_of(script)] for script in SCRIPTS}


def prose(notebook):
    """What stands between head and Words, without headings, code and displayed formulas."""
    cells = [cell.source for cell in notebook.cells[1:] if cell.cell_type == "markdown"]
    return NOT_PROSE.sub("", "\n\n".join(cells).partition("## Words")[0])


def core(notebook):
    """The notebook without its sections marked Further."""
    pairs = zip(notebook.cells, further_cells(notebook), strict=True)
    notebook.cells = [cell for cell, further in pairs if not further]
    return notebook


def undefined(text, term):
    """The first mention of ``term`` in ``text``, if it is neither bold nor announced there."""
    words = r"(?:\*\*)?\s+(?:\*\*)?".join(map(re.escape, term.split()))
    flags = re.I if term == term.lower() else 0
    mention = re.search(rf"(?<![\w-])(?:\*\*)?{words}(?:e?s)?(?:\*\*)?(?![\w-])", text, flags)
    if mention is None:
        return ""
    bold = "**" in mention[0] or text[: mention.start()].count("**") % 2 == 1
    start = text.rfind("\n\n", 0, mention.start()) + 1
    end = text.find("\n\n", mention.end())
    paragraph = text[start : end if end > 0 else len(text)]
    return "" if bold or ANNOUNCED.search(paragraph) else " ".join(paragraph.split())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_words_are_defined_before_they_are_used(script):
    whole = prose(instructor_notebook(script))
    without = prose(core(instructor_notebook(script)))
    for later in SCRIPTS[SCRIPTS.index(script) :]:
        for term in set(TERMS[later]) - PLAIN:
            assert undefined(whole, term) == "", (term, later.stem)
            assert undefined(without, term) == "", (term, later.stem, "on the core path")


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("An **interval** is where it lies. The interval is wide.", True),
        ("The interval is wide. An **interval** is where it lies.", False),
        ("The intervals are wide.", False),
        ("We come to the interval in lesson 05.", True),
        ("**Interval\nof a mean**: where it lies.", True),
        ("Intervallic music.", True),
    ],
)
def test_a_word_before_its_definition_is_noticed(text, fine):
    assert (undefined(text, "interval") == "") is fine
