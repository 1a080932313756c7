"""Every exercise of every lesson against answers written apart from its misconceptions."""

import re

import numpy as np
import pytest
from mutants.answers import load_answers, remembering

from coursekit.course.exercises import Correct, Exercise, Incorrect, NotAttempted, OpenExercise
from coursekit.course.exercises.same_value import agree
from coursekit.course.registry import exercises, rooms

SEEDS = (11, 12)
MORE_SEEDS = range(11, 17)


AS_THEY_ARE = [
    (lesson, exercise)
    for lesson in rooms()
    for exercise in vars(exercises(lesson)).values()
    if isinstance(exercise, Exercise)
]
MISCONCEPTIONS = {exercise.key: exercise.misconceptions for _, exercise in AS_THEY_ARE}
EXERCISES = [(lesson, remembering(exercise)) for lesson, exercise in AS_THEY_ARE]
TABLES = {lesson: load_answers(lesson) for lesson in rooms()}
each_exercise = pytest.mark.parametrize(
    ("lesson", "exercise"), EXERCISES, ids=[exercise.key for _, exercise in EXERCISES]
)


def judge(lesson, exercise, function, seed):
    given = getattr(TABLES[lesson], "GIVEN", {}).get(exercise.key, ())
    called = exercise.cases is None and not isinstance(exercise, OpenExercise)
    answer = function(*given) if called else function
    return exercise.evaluate(answer, *given, seed=seed)


def some(exercise, seeds):
    """Open exercises train models, so they are tried with fewer seeds."""
    return seeds[:1] if isinstance(exercise, OpenExercise) else seeds


def test_every_table_belongs_to_an_exercise():
    keys = {exercise.key for _, exercise in EXERCISES}
    assert len(keys) == len(EXERCISES) >= 7
    assert {lesson for lesson, _ in EXERCISES} == set(TABLES)
    for table in TABLES.values():
        assert set(table.WRONG) == set(table.RIGHT) <= keys


@each_exercise
def test_right_answers_are_accepted(lesson, exercise):
    right = TABLES[lesson].RIGHT[exercise.key]
    assert len(right) >= 3
    for seed in some(exercise, (None, *SEEDS)):
        for name, function in right.items():
            outcome = judge(lesson, exercise, function, seed)
            assert isinstance(outcome, Correct), (name, seed, outcome)


@each_exercise
def test_wrong_answers_get_the_hint_meant_for_them(lesson, exercise):
    wrong = TABLES[lesson].WRONG[exercise.key]
    assert sum(fragment != "" for _, fragment in wrong.values()) >= 5
    for seed in some(exercise, (None, *SEEDS)):
        for name, (function, fragment) in wrong.items():
            outcome = judge(lesson, exercise, function, seed)
            assert isinstance(outcome, Incorrect), (name, seed, outcome)
            if seed is None:  # another draw at each run: refused on all, the hint on known seeds
                continue
            text = f"{outcome.hint} {outcome.sentence}"
            assert re.search(fragment, text), (name, seed, text)
            assert fragment or not outcome.hint, (name, seed, outcome.hint)


@each_exercise
def test_every_misconception_is_told_from_the_others(lesson, exercise):
    """Each hint is reached by its own wrong function, or by one with the very same hint."""
    assert len(exercise.misconceptions) >= 5
    assert len({m.name for m in exercise.misconceptions}) == len(exercise.misconceptions)
    for seed in some(exercise, MORE_SEEDS):
        for misconception in MISCONCEPTIONS[exercise.key]:  # computed anew
            outcome = judge(lesson, exercise, misconception.function, seed)
            assert isinstance(outcome, Incorrect), misconception.name
            assert outcome.hint == misconception.hint, (misconception.name, outcome.misconception)


@each_exercise
def test_no_constant_passes_and_a_stub_earns_nothing(lesson, exercise):
    def stub(*arguments):
        """What the learner finds."""
        ...

    if isinstance(exercise, OpenExercise):
        assert isinstance(exercise.evaluate(type("Mine", (exercise.untouched,), {})), NotAttempted)
        assert isinstance(exercise.evaluate(stub), Incorrect)
        return
    assert isinstance(judge(lesson, exercise, stub, 1), NotAttempted)
    if exercise.cases is None:
        return
    for seed in range(20):
        cases = exercise.cases(np.random.default_rng(seed))
        values = [exercise.reference(*case) for case in cases]
        assert len(cases) >= 4
        same = [agree(value, values[0], exercise.tolerance) for value in values[1:]]
        assert not all(same), "one value would pass on every case"
