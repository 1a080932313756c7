"""Work that pauses, so that somebody may drop it; and driving it to its end all the same."""

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")


def drive(work: Generator[object, None, Result]) -> Result:
    """Run a generator to its end, whatever it yields on the way; what it returns then."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value
