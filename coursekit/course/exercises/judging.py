"""Judge one answer against the reference and the known misconceptions; pure."""

import contextlib
import inspect
import io
import linecache
import logging
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coursekit.course.exercises.outcome import (
    CannotCheck,
    Correct,
    Incorrect,
    NotAttempted,
    Outcome,
)
from coursekit.course.exercises.same_value import (
    WrongForm,
    agree,
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


def judge_function(rule: Rule, answer: Any, cases: list[tuple[Any, ...]]) -> Outcome:
    """Call ``answer`` on a copy of every case and compare it with ``rule``."""
    if is_missing(answer):
        return NotAttempted("Not attempted yet.")
    if not callable(answer):
        return Incorrect(f"{show(answer)} came; a function was expected.")
    values, failure, printed = _call_all(answer, cases)
    if failure is not None:
        return replace(failure, printed=printed)
    if all(is_missing(value) for value in values):
        return NotAttempted(
            "Not attempted yet: the function returns nothing. (If it is written, it still needs "
            "its return.)",
            printed=printed,
        )
    return replace(_judge(rule, values, cases), printed=printed)


def judge_value(rule: Rule, answer: Any, given: tuple[Any, ...]) -> Outcome:
    """Compare an assigned number or word with what ``rule`` computes from ``given`` data."""
    if is_missing(answer):
        return NotAttempted("Not attempted yet.")
    return _judge(rule, [answer], [given])


def _call_all(
    answer: Callable[..., Any], cases: list[tuple[Any, ...]]
) -> tuple[list[Any], Incorrect | None, str]:
    values: list[Any] = []
    failure = None
    with captured() as printed:
        for case in cases:
            try:
                values.append(answer(*fresh(case)))
            except (Exception, SystemExit) as error:
                failure = raised(error, answer)
                break
            if inspect.iscoroutine(values[-1]):
                values.pop().close()
                failure = Incorrect("An async function was given; write def without async.")
                break
    return values, failure, printed()


@contextlib.contextmanager
def captured() -> Iterator[Callable[[], str]]:
    """Keep what is printed and warned inside; a graded cell must stay silent."""
    text = io.StringIO()
    with (
        _descriptor_captured(text),
        _handlers_captured(text),
        contextlib.redirect_stdout(text),
        contextlib.redirect_stderr(text),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")

        def printed() -> str:
            lines = [f"{w.category.__name__}: {w.message}" for w in caught]
            return "\n".join(filter(None, [text.getvalue().rstrip(), *dict.fromkeys(lines)]))[:2000]

        yield printed


@contextlib.contextmanager
def _descriptor_captured(text: io.StringIO) -> Iterator[None]:
    """Keep what goes past sys.stderr to file descriptor 2, from C code or a subprocess."""
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile())
            saved = os.dup(2)
        except OSError:  # no descriptor 2, or nowhere to write: nothing to keep
            yield
            return
        stack.callback(os.close, saved)
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            if sys.__stderr__ is not None:
                with contextlib.suppress(OSError, ValueError):
                    sys.__stderr__.flush()
            os.dup2(saved, 2)
            file.seek(0)
            text.write(file.read(10_000).decode(errors="replace"))


@contextlib.contextmanager
def _handlers_captured(text: io.StringIO) -> Iterator[None]:
    """Keep what loggers write that were set up before with today's sys.stdout or sys.stderr."""
    screen = [sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__]
    old = {h: h.stream for h in _stream_handlers() if any(h.stream is s for s in screen)}
    for handler in old:
        handler.setStream(text)
    try:
        yield
    finally:
        for handler in _stream_handlers():  # also those the answer has made meanwhile
            if handler.stream is text:
                handler.setStream(old.get(handler, screen[1]))


def _stream_handlers() -> list[Any]:
    loggers = [logging.getLogger(), *logging.root.manager.loggerDict.values()]
    handlers = {h for logger in loggers for h in getattr(logger, "handlers", ())}
    return [
        h
        for h in handlers
        if isinstance(h, logging.StreamHandler) and not isinstance(h, logging.FileHandler)
    ]


def raised(error: BaseException, answer: Callable[..., Any]) -> Incorrect:
    """The learner's exception with the line of their code, not of the libraries below it."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is ours
    homes = _files_of(answer)
    own = [frame for frame in frames if frame.filename in homes] or list(frames[:1])
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
    detail = "" if worst.form or not rule.show_expected else _difference(worst, judged)
    if known is None:
        return Incorrect(sentence, detail=detail)
    return Incorrect(sentence, hint=known.hint, misconception=known.name, detail=detail)


def _judge_case(rule: Rule, case: tuple[Any, ...], expected: Any, value: Any) -> _Judged:
    if is_missing(value):
        return _Judged(case, expected, value, "The function returns nothing in some cases.", False)
    try:
        formed = same_form(value, expected, rule.options)
    except WrongForm as error:
        return _Judged(case, expected, value, str(error), False)
    return _Judged(
        case, expected, value, "", agree(formed, expected, rule.tolerance, rule.absolute)
    )


def _difference(worst: _Judged, judged: list[_Judged]) -> str:
    wrong = sum(not j.correct for j in judged)
    count = f"{wrong} of {len(judged)} cases differ. The first:\n" if len(judged) > 1 else ""
    arguments = "\n".join(f"  argument {i}: {show(x)}" for i, x in enumerate(worst.arguments, 1))
    return (
        f"{count}{arguments}\n  returned: {show(worst.value)}\n  expected: {show(worst.expected)}"
    )


def _recognise(rule: Rule, judged: list[_Judged]) -> Misconception | None:
    """The misconception behind the answer: one that gives every value of it, else the first whose
    value the answer has wherever that differs from the right one.
    """
    partly = None
    for misconception in rule.misconceptions:
        fits, everywhere = _matches(rule, misconception, judged)
        if fits and everywhere:
            return misconception
        if fits and partly is None:
            partly = misconception
    return partly


def _matches(rule: Rule, misconception: Misconception, judged: list[_Judged]) -> tuple[bool, bool]:
    """Does the answer agree with it where it differs from the reference; and on all cases?"""
    differs, everywhere = 0, True
    for j in judged:
        try:
            theirs = misconception.function(*fresh(j.arguments))
        except Exception:  # a misconception need not be defined for every case
            everywhere = False
            continue
        if _equal(rule, theirs, j.expected):
            everywhere &= j.correct
            continue
        differs += 1
        if not _equal(rule, j.value, theirs):
            return False, False
    return differs > 0, everywhere


def _equal(rule: Rule, value: Any, expected: Any) -> bool:
    try:
        return agree(
            same_form(value, expected, rule.options), expected, rule.tolerance, rule.absolute
        )
    except WrongForm:
        return False
