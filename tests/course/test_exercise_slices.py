"""What of a lesson is run when its exercises are solved: what an answer reaches, no more."""

import copy

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from coursekit.course.authoring.exercise_slices import reached_by_answers


def cell(source, name=""):
    metadata = {"nbgrader": {"grade_id": name}} if name else {}
    return new_code_cell(source, metadata=metadata)


LESSON = new_notebook(
    cells=[
        new_markdown_cell("Some prose."),
        cell(
            "import math\nfrom coursekit.analysis.intervals import interval\n"
            "rows = [1, 2]\npicture = 7"
        ),
        cell("rows.append(3)"),
        cell("slow = sum(range(10))"),
        cell("def own(x):\n    return math.sqrt(x)", "ex-90-own"),
        cell("own(len(rows))", "check-90-own"),
        cell("after = own(4) + offset"),
        cell("again = after * 2\nagain"),
        cell("slow + picture"),
    ]
)


def sources(lesson):
    return [c.source for c in reached_by_answers(lesson).cells if c.cell_type == "code"]


def test_what_an_answer_reaches_is_kept_with_what_it_needs():
    assert sources(LESSON) == [
        "import math\nrows = [1, 2]",
        "rows.append(3)",
        "def own(x):\n    return math.sqrt(x)",
        "own(len(rows))",
        "after = own(4) + offset",
        "again = after * 2\nagain",
    ]


def test_what_comes_from_before_the_answer_is_found_further_up():
    lesson = copy.deepcopy(LESSON)
    lesson.cells[3].source = "offset = 1"
    assert "offset = 1" in sources(lesson)


def test_what_is_increased_is_needed_from_before():
    lesson = copy.deepcopy(LESSON)
    lesson.cells[3].source = "offset = 1"
    lesson.cells.insert(4, cell("offset += 1"))
    assert sources(lesson)[2:4] == ["offset = 1", "offset += 1"]


def test_the_lesson_itself_stays_as_it_is():
    before = [c.source for c in LESSON.cells]
    reached_by_answers(LESSON)
    assert [c.source for c in LESSON.cells] == before
