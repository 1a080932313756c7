"""The learner's copies: filled, brought up to date, set aside, and never lost."""

import json
import os
import re
from pathlib import Path

import pytest

from coursekit.course import workbook

ORIGIN = workbook.ORIGIN


def notebook(*answers, note="text"):
    """A notebook with a text cell and an answer and a check cell for each exercise name."""
    cells = [{"cell_type": "markdown", "metadata": {}, "source": note}]
    for name in answers:
        for kind, solution in (("ex", True), ("check", False)):
            tags = {"grade_id": f"{kind}-{name}", "solution": solution, "grade": not solution}
            cells.append(
                {
                    "cell_type": "code",
                    "metadata": {"nbgrader": tags},
                    "source": f"{kind} of {name}, first state",
                    "outputs": [],
                    "execution_count": None,
                }
            )
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def put(file, content):
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def source_of(file, grade_id):
    for cell in json.loads(file.read_text("utf-8"))["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            return cell["source"]
    raise AssertionError(grade_id)


def answer(file, grade_id, text):
    """Write ``text`` into a cell, as a learner would."""
    content = json.loads(file.read_text("utf-8"))
    for cell in content["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            cell["source"] = text
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "mine"}]
    put(file, content)


def everything(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture
def lessons(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    put(folder / "00_start.ipynb", notebook("00-hello"))
    put(folder / "01_lines.ipynb", notebook("01-centre", "01-slope", note="Grüße"))
    (folder / "source").mkdir()
    (folder / "source" / "01_lines.py").write_text("# not for the learner")
    return folder


@pytest.fixture
def mine(tmp_path):
    return tmp_path / "workbook"


# ---- fill ----------------------------------------------------------------------------------


def test_fill_copies_every_lesson_and_nothing_else(lessons, mine):
    report = workbook.fill(lessons, mine)
    assert report == ["00_start.ipynb: a new copy for you.", "01_lines.ipynb: a new copy for you."]
    assert sorted(everything(mine)) == [ORIGIN, "00_start.ipynb", "01_lines.ipynb"]
    for name in ("00_start.ipynb", "01_lines.ipynb"):
        assert (mine / name).read_bytes() == (lessons / name).read_bytes()


def test_filling_again_changes_and_says_nothing(lessons, mine):
    workbook.fill(lessons, mine)
    before = everything(mine)
    assert workbook.fill(lessons, mine) == []
    assert everything(mine) == before


def test_a_changed_copy_is_kept_without_a_word_while_the_course_is_the_same(lessons, mine):
    workbook.fill(lessons, mine)
    answer(mine / "01_lines.ipynb", "ex-01-slope", "my work")
    before = everything(mine)
    assert workbook.fill(lessons, mine) == []
    assert everything(mine) == before


def test_an_untouched_copy_follows_an_update(lessons, mine):
    workbook.fill(lessons, mine)
    put(lessons / "01_lines.ipynb", notebook("01-centre", note="better"))
    assert workbook.fill(lessons, mine) == [
        "01_lines.ipynb: brought up to date (you had not changed it)."
    ]
    assert (mine / "01_lines.ipynb").read_bytes() == (lessons / "01_lines.ipynb").read_bytes()
    put(lessons / "01_lines.ipynb", notebook("01-centre", note="better still"))
    assert len(workbook.fill(lessons, mine)) == 1  # and the next one


def test_a_changed_copy_stays_at_an_update_and_the_way_out_is_named(lessons, mine):
    workbook.fill(lessons, mine)
    answer(mine / "01_lines.ipynb", "ex-01-slope", "my work")
    kept = (mine / "01_lines.ipynb").read_bytes()
    put(lessons / "01_lines.ipynb", notebook("01-centre", note="better"))
    for _ in range(2):  # it is said every time, until the learner decides
        (sentence,) = workbook.fill(lessons, mine)
        assert "newer version; yours is kept" in sentence
        assert "`python course.py lab --fresh 01`" in sentence
        assert (mine / "01_lines.ipynb").read_bytes() == kept


def test_a_copy_that_was_deleted_is_given_again_and_a_further_file_left_alone(lessons, mine):
    workbook.fill(lessons, mine)
    (mine / "00_start.ipynb").unlink()
    (mine / "notes.ipynb").write_text("my own")
    assert workbook.fill(lessons, mine) == ["00_start.ipynb: a new copy for you."]
    assert (mine / "notes.ipynb").read_text() == "my own"


@pytest.mark.parametrize("damage", [b"", b"{", b"[1, 2]", b"7", b"\xff\xfe", None])
def test_a_damaged_list_loses_nothing_and_heals(lessons, mine, damage):
    workbook.fill(lessons, mine)
    answer(mine / "01_lines.ipynb", "ex-01-slope", "my work")
    kept = (mine / "01_lines.ipynb").read_bytes()
    if damage is None:
        (mine / ORIGIN).unlink()
    else:
        (mine / ORIGIN).write_bytes(damage)
    report = workbook.fill(lessons, mine)
    assert (mine / "01_lines.ipynb").read_bytes() == kept
    assert len(report) == 1 and report[0].startswith(
        "01_lines.ipynb: the course has a newer version"
    )
    # The untouched copy is known again, so it follows the next update.
    put(lessons / "00_start.ipynb", notebook("00-hello", note="better"))
    assert "00_start.ipynb: brought up to date (you had not changed it)." in workbook.fill(
        lessons, mine
    )


def test_a_workbook_that_is_a_file_is_refused_and_kept(lessons, mine):
    mine.write_text("my own")
    with pytest.raises(ValueError, match=r"workbook is a file, .*rename it"):
        workbook.fill(lessons, mine)
    assert mine.read_text() == "my own"


# ---- fresh ---------------------------------------------------------------------------------


def test_fresh_sets_aside_with_the_date_and_gives_a_new_copy(lessons, mine):
    workbook.fill(lessons, mine)
    for text in ("first try", "second try"):
        answer(mine / "01_lines.ipynb", "ex-01-slope", text)
        sentence = workbook.fresh("01", lessons, mine)
        place = re.fullmatch(
            r"01_lines\.ipynb: a fresh copy\. What you had is in "
            r"(workbook/set-aside/01_lines_\d{4}-\d\d-\d\d_\d{6}_\d{6}\.ipynb)\.",
            sentence,
        )
        assert place, sentence
        assert source_of(mine.parent / place[1], "ex-01-slope") == text
        assert (mine / "01_lines.ipynb").read_bytes() == (lessons / "01_lines.ipynb").read_bytes()
    assert len(list((mine / "set-aside").iterdir())) == 2
    assert workbook.fill(lessons, mine) == []


def test_fresh_ends_the_talk_of_a_newer_version(lessons, mine):
    workbook.fill(lessons, mine)
    answer(mine / "01_lines.ipynb", "ex-01-slope", "my work")
    put(lessons / "01_lines.ipynb", notebook("01-centre", note="better"))
    workbook.fresh("01", lessons, mine)
    assert workbook.fill(lessons, mine) == []
    assert (mine / "01_lines.ipynb").read_bytes() == (lessons / "01_lines.ipynb").read_bytes()


def test_fresh_without_a_copy_just_gives_one(lessons, mine):
    assert workbook.fresh("01_lines", lessons, mine) == "01_lines.ipynb: a fresh copy."
    assert (mine / "01_lines.ipynb").exists()
    assert not (mine / "set-aside").exists()


# ---- reset ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["01-centre", "ex-01-centre"])
def test_reset_gives_back_one_exercise_and_keeps_the_rest_and_the_old_copy(lessons, mine, name):
    workbook.fill(lessons, mine)
    file = mine / "01_lines.ipynb"
    answer(file, "ex-01-centre", "broken beyond repair")
    answer(file, "ex-01-slope", "my good slope")
    answer(file, "check-01-slope", "looked into")
    before = file.read_bytes()
    sentence = workbook.reset(name, lessons, mine)
    assert sentence.startswith(
        "01-centre in 01_lines.ipynb is as it was handed out. What you had is"
    )
    assert source_of(file, "ex-01-centre") == "ex of 01-centre, first state"
    assert source_of(file, "ex-01-slope") == "my good slope"
    assert source_of(file, "check-01-slope") == "looked into"
    first, now = (
        json.loads(f.read_text("utf-8"))["cells"] for f in (lessons / "01_lines.ipynb", file)
    )
    assert now[1] == first[1]  # outputs too
    assert now[0]["source"] == "Grüße"
    (aside,) = (mine / "set-aside").iterdir()
    assert aside.read_bytes() == before


def test_reset_finds_a_cell_that_was_moved(lessons, mine):
    workbook.fill(lessons, mine)
    file = mine / "01_lines.ipynb"
    answer(file, "ex-01-centre", "mine")
    content = json.loads(file.read_text("utf-8"))
    content["cells"].reverse()
    put(file, content)
    workbook.reset("01-centre", lessons, mine)
    assert source_of(file, "ex-01-centre") == "ex of 01-centre, first state"
    assert json.loads(file.read_text("utf-8"))["cells"][-1]["source"] == "Grüße"


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        (lambda a, b: workbook.fresh("07", a, b), "lesson is '07'; one of 00_start, 01_lines was"),
        (lambda a, b: workbook.fresh("0", a, b), "lesson is '0'; one of"),
        (lambda a, b: workbook.fresh("", a, b), "lesson is ''; one of"),
        (lambda a, b: workbook.fresh("*", a, b), r"lesson is '\*'; one of"),
        (lambda a, b: workbook.fresh("/01", a, b), "lesson is '/01'; one of"),
        (lambda a, b: workbook.fresh("../x", a, b), r"lesson is '\.\./x'; one of"),
        (lambda a, b: workbook.reset("07-x", a, b), "lesson is '07'; one of"),
        (
            lambda a, b: workbook.reset("check-01-slope", a, b),
            "lesson is 'ch'; one of",  # a check is no exercise of the learner's
        ),
        (
            lambda a, b: workbook.reset("01-centr", a, b),
            r"exercise is '01-centr'; 01_lines\.ipynb has 01-centre, 01-slope",
        ),
        (lambda a, b: workbook.reset("01", a, b), r"exercise is '01'; .* has 01-centre, 01-slope"),
    ],
)
def test_what_is_not_there_is_refused_and_nothing_is_touched(lessons, mine, action, sentence):
    workbook.fill(lessons, mine)
    answer(mine / "01_lines.ipynb", "ex-01-slope", "my work")
    before = everything(mine)
    with pytest.raises(ValueError, match=sentence):
        action(lessons, mine)
    assert everything(mine) == before


def test_reset_refuses_without_a_copy_without_the_cell_and_with_a_damaged_copy(lessons, mine):
    with pytest.raises(ValueError, match=r"workbook has no 01_lines\.ipynb yet"):
        workbook.reset("01-centre", lessons, mine)
    workbook.fill(lessons, mine)
    file = mine / "01_lines.ipynb"
    put(file, notebook("01-slope"))
    with pytest.raises(ValueError, match=r"has lost the cell of 01-centre; .*--fresh 01"):
        workbook.reset("01-centre", lessons, mine)
    for damage in (b"half a noteb", b"[]", b"{}", b"\xff"):
        file.write_bytes(damage)
        with pytest.raises(ValueError, match=r"cannot be read as a notebook; .*--fresh 01"):
            workbook.reset("01-centre", lessons, mine)
        assert file.read_bytes() == damage
    assert not (mine / "set-aside").exists()


# ---- interruptions -------------------------------------------------------------------------


def cut_off(monkeypatch, when):
    """Let the write number ``when`` stop in the middle, as a full disk or Ctrl-C would."""
    whole, calls = Path.write_bytes, []

    def half(path, content):
        calls.append(path)
        if len(calls) == when:
            whole(path, content[: len(content) // 2])
            raise KeyboardInterrupt
        return whole(path, content)

    monkeypatch.setattr(Path, "write_bytes", half)


@pytest.mark.parametrize("when", [1, 2, 3])
def test_a_fill_that_is_cut_off_leaves_whole_files_and_can_be_repeated(
    lessons, mine, monkeypatch, when
):
    with monkeypatch.context() as patch:
        cut_off(patch, when)
        with pytest.raises(KeyboardInterrupt):
            workbook.fill(lessons, mine)
    written = everything(mine)
    assert len(written) == when - 1
    for name, content in written.items():
        assert content == (lessons / name).read_bytes()
    workbook.fill(lessons, mine)
    put(lessons / "00_start.ipynb", notebook("00-hello", note="better"))
    assert workbook.fill(lessons, mine) == [
        "00_start.ipynb: brought up to date (you had not changed it)."
    ]


def test_an_update_that_is_cut_off_keeps_the_old_copy(lessons, mine, monkeypatch):
    workbook.fill(lessons, mine)
    before = everything(mine)
    put(lessons / "01_lines.ipynb", notebook("01-centre", note="better"))
    with monkeypatch.context() as patch:
        cut_off(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            workbook.fill(lessons, mine)
    assert everything(mine) == before


@pytest.mark.parametrize("when", [1, 2])
def test_a_reset_that_is_cut_off_keeps_the_work(lessons, mine, monkeypatch, when):
    workbook.fill(lessons, mine)
    answer(mine / "01_lines.ipynb", "ex-01-slope", "my work")
    before = (mine / "01_lines.ipynb").read_bytes()
    with monkeypatch.context() as patch:
        cut_off(patch, when)
        with pytest.raises(KeyboardInterrupt):
            workbook.reset("01-slope", lessons, mine)
    assert (mine / "01_lines.ipynb").read_bytes() == before
    assert not [p for p in mine.rglob("*") if p.suffix == ".part"]


def test_a_rename_that_fails_leaves_no_part(lessons, mine, monkeypatch):
    def refuse(a, b):
        raise PermissionError("the file is open in another program")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(PermissionError):
            workbook.fill(lessons, mine)
    assert everything(mine) == {}
