"""Exercises that are checked at once, in the notebook.

How to write them for a lesson (see ``coursekit/lessons/l01_…/exercises``):

1.  In the ``exercises`` of its room define one module-level `Exercise` per task. Its
    name is what the notebook writes: ``exercises.slope_for.check(slope_for)``.

        def _gap(accuracies, joint):              # the reference: an ordinary function
            return joint - max(accuracies.values())

        def _gap_cases(rng):                      # new random arguments at every call
            return [({"audio": rng.random(), "video": rng.random()}, rng.random())
                    for _ in range(6)]

        gap = Exercise(
            key="00-gap", points=1, task="Joint accuracy minus the best unimodal one.",
            reference=_gap, cases=_gap_cases,
            misconceptions=(
                Misconception("sign", lambda a, j: max(a.values()) - j,
                              "Positive should mean that the joint model is better."),
                ...                               # at least five
            ),
            hints=("Which single modality is the rival?", "max(accuracies.values())"),
        )

    The cases must tell every misconception from the reference and from the other ones in every
    draw, for a hint is given only where an answer does in all of them what the misconception does.
    No constant may pass: let the right value change from case to case. Put fixed cases beside the
    random ones, at thresholds, with ties, negative numbers and other orders; ``drawing`` draws
    anew until every rival is refused, and ``tests/exercise_mutants.py`` tells what is not.

2.  A value exercise (the learner assigns a number or a word) has no ``cases``; reference and
    misconceptions take the data the notebook hands in, ``exercises.slope.check(slope, table)``.
    For a word give ``options=("additive", "multiplicative")``.

3.  In the lesson's source two cells, "ex-KEY" with the solution between its markers and
    "check-KEY" that ends in the check; then ``.hint()`` and ``.solution()`` are there too.

4.  In ``tests/lessons/lNN_name/answers.py`` write ``WRONG = {key: {name: (function, piece of the
    hint)}}``, at least five per key, and ``RIGHT = {key: {name: function}}``, at least three, in
    other words than the module's. For value exercises add ``GIVEN = {key: tuple of data}``; the
    answer is the function called on them. tests/course/test_exercises.py finds and tries all of it.

5.  An `OpenExercise` asks for a class (a method for the race, say) and has requirements instead of
    one right value; its cells, tables and hints are the same.

An answer may be an int, float, numpy, torch or pandas object or a list, if the numbers are right;
a bool or a text is no number. The learner's function is called on copies; one that is right and
writes into them is told so and earns nothing. What it prints or warns is shown in the box. Four
outcomes: correct, incorrect, not attempted, cannot be checked.
"""

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.open_exercise import OpenExercise, Requirement
from coursekit.course.exercises.outcome import (
    CannotCheck,
    Correct,
    Incorrect,
    NotAttempted,
    Outcome,
)

__all__ = [
    "CannotCheck",
    "Correct",
    "Exercise",
    "Incorrect",
    "Misconception",
    "NotAttempted",
    "OpenExercise",
    "Outcome",
    "Requirement",
]
