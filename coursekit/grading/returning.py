"""What goes back: feedback to the students, a table of marks to whoever keeps the books."""

from pathlib import Path

import pandas as pd

from coursekit.grading.course import api, gradebook
from coursekit.grading.run import for_a_human
from coursekit.grading.slicing import CHECK


def marks(folder: Path, name: str) -> pd.DataFrame:
    """A row a student: a column an exercise, total, out of, and why there is no mark.

    A mark given by hand counts instead of the automatic one; one that is not known is empty, and so
    is then the total.
    """
    rows = []
    problems = for_a_human(folder, name)
    with gradebook(folder) as book:
        cells = [c for n in book.find_assignment(name).notebooks for c in n.grade_cells]
        columns = {cell.name: cell.name.removeprefix(CHECK) for cell in cells}
        full = sum(cell.max_score for cell in cells)
        found: dict[str, dict[str, object]] = {
            s.student_id: {
                columns[g.cell.name]: g.auto_score if g.manual_score is None else g.manual_score
                for n in s.notebooks
                for g in n.grades
            }
            for s in book.assignment_submissions(name)
        }
    for student in sorted({*found, *problems}):
        own = found.get(student, {})
        rows.append({"student": student, **{c: own.get(c) for c in columns.values()}})
    table = pd.DataFrame(rows, columns=["student", *columns.values()])
    numbers = table[list(columns.values())].astype(float)
    table[numbers.columns] = numbers
    table["total"] = numbers.sum(axis=1, skipna=False)
    table["out of"] = full
    table["problem"] = table["student"].map(problems).fillna("")
    return table


def feedback(folder: Path, name: str, student: str) -> Path:
    """Make one student's pages; their folder.

    Errors: RuntimeError with nbgrader's words when it cannot.
    """
    with api(folder) as nbgrader:
        done = nbgrader.generate_feedback(name, student, force=True)
    if not done["success"]:
        raise RuntimeError(f"There is no feedback for {student}: {done['log']}")
    return folder / "feedback" / student / name
