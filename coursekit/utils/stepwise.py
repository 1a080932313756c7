"""Work that pauses, so that somebody may drop it; and driving it to its end all the same."""

from collections.abc import Callable, Generator
from typing import TypeVar

Result = TypeVar("Result")
Before = TypeVar("Before")
After = TypeVar("After")


def drive(work: Generator[object, None, Result]) -> Result:
    """Run a generator to its end, whatever it yields on the way; what it returns then."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value


def mapped(
    work: Generator[Before, None, Before], change: Callable[[Before], After]
) -> Generator[After, None, After]:
    """The same work; what it yields on the way and what it returns go through ``change``."""
    while True:
        try:
            so_far = next(work)
        except StopIteration as end:
            return change(end.value)
        yield change(so_far)
