"""What `python -m coursekit new` writes runs and passes all tests but that of missing words."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coursekit.__main__ import app
from coursekit.course.authoring import scaffold, scaffold_commands, scaffold_lesson
from coursekit.course.authoring.scaffold import method, operator, write_all
from coursekit.course.authoring.scaffold_lesson import exercise, lesson
from coursekit.course.authoring.sources import ROOT, scripts
from coursekit.course.authoring.unwritten_sentences import MARK

LESSON = "97_scaffolded"  # a number that the course will hardly reach
COMMANDS = (
    f"lesson {LESSON}",
    *("exercise 97-second", "exercise 97-third", "exercise 00-scaffolded"),
    *("method scaffolded_method", "operator scaffolded_operator"),
)
MAKE = """
import sys
from typer.testing import CliRunner
from coursekit.__main__ import app
from coursekit.course.authoring.__main__ import main
for command in sys.argv[1:]:
    done = CliRunner().invoke(app, ["new", *command.split()])
    assert done.exit_code == 0, (command, done.output)
sys.exit(main(["refresh", "97"]))
"""
RENEW = """
import sys
import pytest
from coursekit.course.authoring.lesson_listings import renew
renew()
sys.exit(pytest.main(sys.argv[1:]))
"""
TESTED = (
    f"tests/lessons/l{LESSON}",
    *("tests/balancing/test_scaffolded_method.py", "tests/balancing/test_balancing.py"),
    "tests/balancing/test_neutral.py",
    *("tests/fusion/test_scaffolded_operator.py", "tests/fusion/test_fusion.py"),
    *("tests/course/test_unwritten_sentences.py", "tests/course/test_exercises.py"),
    "tests/course/test_exercise_mutants.py",
    *(
        "tests/course/test_notebooks.py",
        "tests/course/test_stress.py",
        "tests/course/test_widgets.py",
    ),
    *(
        "tests/course/test_stress_others.py",
        "tests/test_every_input.py",
        "tests/test_instructors_guide.py",
    ),
)
OURS = "scaffolded or 97 or unwritten or entry or table_is_that or every_lesson"
OTHERS = "solutions or time or finite"  # another kernel; how long the machine took; seconds


class Course:
    """A copy of the course, in which commands run by themselves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, folder / name)

    def run(self, *arguments):
        """Python in the copy, with its package; the process when it has ended."""
        own = {**os.environ, "PYTHONPATH": str(self.folder)}
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=own,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def replace(self, name, old, new):
        """Another text in one of its files, which must have the old one."""
        text = (self.folder / name).read_text("utf-8")
        assert old in text, f"{name} has no {old!r}"
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8")

    def texts(self):
        """All files that a scaffold may have written, as text."""
        code = [p for part in ("coursekit", "tests", "notebooks") for p in
                 (self.folder / part).rglob("*.py")]  # fmt: skip
        return {p: p.read_text("utf-8") for p in [*code, self.folder / "INSTRUCTORS.md"]}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy with one of each; the lesson's notebook is made.

    Slips are tried there with eight seeds, not thirty: that one template is tried four times.
    """
    made = Course(tmp_path_factory.mktemp("course"))
    made.replace("tests/course/mutants/trial.py", "range(101, 131)", "range(101, 109)")
    done = made.run("-c", MAKE, *COMMANDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def test_its_exercises_pay_for_no_slip(course):
    done = course.run("tests/exercise_mutants.py", "97", "00-scaffolded")
    assert done.returncode == 0 and done.stdout.count(" 0 faults") == 4, done.stdout + done.stderr
    table = (course.folder / "tests/course/mutants/table.tsv").read_text("utf-8")
    assert len(re.findall(r"^(?:97-|00-scaffolded)", table, re.M)) == 4


def test_all_is_green_but_what_an_author_has_to_write(course):
    done = course.run("-m", "pytest", "-q", *TESTED, "-k", f"({OURS}) and not ({OTHERS})")
    failed = re.findall(r"^FAILED (\S+)", done.stdout, re.M)
    areas = ("INSTRUCTORS.md", "coursekit", "notebooks", "tests")
    where = "tests/course/test_unwritten_sentences.py::test_no_sentence_is_left_to_write"
    assert failed == [f"{where}[{area}]" for area in areas], done.stdout
    for path, text in course.texts().items():
        name = path.relative_to(course.folder).as_posix()
        if MARK in text and not name.endswith(("00_start_here.py", "explorers.py")):
            assert (
                f"{name}:{text[: text.index(MARK)].count(chr(10)) + 1}: missing is" in done.stdout
            )


def test_in_its_style_it_could_stand_in_the_course(course):
    for how in (["check"], ["format", "--check"]):
        done = course.run("-m", "ruff", *how, "coursekit", "tests", "notebooks/source")
        assert done.returncode == 0, done.stdout + done.stderr


def test_with_the_words_written_nothing_is_missing(course):
    """Written are those that the marks ask for; then lists and tables are made of them."""
    for path, text in course.texts().items():
        path.write_text(text.replace(f"{MARK} ", ""), encoding="utf-8")
    tests = ("tests/course/test_unwritten_sentences.py", "tests/course/test_lesson_listings.py")
    done = course.run("-c", RENEW, "-q", *tests, "-k", "unwritten or fresh")
    assert done.returncode == 0 and "passed" in done.stdout, done.stdout + done.stderr


# ---- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "name", "sentence"),
    [
        (lesson, "9_gates", r"lesson's name is '9_gates'; two digits and words .* were expected"),
        (lesson, "97-gates", "lesson's name is '97-gates'"),
        (lesson, "97_Gates", "lesson's name is '97_Gates'"),
        (lesson, "97_", "lesson's name is '97_'"),
        (lesson, "05_gates", r"05 is taken by l05_more_can_be_worse; the next free .* \d\d\."),
        (exercise, "05", "exercise's key is '05'; a lesson's two digits and words"),
        (exercise, "05_rival", "exercise's key is '05_rival'"),
        (exercise, "97-rival", "lesson is '97'; it can be '00', '01'"),
        (exercise, "05-fair-gap", "'05-fair-gap' is taken"),
        (exercise, "01-smiling", "gives a function smiling; Python or lesson 01 has something"),
        (exercise, "05-sum", "gives a function sum; Python or lesson 05"),
        (exercise, "05-while", "gives a function while; Python or lesson 05"),
        (method, "Slow", "method's name is 'Slow'; words in small letters joined by _"),
        (method, "slow-start", "method's name is 'slow-start'"),
        (method, "ogm", "'ogm' is taken: coursekit/balancing"),
        (method, "ogm_ge", "'ogm_ge' is taken"),
        (method, "taxonomy", "'taxonomy' is taken"),
        (method, "joint", "'joint' is reserved"),
        (method, "ensemble", "'ensemble' is taken"),
        (method, "unimodal_best", "'unimodal_best' is reserved"),
        (method, "while", "'while' is a word of Python's own"),
        (method, "calibration_plots", r"test_calibration_plots.py is taken by \['tests/course"),
        (operator, "film", "'film' is taken: coursekit/fusion"),
        (operator, "se_gate", "'se_gate' is taken"),
        (operator, "base", "'base' is taken"),
        (operator, "joint", "'joint' is reserved"),
        (operator, "none", "'none' is reserved"),
    ],
)  # fmt: skip
def test_names_that_are_malformed_taken_or_reserved_are_refused(plan, name, sentence):
    with pytest.raises(ValueError, match=sentence):
        plan(name)


def test_a_script_without_a_room_keeps_its_number(monkeypatch):
    by_hand = ROOT / "notebooks" / "source" / "97_by_hand.py"
    monkeypatch.setattr(scaffold_lesson, "scripts", lambda: [*scripts(), by_hand])
    with pytest.raises(ValueError, match="lesson 97 is taken by 97_by_hand"):
        lesson(LESSON)


def call(*arguments):
    return CliRunner().invoke(app, ["new", *arguments])


def test_a_refusal_is_a_sentence_and_writes_nothing(monkeypatch):
    monkeypatch.setattr(scaffold, "write_all", lambda plan: pytest.fail("something is written"))
    done = call("method", "ogm")
    assert (
        done.exit_code == 2 and done.output.startswith("'ogm' is taken") and len(done.output) < 99
    )


@pytest.mark.parametrize("what", ["lesson", "exercise", "method", "operator"])
def test_outside_a_checkout_it_says_that_there_is_none(what, monkeypatch, tmp_path):
    monkeypatch.setattr(scaffold_commands, "ROOT", tmp_path)
    done = call(what, "anything")
    assert done.exit_code == 2 and f"no checkout of the course in {tmp_path}" in done.output


def test_without_the_tools_it_says_how_to_install_them(monkeypatch):
    monkeypatch.setattr(scaffold_commands, "TOOLS", ("ruff", "no_such_tool"))
    done = call("method", "slow_start")
    assert done.exit_code == 2 and done.output.startswith("no_such_tool must be installed first:")


# ---- all or nothing ----------------------------------------------------------------------------


def state(folder):
    return {p: p.is_file() and p.read_bytes() for p in folder.rglob("*")}


@pytest.mark.parametrize("failing", ["what is written", "the lists"])
def test_when_something_fails_all_is_as_it_was(failing, monkeypatch, tmp_path):
    def fail():
        listed.write_text("half", encoding="utf-8")
        raise ValueError("the lists cannot be made")

    listed, old = tmp_path / "README.md", tmp_path / "old.py"
    listed.write_text("whole", encoding="utf-8")
    old.write_text("old = 1\n", encoding="utf-8")
    before = state(tmp_path)
    monkeypatch.setattr(scaffold, "LISTINGS", {listed: str})
    monkeypatch.setattr(scaffold, "renew", fail)
    bad = "def f(:\n" if failing == "what is written" else '"""Good."""\n'
    folder = tmp_path / "new"
    plan = {
        folder / "room" / "good.py": '"""Good."""\n',
        old: '"""New."""\n',
        folder / "bad.py": bad,
    }
    with pytest.raises(ValueError, match=r"would not pass ruff|the lists cannot be made"):
        write_all(plan)
    assert state(tmp_path) == before


def test_what_is_done_to_each_file_is_told(monkeypatch, tmp_path):
    old = tmp_path / "old.py"
    old.write_text("old = 1\n", encoding="utf-8")
    monkeypatch.setattr(scaffold, "LISTINGS", {})
    monkeypatch.setattr(scaffold, "renew", list)
    one = tmp_path / "new" / "one.py"
    texts = {one: '"""One."""\nx=1\n', old: '"""Two."""\n'}
    assert write_all(texts) == {one: "new", old: "changed"}
    assert one.read_text() == '"""One."""\n\nx = 1\n'
