"""A class in JupyterLab: release, fetch, validate, submit, collect and mark, in a browser."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest

from benchmarks import browser, servers
from coursekit.course.exercises.under_nbgrader import EXECUTION, VALIDATING, NotRightError
from coursekit.lessons.l01_additive_or_multiplicative import exercises

WHY = f"there is no browser on the PATH; one of {', '.join(browser.BROWSERS)} is needed."
if find_spec("nbgrader") is None:
    WHY = "nbgrader is not installed; the extra [class] has it."
READY = os.name != "nt" and bool(find_spec("nbgrader") and browser.browser_path())
in_lab = pytest.mark.skipif(not READY, reason=WHY)

STEM = "01_additive_or_multiplicative"
PAGE = f"ps1/{STEM}.ipynb"
KEYS = ("01-design-matrix", "01-slope-for")
POINTS = {"01-design-matrix": 0.5, "01-slope-for": 3.0}  # less and more than they are worth alone
WRITTEN, OUT_OF = "written-01", 7.5
WRONG = "def slope_for(weights, x_b):\n    return weights[1]"
ESSAY = "I would ask her for the slope in each of the two groups."


@contextmanager
def students_lab(place, name):
    """A Lab of a student's own, with the settings that a class's server gives everybody."""
    from coursekit.course.hub.configure import STUDENT

    settings = {
        "HOME": place / name,
        "JUPYTER_CONFIG_PATH": STUDENT,
        "COURSEKIT_EXCHANGE": place / "exchange",
        "COURSEKIT_TRIAL": 1,  # the account is the same for all, so the name is given
        "JUPYTERHUB_USER": name,
    }
    (place / "work").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for key, value in settings.items():
            patch.setenv(key, str(value))
        with servers.lab(place / "work", place / name) as lab:
            patch.undo()
            yield lab


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """A class with an exchange, its teacher's Lab, a student's Lab, and tabs on both."""
    from coursekit.course.grading.assignment import Plan
    from coursekit.course.grading.class_folder import assign
    from coursekit.course.hub import nbgrader_exchange

    place = tmp_path_factory.mktemp("school")
    plan = Plan(("01",), "ps1", seed=7, exercises=KEYS, points=POINTS, written=True)
    assign(plan, place / "class")
    nbgrader_exchange.share(place / "exchange")
    nbgrader_exchange.connect(place / "class", place / "exchange")
    with (
        servers.lab(place / "class", place / "teacher") as teacher,
        students_lab(place, "ada") as student,
        browser.browse(place / "profile") as context,
    ):
        context.route(re.compile("^https:"), lambda route: route.abort())  # nothing from the web
        tabs = [context.new_page() for _ in range(3)]
        session = SimpleNamespace(place=place, folder=place / "class", plan=plan)
        session.labs = {"teacher": teacher, "student": student}
        session.teacher, session.list, session.work = tabs
        session.errors = [browser.watch(tab) for tab in tabs]
        yield session
        for number, tab in enumerate(tabs):
            tab.screenshot(path=place / f"last_{number}.png")


def from_menu(tab, lab, item):
    """Open Lab afresh and choose from its menu Nbgrader."""
    tab.bring_to_front()
    tab.goto(f"{lab.url}/lab?reset&token={lab.token}")
    tab.get_by_role("menuitem", name="Nbgrader").click(timeout=browser.minute())
    tab.get_by_role("menuitem", name=item, exact=True).click()


def formgrader(school):
    """What stands in Formgrader, a page within Lab's; its tab comes to the front.

    A tab behind another one draws once a second, and a click waits for two pictures.
    """
    school.teacher.bring_to_front()
    return school.teacher.frame_locator("iframe")


def act(school, action):
    """Click on "release" or "collect" of the assignment; what nbgrader says."""
    frame = formgrader(school)
    frame.locator(f"td.{action} a").click()
    dialog = frame.locator(".modal.in .modal-body")
    dialog.get_by_text("Success").or_(dialog.get_by_text("Error")).first.wait_for(
        timeout=browser.minute()
    )
    school.teacher.screenshot(path=school.place / f"{action}.png", animations="disabled")
    text = dialog.inner_text()
    frame.get_by_role("button", name="OK").click()
    return text


def in_list(school, part):
    """One part of the assignment list, once it names one: "released", "fetched", "submitted"."""
    part_of_list = school.list.locator(f"#{part}_assignments_list")
    part_of_list.get_by_text("ps1").first.wait_for(timeout=browser.minute())
    return part_of_list.inner_text()


@pytest.fixture(scope="module")
def fetched(school):
    """Released by the teacher, fetched by the student: what each was told."""
    from_menu(school.teacher, school.labs["teacher"], "Formgrader")
    message = act(school, "release")
    from_menu(school.list, school.labs["student"], "Assignment List")
    before = in_list(school, "released")
    school.list.get_by_role("button", name="Fetch", exact=True).click()
    after = in_list(school, "fetched")
    school.list.screenshot(path=school.place / "fetched.png")
    return SimpleNamespace(
        message=message, before=before, after=after, file=school.place / "work" / PAGE
    )


def answer(file, sources):
    """Write answers into the fetched notebook's cells, by their grade ids."""
    notebook = nbformat.read(file, 4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        cell.source = sources.get(name, cell.source)
    nbformat.write(notebook, file)


def right(plan):
    from coursekit.course.grading.assignment import source_notebook

    cells = source_notebook("01", plan).cells
    return {c.id: c.source for c in cells if c.id.startswith("ex-")}


def validate(school, shot):
    """Open the fetched notebook and click Validate: what the box says."""
    tab = school.work
    tab.bring_to_front()
    browser.open_notebook(tab, school.labs["student"], PAGE)
    tab.get_by_role("button", name="Validate").click()
    box = tab.locator(".jp-Dialog", has_text="Validation Results")
    box.wait_for(timeout=browser.minute())
    tab.screenshot(path=school.place / shot)
    text = box.inner_text()
    box.get_by_role("button", name="Ok").click()
    tab.goto("about:blank")  # the file is written next
    return text


@pytest.fixture(scope="module")
def validated(school, fetched):
    """What Validate says of a wrong and two missing answers, and of a solved notebook."""
    answer(fetched.file, {"ex-01-slope-for": WRONG})
    wrong = validate(school, "validate_wrong.png")
    answer(fetched.file, {**right(school.plan), WRITTEN: ESSAY})
    return SimpleNamespace(wrong=wrong, solved=validate(school, "validate_solved.png"))


@pytest.fixture(scope="module")
def handed_in(school, fetched, validated):
    """One answer wrong, the others right; submitted by the student, collected by the teacher."""
    answer(fetched.file, {"ex-01-slope-for": WRONG})
    school.list.bring_to_front()
    school.list.get_by_role("button", name="Submit").click()
    listed = in_list(school, "submitted")
    school.list.screenshot(path=school.place / "submitted.png")
    message = act(school, "collect")
    count = formgrader(school).locator("td.num-submissions").inner_text()
    return SimpleNamespace(listed=listed, message=message, count=count)


def grade(school, *options):
    """The command, in a process of its own; the marks of the student."""
    command = [sys.executable, "-m", "coursekit", "grade", str(school.folder), "--jobs", "1"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return pd.read_csv(school.folder / "marks_ps1.csv").set_index("student").loc["ada"]


@pytest.fixture(scope="module")
def graded(school, handed_in):
    """After `grade`: the marks, and what Formgrader lists of the submissions."""
    marks = grade(school)
    frame = formgrader(school)
    frame.locator("td.num-submissions a").click(timeout=browser.minute())
    row = frame.locator("tr", has_text="ada")
    row.wait_for(timeout=browser.minute())
    school.teacher.screenshot(path=school.place / "submissions.png")
    return SimpleNamespace(marks=marks, row=row.inner_text())


def by_hand(school, frame, cell, points):
    """Write a mark into the field of a cell; wait until it is saved.

    The page draws its fields first and listens to them once it has fetched the grades; that is
    when the field for extra credit gets its placeholder. What is typed before is lost.
    """
    frame.locator(f"input[id='{cell}_extra_credit'][placeholder]").wait_for(
        timeout=browser.minute()
    )
    with school.teacher.expect_response(lambda r: "/api/grade/" in r.url) as saved:
        frame.locator(f"input[id='{cell}']").fill(f"{points}")
        frame.locator(f"input[id='{cell}']").press("Tab")
    assert saved.value.ok


@pytest.fixture(scope="module")
def marked(school, graded):
    """Two marks given by hand, then graded once more: the page before, the marks after."""
    frame = formgrader(school)
    for link in ("Manual Grading", "ps1", STEM, "Submission #1"):
        frame.get_by_role("link", name=link, exact=True).click(timeout=browser.minute())
    frame.get_by_text(ESSAY).wait_for(timeout=browser.minute())
    page = frame.locator("body").inner_text()
    by_hand(school, frame, WRITTEN, 3)
    by_hand(school, frame, "check-01-slope-for", 1.5)
    frame.locator(f"input[id='{WRITTEN}']").scroll_into_view_if_needed()
    school.teacher.screenshot(path=school.place / "manual.png")
    return SimpleNamespace(page=page, marks=grade(school, "--again"))


@in_lab
def test_the_student_finds_the_released_assignment_and_fetches_it(fetched):
    assert "Successfully released 'ps1'" in fetched.message
    assert "ps1" in fetched.before and "ps1" in fetched.after
    text = fetched.file.read_text(encoding="utf-8")
    assert "exercises.slope_for.check(slope_for" in text and "HIDDEN" not in text


@in_lab
def test_validate_says_which_check_fails_and_why(validated):
    assert validated.wrong.count("The following cell failed") == 3
    for sentence in (
        "Exercise 01-design-matrix: Not attempted yet: the function returns nothing.",
        "Exercise 01-slope-for: Not yet right.",
        "Hint: w1 is the slope only where",
        "You did not provide a response.",
    ):
        assert sentence in validated.wrong
    assert "Success" not in validated.wrong and "Traceback" not in validated.wrong


@in_lab
def test_validate_says_success_whatever_a_solved_exercise_is_worth(school, validated):
    assert "Success! Your notebook passes all the tests." in validated.solved
    assert "failed" not in validated.solved
    assert not (school.place / "ada" / "record" / "record.jsonl").exists()


@in_lab
def test_what_is_submitted_is_collected(school, handed_in):
    assert "Successfully collected submissions of 'ps1'" in handed_in.message
    assert handed_in.count == "1"
    submitted = school.folder / "submitted" / "ada" / "ps1"
    sources = [cell.source for cell in nbformat.read(submitted / f"{STEM}.ipynb", 4).cells]
    assert WRONG in sources and ESSAY in sources
    assert (submitted / "timestamp.txt").exists()


@in_lab
def test_formgrader_lists_the_submission_with_its_marks(graded):
    assert tuple(graded.marks[list(KEYS)]) == (0.5, 0)
    assert pd.isna(graded.marks[WRITTEN]) and pd.isna(graded.marks["total"])
    assert "needs manual grading" in graded.row and f"0.5 / {OUT_OF}" in graded.row


@in_lab
def test_marks_given_by_hand_survive_the_next_grading(marked):
    assert "Student's answer" in marked.page and "Nothing is recorded of lesson 01" in marked.page
    assert tuple(marked.marks[[*KEYS, WRITTEN]]) == (0.5, 1.5, 3)
    assert (marked.marks["total"], marked.marks["out of"]) == (5, OUT_OF)


@in_lab
def test_no_page_reported_an_error_but_for_formulas_that_come_from_the_web(school, marked):
    teacher, *student = school.errors
    assert student == [[], []]
    formulas = ("Failed to load resource: net::ERR_", "MathJax is not defined")
    assert [error for error in teacher if not error.startswith(formulas)] == []


def test_under_validate_a_check_raises_its_finding_and_shows_nothing_else(monkeypatch):
    monkeypatch.setenv(VALIDATING, "1")
    for answer, sentence in (
        (w1_alone, "^Exercise 01-slope-for: Not yet right. The answer .*\nHint: w1 is the slope"),
        (lambda weights, x_b: None, "^Exercise 01-slope-for: Not attempted yet: the function"),
        (lambda weights, x_b: 1 / 0, "ZeroDivisionError"),
    ):
        with pytest.raises(NotRightError, match=sentence) as raised:
            exercises.slope_for.check(answer, seed=1)
        assert "\n".join(raised.value._render_traceback_()) == str(raised.value)
    box = exercises.slope_for.check(lambda weights, x_b: weights[1] + weights[3] * x_b, seed=1)
    assert box.points == 1 and box._ipython_display_() is None
    monkeypatch.setenv("COURSEKIT_HELP", "none")
    with pytest.raises(NotRightError, match="Not yet right") as raised:
        exercises.slope_for.check(w1_alone, seed=1)
    assert "Hint" not in str(raised.value)
    monkeypatch.delenv(VALIDATING)
    assert not hasattr(exercises.slope_for.check(w1_alone, seed=1), "_ipython_display_")


def test_what_nbgrader_runs_is_no_attempt_of_the_learners(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path))
    monkeypatch.setenv(EXECUTION, "autograde")
    exercises.slope_for.check(w1_alone, seed=1)
    assert not list(tmp_path.iterdir())
    monkeypatch.delenv(EXECUTION)
    exercises.slope_for.check(w1_alone, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["record.jsonl"]


def w1_alone(weights, x_b):
    return weights[1]
