"""What goes back: feedback to the students, a table of marks to whoever keeps the books."""

from datetime import datetime
from pathlib import Path

import pandas as pd

from coursekit.course.authoring.exercise_slices import CHECK
from coursekit.course.grading.class_folder import api, gradebook
from coursekit.course.grading.grading_state import for_a_human
from coursekit.course.grading.late_days import Lateness, lateness, rule_of


def marks(folder: Path, name: str) -> pd.DataFrame:
    """One row per student: a column per exercise, days late, late, total, out of, problem.

    A mark given by hand counts instead of the automatic one; one that is not known is empty, and so
    is then the total.  days late: begun days, those from the purse included.  late: points taken
    for them, already gone from the total.  problem: why there is no mark, or what else to look at.
    """
    rows = []
    problems = for_a_human(folder, name)
    with gradebook(folder) as book:
        cells = [c for n in book.find_assignment(name).notebooks for c in n.grade_cells]
        columns = {cell.name: cell.name.removeprefix(CHECK) for cell in cells}
        full = sum(cell.max_score for cell in cells)
        by_student: dict[str, dict[str, object]] = {
            s.student_id: {
                columns[g.cell.name]: g.auto_score if g.manual_score is None else g.manual_score
                for n in s.notebooks
                for g in n.grades
            }
            for s in book.assignment_submissions(name)
        }
    for student in sorted({*by_student, *problems}):
        scores = by_student.get(student, {})
        rows.append({"student": student, **{c: scores.get(c) for c in columns.values()}})
    table = pd.DataFrame(rows, columns=["student", *columns.values()])
    numbers = table[list(columns.values())].astype(float)
    table[numbers.columns] = numbers
    late = {s: delay[name] for s, delay in delays(folder).items() if name in delay}
    table["days late"] = [late[s].days if s in late else 0 for s in table["student"]]
    table["late"] = [round(full * late[s].share, 4) if s in late else 0.0 for s in table["student"]]
    table["total"] = (numbers.sum(axis=1, skipna=False) - table["late"]).clip(lower=0).round(4)
    table["out of"] = full
    table["problem"] = table["student"].map(problems).fillna("")
    return table


def delays(folder: Path) -> dict[str, dict[str, Lateness]]:
    """Student → assignment → what its delay comes to, over all assignments of the class."""
    rule = rule_of(folder)
    handed_in: dict[str, list[tuple[str, datetime | None, datetime | None]]] = {}
    with gradebook(folder) as book:
        for assignment in book.assignments:
            for s in assignment.submissions:
                when = (assignment.name, assignment.duedate, s.timestamp)
                handed_in.setdefault(s.student_id, []).append(when)
    return {student: lateness(rule, dates) for student, dates in handed_in.items()}


def charge(folder: Path, student: str) -> None:
    """Write what a student's delays cost into the gradebook, where nbgrader's pages show it."""
    late = delays(folder).get(student, {})
    with gradebook(folder) as book:
        for name, delay in late.items():
            for notebook in book.find_submission(name, student).notebooks:
                full = sum(cell.max_score for cell in notebook.notebook.grade_cells)
                notebook.late_submission_penalty = delay.share * full or None
        book.db.commit()


def feedback(folder: Path, name: str, student: str) -> Path:
    """Make one student's pages; their folder.

    Errors: RuntimeError with nbgrader's words when it cannot.
    """
    with api(folder) as nbgrader:
        result = nbgrader.generate_feedback(name, student, force=True)
    if not result["success"]:
        raise RuntimeError(f"There is no feedback for {student}: {result['log']}")
    return folder / "feedback" / student / name
