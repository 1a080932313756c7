"""Submissions fetched from the exchange by nbgrader's own step, which follows no link here.

nbgrader copies what links point to, with the instructor's rights: a student who lays a link into
the exchange would have the solutions handed in. And one folder with an impossible name or size
would end the collecting for everybody.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import capture_log

from coursekit.course.grading.class_folder import COURSE_ID, api, config_of, plan_of
from coursekit.course.grading.submission_files import Refused, copy_files, files_of, require_student
from coursekit.utils.checks import require


class Collect(ExchangeCollect):
    """Collects each student's submission by itself, and names whose could not be.

    problems: student → why nothing was collected.  unnamed: folders in the exchange whose name
    tells no student or time.
    """

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.src_records: list[dict[str, Any]] = []
        self.problems: dict[str, str] = {}
        self.unnamed: list[str] = []

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """nbgrader's record of a submission; without a user name where the folder's is none."""
        try:
            return dict(super()._path_to_record(path))
        except Exception:  # nbgrader raises what the parser of time stamps raises
            self.log.warning("%r in the exchange is no submission; it stays there.", path)
            self.unnamed.append(Path(path).name)
            return {"username": "", "filename": Path(path).name, "timestamp": None}

    def _sort_by_timestamp(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return super()._sort_by_timestamp([r for r in records if r["username"]]) or records

    def copy_files(self) -> None:
        """One student after the other, so that what fails for one is not collected, and no more."""
        for record in [record for record in self.src_records if record["username"]]:
            student, self.src_records = record["username"], [record]
            before = Path(self.coursedir.root, "submitted", student, self.coursedir.assignment_id)
            try:
                require_student(student)
                if os.path.lexists(before):
                    files_of(before)  # nbgrader opens its time stamp
                super().copy_files()
            except Exception as problem:  # whatever it is, the others are collected
                why = str(problem) if isinstance(problem, Refused) else f"was not there: {problem}"
                self.log.warning("%s %s", student, why)
                self.problems[student] = f"was not collected: the submission {why}"

    def do_copy(self, src: str, dest: str, log: object = None) -> None:
        """Files only; nothing of a submission is followed. Errors: Refused."""
        copy_files(Path(src), Path(dest))


@dataclass(frozen=True)
class Collected:
    """problems: student → why nothing was collected.  unnamed: folders of nobody's."""

    problems: dict[str, str] = field(default_factory=dict)
    unnamed: tuple[str, ...] = ()


def collect(folder: Path, name: str) -> Collected:
    """Fetch what students have handed in through the exchange, if there is one, newer ones too.

    Errors: ValueError for an unknown assignment, and with nbgrader's words when it refuses.
    """
    plan_of(folder, name)
    if not Path(config_of(folder).Exchange.root, COURSE_ID, "inbound").is_dir():
        return Collected()
    with api(folder) as nbgrader:
        nbgrader.coursedir.assignment_id = name
        app = Collect(
            coursedir=nbgrader.coursedir, authenticator=nbgrader.authenticator, parent=nbgrader
        )
        app.update = True
        result = capture_log(app)
    require(result["success"], f"nbgrader did not collect {name}: {result.get('log', '')}")
    return Collected(app.problems, tuple(app.unnamed))
