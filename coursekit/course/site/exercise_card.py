"""An exercise on its page: a place to try, hints in steps, a solution after an attempt.

The page cannot run Python, so it gives no verdict; the card says where the check runs.
What the card does is in ``static/exercise.js``.
"""

import json
from html import escape

from markdown_it import MarkdownIt
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from coursekit.course import registry
from coursekit.course.exercises import Exercise, OpenExercise
from coursekit.course.exercises.solution_source import solution_of
from coursekit.utils.checks import require

ASKS, CHECKS = "ex-", "check-"  # how the grade ids of both cells begin
ROWS = 6  # lines of the field, at the least
CODE_ONLY = MarkdownIt("zero").enable("backticks")  # hints hold formulas: a * b is no emphasis


def exercise_cells(
    lesson: str, notebook: NotebookNode, *, solutions: bool = True
) -> dict[int, str | None]:
    """Number of a cell → the card that replaces it; None for a check's cell, which is dropped.

    lesson: two digits.  solutions: without them no card holds one, nor a button for it.
    Errors: ValueError when a cell asks for an exercise that the lesson does not have.
    """
    graded = {
        str(cell.metadata["nbgrader"]["grade_id"]): (number, str(cell.source))
        for number, cell in enumerate(notebook.cells)
        if "nbgrader" in cell.metadata
    }
    known = {e.key: e for e in vars(registry.exercises(lesson)).values() if isinstance(e, Exercise)}
    cards: dict[int, str | None] = {}
    for grade_id, (number, source) in graded.items():
        if grade_id.startswith(ASKS):
            key = grade_id.removeprefix(ASKS)
            require(key in known, f"Lesson {lesson} has no exercise {key!r}.")
            _, check = graded.get(CHECKS + key, (0, ""))
            solution = solution_of(key) if solutions else ""
            cards[number] = exercise_card(known[key], source, check, solution)
        elif grade_id.startswith(CHECKS):
            cards[number] = None
    return cards


def exercise_card(exercise: Exercise, stub: str, check: str, solution: str = "") -> str:
    """One exercise as HTML.

    stub: what the field holds at first.  check: the line of code that judges the answer in the Lab.
    solution: Python code; "" leaves out the button, too.
    """
    key, name = exercise.key, f"exercise-{exercise.key}"
    rows = max(ROWS, stub.count("\n") + 3)
    button, shown = "", ""
    if solution:
        button = (
            '<p class="ck-buttons"><button type="button" class="ck-solve" '
            f'aria-expanded="false" aria-controls="{name}-solution">Show a solution</button></p>'
        )
        shown = (
            f'<div class="ck-solution" id="{name}-solution" tabindex="-1" hidden>'
            f"<p>One way among several:</p>{highlighted(solution)}</div>"
        )
    return (
        f'<div class="ck-card ck-exercise" id="{name}" role="group" aria-label="Exercise {key}" '
        f'data-exercise="{escape(json.dumps({"key": key, "stub": stub}))}">'
        f'<p><label for="{name}-field">Your attempt</label></p>'
        f'<textarea id="{name}-field" rows="{rows}" spellcheck="false" autocomplete="off" '
        f'autocapitalize="off" wrap="off">{escape(stub)}</textarea>'
        f'<p class="ck-note">This page runs no Python and gives no verdict. The check runs in the '
        f"Lab, with this line: <code>{escape(check.strip())}</code></p>"
        f"{_requirements(exercise)}{_hints(exercise.hints)}{button}"
        f'<p class="ck-note ck-status" role="status"></p>{shown}</div>'
    )


def question_card(lesson: str) -> str:
    """The lesson's open question with what earns its points, to read and write; "" without one."""
    question = registry.lessons()[lesson].question
    if question is None:
        return ""
    rows = "".join(
        f"<tr><td>{points:g}</td><td>{marked_up(sentence)}</td></tr>"
        for points, sentence in question.criteria
    )
    name = f"exercise-written-{lesson}"
    return (
        f'<div class="ck-card ck-exercise" id="{name}" role="group" '
        f'aria-label="A question to write about" '
        f'data-exercise="{escape(json.dumps({"key": f"written-{lesson}", "stub": ""}))}">'
        f'<p class="ck-question">{marked_up(question.question)}</p>'
        f'<p><label for="{name}-field">Your answer, in your own words</label></p>'
        f'<textarea id="{name}-field" rows="{ROWS}" autocomplete="off"></textarea>'
        '<p class="ck-note ck-status" role="status"></p>'
        "<details><summary>What a good answer has</summary>"
        "<p>No page can mark it. In a class a person does; alone, hold your answer against this:"
        "</p><table><thead><tr><th>points</th><th>for</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></details></div>"
    )


def highlighted(code: str) -> str:
    """Python code as HTML."""
    return str(highlight(code, PythonLexer(), HtmlFormatter(cssclass="highlight")))


def marked_up(text: str) -> str:
    """Text with `code` in it as HTML; everything else stands as it is written."""
    return str(CODE_ONLY.renderInline(text))


def _hints(hints: tuple[str, ...]) -> str:
    """Each inside the one before, so that one opens at a time, also without scripts."""
    markup = ""
    for number, hint in reversed(list(enumerate(hints, 1))):
        words = "Show a hint" if number == 1 else "Show the next hint"
        markup = (
            f'<details class="ck-hint"><summary>{words}</summary>'
            f"<p><strong>Hint {number} of {len(hints)}.</strong> {marked_up(hint)}</p>"
            f"{markup}</details>"
        )
    return markup


def _requirements(exercise: Exercise) -> str:
    """What sends an answer back where there is no single right one."""
    if not isinstance(exercise, OpenExercise):
        return ""
    rows = "".join(f"<li>{escape(r.sentence)}</li>" for r in exercise.requirements)
    return (
        "<details><summary>What the check asks for</summary><p>There is no single right answer. "
        f"The check tries your class out and sends it back in these cases:</p><ul>{rows}</ul>"
        "</details>"
    )
