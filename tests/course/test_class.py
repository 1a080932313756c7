"""A class from the assignment to the marks: what each kind of submission is worth, exactly."""

import ast
import copy
import html
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell
from typer.testing import CliRunner

from benchmarks.patience import patient
from coursekit.__main__ import app
from coursekit.course.authoring.exercise_slices import grade_id
from coursekit.course.authoring.sources import instructor_notebook
from coursekit.course.grading.assignment import Plan, lesson_scripts, source_notebook
from coursekit.course.grading.class_folder import BOOK, CONFIG, assign, gradebook, plan_of
from coursekit.course.grading.feedback import marks
from coursekit.course.grading.grade_class import grade
from coursekit.course.grading.grading_state import for_a_human
from coursekit.course.grading.late_days import LateRule, keep_rule, rule_of
from coursekit.course.grading.open_question import PROMPT
from coursekit.course.grading.preview import preview
from coursekit.course.grading.submission import blank_gradebook
from coursekit.course.registry import lessons
from coursekit.course.widgets import EXPLORERS
from coursekit.lessons.l01_additive_or_multiplicative import exercises

KEYS = ("01-design-matrix", "01-slope-for", "01-centred-effects")
FULL = (1.0, 3.0, 2.0)
PLAN = Plan(
    ("01",), "ps1", seed=7, exercises=KEYS, points={"01-slope-for": 3.0}, written=True,
    due=datetime(2027, 1, 31, 12, tzinfo=UTC),
)  # fmt: skip
WRITTEN = "written-01"
GUESSES = Path(__file__).parents[1] / "data" / "guesses.jsonl"
STEM = "01_additive_or_multiplicative"
# They wait instead of turning, so that the other core can go on with the other submissions.
LOOP = "import time\ndef slope_for(weights, x_b):\n    while True:\n        time.sleep(0.01)"
STUBBORN = """import time
def slope_for(weights, x_b):
    while True:
        try:
            while True:
                time.sleep(0.01)
        except KeyboardInterrupt:
            pass"""
WRONG = "def slope_for(weights, x_b):\n    return weights[1]"
LOUD = """def slope_for(weights, x_b):
    print("x" * 10_000_000)
    return weights[1] + weights[3] * x_b
print("y" * 10_000_000)"""
NOISY = """import logging, os, sys, warnings
logging.basicConfig()
def slope_for(weights, x_b):
    warnings.warn("careful")
    print("on stderr", file=sys.stderr)
    logging.warning("by a handler")
    os.write(2, b"past sys.stderr")
    return weights[1] + weights[3] * x_b"""
# Everything that a hostile answer finds on its way up; then a better mark where it can write.
THIEF = """import sqlite3
from pathlib import Path
here = Path.cwd()
found = []
for folder in [here, *here.parents][:4]:
    for path in folder.rglob("*"):
        if path.suffix in (".db", ".ipynb") and path.is_file():
            found.append((path.name, "BEGIN SOLUTION" in path.read_text(errors="replace")))
        if path.suffix == ".db":
            book = sqlite3.connect(path)
            book.execute("update grade set manual_score = 99, extra_credit = 99")
            book.execute("update grade_cells set max_score = 99")
            book.commit()
def slope_for(weights, x_b):
    raise ValueError(found)"""


def cell(notebook, name):
    return next(c for c in notebook.cells if grade_id(c) == name)


def answered(**sources):
    """The reference solution, these answers put in its place."""
    notebook = source_notebook("01", PLAN)
    for key, source in sources.items():
        cell(notebook, f"ex-01-{key.replace('_', '-')}").source = source
    return notebook


def without(notebook, *names):
    notebook.cells = [c for c in notebook.cells if grade_id(c) not in names]
    return notebook


def edited(release):
    notebook = copy.deepcopy(release)
    cell(notebook, "check-01-slope-for").source = "3.0"
    return notebook


def copied(release):
    """An answer cell from elsewhere, with the output that it had there and no answer in it."""
    notebook = copy.deepcopy(release)
    solved = source_notebook("01", PLAN)
    notebook.cells[notebook.cells.index(cell(notebook, "ex-01-slope-for"))] = cell(
        solved, "ex-01-slope-for"
    )
    output = nbformat.v4.new_output("execute_result", {"text/plain": "3"}, execution_count=1)
    for name in ("check-01-design-matrix", "check-01-centred-effects"):
        cell(notebook, name).outputs = [output]
    return notebook


def own_cells(release):
    """The learner's own import above and a cell that fails below: neither costs anything."""
    notebook = answered()
    notebook.cells.insert(0, new_code_cell("import math"))
    notebook.cells.append(new_code_cell("1 / 0"))
    return notebook


def essay():
    notebook = answered()
    cell(notebook, WRITTEN).source = "I would measure both encoders with a probe."
    return notebook


def submissions(release):
    """Student → what is handed in, and its marks; None: no mark. Nobody but essay has written."""
    return {
        "reference": (answered(), FULL),
        "untouched": (release, (0, 0, 0)),
        "wrong": (answered(slope_for=WRONG), (1, 0, 2)),
        "loop": (answered(slope_for=LOOP), (1, 0, 2)),
        "stubborn": (answered(slope_for=STUBBORN), None),
        "exit": (answered(slope_for="import os\nos._exit(1)"), None),
        "not-json": ("{ this is no notebook", None),
        "deleted": (without(answered(), "check-01-slope-for"), FULL),
        "all-deleted": (
            without(answered(), "given-01-1", "ex-01-slope-for", "check-01-slope-for"),
            (1, 0, 2),
        ),
        "edited": (edited(release), (0, 0, 0)),
        "copied": (copied(release), (0, 3, 0)),
        "noisy": (answered(slope_for=NOISY), FULL),
        "loud": (answered(slope_for=LOUD), FULL),
        "thief": (answered(slope_for=THIEF), (1, 0, 2)),
        "own": (own_cells(release), FULL),
        "essay": (essay(), FULL),
    }


@pytest.fixture(scope="module")
def monkeymodule():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def begin_and_kill(folder):
    """Grade in a process of its own and kill it, with all that it started, after two students."""
    run = subprocess.Popen(
        [sys.executable, "-m", "coursekit", "grade", str(folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + patient(120)
    while time.monotonic() < end and len(list(folder.glob("graded/ps1/*.json"))) < 2:
        assert run.poll() is None
        time.sleep(0.2)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    done = {path.stem: path.stat().st_mtime_ns for path in folder.glob("graded/ps1/*.json")}
    assert 2 <= len(done) < 10
    (folder / "killed.json").write_text(json.dumps(done), encoding="utf-8")


def released(folder, name):
    """The notebooks that students get, by their names without ending."""
    paths = sorted((folder / "release" / name).glob("*.ipynb"))
    return {path.stem: nbformat.read(path, 4) for path in paths}


@pytest.fixture(scope="module")
def graded(tmp_path_factory, monkeymodule):
    """The class's folder after `grade`, what was expected, and what the command said."""
    monkeymodule.setenv("PATH", "/usr/bin:/bin")  # as without the environment activated
    folder = tmp_path_factory.mktemp("class")
    assign(PLAN, folder)
    config = (folder / CONFIG).read_text(encoding="utf-8")
    assert "SECONDS = 60" in config
    (folder / CONFIG).write_text(
        config.replace("SECONDS = 60", f"SECONDS = {patient(12):.0f}"), encoding="utf-8"
    )
    expected = submissions(released(folder, "ps1")[STEM])
    for student, (notebook, _) in expected.items():
        path = folder / "submitted" / student / "ps1" / f"{STEM}.ipynb"
        path.parent.mkdir(parents=True)
        text = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
        path.write_text(text, encoding="utf-8")
    keep_rule(LateRule(free=1, percent=10), folder)
    late = folder / "submitted" / "own" / "ps1" / "timestamp.txt"
    late.write_text("2027-02-02 12:30:00 UTC", encoding="utf-8")  # three begun days
    shutil.copy(GUESSES, folder / "submitted" / "essay" / "ps1" / "record.jsonl")
    begin_and_kill(folder)
    result = CliRunner().invoke(app, ["grade", str(folder)])
    assert result.exit_code == 0, result.output
    return folder, {student: worth for student, (_, worth) in expected.items()}, result.output


def test_every_submission_has_its_exact_marks(graded):
    folder, expected, _ = graded
    table = marks(folder, "ps1").set_index("student")
    assert sorted(table.index) == sorted(expected)
    for student, worth in expected.items():
        row = table.loc[student]
        if worth is None:
            assert row[list(KEYS)].isna().all() and row["problem"], student
        else:
            assert tuple(row[list(KEYS)]) == worth, (student, row)
            assert (row["out of"], row["problem"]) == (10, "")
            late = 2.0 if student == "own" else 0.0  # two of ten percent, one day is free
            assert (row["days late"], row["late"]) == (3 if late else 0, late), student
            if student == "essay":
                assert np.isnan(row[WRITTEN]) and np.isnan(row["total"])
            else:
                assert (row[WRITTEN], row["total"]) == (0, sum(worth) - late), student


def test_what_was_graded_before_the_kill_was_not_graded_again(graded):
    folder, expected, _ = graded
    before = json.loads((folder / "killed.json").read_text(encoding="utf-8"))
    now = {path.stem: path.stat().st_mtime_ns for path in folder.glob("graded/ps1/*.json")}
    with_marks = [s for s in before if expected[s] is not None]
    assert with_marks and all(now[student] == before[student] for student in with_marks)
    for student in with_marks:  # and their pages were made before it counted
        assert (folder / "feedback" / student / "ps1" / f"{STEM}.html").exists()


def test_a_written_answer_waits_for_a_human_with_the_record_beside_it(graded, tmp_path):
    folder = tmp_path / "class"
    shutil.copytree(graded[0], folder)
    done = nbformat.read(folder / "autograded" / "essay" / "ps1" / f"{STEM}.ipynb", 4)
    beside = cell(done, "given-01-record").outputs[0]["data"]["text/html"]
    assert "How steep?" in beside and "77 of 100" in beside
    with gradebook(folder) as book:
        mark = book.find_grade(WRITTEN, STEM, "ps1", "essay")
        assert mark.needs_manual_grade and mark.max_score == 4
        mark.manual_score, mark.needs_manual_grade = 3.0, False
        book.db.commit()
        penalty = book.find_submission_notebook(STEM, "ps1", "own").late_submission_penalty
        assert penalty == 2.0
    row = marks(folder, "ps1").set_index("student").loc["essay"]
    assert (row[WRITTEN], row["total"]) == (3, 9)
    list(grade(folder, "ps1", only=["essay"], again=True, jobs=1, bar=False))
    row = marks(folder, "ps1").set_index("student").loc["essay"]
    assert (row[WRITTEN], row["total"]) == (3, 9)
    with gradebook(folder) as book:
        assert book.find_grade(WRITTEN, STEM, "ps1", "essay").needs_manual_grade


def test_a_human_is_told_who_has_no_mark_and_why(graded):
    folder, _, output = graded
    assert for_a_human(folder, "ps1") == {
        "exit": "ended the process that ran it",
        "not-json": (
            f"has {STEM}.ipynb, which is no notebook: the file cannot be read as JSON; ask for the "
            "file again as it was handed out, with the answers in it"
        ),
        "stubborn": "could not be interrupted",
    }
    assert "For you to look at: exit ended the process that ran it." in output


def test_nothing_but_automatic_marks_came_out_of_a_hostile_submission(graded):
    folder, _, _ = graded
    with gradebook(folder) as book:
        grades = [
            g for s in book.assignment_submissions("ps1") for n in s.notebooks for g in n.grades
        ]
        assert {g.manual_score for g in grades} == {None}
        assert {g.extra_credit for g in grades} <= {None, 0}
        assert sorted({g.max_score for g in grades}) == [1, 2, 3, 4]


def test_feedback_names_the_misconception_and_keeps_the_hidden_cases(graded):
    folder, _, _ = graded
    seeds = [f"seed={n}" for n in map(str, _seeds(folder))]
    for student in ("wrong", "thief", "loud"):
        page = (folder / "feedback" / student / "ps1" / f"{STEM}.html").read_text(encoding="utf-8")
        assert "HIDDEN" not in page and ".grade(" not in page
        assert not any(seed in page for seed in seeds)
        assert len(page) < 3_000_000
    wrong = (folder / "feedback" / "wrong" / "ps1" / f"{STEM}.html").read_text(encoding="utf-8")
    assert "0 of 3 points" in wrong and "Hint:" in wrong
    thief = (folder / "feedback" / "thief" / "ps1" / f"{STEM}.html").read_text(encoding="utf-8")
    assert "Your code raised ValueError." in thief and "gradebook.db" not in thief


def _seeds(folder):
    source = nbformat.read(folder / "source" / "ps1" / f"{STEM}.ipynb", 4)
    checks = [c.source for c in source.cells if "seed=" in c.source]
    return [int(text.partition("seed=")[2].partition(",")[0]) for text in checks]


def test_the_second_run_grades_what_is_new_and_a_mark_is_not_lost(graded, tmp_path):
    folder = tmp_path / "class"
    shutil.copytree(graded[0], folder)
    for student in expected_students(folder) - {"own", "reference", "wrong"}:
        shutil.rmtree(folder / "submitted" / student)
    config = (folder / CONFIG).read_text(encoding="utf-8")
    path = folder / "submitted" / "own" / "ps1" / f"{STEM}.ipynb"
    nbformat.write(answered(slope_for=WRONG), path)
    lost = folder / "submitted" / "reference" / "ps1" / f"{STEM}.ipynb"
    lost.write_text("", encoding="utf-8")
    result = CliRunner().invoke(app, ["grade", str(folder), "--jobs", "1"])
    assert "Changed: own, 01-slope-for, from 3 to 0" in result.output
    assert result.output.count("Changed:") == 1
    table = marks(folder, "ps1").set_index("student")
    assert tuple(table.loc["reference", list(KEYS)]) == FULL
    assert table.loc["reference", "problem"]
    assert (folder / CONFIG).read_text(encoding="utf-8") == config


def test_no_release_has_hidden_cases_or_solutions(graded):
    for notebook in released(graded[0], "ps1").values():
        text = nbformat.writes(notebook)
        assert "exercises.slope_for.check(slope_for, out_of=3)" in text
        assert "exercises.design_matrix.check(design_matrix)" in text
        for secret in ("HIDDEN", "SOLUTION", ".grade(", "seed=", "weights[3] * x_b"):
            assert secret not in text


def test_what_an_answer_finds_beside_it_has_nobody_in_it(graded, tmp_path):
    blank_gradebook(graded[0], tmp_path)
    content = (tmp_path / BOOK).read_bytes()
    assert b"check-01-slope-for" in content
    assert b"not-json" not in content and b"untouched" not in content


def test_marks_of_one_exercise_leave_the_others_due(graded, tmp_path):
    folder = tmp_path / "class"
    shutil.copytree(graded[0], folder)
    for student in expected_students(folder) - {"own"}:
        shutil.rmtree(folder / "submitted" / student)
    notebook = answered(slope_for=WRONG, design_matrix="def design_matrix(x_a, x_b):\n    ...")
    nbformat.write(notebook, folder / "submitted" / "own" / "ps1" / f"{STEM}.ipynb")
    for chosen, worth in ((["01-slope-for"], (1, 0, 2)), ([], (0, 0, 2))):
        list(grade(folder, "ps1", exercises=chosen, jobs=1, bar=False))
        assert tuple(marks(folder, "ps1").set_index("student").loc["own", list(KEYS)]) == worth
    assert list(grade(folder, "ps1", jobs=1, bar=False)) == []
    with pytest.raises(ValueError, match="Did you mean '01-slope-for'"):
        list(grade(folder, "ps1", exercises=["01-slope"]))


def expected_students(folder):
    return {path.name for path in (folder / "submitted").iterdir()}


def test_two_terms_have_different_hidden_cases():
    other = Plan(("01",), "ps1", seed=8, exercises=KEYS)
    one, two = (source_notebook("01", p) for p in (PLAN, other))
    for key in KEYS:
        name = f"check-{key}"
        assert cell(one, name).source != cell(two, name).source
        assert cell(one, name).source == cell(source_notebook("01", PLAN), name).source


@pytest.mark.parametrize("lesson", lesson_scripts())
def test_every_exercise_can_be_handed_out_by_itself(lesson):
    plan = Plan((lesson,))
    keys = plan.keys(lesson)
    assert len(keys) >= 2
    whole = len(instructor_notebook(lesson_scripts()[lesson]).cells)
    for key in keys:
        notebook = source_notebook(lesson, Plan((lesson,), exercises=(key,)))
        graded_cells = [grade_id(c) for c in notebook.cells if grade_id(c).startswith("check-")]
        assert graded_cells == [f"check-{key}"]
        assert len(notebook.cells) < whole / 3


@pytest.mark.parametrize("lesson", lesson_scripts())
def test_what_an_exercise_is_worth_is_said_by_the_check_that_students_see(lesson):
    keys = Plan((lesson,)).keys(lesson)
    for c in source_notebook(lesson, Plan((lesson,), points=dict.fromkeys(keys, 7.0))).cells:
        if grade_id(c).startswith("check-"):
            shown, hidden = c.source.split("### BEGIN HIDDEN TESTS")
            assert shown.count("out_of=7)") == hidden.count("out_of=7)") == 1, grade_id(c)


def test_a_visible_check_counts_the_points_it_is_given(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path))
    box = exercises.slope_for.check(lambda w, x_b: w[1] + w[3] * x_b, out_of=3)
    assert (box.points, box.out_of) == (3, 3)
    assert json.loads((tmp_path / "record.jsonl").read_text(encoding="utf-8"))["out_of"] == 3


def box_of(cell, names):
    """Run a check's cell; what its last line, the hidden check, gives."""
    *before, last = ast.parse(cell.source).body
    exec(compile(ast.Module(before, []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


@pytest.mark.parametrize("lesson", lesson_scripts())
def test_an_exercise_by_itself_has_all_it_needs_and_full_marks_when_solved(lesson):
    """Runs in this process, which has no display hook: only what the last line gives counts."""
    for key in Plan((lesson,)).keys(lesson):
        names = {}
        for c in source_notebook(lesson, Plan((lesson,), exercises=(key,))).cells:
            if grade_id(c) == f"check-{key}":
                box = box_of(c, names)
                assert (str(box), box.points) == (f"{box.out_of:g}", box.out_of), key
                assert box.out_of == c.metadata["nbgrader"]["points"]
            elif c.cell_type == "code":
                exec(compile(c.source, f"{key}", "exec"), names)


def test_help_is_given_as_the_instructor_says(monkeypatch, tmp_path):
    for help_given, hint, solution, in_the_box in (
        ("all", "Hint 1 of", "after your first attempt", True),
        ("hints", "Hint 1 of", "switched off", True),
        ("none", "switched off", "switched off", False),
    ):
        monkeypatch.setenv("COURSEKIT_HELP", "all")  # so that it is put back, whatever sets it
        monkeypatch.delenv("COURSEKIT_HELP")
        monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path / help_given))  # nothing tried yet
        head = source_notebook("01", Plan(("01",), help=help_given)).cells[1]
        assert (grade_id(head) == "given-01-help") == (help_given != "all")
        if help_given != "all":
            exec(head.source, {})
        box = exercises.slope_for.check(lambda weights, x_b: weights[1], seed=1)
        assert bool(box.outcome.hint) == in_the_box
        assert hint in repr(exercises.slope_for.hint())
        assert solution in repr(exercises.design_matrix.solution())
        graded = exercises.slope_for.grade(lambda weights, x_b: weights[1], seed=1)
        assert graded.outcome.hint and not graded.outcome.detail
    monkeypatch.setenv("COURSEKIT_HELP", "som")
    with pytest.raises(ValueError, match="COURSEKIT_HELP is 'som'"):
        exercises.slope_for.hint()


def test_a_mark_does_not_tell_the_case_that_an_error_quotes():
    def thief(weights, x_b):
        raise ValueError(f"the case is {x_b}")

    box = exercises.slope_for.grade(thief, seed=5)
    assert "the case is" not in box.html() and "ValueError" in box.html()
    assert "the case is" in exercises.slope_for.check(thief, seed=5).html()


def test_an_assignment_is_made_again_with_its_due_date(tmp_path):
    result = CliRunner().invoke(app, ["assign", "01", "02", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    again = ["assign", "01", "--out", str(tmp_path), "--due", "2027-01-31T23:59"]
    assert "ps1 exists" in CliRunner().invoke(app, again).output.replace("\n", " ")
    assert CliRunner().invoke(app, [*again, "--again"]).exit_code == 0
    assert list(released(tmp_path, "ps1")) == [STEM]
    plan = plan_of(tmp_path, "ps1")
    assert (plan.due.year, plan.due.hour, plan.lessons) == (2027, 23, ("01",))
    assert "It is due on 31 January 2027" in released(tmp_path, "ps1")[STEM].cells[0].source
    with gradebook(tmp_path) as book:
        assert book.find_assignment("ps1").duedate == plan.due.astimezone(UTC).replace(tzinfo=None)


def test_a_release_looks_as_students_see_it_with_the_explorer_set_for_them(tmp_path):
    code = EXPLORERS["lines"]().handout(locked=["w1"])
    arguments = ["assign", "01", "--out", str(tmp_path), "--exercise", "01-slope-for", "--written"]
    arguments += ["--explorer", f"lines={code}", "--late-days", "2", "--late-percent", "5"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert rule_of(tmp_path) == LateRule(2, 5.0)
    assert plan_of(tmp_path, "ps1").explorers == {"lines": code}
    (page,) = preview(tmp_path, "ps1")
    text = page.read_text(encoding="utf-8")
    text = html.unescape(text[text.index("<body") :])
    assert "<img alt=" in text and "Not attempted yet" in text and PROMPT.strip("*") in text
    assert (
        lessons()["01"].question.criteria[0][1] in text
        and "Nothing is recorded of lesson 01" in text
    )
    assert "Error" not in text and "SOLUTION" not in text
    assert (tmp_path / "README.md").read_text(encoding="utf-8").startswith("# A class")


def test_a_release_that_fails_is_told_in_a_sentence(tmp_path):
    arguments = ["assign", "01", "--out", str(tmp_path), "--exercise", "01-slope-for"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    path = tmp_path / "release" / "ps1" / f"{STEM}.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.cells.append(new_code_cell("1 / 0"))
    nbformat.write(notebook, path)
    result = CliRunner().invoke(app, ["preview", str(tmp_path)])
    assert result.exit_code == 2
    assert "before anybody has answered: ZeroDivisionError" in result.output.replace("\n", " ")


def test_a_learner_without_nbgrader_has_the_other_commands(tmp_path):
    code = (
        "import sys; sys.modules['nbgrader'] = sys.modules['jupytext'] = None\n"
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda n, *a: None if n in ('nbgrader', 'jupytext') else real(n, *a)\n"
        "from coursekit.__main__ import app; app()"
    )
    for arguments, exit_code, sentence in (
        (["folds", "--help"], 0, "Usage"),
        (["assign", "01", "--out", str(tmp_path)], 2, "[class]"),
    ):
        run = [sys.executable, "-c", code, *arguments]
        result = subprocess.run(run, capture_output=True, text=True, check=False)
        assert result.returncode == exit_code, result.stderr
        assert sentence in result.stdout + result.stderr


def test_refusals(tmp_path):
    for arguments, sentence in (
        (["assign", "1", "--out", "x"], "lesson is '1'"),
        (["assign", "01", "--out", "x", "--exercise", "01-slope"], "Did you mean '01-slope-for'"),
        (["assign", "01", "02", "--out", "x", "--exercise", "01-slope-for"], "none of lesson 02"),
        (["assign", "01", "--out", "x", "--points", "01-slope-for"], "KEY=VALUE was expected"),
        (["assign", "01", "--out", "x", "--points", "01-slope-for=x"], "points of 01-slope-for is"),
        (["assign", "01", "--out", "x", "--explorer", "lines=abc"], "abc"),
        (["assign", "01", "--out", "x", "--explorer", "line=abc"], "Did you mean 'lines'"),
        (["preview", str(tmp_path)], "has no assignment 'ps1'"),
        (["assign", "01", "--out", "x", "--name", "../x"], "letters, digits"),
        (["grade", str(tmp_path), "--name", "ps9"], "has no assignment 'ps9'"),
    ):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 2, arguments
        assert sentence in result.output.replace("\n", " "), result.output
    assert not Path("x").exists()
