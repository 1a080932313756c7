import copy
import json
import logging
import os
import subprocess
import sys
import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.course import record
from coursekit.course.exercises import (
    CannotCheck,
    Correct,
    Exercise,
    Incorrect,
    Misconception,
    NotAttempted,
    OpenExercise,
    Requirement,
)
from coursekit.course.exercises.changed_arguments import differ
from coursekit.course.exercises.same_value import WrongForm, as_array
from coursekit.course.exercises.solution_source import solution_of

LESSON = '''# %% [markdown]
# # Sums
# %% nbgrader={"grade_id": "ex-90-total", "solution": true, "grade": false}
def total(x, y):
    """Sum of two numbers."""
    ### BEGIN SOLUTION
    answer = x + y
    return answer
    ### END SOLUTION

# %% nbgrader={"grade_id": "check-90-total", "grade": true, "points": 2}
exercises.total.check(total)
'''


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path))
    return tmp_path


def make(reference=lambda x, y: x + y, cases=None, **changes):
    def pairs(rng):
        return [tuple(rng.normal(size=2)) for _ in range(5)]

    fields = {
        "key": "90-total",
        "points": 2,
        "task": "Return the sum.",
        "reference": reference,
        "cases": cases or pairs,
        "misconceptions": (Misconception("difference", lambda x, y: x - y, "Add, not subtract."),),
        "hints": ("first", "second"),
    }
    return Exercise(**{**fields, **changes})


def vectors(rng):
    return [(rng.normal(size=4), rng.normal(size=4)) for _ in range(4)]


@pytest.mark.parametrize(
    "answer",
    [
        lambda x, y: x + y,
        lambda x, y: float(x + y),
        lambda x, y: torch.tensor(x) + y,
        lambda x, y: torch.tensor(x + y, dtype=torch.float32, requires_grad=True),
        lambda x, y: pd.Series([x + y]),
        lambda x, y: np.array([[x + y]]),
        lambda x, y: [x + y],
    ],
)
def test_a_right_number_in_any_library_is_right(answer):
    assert isinstance(make().evaluate(answer), Correct)


@pytest.mark.parametrize(
    "answer",
    [
        lambda x, y: (x + y).tolist(),
        lambda x, y: tuple(x + y),
        lambda x, y: torch.tensor(x + y),
        lambda x, y: pd.Series(x + y, index=list("abcd")),
        lambda x, y: [torch.tensor(v) for v in x + y],
        lambda x, y: np.array(x + y, dtype=object),
    ],
)
def test_a_right_vector_in_any_library_is_right(answer):
    assert isinstance(make(cases=vectors).evaluate(answer), Correct)


@pytest.mark.parametrize(
    "value",
    [True, np.True_, torch.tensor(True), "3", 1j, {"a": 1}, None, [1, [2]], np.array(["a"])],
)
def test_what_is_no_number_is_refused(value):
    with pytest.raises(WrongForm):
        as_array(value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x, y: True, "a number was expected"),
        (lambda x, y: "sum", "The text 'sum' was returned"),
        (lambda x, y: [1.0, 2.0, 3.0, np.nan], "NaN"),
        (lambda x, y: np.full(4, np.inf), "NaN or infinite"),
        (lambda x, y: x[:3], "An array of shape (3,) was returned; an array of shape (4,)"),
        (lambda x, y: (x + y)[:, None], "(4, 1)"),
        (lambda x, y: x.sum(), "One number was returned"),
        (lambda x, y: (v for v in x + y), "A generator was returned"),
        (7.0, "a function was expected"),
    ],
)
def test_a_wrong_form_is_named(answer, words):
    outcome = make(cases=vectors).evaluate(answer)
    assert isinstance(outcome, Incorrect)
    assert words in outcome.sentence, outcome.sentence


def test_scalar_bool_is_refused_even_where_the_number_is_one():
    one = make(reference=lambda x, y: 1.0 * (x > 0), misconceptions=())
    assert isinstance(one.evaluate(lambda x, y: x > 0), Incorrect)


def test_truth_values_are_compared_as_such():
    larger = make(reference=lambda x, y: bool(x > y), misconceptions=())
    assert isinstance(larger.evaluate(lambda x, y: x > y), Correct)
    assert isinstance(larger.evaluate(lambda x, y: torch.tensor(x > y)), Correct)
    assert isinstance(larger.evaluate(lambda x, y: [np.array([x > y])]), Correct)
    assert isinstance(larger.evaluate(lambda x, y: int(x > y)), Incorrect)
    assert isinstance(larger.evaluate(lambda x, y: True, seed=3), Incorrect)


def test_a_misconception_gives_its_hint_and_the_case_is_shown():
    outcome = make().evaluate(lambda x, y: -(y - x))
    assert outcome.hint == "Add, not subtract." and outcome.misconception == "difference"
    assert "5 of 5 cases differ" in outcome.detail and "expected" in outcome.detail


def test_an_unknown_mistake_gets_no_hint():
    outcome = make().evaluate(lambda x, y: x * y)
    assert isinstance(outcome, Incorrect) and outcome.hint == "" and outcome.detail


def test_wrong_in_one_case_is_wrong():
    def nearly(x, y):
        return x + y if x < 1 else 0.0

    cases = [(float(i), 2.0) for i in range(-3, 2)]
    outcome = make(cases=lambda rng: cases).evaluate(nearly)
    assert isinstance(outcome, Incorrect) and "1 of 5" in outcome.detail


@pytest.mark.parametrize("answer", [None, ..., lambda x, y: None, lambda x, y: ...])
def test_nothing_is_not_attempted(answer):
    assert isinstance(make().evaluate(answer), NotAttempted)


def test_a_forgotten_return_in_one_branch_is_wrong():
    def sometimes(x, y):
        if x > 0:
            return x + y

    cases = [(float(i), 2.0) for i in range(-3, 2)]
    outcome = make(cases=lambda rng: cases).evaluate(sometimes)
    assert isinstance(outcome, Incorrect) and "nothing in some cases" in outcome.sentence


def test_code_that_writes_into_its_arguments_fools_nobody():
    def spoil(x, y):
        x[:] = 0
        y[:] = 0
        return np.zeros(4)

    assert isinstance(make(cases=vectors).evaluate(spoil), Incorrect)

    def right_but_rude(x, y):
        x += y
        return x

    outcome = make(cases=vectors).evaluate(right_but_rude)
    assert isinstance(outcome, Incorrect) and outcome.points(2) == 0
    assert outcome.sentence == "The right number, but you changed x." and "copy" in outcome.hint


def changing(*arguments):
    """An exercise whose arguments are these, and whose right answer is 0."""
    return make(reference=lambda *a: 0.0, cases=lambda rng: [arguments] * 4, misconceptions=())


@pytest.mark.parametrize(
    ("argument", "write"),
    [
        (np.zeros((2, 2)), lambda x: x.fill(1)),
        (torch.zeros(3), lambda x: x.add_(1)),
        (pd.DataFrame({"a": [1, 2]}), lambda x: x.__setitem__("b", 0)),
        (pd.Series([1.0, np.nan]), lambda x: x.__setitem__(0, 2.0)),
        ([3, 1, 2], lambda x: x.sort()),
        ({"a": np.ones(2)}, lambda x: x["a"].__imul__(2)),
        ({"a": 1, "b": [1.0]}, lambda x: x.pop("a")),
        ((np.ones(2), "word"), lambda x: x[0].__setitem__(0, np.nan)),
    ],
)
def test_whoever_writes_into_an_argument_is_told_its_name(argument, write):
    def answer(first, thing):
        write(thing)
        return 0.0

    outcome = changing(1.0, argument).evaluate(answer)
    assert isinstance(outcome, Incorrect) and outcome.misconception == "changed argument"
    assert outcome.sentence == "The right number, but you changed thing."
    assert isinstance(changing(1.0, argument).evaluate(lambda first, thing: 0.0), Correct)


def test_what_is_there_to_move_may_move():
    weight, layer = torch.ones(2, requires_grad=True), torch.nn.Linear(2, 1)
    arguments = (weight, layer, np.random.default_rng(0), {"b": 1, "a": 2}, [np.nan, None])

    def answer(weight, layer, rng, table, row):
        (weight.sum() + layer(weight).sum()).backward()
        layer.weight.data += rng.normal()
        table["b"] = table.pop("b")
        return 0.0

    assert isinstance(changing(*arguments).evaluate(answer), Correct)


def test_words_that_are_right_and_a_changed_argument():
    words = make(
        reference=lambda x: "up" if x[0] > 0 else "down",
        cases=lambda rng: [([s * 1.0, 2.0],) for s in (1, -1, 1, -1)],
        options=("up", "down"),
        misconceptions=(),
    )
    outcome = words.evaluate(lambda x: "up" if x.pop(0) > 0 else "down")
    assert outcome.sentence == "The right answer, but you changed x."


def test_a_hint_is_given_only_where_every_case_agrees():
    def half(x, y):
        return x + y if x > 0 else x - y

    cases = [(float(i), 2.0) for i in (-2, -1, 1, 2)]
    outcome = make(cases=lambda rng: cases).evaluate(half)
    assert isinstance(outcome, Incorrect) and outcome.hint == ""
    twin = Misconception("twin", lambda x, y: x - y, "Another hint.")
    two = make(misconceptions=(*make().misconceptions, twin))
    assert two.evaluate(lambda x, y: x - y).hint == ""
    same = make(misconceptions=(*make().misconceptions, make().misconceptions[0]))
    assert same.evaluate(lambda x, y: x - y).hint == "Add, not subtract."


def test_a_mistake_that_raises_or_gives_nan_has_its_hint_too():
    shapes = Misconception("shapes", lambda x, y: np.ones((4, 3)) / x, "Keep the dimension.")
    zero = Misconception("zero", lambda x, y: (x - x) / (y - y), "Nothing by nothing.")
    exercise = make(cases=vectors, misconceptions=(shapes, zero))
    assert exercise.evaluate(lambda x, y: np.zeros((4, 3)) / y).hint == "Keep the dimension."
    assert exercise.evaluate(lambda x, y: x + y[:3]).hint == ""
    outcome = exercise.evaluate(lambda x, y: (y - y) / (x - x))
    assert outcome.hint == "Nothing by nothing." and "division by zero" in outcome.sentence


def test_a_learners_exception_is_theirs_with_their_line():
    def helper(x):
        return np.linalg.inv(np.zeros((2, 2)))  # the line that fails

    def broken(x, y):
        return helper(x)

    outcome = make().evaluate(broken)
    assert isinstance(outcome, Incorrect)
    assert outcome.sentence == "Your code raised LinAlgError."
    assert "np.linalg.inv" in outcome.detail and "Line" in outcome.detail


@pytest.mark.parametrize("answer", [lambda x: x, lambda x, y: exit(), lambda x, y: 1 / 0])
def test_calls_that_fail_are_incorrect(answer):
    assert isinstance(make().evaluate(answer), Incorrect)


def test_a_failure_of_the_check_is_not_the_learners():
    def no_data(rng):
        raise FileNotFoundError("book_reviews.csv")

    def bad_reference(x, y):
        raise KeyError("score")

    for exercise in (make(cases=no_data), make(reference=bad_reference)):
        outcome = exercise.evaluate(lambda x, y: x + y)
        assert isinstance(outcome, CannotCheck) and outcome.points(2) == 0
        assert "book_reviews.csv" in outcome.detail or "score" in outcome.detail


def test_prints_and_warnings_are_kept_for_the_box(capfd):
    def chatty(x, y):
        print("<b>hello</b>")
        warnings.warn("careful", stacklevel=1)
        return x + y

    box = make().check(chatty)
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""
    assert "hello" in box.outcome.printed and "UserWarning: careful" in box.outcome.printed
    assert "&lt;b&gt;hello" in box.html() and "<b>hello" not in box.html()


def test_what_goes_past_sys_stderr_is_kept_too(capfd):
    handler = logging.StreamHandler(sys.stderr)
    logger = logging.getLogger("coursekit.test_exercises")
    logger.addHandler(handler)
    before = handler.stream

    def loud(x, y):
        logger.warning("from the logger")
        os.write(2, b"from the descriptor\n")
        subprocess.run([sys.executable, "-c", "import os; os.write(2, b'child')"], check=True)
        return x + y

    try:
        outcome = make().evaluate(loud)
    finally:
        logger.removeHandler(handler)
    captured = capfd.readouterr()
    assert isinstance(outcome, Correct) and captured.err == "" and handler.stream is before
    for words in ("from the logger", "from the descriptor", "child"):
        assert words in outcome.printed
    print("afterwards", file=sys.stderr)
    assert capfd.readouterr().err == "afterwards\n"


def test_an_async_answer_is_refused_in_a_sentence():
    async def later(x, y):
        return x + y

    outcome = make().evaluate(later)
    assert isinstance(outcome, Incorrect) and "without async" in outcome.sentence


def test_fractions_decimals_and_rounded_numbers_are_right():
    assert isinstance(make().evaluate(lambda x, y: Fraction(x) + Fraction(y)), Correct)
    assert isinstance(make().evaluate(lambda x, y: Decimal(x) + Decimal(y)), Correct)
    rounded = make(cases=lambda rng: [(x, 0.01) for x in (0.0012345, 0.02, 0.03)])
    assert isinstance(rounded.evaluate(lambda x, y: round(x + y, 4)), Incorrect)
    kind = Exercise(**{**vars(rounded), "absolute": 1e-3})
    assert isinstance(kind.evaluate(lambda x, y: round(x + y, 4)), Correct)


def test_a_seed_fixes_the_cases_and_none_does_not():
    def seen(seed):
        values = []
        make().evaluate(lambda x, y: values.append(x), seed=seed)
        return values

    assert seen(5) == seen(5) != seen(6)
    assert seen(None) != seen(None)


@pytest.mark.parametrize(
    ("answer", "points", "word"),
    [
        (lambda x, y: x + y, "2", "Correct"),
        (lambda x, y: x, "0", "Not yet right"),
        (lambda x, y: ..., "0", "Not attempted yet"),
    ],
)
def test_the_box_is_its_points_in_text_and_has_role_icon_and_word(answer, points, word):
    bundle = make().check(answer)._repr_mimebundle_()
    assert bundle["text/plain"] == points
    assert float(bundle["text/plain"]) == float(points)
    assert 'role="status"' in bundle["text/html"] and word in bundle["text/html"]
    assert any(icon in bundle["text/html"] for icon in "✔✘○⚠")


def slope_of(table):
    return float(np.polyfit(table["x"], table["y"], 1)[0])


SLOPE = make(
    key="90-slope",
    reference=slope_of,
    misconceptions=(
        Misconception("turned round", lambda t: 1 / slope_of(t), "x and y are exchanged."),
    ),
)
SLOPE = Exercise(**{**vars(SLOPE), "cases": None})
WORD = Exercise(
    **{
        **vars(SLOPE),
        "key": "90-sign",
        "reference": lambda t: "rises" if slope_of(t) > 0 else "falls",
        "misconceptions": (
            Misconception("sign", lambda t: "falls" if slope_of(t) > 0 else "rises", "Look again."),
        ),
        "options": ("rises", "falls"),
    }
)


@pytest.fixture
def table():
    x = np.random.default_rng(0).normal(size=30)
    return pd.DataFrame({"x": x, "y": 3 * x + np.random.default_rng(1).normal(size=30)})


def test_a_value_is_held_against_the_data_given(table):
    assert isinstance(SLOPE.evaluate(slope_of(table), table), Correct)
    assert isinstance(SLOPE.evaluate(np.float32(slope_of(table)), table), Correct)
    assert isinstance(SLOPE.evaluate(..., table), NotAttempted)
    assert isinstance(SLOPE.evaluate(None, table), NotAttempted)
    wrong = SLOPE.evaluate(1 / slope_of(table), table)
    assert wrong.hint == "x and y are exchanged."
    assert f"{slope_of(table):.3g}" not in f"{wrong.sentence} {wrong.detail}"
    steeper = table.assign(y=2 * table["y"])
    assert isinstance(SLOPE.evaluate(slope_of(table), steeper), Incorrect)
    assert isinstance(SLOPE.evaluate(3.0, table.drop(columns="y")), CannotCheck)


def test_a_choice_takes_its_words_and_no_other(table):
    assert isinstance(WORD.evaluate("rises", table), Correct)
    assert isinstance(WORD.evaluate(" Rises ", table), Correct)
    assert isinstance(WORD.evaluate(np.array(["rises"]), table), Correct)
    assert WORD.evaluate("falls", table).hint == "Look again."
    assert isinstance(WORD.evaluate("falls", -table * [1, -1]), Correct)
    other = WORD.evaluate("up", table)
    assert isinstance(other, Incorrect) and "'rises', 'falls'" in other.sentence
    assert isinstance(WORD.evaluate(1, table), Incorrect)
    assert isinstance(WORD.evaluate(..., table), NotAttempted)


def test_attempts_hints_and_solutions_are_recorded(monkeypatch):
    exercise = make()
    monkeypatch.setattr(
        "coursekit.course.exercises.exercise.solution_of", lambda key: "return x + y"
    )
    assert [exercise.hint().text for _ in range(3)] == ["first", "second", "second"]
    assert "first attempt" in exercise.solution().text
    exercise.check(lambda x, y: None)
    assert exercise.solution().code == ""
    exercise.check(lambda x, y: x - y)
    assert exercise.solution().code == "return x + y"
    kinds = [entry["kind"] for entry in record.read()]
    assert kinds == ["hint"] * 3 + ["attempt", "attempt", "solution"]
    last = record.read()[4]
    assert last["outcome"] == "incorrect" and last["misconception"] == "difference"
    assert last["points"] == 0 and last["out_of"] == 2 and last["lesson"] == "90"


def test_a_record_that_cannot_be_written_does_not_spoil_the_check(folder, monkeypatch):
    (folder / "file").write_text("")
    monkeypatch.setenv("COURSEKIT_RECORD", str(folder / "file" / "below"))
    box = make().check(lambda x, y: x + y)
    assert repr(box) == "2" and "could not be written" in box.html()


def test_the_solution_is_read_from_the_lessons_source(folder):
    (folder / "90_sums.py").write_text(LESSON)
    code = solution_of("90-total", folder)
    assert code.splitlines()[-2:] == ["    answer = x + y", "    return answer"]
    assert "SOLUTION" not in code and "check" not in code
    assert solution_of("90-other", folder) == "" == solution_of("91-total", Path(folder))


def test_a_badly_made_exercise_is_refused():
    for change in ({"key": "total"}, {"points": 0}, {"hints": ()}):
        with pytest.raises(ValueError):
            make(**change)


def test_entries_of_the_record_are_plain_json():
    make().check(lambda x, y: x - y, seed=1)
    assert json.loads(record.path().read_text())["exercise"] == "90-total"


def test_the_failing_line_of_a_class_is_the_learners(tmp_path):
    class Base:
        """What is inherited from."""

    def holds(answer, rng):
        return answer().weights() is not None

    exercise = OpenExercise(
        key="09-own", points=1, task="Write a class.", reference=Base, misconceptions=(),
        hints=("Begin.",), untouched=Base,
        requirements=(Requirement("it runs", "It does not run.", holds, "Run it."),),
    )  # fmt: skip
    written = tmp_path / "cell.py"
    written.write_text("class Mine(Base):\n    def weights(self):\n        return 1 / 0\n")
    scope = {"Base": Base}
    exec(compile(written.read_text(), str(written), "exec"), scope)
    outcome = exercise.evaluate(scope["Mine"])
    assert isinstance(outcome, Incorrect)
    assert "ZeroDivisionError" in outcome.sentence
    assert outcome.detail.splitlines()[1] == "Line 3 of the cell: return 1 / 0"
    assert isinstance(exercise.evaluate(type("Empty", (Base,), {})), NotAttempted)
    assert isinstance(exercise.evaluate(Base), NotAttempted)
    assert isinstance(exercise.evaluate(3), Incorrect)


@pytest.mark.parametrize("new", [3, 3.0, np.float64(3), None, "gone", [3.0], {"x": 3.0}, object()])
@pytest.mark.parametrize("old", [np.arange(3.0), [1.0, 2.0], {"x": 1.0}, pd.Series([1.0]), "word"])
def test_another_kind_of_thing_in_its_place_is_a_change(old, new):
    assert differ({"a": old}, {"a": new}) and differ([old], [new]) and differ(old, new)
    assert not differ({"a": old}, {"a": copy.deepcopy(old)})


def test_a_number_of_another_library_is_the_same_number():
    assert not differ(3, np.int64(3)) and not differ([2.0], [np.float32(2)])
    assert differ(3, np.int64(4)) and differ(1.0, True) is False
