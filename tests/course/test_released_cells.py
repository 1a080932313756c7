"""Notebooks whose cells have lost or changed their labels, and what is known of them again."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from coursekit.course.authoring.exercise_slices import grade_id
from coursekit.course.grading.handed_in import make_ready
from coursekit.course.grading.released_cells import NoNotebookError, read_notebook, relabel
from coursekit.course.grading.submission_files import Refused

ANSWER = "def f(x):\n    return x + 1"
CHECK = "exercises.f.check(f, out_of=2)"
QUESTION = "## A question\n\nWhy?"


def labelled(cell, name, **marks):
    every = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    cell.metadata["nbgrader"] = {**every, "grade_id": name, **marks}
    return cell


def release():
    graded = {"grade": True, "points": 2}
    question = labelled(new_markdown_cell(QUESTION), "question-01", locked=True)
    return new_notebook(
        cells=[
            labelled(new_code_cell("import numpy as np"), "given-01-1", locked=True),
            new_markdown_cell("Write f."),
            labelled(
                new_code_cell('def f(x):\n    """Text."""\n    ...'), "ex-01-f", solution=True
            ),
            labelled(new_code_cell(CHECK), "check-01-f", locked=True, **graded),
            question,
            labelled(new_markdown_cell("*Here.*"), "written-01", solution=True, **graded),
        ]
    )


def solved():
    notebook = release()
    notebook.cells[2].source = ANSWER
    notebook.cells[5].source = "Because."
    return notebook


def stripped(notebook):
    for cell in notebook.cells:
        cell.metadata.clear()
    return notebook


def by_label(notebook):
    return {grade_id(cell): cell.source for cell in notebook.cells if grade_id(cell)}


ALL = ["given-01-1", "ex-01-f", "check-01-f", "question-01", "written-01"]


def changed(change):
    notebook = solved()
    change(notebook)
    return notebook


def split(notebook):
    """As JupyterLab splits a cell: both pieces keep the label."""
    second = copy.deepcopy(notebook.cells[2])
    notebook.cells[2].source, second.source = "def f(x):", "    return x + 1"
    notebook.cells.insert(3, second)


def split_and_stripped(notebook):
    split(notebook)
    notebook.cells[3].metadata.clear()


@pytest.mark.parametrize(
    "change",
    [
        lambda notebook: None,
        stripped,
        split,
        split_and_stripped,
        lambda n: n.cells.insert(0, copy.deepcopy(n.cells[3])),  # a check above its answer
        lambda n: n.cells.insert(2, copy.deepcopy(release().cells[2])),  # the stub, kept above
        lambda n: n.cells.append(copy.deepcopy(release().cells[2])),  # the stub, kept below
        lambda n: n.cells.append(new_code_cell("g = 3")),
        lambda n: [cell.metadata.update(nbgrader=3) for cell in n.cells],
        lambda n: [cell.metadata.update(nbgrader={"grade_id": ["x"]}) for cell in n.cells],
        lambda n: n.cells[0].metadata["nbgrader"].update(grade_id="given-77-1"),
        lambda n: n.cells[3].metadata["nbgrader"].update(schema_version=99, points="two"),
        lambda n: setattr(n.cells[3], "source", "exercises.f.check(f)"),  # the lesson's own
        lambda n: n.cells.append(labelled(new_code_cell("1"), "check-01-of-another-release")),
    ],
)
def test_every_cell_is_known_again_and_no_other(change):
    notebook, original = changed(change), release()
    assert sorted(relabel(notebook, original)) == sorted(ALL)
    known = by_label(notebook)
    assert sorted(known) == sorted(ALL) and known["ex-01-f"].strip() == ANSWER
    assert known["written-01"] == "Because." and "exercises.f.check(f" in known["check-01-f"]
    for cell in original.cells:
        if grade_id(cell):
            ours = next(c for c in notebook.cells if grade_id(c) == grade_id(cell))
            assert ours.metadata["nbgrader"] == cell.metadata["nbgrader"]
            assert ours.cell_type == cell.cell_type
    order = [grade_id(cell) for cell in notebook.cells if grade_id(cell)]
    assert order.index("ex-01-f") < order.index("check-01-f")


def test_a_label_on_a_cell_of_another_kind_or_on_nothing_known_is_taken_off():
    notebook = new_notebook(
        cells=[labelled(new_markdown_cell("text"), "check-01-f"), new_code_cell("h = 1")]
    )
    assert relabel(notebook, release()) == [] and by_label(notebook) == {}


def test_a_half_written_answer_is_known_by_its_name():
    notebook = stripped(solved())
    notebook.cells[2].source = "def f(x:\n    return"
    relabel(notebook, release())
    assert by_label(notebook)["ex-01-f"].startswith("def f(x:")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{ no", "the file cannot be read as JSON"),
        (b"\xff\xfe", "the file cannot be read as JSON"),
        (b"[]", "its form is not that of a notebook"),
        (b'{"cells": 3}', "form"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "cells": [{"cell_type": 7}]}', "form"),
    ],
)
def test_what_is_no_notebook_is_told_so(content, sentence):
    with pytest.raises(NoNotebookError, match=sentence):
        read_notebook(content)


def test_an_old_notebook_is_brought_up():
    old = nbformat.v3.new_notebook(
        worksheets=[nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell(input=ANSWER)])]
    )
    (cell,) = read_notebook(nbformat.v3.nbjson.writes(old).encode()).cells
    assert cell.source == ANSWER and cell.id


# ---- whole submissions ------------------------------------------------------------------------


def folders(tmp_path, handed_in, names=("01_a.ipynb",), **texts):
    """A release with these notebooks, and a submission: name → notebook or text."""
    released, submitted = tmp_path / "release", tmp_path / "submitted"
    released.mkdir()
    for name in names:
        original = release()
        if name != names[0]:
            for cell in original.cells:
                cell.source = cell.source.replace("def f(", "def g(").replace("s.f.", "s.g.")
                if grade_id(cell):
                    cell.metadata["nbgrader"]["grade_id"] = grade_id(cell).replace("01", "02")
        nbformat.write(original, released / name)
    for name, content in handed_in.items():
        path = submitted / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else nbformat.writes(content)
        path.write_text(text, encoding="utf-8")
    return submitted, released


def second():
    notebook = solved()
    for cell in notebook.cells:
        cell.source = cell.source.replace("def f(", "def g(").replace("s.f.", "s.g.")
    return stripped(notebook)


TWO = ("01_a.ipynb", "02_b.ipynb")


@pytest.mark.parametrize(
    ("handed_in", "remarks"),
    [
        ({"01_a.ipynb": solved(), "02_b.ipynb": second()}, []),
        (
            {"01_a.ipynb": solved(), "mine.ipynb": second()},
            ["handed in mine.ipynb, which was graded as 02_b.ipynb"],
        ),
        (
            {"x/01_a.ipynb": stripped(solved()), "x/02_b (1).ipynb": second()},
            [
                "handed in x/01_a.ipynb, which was graded as 01_a.ipynb",
                "handed in x/02_b (1).ipynb, which was graded as 02_b.ipynb",
            ],
        ),
        ({"01_a.ipynb": solved()}, ["lacks 02_b.ipynb; its exercises count 0 until it is there"]),
        (
            {"01_a.ipynb": solved(), "02_b.ipynb": new_notebook(cells=[new_code_cell("1")])},
            ["has no cell of this assignment in 02_b.ipynb: ask"],
        ),
        ({"01_a.ipynb": solved(), "02_b.ipynb": "{"}, ["has 02_b.ipynb, which is no notebook"]),
        (
            {"01_a.ipynb": solved(), "02_b.ipynb": second(), "timestamp.txt": "gestern"},
            ["has gestern in timestamp.txt"],
        ),
    ],
)
def test_a_human_is_told_of_what_is_odd(tmp_path, handed_in, remarks):
    submitted, released = folders(tmp_path, handed_in, TWO)
    remarked = make_ready(submitted, released)
    assert len(remarked) == len(remarks)
    assert all(one.startswith(other) for one, other in zip(remarked, remarks, strict=True)), (
        remarked
    )
    ready = nbformat.read(submitted / "01_a.ipynb", 4)
    assert by_label(ready)["ex-01-f"] == ANSWER
    assert not (submitted / "timestamp.txt").exists()


@pytest.mark.parametrize(
    ("handed_in", "sentence"),
    [
        ({"notes.txt": "mine"}, "has no notebook of this assignment"),
        ({"01_a.ipynb": "{"}, "has 01_a.ipynb, which is no notebook: .*; ask for the file again"),
        (
            {"01_a.ipynb": new_notebook(cells=[new_code_cell("import numpy as np")])},
            "has no cell of this assignment in 01_a.ipynb: ask for the file again",
        ),
    ],
)
def test_a_submission_without_any_known_cell_has_a_reason_and_a_cure(tmp_path, handed_in, sentence):
    with pytest.raises(Refused, match=sentence):
        make_ready(*folders(tmp_path, handed_in))
