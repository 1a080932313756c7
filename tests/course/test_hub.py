"""A class at a real JupyterHub on this machine, from signing in to the feedback."""

import os
import shutil
import stat
import subprocess
import sys
from importlib.util import find_spec

import pandas as pd
import psutil
import pytest
import requests

from benchmarks.hub_memory import by_user, costs
from benchmarks.patience import patient
from coursekit.course.hub import nbgrader_exchange, proxy
from coursekit.course.hub.settings import Hub, link

WHY = "JupyterHub is not installed; the extra [hub] has it."
if find_spec("jupyterhub") and proxy.location() is None:
    WHY = (
        "configurable-http-proxy is not installed; `python -m coursekit.course.hub proxy` does it."
    )
READY = os.name != "nt" and bool(find_spec("jupyterhub") and proxy.location())
needs_hub = pytest.mark.skipif(not READY, reason=WHY)

KEYS = ("01-design-matrix", "01-slope-for", "01-centred-effects")
STEM = "01_additive_or_multiplicative"
WRONG = {"ex-01-slope-for": "def slope_for(weights, x_b):\n    return weights[1]"}
STUDENTS = [f"student{n:02d}" for n in range(1, 7)]
PAGE = f"ps1/{STEM}.ipynb"


def reference(plan):
    from coursekit.course.authoring.exercise_slices import grade_id
    from coursekit.course.grading.assignment import source_notebook

    cells = source_notebook("01", plan).cells
    return {grade_id(c): c.source for c in cells if grade_id(c).startswith("ex-")}


def answers_of(student, right):
    """The odd ones err in one exercise, the last one hands in untouched."""
    if student == STUDENTS[-1]:
        return {}
    return right | WRONG if int(student[-2:]) % 2 else right


def expected(student):
    if student == STUDENTS[-1]:
        return 0.0
    return 3.0 if int(student[-2:]) % 2 else 6.0


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """A hub that runs, with a class's folder whose assignment is released in its exchange."""
    from benchmarks import hub as rehearse
    from coursekit.course.grading.assignment import Plan
    from coursekit.course.grading.class_folder import api, assign

    place = tmp_path_factory.mktemp("school")
    plan = Plan(("01",), "ps1", seed=7, exercises=KEYS, points={"01-slope-for": 3.0})
    assign(plan, place / "class")
    file = rehearse.write_trial(place, STUDENTS)
    with rehearse.running(file) as (hub, pid):
        nbgrader_exchange.connect(place / "class", hub.exchange)
        with api(place / "class") as nbgrader:
            done = nbgrader.release_assignment("ps1")
        assert done["success"], done["log"]
        yield {"hub": hub, "pid": pid, "class": place / "class", "plan": plan, "people": {}}


@pytest.fixture(scope="module")
def handed_in(school):
    """Everybody has fetched, worked in their server's kernel and handed in; who is still there."""
    from benchmarks.hub import together, visitor

    right = reference(school["plan"])

    def morning(name):
        person = visitor(school["hub"], name)
        seconds = person.start()
        assert [entry["status"] for entry in person.nbgrader("fetch", "ps1")] == ["fetched"]
        person.work(PAGE, answers_of(name, right))
        sent = person.nbgrader("submit", "ps1")
        assert "submitted" in [entry["status"] for entry in sent]
        return person, seconds

    people = together(morning, STUDENTS, at_once=2)
    return {**school, "people": dict(zip(STUDENTS, people, strict=True))}


@pytest.fixture(scope="module")
def returned(handed_in):
    """Collected, graded by the command, feedback given back."""
    from coursekit.course.grading.class_folder import api

    folder = handed_in["class"]
    with api(folder) as nbgrader:
        done = nbgrader.collect("ps1")
        assert done["success"], done["log"]
        command = [sys.executable, "-m", "coursekit", "grade", str(folder), "--name", "ps1"]
        graded = subprocess.run(command, capture_output=True, text=True, check=False)
        assert graded.returncode == 0, graded.stderr
        done = nbgrader.release_feedback("ps1")
        assert done["success"], done["log"]
    return handed_in


@needs_hub
def test_a_class_hands_in_and_has_the_marks_it_deserves(returned):
    marks = pd.read_csv(returned["class"] / "marks_ps1.csv").set_index("student")
    assert marks["total"].to_dict() == {name: expected(name) for name in STUDENTS}
    assert marks["problem"].isna().all()


@needs_hub
def test_everybody_fetches_their_own_feedback(returned):
    for name, (person, _) in returned["people"].items():
        person.nbgrader("fetch_feedback", "ps1")
        folder = person.ask("GET", "api/contents/ps1/feedback")["content"]
        assert len(folder) == 1
        page = f"{folder[0]['path']}/{STEM}.html"
        text = person.ask("GET", f"api/contents/{page}?type=file")["content"]
        assert f"(Score: {expected(name):.1f} / 6.0)" in text


@needs_hub
def test_the_work_ran_in_the_students_own_kernel(handed_in):
    for name, (person, _) in handed_in["people"].items():
        cells = person.ask("GET", f"api/contents/{PAGE}")["content"]["cells"]
        outputs = [o for c in cells if c["cell_type"] == "code" for o in c["outputs"]]
        failed = [o for o in outputs if o["output_type"] == "error"]
        assert outputs and not failed, f"{name}: {failed}"
        kernels = person.ask("GET", "api/kernels")
        assert [k["execution_state"] for k in kernels] == ["idle"]


@needs_hub
def test_each_person_has_processes_and_memory_that_are_counted(handed_in):
    table = costs(handed_in["pid"]).set_index("user")
    assert set(table.index) == {"", *STUDENTS}
    assert (table["processes"] >= 2).all() and (table["cpu"] > 1).all()
    assert (table["uss"] <= table["pss"] + 1).all() and (table["pss"] <= table["rss"] + 1).all()
    # A server and a kernel with PyTorch; far from the 2 GiB that a person may take.
    assert table.loc[STUDENTS, "rss"].between(250, 2048).all(), table
    assert all(seconds < 60 for _, seconds in handed_in["people"].values())


@needs_hub
def test_nobody_gets_in_who_should_not(school):
    from benchmarks.hub_visitor import Visitor
    from coursekit.course.hub.configure import password

    hub = school["hub"]
    for name, given in (
        ("student01", "wrong"),
        ("stranger", password(hub, "student")),
        ("teacher", password(hub, "student")),
        ("student01", password(hub, "instructor")),
    ):
        with pytest.raises(ValueError, match=f"{name} was not let in"):
            Visitor(hub.address, name).sign_in(given)


@needs_hub
def test_no_student_reaches_another_ones_server(handed_in):
    person, _ = handed_in["people"]["student01"]
    header = {"Authorization": person.session.headers["Authorization"]}
    for other, status in (("student01", 200), ("student02", 403)):
        address = f"{handed_in['hub'].address}/user/{other}/api/contents"
        assert requests.get(address, headers=header, timeout=patient(30)).status_code == status


@needs_hub
def test_everything_listens_on_the_loopback_address_and_secrets_are_kept(handed_in):
    open_at = {
        c.laddr.ip
        for processes in by_user(handed_in["pid"]).values()
        for process in processes
        for c in process.net_connections("inet")
        if c.status == psutil.CONN_LISTEN
    }
    assert open_at == {"127.0.0.1"}
    state = handed_in["hub"].state
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    for name in ("cookie_secret", "password_student", "password_instructor"):
        assert stat.S_IMODE((state / name).stat().st_mode) == 0o600
    words = {name: (state / f"password_{name}").read_text() for name in ("student", "instructor")}
    assert len(words["student"]) >= 16 and len(words["instructor"]) >= 32
    log = (state.parent / "hub.log").read_text()
    assert not [word for word in words.values() if word in log]


@needs_hub
@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed.")
def test_the_link_brings_the_course_and_keeps_what_was_changed(handed_in, tmp_path):
    origin = tmp_path / "course"
    page = origin / "notebooks" / "00_start_here.ipynb"
    page.parent.mkdir(parents=True)
    page.write_text("first")
    git(origin, "init", "-q", "-b", "main")
    commit(origin)
    hub = handed_in["hub"]
    person, _ = handed_in["people"]["student02"]
    address = link(Hub(instructors=("ada",), repository=str(origin), address=hub.address))
    answer = person.session.get(address, timeout=patient(60))
    assert answer.ok and "git-pull" in answer.url and "/user/student02/" in answer.url
    pull(person, origin)
    own = hub.state / "homes" / "student02" / "course" / "notebooks"
    assert (own / page.name).read_text() == "first"
    (own / page.name).write_text("mine")
    (page.parent / "01.ipynb").write_text("second")
    commit(origin)
    pull(person, origin)
    assert (own / page.name).read_text() == "mine" and (own / "01.ipynb").read_text() == "second"


def git(folder, *arguments):
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def commit(folder):
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    git(folder, "add", ".")
    git(folder, *who, "commit", "-q", "-m", "x")


def pull(person, origin):
    """What the page behind the link asks for, until it says that it is done."""
    asked = {"repo": str(origin), "branch": "main"}
    address = f"{person.server}/git-pull/api"
    page = person.session.get(address, params=asked, timeout=patient(60)).text
    assert '"phase": "finished"' in page, page


@needs_hub
def test_a_server_that_nobody_uses_is_stopped_and_the_home_stays(tmp_path):
    from benchmarks.hub import running, visitor, write_trial
    from benchmarks.hub_visitor import wait_for

    file = write_trial(tmp_path, ["student01"], idle_minutes=0.1)
    with running(file) as (hub, pid):
        person = visitor(hub, "student01")
        person.start()
        body = {"type": "file", "format": "text", "content": "kept"}
        person.ask("PUT", "api/contents/note.txt", body)
        assert person.running() and "student01" in by_user(pid)
        wait_for(lambda: not person.running(), "the stop of an idle server", 60)
        wait_for(lambda: "student01" not in by_user(pid), "the end of its processes", 30)
        assert (hub.state / "homes" / "student01" / "note.txt").read_text() == "kept"
