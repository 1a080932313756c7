"""What a check does when nbgrader, and not the learner, runs the notebook.

Validate takes a check's cell as failed when it raises, or when it shows fewer points than the
assignment gives for it. The second cannot say what is wrong, and an assignment may give other
points than the exercise itself; so under Validate a check raises, or shows nothing.
"""

import os
from textwrap import fill

from coursekit.course.exercises.outcome import Correct
from coursekit.course.exercises.result_box import LOOKS, CheckBox

# nbgrader sets them for the kernel: the one in Validate, the other in Validate and in grading.
VALIDATING, EXECUTION = "NBGRADER_VALIDATING", "NBGRADER_EXECUTION"
WIDTH = 88  # letters in a line; Validate's window does not break them


class NotRightError(AssertionError):
    """A check's finding, as the few lines that Validate shows."""

    def _render_traceback_(self) -> list[str]:
        """In place of IPython's traceback, which would tell of the check and not of the answer."""
        return str(self).splitlines()


class Passed(CheckBox):
    """A box that shows nothing, which nbgrader takes as passed whatever the cell is worth."""

    def _ipython_display_(self) -> None:
        """Leave the cell without an output."""


def runs() -> bool:
    """Whether nbgrader runs the notebook; such a check is no attempt of the learner's."""
    return bool(os.environ.get(EXECUTION))


def as_validated(box: CheckBox) -> CheckBox:
    """The box; under Validate one that shows nothing when the answer is right.

    Errors: NotRightError under Validate when it is not right, not attempted or cannot be checked.
    """
    if not os.environ.get(VALIDATING):
        return box
    if isinstance(box.outcome, Correct):
        return Passed(box.key, box.outcome, box.points, box.out_of, box.note)
    raise NotRightError(in_lines(box))


def in_lines(box: CheckBox) -> str:
    """The box as plain text: the finding, the hint, the case that differs."""
    outcome, sentence = box.outcome, box.outcome.sentence
    _, word, _ = LOOKS[type(outcome)]
    finding = sentence if sentence.startswith(word) else f"{word}. {sentence}"
    hint = f"Hint: {outcome.hint}" if outcome.hint else ""
    parts = [fill(f"Exercise {box.key}: {finding}", WIDTH), fill(hint, WIDTH), outcome.detail]
    return "\n".join(filter(None, parts))
