"""Late days and the tables of Canvas and Moodle; nothing is graded here."""

from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.course.grading import canvas_moodle as books
from coursekit.course.grading.late_days import (
    Lateness,
    LateRule,
    days_late,
    keep_rule,
    lateness,
    rule_of,
)

DUE = datetime(2027, 1, 31, 23, 59)
HOUR = timedelta(hours=1)


@pytest.fixture
def marks():
    rows = [
        ("ada", 1.0, 3.0, 0, 0.0, 4.0, 5.0, ""),
        ("bo", 1.0, 0.0, 2, 0.5, 0.5, 5.0, ""),
        ("cy", None, None, 0, 0.0, None, 5.0, "is no notebook"),
        ("dee", 0.0, 0.0, 0, 0.0, 0.0, 5.0, ""),
    ]
    names = ["student", "01-slope-for", "written-01", "days late", "late", "total", "out of"]
    return pd.DataFrame(rows, columns=[*names, "problem"])


@pytest.mark.parametrize(
    ("late", "days"),
    [(-HOUR, 0), (0 * HOUR, 0), (HOUR, 1), (24 * HOUR, 1), (24.5 * HOUR, 2), (72 * HOUR, 3)],
)
def test_begun_days_count(late, days):
    assert days_late(DUE, DUE + late) == days


def test_what_is_not_known_is_not_late():
    assert days_late(None, DUE) == days_late(DUE, None) == 0


def test_the_purse_pays_for_what_was_due_first():
    week = timedelta(days=7)
    handed_in = [
        ("ps2", DUE + week, DUE + week + 50 * HOUR),
        ("ps1", DUE, DUE + 26 * HOUR),
        ("ps3", DUE + 2 * week, DUE + 2 * week),
    ]
    by_assignment = lateness(LateRule(free=3, percent=10), handed_in)
    assert by_assignment == {
        "ps1": Lateness(2, 2, 0.0),
        "ps2": Lateness(3, 1, 0.2),
        "ps3": Lateness(0, 0, 0.0),
    }


@given(
    st.integers(0, 20),
    st.floats(0, 100),
    st.lists(st.floats(-100, 500), min_size=1, max_size=6),
)
def test_the_purse_is_never_overdrawn_and_no_more_than_all_is_taken(free, percent, delays):
    handed_in = [
        (f"ps{i}", DUE + i * 24 * HOUR, DUE + i * 24 * HOUR + d * HOUR)
        for i, d in enumerate(delays)
    ]
    cases = lateness(LateRule(free, percent), handed_in).values()
    assert sum(x.free for x in cases) == min(free, sum(x.days for x in cases))
    assert all(0 <= x.share <= 1 and x.free <= x.days for x in cases)


def test_the_rule_is_kept_and_refuses_what_is_none(tmp_path):
    assert rule_of(tmp_path) == LateRule()
    keep_rule(LateRule(3, 12.5), tmp_path / "class")
    assert rule_of(tmp_path / "class") == LateRule(3, 12.5)
    with pytest.raises(ValueError, match="free is -1"):
        LateRule(free=-1)
    with pytest.raises(ValueError, match="percent is 101"):
        LateRule(percent=101)


CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,ps1 (4711),Final Score
,,,,,Manual Posting,
    Points Possible,,,,,5,(read only)
"Lovelace, Ada",11,s-1,ada,One,,
"Bo ""B"", C",12,s-2,bo,One,1,
"Cy, C",13,s-3,cy,One,2,
"Eve, E",14,s-4,eve,One,3,
"Student, Test",15,,,One,,
"""


def test_canvas_gets_its_own_columns_and_rows_back(marks, tmp_path):
    export = tmp_path / "export.csv"
    export.write_text(CANVAS, encoding="utf-8")
    filled = books.canvas(marks, export, "ps1")
    filled.table.to_csv(tmp_path / "in.csv", index=False)
    text = (tmp_path / "in.csv").read_text(encoding="utf-8").splitlines()
    assert text == [
        "Student,ID,SIS User ID,SIS Login ID,Section,ps1 (4711)",
        "    Points Possible,,,,,5",
        '"Lovelace, Ada",11,s-1,ada,One,4',
        '"Bo ""B"", C",12,s-2,bo,One,0.5',
        '"Cy, C",13,s-3,cy,One,',
        '"Eve, E",14,s-4,eve,One,',
        '"Student, Test",15,,,One,',
    ]
    assert filled.unknown == ["dee"]
    assert filled.without == ["cy", "eve", ""]


def test_canvas_is_asked_for_a_new_column_and_any_of_its_names_will_do(marks, tmp_path):
    export = tmp_path / "export.csv"
    export.write_text(CANVAS.replace("ps1 (4711)", "ps10 (1)"), encoding="utf-8")
    other = marks.assign(student=["11", "12", "13", "99"])
    filled = books.canvas(other, export, "ps1")
    assert list(filled.table)[-1] == "ps1" and "ps10 (1)" not in filled.table
    assert filled.table.set_index("ID")["ps1"].to_dict()["11"] == "4"
    assert filled.unknown == ["99"]


MOODLE = """Identifier,Full name,Email address,Status,Grade,Maximum Grade,Feedback comments
Participant 1,Ada Lovelace,ada,Submitted for grading,,5.00,
Participant 2,Bo B,bo,Submitted for grading,1.00,5.00,early words
Participant 3,Cy C,cy,Submitted for grading,2.00,5.00,
Participant 5,Eve E,eve,No submission,,,
"""


def test_moodle_gets_its_worksheet_back_with_marks_and_words(marks, tmp_path):
    worksheet = tmp_path / "worksheet.csv"
    worksheet.write_text(MOODLE, encoding="utf-8")
    filled = books.moodle(marks, worksheet, "ps1")
    header = MOODLE.splitlines()[0].split(",")
    assert list(filled.table) == header
    rows = filled.table.set_index("Email address")
    assert rows["Grade"].to_dict() == {"ada": "4", "bo": "0.5", "cy": "2.00", "eve": ""}
    comments = rows["Feedback comments"]
    assert comments["ada"] == "01-slope-for 1, written-01 3"
    assert comments["bo"] == "01-slope-for 1, written-01 0; 2 days late, −0.5"
    assert "not marked yet" in comments["cy"] and comments["eve"] == ""
    assert (filled.unknown, filled.without) == (["dee"], ["cy", "eve"])


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: text.encode("cp1252"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace(",", ";").replace("5.00", "5,00").encode("cp1252"),
        lambda text: text.replace(",", "\t").replace("5.00", "5,0").encode(),
        lambda text: text.replace(",5.00,", ",-,").encode(),
        lambda text: text.replace(",5.00,", ",,").encode(),
    ],
)
def test_a_worksheet_that_excel_has_saved_is_filled_in(marks, tmp_path, changed):
    worksheet = tmp_path / "worksheet.csv"
    worksheet.write_bytes(changed(MOODLE.replace("Ada Lovelace", "Ada Löwe")))
    rows = books.moodle(marks, worksheet, "ps1").table.set_index("Email address")
    assert rows["Grade"].to_dict()["ada"] == "4"
    assert rows["Full name"].to_dict()["ada"] == "Ada Löwe"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (MOODLE.replace("5.00", "Pass/Fail").encode(), "has 'Pass/Fail' as 'Maximum Grade'; let"),
        (b"PK\3\4", "is a workbook, no CSV; save it as"),
        (b" \n", "is empty; the exported CSV"),
        (b"\x81\x8d\xff", "is neither UTF-8 nor Windows text; save it as"),
        (b'a,b\n1,2,3,4\n"x', "is no table: .*; export it anew"),
    ],
)
def test_a_worksheet_that_cannot_be_read_is_named_with_a_cure(marks, tmp_path, content, sentence):
    (tmp_path / "worksheet.csv").write_bytes(content)
    with pytest.raises(ValueError, match=rf"worksheet\.csv {sentence}"):
        books.moodle(marks, tmp_path / "worksheet.csv", "ps1")


def test_refusals(marks, tmp_path):
    file = tmp_path / "other.csv"
    for fill, text, sentence in (
        (books.canvas, "name,grade\nada,1\n", "export of Canvas has them"),
        (books.moodle, "Email address\nada\n", "has no column 'Grade'"),
        (books.moodle, "Name,Grade\nada,1\n", "has none of the columns"),
        (books.moodle, MOODLE.replace("5.00", "10.00"), "is worth 5 points, in other.csv 10.00"),
        (books.canvas, CANVAS + '"Two",16,s-9,ada,One,,\n', "'ada'. more than once"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=sentence.replace("(", r"\(")):
            fill(marks, file, "ps1")
    with pytest.raises(ValueError, match="does not exist"):
        books.canvas(marks, tmp_path / "none.csv", "ps1")
