"""Submissions that point elsewhere, that are no folders, or that end what grades them."""

import io
import os
import socket
import tarfile
from pathlib import Path

import killed_work
import nbformat
import pytest
from typer.testing import CliRunner

from coursekit.__main__ import app
from coursekit.course.authoring.exercise_slices import grade_id
from coursekit.course.grading import feedback as returning
from coursekit.course.grading.assignment import Plan, source_notebook
from coursekit.course.grading.class_folder import COURSE_ID, assign
from coursekit.course.grading.collect import collect
from coursekit.course.grading.feedback import marks
from coursekit.course.grading.grade_class import grade, students
from coursekit.course.grading.grading_state import for_a_human
from coursekit.course.grading.submission_files import Refused, copy_files, digest_of, files_of
from coursekit.course.grading.worker_processes import each

KEY = "01-slope-for"
PLAN = Plan(("01",), "ps1", seed=7, exercises=(KEY,))
STEM = "01_additive_or_multiplicative"
BOOK = f"{STEM}.ipynb"
SECRET = "weights[1] + weights[3] * x_b  # nobody else writes it like this"
RIGHT = "def slope_for(weights, x_b):\n    return weights[1] + weights[3] * x_b"
# Reads what a link may have brought, and lays links and a file for whoever takes the folder back.
LAYS_LINKS = f"""import os
from pathlib import Path
for name in ("peek", "{BOOK}.bin", "peek.txt"):
    if os.path.exists(name):
        raise SystemExit(name)
os.symlink("/etc", "peek")
Path("made.txt").write_text("/etc/passwd: " + open("/etc/passwd").read())
{RIGHT}"""
KILLS = f"import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n{RIGHT}"
PLACES_LINK = f"""import os
os.remove("{BOOK}")
os.symlink("/etc/passwd", "{BOOK}")
{RIGHT}"""


def notebook(answer):
    """The text of a submission with this answer."""
    made = source_notebook("01", PLAN)
    next(c for c in made.cells if grade_id(c) == f"ex-{KEY}").source = answer
    return nbformat.writes(made)


def unpack(folder, *members):
    """As tar, zip and git unpack: (name, content) are files, (name, type, target) the rest."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, *what in members:
            info = tarfile.TarInfo(name)
            if len(what) == 1:
                info.size = len(what[0].encode())
                archive.addfile(info, io.BytesIO(what[0].encode()))
            else:
                info.type, info.linkname = what
                archive.addfile(info)
    packed.seek(0)
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=packed) as archive:
        archive.extractall(folder, filter="fully_trusted")


RIGHT_BOOK = notebook(RIGHT)
LINK, HARD, PIPE, DEVICE = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE
FINE = (BOOK, RIGHT_BOOK)
# Student → what the archive holds, and what is said of it.
REFUSED = {
    "links-folder": ([FINE, ("peek", LINK, "../../../source/ps1")], "a symbolic link, peek"),
    "links-gradebook": (
        [FINE, ("book.bin", LINK, "../../../gradebook.db")],
        "a symbolic link, book.bin",
    ),
    "links-notebook": (
        [(BOOK, LINK, f"../../zz-from-a-mac/ps1/{BOOK}")],
        f"a symbolic link, {BOOK}",
    ),
    "links-record": ([FINE, ("record.jsonl", LINK, "/etc/passwd")], "link, record.jsonl"),
    "links-below": ([FINE, ("a/b/c.txt", LINK, "/etc/passwd")], "a symbolic link, a/b/c.txt"),
    "dead-link": ([FINE, ("gone", LINK, "nowhere")], "a symbolic link, gone"),
    "hard-link": (
        [FINE, ("one.txt", "1"), ("two.txt", HARD, "one.txt")],
        "stands under another name too",
    ),
    "pipe": ([FINE, ("pipe", PIPE, "")], "a pipe, pipe"),
    "pipe-for-time": ([FINE, ("timestamp.txt", PIPE, "")], "a pipe, timestamp.txt"),
    "deep": ([FINE, ("/".join("d" * 40) + "/x", "1")], "folders 11 deep"),
    "many": ([FINE, *((f"f{i}", "") for i in range(1001))], "too many files and folders"),
    "many-folders": (
        [FINE, *((f"d{i}", tarfile.DIRTYPE, "") for i in range(1001))],
        "too many files and folders",
    ),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class's folder after one run of `grade`, and what that said."""
    folder = tmp_path_factory.mktemp("class")
    assign(PLAN, folder)
    source = folder / "source" / "ps1" / "secret.txt"
    source.write_text(SECRET, encoding="utf-8")
    at = folder / "submitted"
    for student, (members, _) in REFUSED.items():
        unpack(at / student / "ps1", *members)
    mac = [
        (".ipynb_checkpoints/x.ipynb", "{"),
        (f"._{BOOK}", "\0\5\26\7"),
        (".DS_Store", "x"),
        (f"__MACOSX/._{BOOK}", "\0"),
    ]
    unpack(
        at / "zz-from-a-mac" / "ps1",
        FINE,
        ("notes/own.txt", "mine"),
        *mac,
        (".ipynb_checkpoints/x.ipynb", "{"),
    )
    unpack(at / "lays-links" / "ps1", (BOOK, notebook(LAYS_LINKS)))
    unpack(at / "kills" / "ps1", (BOOK, notebook(KILLS)))
    unpack(at / "becomes-a-link" / "ps1", (BOOK, notebook(PLACES_LINK)))
    (at / "file.zip").write_bytes(b"PK")
    unpack(at / "file-inside", ("ps1", "not a folder"))
    os.symlink("zz-from-a-mac", at / "is-a-link")
    (at / "links-inside").mkdir()
    os.symlink("../zz-from-a-mac/ps1", at / "links-inside" / "ps1")
    unpack(at / "a*" / "ps1", FINE)
    unpack(at / "large" / "ps1", FINE)
    with (at / "large" / "ps1" / "large.bin").open("wb") as file:
        file.truncate(1 << 40)  # sparse: it takes no room, and would fill any memory
    run = CliRunner().invoke(app, ["grade", str(folder)])
    assert run.exit_code == 0, run.output
    return folder, run.output


SENTENCES = {student: sentence for student, (_, sentence) in REFUSED.items()} | {
    "large": "is too large; a submission may have 100 MB",
    "file.zip": "has a file where the folder file.zip was expected",
    "file-inside": "has a file where the folder ps1 was expected",
    "is-a-link": "has a symbolic link where the folder is-a-link was expected",
    "links-inside": "has a symbolic link where the folder ps1 was expected",
    "a*": "has a folder whose name is no name",
    "kills": "ended the process that graded it",
    "becomes-a-link": f"has {BOOK}, which cannot be read",
}
FULL_MARKS = ("lays-links", "zz-from-a-mac")


def test_everybody_has_a_mark_or_a_reason(graded):
    folder, printed = graded
    table = marks(folder, "ps1").set_index("student")
    assert sorted(table.index) == sorted([*SENTENCES, *FULL_MARKS])
    for student in FULL_MARKS:
        assert table.loc[student, "problem"] == ""
        assert table.loc[student, "total"] == table.loc[student, "out of"], student
    for student, sentence in SENTENCES.items():
        assert sentence in table.loc[student, "problem"], (student, table.loc[student, "problem"])
        assert table[KEY].isna()[student], student
        assert f"For you to look at: {student} {table.loc[student, 'problem']}." in printed


def test_nothing_of_the_class_came_into_a_folder_that_goes_back(graded):
    folder, _ = graded
    for part in ("autograded", "feedback"):
        for path in (folder / part).rglob("*"):
            assert not path.is_symlink()
            if path.is_file():
                content = path.read_bytes()
                assert SECRET.encode() not in content and b"root:" not in content, path
    returned = {p.relative_to(folder / "feedback").parts[0] for p in folder.glob("feedback/*/*/*")}
    assert returned == set(FULL_MARKS)
    own = {p.name for p in (folder / "feedback" / "lays-links" / "ps1").iterdir()}
    assert own == {f"{STEM}.html"}
    assert (
        folder / "feedback" / "zz-from-a-mac" / "ps1" / "notes" / "own.txt"
    ).read_text() == "mine"
    assert not list(folder.glob("feedback/zz-from-a-mac/ps1/[._]*"))


def test_a_second_run_goes_on_and_a_failure_behind_the_marks_stops_nobody(graded, monkeypatch):
    def fails(folder, name, student):
        if student == "zz-from-a-mac":
            raise OSError("no room")
        return real(folder, name, student)

    real = returning.feedback
    monkeypatch.setattr(returning, "feedback", fails)
    folder, _ = graded
    (folder / "submitted" / "dead-link" / "ps1" / "gone").unlink()
    run = ["grade", str(folder), "--again", "--student", "zz-from-a-mac", "--student", "dead-link"]
    printed = CliRunner().invoke(app, run)
    assert printed.exit_code == 0
    table = marks(folder, "ps1").set_index("student")
    assert "OSError: no room" in table.loc["zz-from-a-mac", "problem"]
    assert table.loc["dead-link", "problem"] == ""
    assert (table.loc[["dead-link", "zz-from-a-mac"], "total"] == table["out of"].iloc[0]).all()


def test_files_are_named_in_the_same_order_and_their_names_count(tmp_path):
    for name, files in (("a", ("x", "y")), ("b", ("x", "z")), ("c", ("x", "y"))):
        unpack(tmp_path / "s" / name, *((file, "1") for file in files))
    assert files_of(tmp_path / "s" / "a") == [Path("x"), Path("y")]
    one, two, three = (digest_of(tmp_path / "s" / name) for name in "abc")
    assert one == three != two
    with_dirt = tmp_path / "s" / "c"
    unpack(with_dirt, ("Thumbs.db", "x"), ("~$essay.docx", "x"))
    assert digest_of(with_dirt) == one


def test_sockets_devices_and_unreadable_folders_are_refused(tmp_path, monkeypatch):
    folder = tmp_path / "s" / "ps1"
    unpack(folder, FINE)
    with socket.socket(socket.AF_UNIX) as end:
        monkeypatch.chdir(folder)  # a socket's path is short
        end.bind("ear")
        with pytest.raises(Refused, match="a socket, ear"):
            copy_files(folder, tmp_path / "to")
    (folder / "ear").unlink()
    assert not (tmp_path / "to").exists()
    if os.geteuid() == 0:
        unpack(folder, ("zero", DEVICE, ""))
        with pytest.raises(Refused, match="a device, zero"):
            files_of(folder)
    else:
        (folder / "shut").mkdir(mode=0)
        with pytest.raises(Refused, match="shut, which cannot be read"):
            files_of(folder)


def test_a_link_in_the_exchange_is_not_followed_by_the_one_who_collects(tmp_path):
    folder = tmp_path / "class"
    assign(PLAN, folder)
    (folder / "source" / "ps1" / "secret.txt").write_text(SECRET, encoding="utf-8")
    inbound = folder / "exchange" / COURSE_ID / "inbound"
    when = "2027-01-01 12:00:00.000000 UTC"
    for student in ("fine", "links", "too-late"):
        unpack(inbound / f"{student}+ps1+{when}+x", FINE, ("timestamp.txt", when))
    os.symlink(folder / "source" / "ps1", inbound / f"links+ps1+{when}+x" / "peek")
    unpack(folder / "submitted" / "too-late" / "ps1", FINE, ("timestamp.txt", "yesterday"))
    unpack(inbound / "eve+ps1+yesterday+x", FINE)
    (inbound / f"file+ps1+{when}+x").write_text("no folder", encoding="utf-8")
    collected = collect(folder, "ps1")
    assert collected.unnamed == ("eve+ps1+yesterday+x",)
    problems = collected.problems
    assert sorted(problems) == ["file", "links", "too-late"]
    assert problems["links"].startswith("was not collected: the submission has a symbolic link")
    assert "has a file where" in problems["file"]
    assert students(folder, "ps1") == ["fine", "too-late"]
    graded = grade(folder, "ps1", not_collected=problems, only=["too-late"], bar=False)
    rows = {row.student: row.problem for row, _ in graded}
    assert rows == problems == for_a_human(folder, "ps1")
    assert not list(folder.glob("submitted/links/**/secret.txt"))


def test_work_that_dies_costs_no_other_its_result(tmp_path):
    items = ["a", "x1", "b", "c"]
    done = list(each(killed_work.once, items, tmp_path, jobs=2, died=lambda item: f"{item} died"))
    assert sorted(done) == ["A", "B", "C", "x1 died"]
    assert all(len((tmp_path / item).read_text()) <= 2 for item in ("a", "b", "c"))


def test_students_are_folders_with_the_assignment_and_what_stands_in_their_place(tmp_path):
    unpack(tmp_path / "submitted", ("ann/ps1/x", "1"), ("bob/ps2/x", "1"), (".DS_Store", ""))
    unpack(tmp_path / "submitted", ("list.txt", ""))
    assert students(tmp_path, "ps1") == ["ann", "list.txt"]
    assert students(tmp_path / "elsewhere", "ps1") == []
