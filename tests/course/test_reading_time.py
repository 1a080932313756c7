"""Folded cells, sections marked Further, and how long a lesson takes."""

import nbformat
import pytest

from coursekit.course.authoring.exercise_slices import cut
from coursekit.course.authoring.learner_notebook import learner_notebook
from coursekit.course.authoring.lesson_head import head_of
from coursekit.course.authoring.reading_time import (
    HEADING,
    estimated,
    further_cells,
    needed_from_further,
    open_lines,
)
from coursekit.course.authoring.sources import instructor_notebook, notebook_of, scripts

LONGEST, MOST_LINES, ROUNDED = 60, 150, 5  # minutes, lines of open code, minutes
each_lesson = pytest.mark.parametrize("script", scripts(), ids=lambda script: script.stem)


def notebook(*cells):
    """Texts as cells; those that begin with "#" are markdown, "%" marks folded code."""
    made = nbformat.v4.new_notebook()
    for text in cells:
        if text.startswith("#"):
            made.cells.append(nbformat.v4.new_markdown_cell(text))
            continue
        folded = {"jupyter": {"source_hidden": True}} if text.startswith("%") else {}
        made.cells.append(nbformat.v4.new_code_cell(text.lstrip("%"), metadata=folded))
    return made


def script_of(folder, text):
    (folder / "source").mkdir()
    script = folder / "source" / "90_folded.py"
    script.write_text(text, encoding="utf-8")
    return script


@each_lesson
def test_the_core_path_is_short_enough_and_its_head_says_so(script):
    stated, minutes = head_of(script), estimated(instructor_notebook(script))
    assert minutes.core <= LONGEST
    assert stated.minutes == pytest.approx(minutes.core, abs=ROUNDED) and stated.minutes <= LONGEST
    assert stated.further == pytest.approx(minutes.further, abs=ROUNDED)


@each_lesson
def test_little_code_is_open(script):
    assert open_lines(instructor_notebook(script)) <= MOST_LINES


@each_lesson
def test_nothing_needs_what_is_marked_further(script):
    assert needed_from_further(instructor_notebook(script)) == {}


@each_lesson
def test_a_further_section_begins_and_ends_with_a_cell(script):
    cells = instructor_notebook(script).cells
    further = further_cells(instructor_notebook(script))
    for before, cell, beyond in zip([False, *further], cells, further, strict=False):
        if before != beyond:
            assert HEADING.match(cell.source), cell.source[:60]


@each_lesson
def test_the_stated_seconds_are_those_that_were_measured(script):
    quick, slow = head_of(script).computing
    stamp = nbformat.read(notebook_of(script), 4).metadata["coursekit"]
    assert quick / 2 <= stamp["processor_seconds"] <= slow
    assert 2 * quick <= slow <= 120


def test_a_section_ends_at_the_next_heading_of_its_level():
    made = notebook("# T", "## A", "a", "## Further · B", "b", "### C", "c", "## D", "d")
    assert further_cells(made) == [False] * 3 + [True] * 4 + [False] * 2


def test_a_name_from_a_further_section_is_noticed():
    cells = ("# T", "x = 1", "## Further", "y = x\nz = 2", "## B")
    assert needed_from_further(notebook(*cells, "x\nz = 3\nz")) == {}
    (names,) = needed_from_further(notebook(*cells, "x + y")).values()
    assert names == {"y"}
    changed = notebook("# T", "x = 1", "## Further", "x = 2", "## B", "x + 1")
    assert list(needed_from_further(changed).values()) == [{"x"}]


def test_minutes_count_what_is_read_and_done():
    words = " ".join(["word"] * 360)
    assert estimated(notebook("# " + words)).core == pytest.approx(2, abs=0.1)
    code = "\n".join(["x = 1  # read", "", "# only a comment"] * 16)
    assert estimated(notebook("# T", code)).core == pytest.approx(2, abs=0.1)
    assert estimated(notebook("# T", "%" + code)).core == pytest.approx(0, abs=0.1)
    assert open_lines(notebook(code)) == 16 and open_lines(notebook("%" + code)) == 0
    graded = notebook("check(f)\n### BEGIN HIDDEN TESTS\na = 1\n### END HIDDEN TESTS")
    graded.cells[0].metadata["nbgrader"] = {"grade": True, "points": 3}
    assert open_lines(graded) == 1
    assert estimated(graded).core == pytest.approx(8, abs=0.2)


def test_a_folded_cell_stays_folded_for_learner_and_assignment(tmp_path):
    exercise = (
        '# %% [markdown]\n# Write it.\n\n# %% nbgrader={"grade_id": "ex-90-x", "solution": true}\n'
        "x = base\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n\n"
        '# %% nbgrader={"grade_id": "check-90-x", "grade": true, "points": 1}\nprint(x)\n'
    )
    script = script_of(tmp_path, f"# %% folded=true\n# Makes base.\nbase = 1\n\n{exercise}")
    for made in (learner_notebook(script), cut(instructor_notebook(script), ["90-x"])):
        first, *others = [cell for cell in made.cells if cell.cell_type == "code"]
        assert first.metadata["jupyter"] == {"source_hidden": True}
        assert not any("jupyter" in cell.metadata for cell in others)


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("# %% folded=true\nx = 1", "'x = 1' begins a folded cell; a comment"),
        ("# %% folded=true\n# Only a comment.", "begins a folded cell"),
        ("# %% [markdown] folded=true\n# # Title", "begins a folded cell"),
        (
            '# %% folded=true nbgrader={"grade_id": "ex-90-x", "solution": true}\n# Mine.\nx = 1',
            "is folded and part of an exercise",
        ),
    ],
)
def test_what_may_not_be_folded_is_refused(tmp_path, cell, sentence):
    with pytest.raises(ValueError, match=sentence):
        instructor_notebook(script_of(tmp_path, cell + "\n"))
