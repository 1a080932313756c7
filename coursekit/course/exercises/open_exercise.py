"""An open exercise: no single right answer, but requirements that an answer has to meet."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coursekit.course.exercises.capturing import captured
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import raised
from coursekit.course.exercises.outcome import Correct, Incorrect, NotAttempted, Outcome
from coursekit.course.exercises.same_value import is_missing, show


@dataclass(frozen=True)
class Requirement:
    """One thing asked of an answer.

    sentence: said when it is not met.  holds: (answer, generator) → met?  Cheap ones come first.
    hint: the way to meet it.
    """

    name: str
    sentence: str
    holds: Callable[[Any, np.random.Generator], bool]
    hint: str


@dataclass(frozen=True, kw_only=True)
class OpenExercise(Exercise):
    """The learner writes a class of their own; it is correct when it meets every requirement.

    requirements: tried in order; the first that is not met gives its sentence and its hint.
    untouched: the class from which an answer that adds nothing cannot be told.
    misconceptions: wrong answers, each with the hint of the requirement that it does not meet.
    """

    requirements: tuple[Requirement, ...]
    untouched: type

    def evaluate(self, answer: Any, *given: Any, seed: int | None = None) -> Outcome:
        """Judge ``answer``, nothing shown and nothing recorded.  seed: fixes what is drawn."""
        if is_missing(answer) or answer is self.untouched:
            return NotAttempted("Not attempted yet.")
        if self._adds_nothing(answer):
            base = answer.__bases__[0].__name__
            return NotAttempted(f"Not attempted yet: you added nothing to {base}.")
        if not (isinstance(answer, type) and issubclass(answer, self.untouched)):
            return Incorrect(
                f"{show(answer)} came; a subclass of {self.untouched.__name__} was expected."
            )
        rng = np.random.default_rng(seed)
        outcome: Outcome = Correct("Correct: every requirement is met.")
        with captured() as printed:
            for requirement in self.requirements:
                try:
                    met = requirement.holds(answer, rng)
                except (Exception, SystemExit) as error:
                    outcome = raised(error, answer)
                    break
                if not met:
                    outcome = Incorrect(
                        requirement.sentence, hint=requirement.hint, misconception=requirement.name
                    )
                    break
        return replace(outcome, printed=printed())

    def _adds_nothing(self, answer: Any) -> bool:
        if not isinstance(answer, type) or not issubclass(answer, self.untouched):
            return False
        return not any(callable(value) for value in vars(answer).values())
