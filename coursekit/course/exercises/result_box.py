"""The box a learner sees under a check, a hint or a solution."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from coursekit.course.exercises.outcome import (
    CannotCheck,
    Correct,
    Incorrect,
    NotAttempted,
    Outcome,
)

# An icon and a word with every colour: none of them is the only cue.  Text on ground ≥ 7:1.
LOOKS: Mapping[type[Outcome], tuple[str, str, str]] = {
    Correct: ("✔", "Correct", "#0b6e4f"),
    Incorrect: ("✘", "Not yet right", "#9b2226"),
    NotAttempted: ("○", "Not attempted yet", "#4a4e69"),
    CannotCheck: ("⚠", "Cannot be checked", "#7a4a00"),
}
MONO = "white-space:pre-wrap;margin:.4em 0 0;font-family:monospace;font-size:.92em"


@dataclass(frozen=True)
class CheckBox:
    """The result of a check: a box in the browser, its points as a number everywhere else.

    nbgrader reads the points from the text/plain form, so that form is the number and no more.
    """

    key: str
    outcome: Outcome
    points: float
    out_of: float
    note: str = ""

    def __repr__(self) -> str:
        return f"{self.points:g}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}

    def html(self) -> str:
        """The box as HTML; everything that came from the learner is escaped."""
        icon, word, colour = LOOKS[type(self.outcome)]
        outcome = self.outcome
        repeated = outcome.sentence.rstrip(".") in (word, "Correct")
        parts = [
            f"<strong>{icon} {word}</strong> · exercise {escape(self.key)} · "
            f"{self.points:g} of {self.out_of:g} points",
            "" if repeated else f"<div>{escape(outcome.sentence)}</div>",
            f"<div><strong>Hint:</strong> {escape(outcome.hint)}</div>" if outcome.hint else "",
            f'<pre style="{MONO}">{escape(outcome.detail)}</pre>' if outcome.detail else "",
            _printed(outcome.printed),
            f"<div><em>{escape(self.note)}</em></div>" if self.note else "",
        ]
        return _box("".join(parts), colour)


@dataclass(frozen=True)
class NoteBox:
    """A hint, a solution, or the sentence that says why there is none."""

    title: str
    text: str
    code: str = ""

    def __repr__(self) -> str:
        return "\n".join(filter(None, [self.title, self.text, self.code]))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        code = f'<pre style="{MONO}">{escape(self.code)}</pre>' if self.code else ""
        body = f"<strong>{escape(self.title)}</strong><div>{escape(self.text)}</div>{code}"
        return {"text/html": _box(body, "#4a4e69"), "text/plain": repr(self)}


def _printed(text: str) -> str:
    if not text:
        return ""
    return f'<div>Your code printed:</div><pre style="{MONO}">{escape(text)}</pre>'


def _box(body: str, colour: str) -> str:
    style = (
        f"border-left:.4em solid {colour};padding:.5em .9em;margin:.3em 0;"
        "background:#fafafa;color:#1b1b1b;max-width:50em"
    )
    return f'<div role="status" style="{style}">{body}</div>'
