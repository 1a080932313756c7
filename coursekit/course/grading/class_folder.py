"""The folder of a class: nbgrader's configuration, and one assignment after the other."""

import json
import os
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from coursekit.course.authoring.learner_notebook import write
from coursekit.course.authoring.sources import notebook_of
from coursekit.course.grading.assignment import Plan, lesson_scripts, source_notebook
from coursekit.course.grading.class_readme import GUIDE
from coursekit.course.grading.open_question import PROMPT
from coursekit.utils.checks import require

COURSE_ID = "coursekit"
CONFIG, BOOK, PLANS, README = "nbgrader_config.py", "gradebook.db", "plans", "README.md"
SECONDS = 60  # that one cell may take when a submission is graded
CONFIGURATION = f'''"""nbgrader's settings for this folder, made by `coursekit assign`."""

from pathlib import Path

c = get_config()
ROOT = Path(__file__).resolve().parent
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.course_id = "{COURSE_ID}"
c.CourseDirectory.db_url = f"sqlite:///{{ROOT / '{BOOK}'}}"
c.Exchange.root = str(ROOT / "exchange")
c.ExchangeFactory.collect = "coursekit.course.grading.collect.Collect"  # follows no link
c.ClearSolutions.code_stub = {{"python": "..."}}
c.ClearSolutions.text_stub = "{PROMPT}"
# An endless loop costs its own cell only.
SECONDS = {SECONDS}
SAID = f"This cell ran longer than {{SECONDS}} seconds and was stopped."
c.ExecutePreprocessor.timeout = SECONDS
c.ExecutePreprocessor.interrupt_on_timeout = True
c.ExecutePreprocessor.extra_arguments = ["--log-level=ERROR"]  # of the kernel
c.ExecutePreprocessor.error_on_timeout = {{
    "ename": "Stopped", "evalue": SAID, "traceback": [SAID]
}}
# Cells that a learner deleted come back; feedback keeps the hidden checks to itself.
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "coursekit.course.grading.preprocessors.RestoreCells",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.GenerateFeedback.preprocessors = [
    "coursekit.course.grading.preprocessors.KeepHidden",
    "nbgrader.preprocessors.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
'''


def assign(plan: Plan, folder: Path, again: bool = False) -> Path:
    """Make the assignment's source and release in ``folder``, a class's new or old one.

    again: an assignment of this name may exist; it is made anew, marks and submissions stay.
    Returns the folder of the release, which is what students get.
    Errors: ValueError when it exists, or nbgrader refuses, with nbgrader's own words.
    """
    source = folder / "source" / plan.name
    sentence = f"{plan.name} exists in {folder}; choose another name, or make it again (--again)."
    require(again or not source.exists(), sentence)
    source.mkdir(parents=True, exist_ok=True)
    for old in source.glob("*.ipynb"):  # of a lesson that the plan may not have any more
        old.unlink()
    for file, text in ((CONFIG, CONFIGURATION), (README, GUIDE)):
        if not (folder / file).exists():
            (folder / file).write_text(text, encoding="utf-8")
    for lesson in plan.lessons:
        stem = notebook_of(lesson_scripts()[lesson]).stem
        write(source_notebook(lesson, plan), source / f"{stem}.ipynb")
    keep_plan(plan, folder)
    with gradebook(folder) as book:
        due = plan.due.astimezone(UTC).replace(tzinfo=None) if plan.due else None
        book.update_or_create_assignment(plan.name, duedate=due)
    with api(folder) as nbgrader:
        made = nbgrader.generate_assignment(plan.name, force=True, create=True)
    require(made["success"], f"nbgrader did not make {plan.name}: {made['log']}")
    return folder / "release" / plan.name


def keep_plan(plan: Plan, folder: Path) -> None:
    """Write the plan down, so that the assignment can be made again."""
    path = folder / PLANS / f"{plan.name}.json"
    path.parent.mkdir(exist_ok=True)
    stored = asdict(plan) | {"due": plan.due.isoformat() if plan.due else None}
    path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def plan_of(folder: Path, name: str) -> Plan:
    """The plan of an assignment that was made here.

    Errors: ValueError when there is none of this name.
    """
    path = folder / PLANS / f"{name}.json"
    known = sorted(p.stem for p in path.parent.glob("*.json"))
    require(path.exists(), f"{folder} has no assignment {name!r}; it has {known}.")
    stored = json.loads(path.read_text(encoding="utf-8"))
    due = datetime.fromisoformat(stored["due"]) if stored["due"] else None
    lists = {k: tuple(stored[k]) for k in ("lessons", "exercises")}
    return Plan(**(stored | lists | {"due": due}), made=True)


def config_of(folder: Path) -> Config:
    """The folder's ``nbgrader_config.py``."""
    require((folder / CONFIG).exists(), f"{folder} has no {CONFIG}; `assign` makes one.")
    return PyFileConfigLoader(CONFIG, path=str(folder.resolve())).load_config()


@contextmanager
def api(folder: Path) -> Iterator[NbGraderAPI]:
    """nbgrader on this folder."""
    with _commands_on_the_path():
        yield NbGraderAPI(config=config_of(folder))


@contextmanager
def gradebook(folder: Path) -> Iterator[Gradebook]:
    """The folder's gradebook, closed afterwards."""
    with (
        _commands_on_the_path(),
        Gradebook(f"sqlite:///{(folder / BOOK).resolve()}", COURSE_ID) as book,
    ):
        yield book


@contextmanager
def _commands_on_the_path() -> Iterator[None]:
    """nbgrader calls commands of this environment, which need not be the activated one."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
