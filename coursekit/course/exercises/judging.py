"""Judge one answer against the reference and the known misconceptions; pure."""

import inspect
import linecache
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coursekit.course.exercises.capturing import captured
from coursekit.course.exercises.changed_arguments import changed_names
from coursekit.course.exercises.outcome import (
    CannotCheck,
    Correct,
    Incorrect,
    NotAttempted,
    Outcome,
)
from coursekit.course.exercises.same_value import (
    NotFinite,
    WrongForm,
    agree,
    alike,
    fresh,
    is_missing,
    same_form,
    show,
)


@dataclass(frozen=True)
class Misconception:
    """A wrong answer a teacher expects: its name, what it computes, the hint meant for it."""

    name: str
    function: Callable[..., Any]
    hint: str


@dataclass(frozen=True)
class Rule:
    """What an answer is held against.

    reference: arguments → right value.  tolerance: relative to the largest expected number.
    options: the words to choose from when the answer is one of them.
    absolute: a difference that is always allowed.
    show_expected: whether the box may show the right value of a case (not for a given answer).
    """

    reference: Callable[..., Any]
    misconceptions: tuple[Misconception, ...]
    tolerance: float
    options: tuple[str, ...] = ()
    show_expected: bool = True
    absolute: float = 0.0


@dataclass(frozen=True)
class _Judged:
    """One case: its arguments, the expected value, the learner's value or what is wrong with it."""

    arguments: tuple[Any, ...]
    expected: Any
    value: Any
    form: str
    correct: bool
    finite: bool = True


def judge_function(rule: Rule, answer: Any, cases: list[tuple[Any, ...]]) -> Outcome:
    """Call ``answer`` on a copy of every case and compare it with ``rule``."""
    if is_missing(answer):
        return NotAttempted("Not attempted yet.")
    if not callable(answer):
        return Incorrect(f"{show(answer)} came; a function was expected.")
    calls = _call_all(answer, cases)
    if calls.failure is not None:
        known = _recognise_error(rule, calls, cases)
        hint = {"hint": known.hint, "misconception": known.name} if known else {}
        return replace(calls.failure, printed=calls.printed, **hint)
    if all(is_missing(value) for value in calls.values):
        return NotAttempted(
            "Not attempted yet: the function returns nothing. (If it is written, it still needs "
            "its return.)",
            printed=calls.printed,
        )
    outcome = _judge(rule, calls.values, cases)
    if calls.changed and isinstance(outcome, Correct):
        outcome = _spoilt(calls)
    return replace(outcome, printed=calls.printed)


def judge_value(rule: Rule, answer: Any, given: tuple[Any, ...]) -> Outcome:
    """Compare an assigned number or word with what ``rule`` computes from ``given`` data."""
    if is_missing(answer):
        return NotAttempted("Not attempted yet.")
    return _judge(rule, [answer], [given])


@dataclass
class _Calls:
    """What came of calling the answer: values, or the error that ended it.

    changed: names of arguments that the answer wrote into.
    """

    values: list[Any]
    changed: dict[str, None]
    error: BaseException | None = None
    failure: Incorrect | None = None
    printed: str = ""


def _call_all(answer: Callable[..., Any], cases: list[tuple[Any, ...]]) -> _Calls:
    calls = _Calls([], {})
    with captured() as printed:
        for case in cases:
            arguments = fresh(case)
            try:
                calls.values.append(answer(*arguments))
            except (Exception, SystemExit) as error:
                calls.error, calls.failure = error, raised(error, answer)
                break
            if inspect.iscoroutine(calls.values[-1]):
                calls.values.pop().close()
                calls.failure = Incorrect("An async function was given; write def without async.")
                break
            calls.changed |= dict.fromkeys(changed_names(answer, case, arguments))
    calls.printed = printed()
    return calls


def _spoilt(calls: _Calls) -> Incorrect:
    """The finding on an answer that is right and has written into what it was handed."""
    kind = "answer" if isinstance(calls.values[0], str | bool | np.bool_) else "number"
    names = " and ".join(calls.changed)
    return Incorrect(
        f"The right {kind}, but you changed {names}.",
        hint="Whoever calls your function goes on using what it was handed. Work on a copy: "
        "x = x * y makes a new x; x *= y, x[...] = y, x.pop() and x.append() change the old one.",
        misconception="changed argument",
    )


def raised(error: BaseException, answer: Callable[..., Any]) -> Incorrect:
    """The learner's exception with the line of their code, not of the libraries below it."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is ours
    homes = _files_of(answer)
    own = [frame for frame in frames if frame.filename in homes]
    if not own and not isinstance(answer, type):  # between us and a class stands a whole training
        own = list(frames[:1])
    where = ""
    if own:
        number = own[-1].lineno or 0
        line = (own[-1].line or linecache.getline(own[-1].filename, number)).strip()
        where = f"Line {number} of the cell: {line}" if line else f"Line {number} of the cell"
    kind = type(error).__name__
    message = f"{kind}: {error}"  # may quote the case, so it stands in the detail
    return Incorrect(f"Your code raised {kind}.", detail="\n".join(filter(None, [message, where])))


def _files_of(answer: Any) -> set[str]:
    """Where a function, or the functions of a class, were written."""
    functions = vars(answer).values() if isinstance(answer, type) else [answer]
    codes = [getattr(function, "__code__", None) for function in functions]
    return {code.co_filename for code in codes if code is not None}


def _judge(rule: Rule, values: list[Any], cases: list[tuple[Any, ...]]) -> Outcome:
    """Compare the values with the reference; failures of the checker itself are its own."""
    try:
        with captured(), np.errstate(all="ignore"):
            expected = [rule.reference(*fresh(case)) for case in cases]
            judged = [
                _judge_case(rule, *three) for three in zip(cases, expected, values, strict=True)
            ]
            known = None if all(j.correct for j in judged) else _recognise(rule, judged)
    except Exception as error:
        return CannotCheck(
            "The check itself failed, so nothing is said about the answer.",
            detail=f"{type(error).__name__}: {error}",
        )
    if all(j.correct for j in judged):
        return Correct("Correct.")
    worst = next(j for j in judged if not j.correct)
    sentence = worst.form or "The answer differs from the expected one."
    unclear = not worst.form or not worst.finite  # what has another shape is clear without a case
    detail = _difference(worst, judged) if unclear and rule.show_expected else ""
    if known is None:
        return Incorrect(sentence, detail=detail)
    return Incorrect(sentence, hint=known.hint, misconception=known.name, detail=detail)


def _judge_case(rule: Rule, case: tuple[Any, ...], expected: Any, value: Any) -> _Judged:
    if is_missing(value):
        return _Judged(case, expected, value, "The function returns nothing in some cases.", False)
    try:
        formed = same_form(value, expected, rule.options)
    except WrongForm as error:
        finite = not isinstance(error, NotFinite)
        return _Judged(case, expected, value, str(error), False, finite)
    return _Judged(
        case, expected, value, "", agree(formed, expected, rule.tolerance, rule.absolute)
    )


def _difference(worst: _Judged, judged: list[_Judged]) -> str:
    wrong = sum(not j.correct for j in judged)
    count = f"{wrong} of {len(judged)} cases differ. The first:\n" if len(judged) > 1 else ""
    arguments = "\n".join(f"  argument {i}: {show(x)}" for i, x in enumerate(worst.arguments, 1))
    return (
        f"{count}  returned: {show(worst.value)}\n  expected: {show(worst.expected)}\n{arguments}"
    )


def _recognise(rule: Rule, judged: list[_Judged]) -> Misconception | None:
    """The misconception that gives the answer's value in every case, unless two hints would fit."""
    cases = [(j.arguments, j.value) for j in judged]
    fitting = [m for m in rule.misconceptions if _gives(rule, m, cases)]
    return fitting[0] if len({m.hint for m in fitting}) == 1 else None


def _gives(rule: Rule, misconception: Misconception, cases: list[tuple[Any, Any]]) -> bool:
    """Whether it gives this value for these arguments, case by case."""
    for arguments, value in cases:
        try:
            theirs = misconception.function(*fresh(arguments))
        except Exception:  # it need not be defined for every case, and then it is another one
            return False
        if not alike(value, theirs, rule.tolerance, rule.absolute, rule.options):
            return False
    return True


def _recognise_error(
    rule: Rule, calls: _Calls, cases: list[tuple[Any, ...]]
) -> Misconception | None:
    """The misconception that raises the same error in the same case, unless two hints would fit."""
    fitting = []
    with captured(), np.errstate(all="ignore"):
        for misconception in rule.misconceptions:
            try:
                misconception.function(*fresh(cases[len(calls.values)]))
            except Exception as error:
                same = type(error) is type(calls.error) and str(error) == str(calls.error)
                before = list(zip(cases, calls.values, strict=False))
                if same and _gives(rule, misconception, before):
                    fitting.append(misconception)
    return fitting[0] if len({m.hint for m in fitting}) == 1 else None
