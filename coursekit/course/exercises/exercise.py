"""An exercise as a lesson uses it: check, hint, solution."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from coursekit.course import record
from coursekit.course.exercises.judging import Misconception, Rule, judge_function, judge_value
from coursekit.course.exercises.outcome import CannotCheck, Outcome
from coursekit.course.exercises.result_box import CheckBox, NoteBox
from coursekit.course.exercises.solution_source import solution_of
from coursekit.course.exercises.under_nbgrader import as_validated, runs
from coursekit.course.help_level import help_given
from coursekit.utils.checks import require, require_positive

Cases = Callable[[np.random.Generator], list[tuple[Any, ...]]]


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One task, the right answer as a function, and the wrong answers a teacher expects.

    key: lesson and name, "01-slope-for"; cells "ex-01-slope-for" and "check-01-slope-for".
    task: one sentence.  points: earned in full or not at all.
    reference: the right function; for a value exercise, data → the right value.
    cases: generator → argument tuples, new ones each time; None makes it a value exercise, whose
    data come with the answer: ``check(answer, table)``.
    misconceptions: tried in order, the first that explains the answer gives its hint.
    hints: from a nudge to nearly the answer.  tolerance: relative to the largest number expected.
    absolute: a difference that is always allowed, for answers that were rounded.
    options: the words to choose from, for an answer that is one of them.
    """

    key: str
    points: float
    task: str
    reference: Callable[..., Any]
    misconceptions: tuple[Misconception, ...]
    hints: tuple[str, ...]
    cases: Cases | None = None
    tolerance: float = 1e-5
    absolute: float = 0.0
    options: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        require(
            self.key[:2].isdigit() and self.key[2:3] == "-",
            f"key is {self.key!r}; two digits, a hyphen and a name were expected.",
        )
        require_positive("points", self.points)
        require(len(self.hints) > 0, "hints is empty; at least one was expected.")

    def evaluate(self, answer: Any, *given: Any, seed: int | None = None) -> Outcome:
        """Judge ``answer``, nothing shown and nothing recorded.

        given: the data of a value exercise.  seed: fixes the cases; None draws fresh ones.
        """
        rule = Rule(
            self.reference,
            self.misconceptions,
            self.tolerance,
            self.options,
            show_expected=self.cases is not None,
            absolute=self.absolute,
        )
        if self.cases is None:
            return judge_value(rule, answer, given)
        try:
            cases = self.cases(np.random.default_rng(seed))
        except Exception as error:
            return CannotCheck(
                "The cases could not be made, so nothing is said about the answer.",
                detail=f"{type(error).__name__}: {error}",
            )
        return judge_function(rule, answer, cases)

    def check(
        self, answer: Any, *given: Any, seed: int | None = None, out_of: float | None = None
    ) -> CheckBox:
        """Judge ``answer``, record the attempt, and return the box; see `evaluate`.

        out_of: points to be earned, the exercise's own without it.
        Errors: NotRightError when nbgrader's Validate runs it and the answer is not right.
        """
        outcome = self.evaluate(answer, *given, seed=seed)
        if help_given() == "none":
            outcome = replace(outcome, hint="")
        full = self.points if out_of is None else out_of
        points = outcome.points(full)
        note = self._keep(
            "attempt",
            outcome=outcome.name,
            points=points,
            out_of=full,
            misconception=outcome.misconception,
        )
        return as_validated(CheckBox(self.key, outcome, points, full, note))

    def grade(
        self, answer: Any, *given: Any, seed: int | None = None, out_of: float | None = None
    ) -> CheckBox:
        """`check` for a mark: nothing is recorded, and the box keeps the hidden cases to itself.

        It says what is wrong, the misconception and its hint.  out_of: points to be earned, the
        exercise's own without it.
        """
        full = self.points if out_of is None else out_of
        outcome = replace(self.evaluate(answer, *given, seed=seed), detail="", printed="")
        return CheckBox(self.key, outcome, outcome.points(full), full)

    def hint(self) -> NoteBox:
        """The next hint; after the last one, the last one again."""
        if help_given() == "none":
            return NoteBox("Hints", "They are switched off for this assignment.")
        hints_shown = sum(entry["kind"] == "hint" for entry in self._entries())
        step = min(hints_shown, len(self.hints) - 1)
        self._keep("hint", step=step + 1)
        return NoteBox(f"Hint {step + 1} of {len(self.hints)}", self.hints[step])

    def solution(self) -> NoteBox:
        """The solution in the lesson's source, once an attempt with something in it is recorded."""
        if help_given() != "all":
            return NoteBox("Solution", "Solutions are switched off for this assignment.")
        tried = [entry.get("outcome") for entry in self._entries() if entry["kind"] == "attempt"]
        if not {"incorrect", "correct"} & set(tried):
            return NoteBox("Solution", "It opens after your first attempt: run the check once.")
        code = solution_of(self.key)
        if not code:
            return NoteBox("Solution", "The lesson's source script, where it stands, is not here.")
        self._keep("solution")
        return NoteBox("Solution", "One way among several:", code)

    def _entries(self) -> list[dict[str, Any]]:
        try:
            return [entry for entry in record.read() if entry.get("exercise") == self.key]
        except OSError:
            return []

    def _keep(self, kind: str, **fields: Any) -> str:
        """Write to the record; a sentence when that fails, which must not spoil the check.

        What nbgrader runs is not kept: the record is the learner's.
        """
        if runs():
            return ""
        return record.keep(kind, lesson=self.key[:2], exercise=self.key, **fields)
