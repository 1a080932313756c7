"""A lesson's open question as cells: the question, the learner's record, the answer."""

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from coursekit.course.authoring.exercise_slices import GIVEN
from coursekit.course.authoring.sources import NBGRADER
from coursekit.course.registry import lessons

ANSWER = "written-"  # how the grade id of the cell that a human marks begins
PROMPT = "*Write your answer here, in place of this line.*"
ASIDE = (
    "Your marks for this answer are given by a person, who sees beside it what your record tells "
    "of this lesson. Your record is the file `record.jsonl` in the folder where you worked through "
    "it; put a copy beside this notebook if you want it to be seen."
)


def has_question(lesson: str) -> bool:
    """Whether there is an open question for the lesson of these two digits."""
    return lesson in lessons() and lessons()[lesson].question is not None


def question_cells(lesson: str) -> list[NotebookNode]:
    """Question and rubric, locked; what the record tells, run when graded; the answer."""
    question = lessons()[lesson].question
    assert question is not None, f"lesson {lesson} has no open question"
    text = f"## A question to write about\n\n{question.question}\n\n{question.rubric()}\n\n{ASIDE}"
    asked = new_markdown_cell(text, id=f"question-{lesson}")
    load = "from coursekit.course.grading.record_table import record_table"
    code = f'{load}\n\nrecord_table("{lesson}")'
    record = new_code_cell(code, id=f"{GIVEN}{lesson}-record")
    answer = new_markdown_cell(PROMPT, id=f"{ANSWER}{lesson}")
    for cell, marks in (
        (asked, {"locked": True}),
        (record, {"locked": True}),
        (answer, {"grade": True, "solution": True, "points": question.points}),
    ):
        cell.metadata["nbgrader"] = {**NBGRADER, "grade_id": cell.id, **marks}
    return [asked, record, answer]
