"""Work that pauses, so that somebody may drop it; and driving it to its end all the same."""

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")


def drive(work: Generator[None, None, Result]) -> Result:
    """Run a generator that only pauses; what it returns in the end."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value
