"""Cases that refuse the answers they are there to refuse, in every draw."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np

from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.same_value import alike, fresh
from coursekit.utils.checks import require

T = TypeVar("T", bound=tuple[Any, ...])
DRAWS = 10_000


def until_refused(
    draw: Callable[[np.random.Generator], list[T]],
    rng: np.random.Generator,
    reference: Callable[..., Any],
    rivals: Iterable[Callable[..., Any]],
    tolerance: float = 1e-3,
) -> list[T]:
    """Cases of ``draw``, drawn anew until each rival gives another value than ``reference`` once.

    rivals: wrong answers that are right by chance in some draws.  tolerance: how near, relative to
    the largest number, a rival may come and still count as right.
    Errors: ValueError when no draw in ten thousand does it: the cases are made for other rivals.
    """
    wrong = list(rivals)
    cases: list[T] = []
    for _ in range(DRAWS):
        cases = draw(rng)
        expected = [reference(*fresh(case)) for case in cases]
        if all(refused(rival, cases, expected, tolerance) for rival in wrong):
            return cases
    require(False, f"rivals has one that no draw refuses in {DRAWS} tries.")
    return cases


def until_told_apart(
    draw: Callable[[np.random.Generator], list[T]],
    rng: np.random.Generator,
    misconceptions: Callable[[], Iterable[Misconception]],
) -> list[T]:
    """Cases of ``draw`` in which no two misconceptions with different hints answer all alike.

    For answers that are words, or true or false. misconceptions: called when all are known.
    Errors: ValueError when no draw in ten thousand does it.
    """
    for _ in range(DRAWS):
        cases = draw(rng)
        hints: dict[tuple[str, ...], set[str]] = {}
        for m in misconceptions():
            answers = tuple(str(m.function(*fresh(case))) for case in cases)
            hints.setdefault(answers, set()).add(m.hint)
        if all(len(some) == 1 for some in hints.values()):
            return cases
    require(False, f"misconceptions has two that no draw tells apart in {DRAWS} tries.")
    return []


def refused(
    rival: Callable[..., Any], cases: list[Any], expected: list[Any], tolerance: float
) -> bool:
    """Whether the rival's value differs from the expected one in some case, or cannot be had."""
    for case, right in zip(cases, expected, strict=True):
        try:
            if not alike(rival(*fresh(case)), right, tolerance):
                return True
        except Exception:
            return True
    return False
