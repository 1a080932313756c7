"""The data of the newest setting: made in steps, gone on with where they were left, then kept."""

import inspect
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any

from coursekit.course.widgets.controls import State
from coursekit.utils.threads import threads


def start(compute: Callable[..., Any], knobs: State) -> Generator[Any, None, Any]:
    """``compute(**knobs)`` as a generator that returns the data, also where it has no steps.

    On one thread: the page and its server want the rest of a small machine.
    """
    if not inspect.isgeneratorfunction(compute):
        with threads(1):
            return compute(**knobs)
    with closing(compute(**knobs)) as work:
        while True:
            with threads(1):
                try:
                    so_far = next(work)
                except StopIteration as end:
                    return end.value
            yield so_far


class Computed:
    """Nothing is computed twice in a row.

    Whoever drives `steps` may stop; asked for the same knobs again it goes on from there, so that
    a time cursor can be moved while a training is under way. Other knobs end what is unfinished.
    """

    def __init__(self, compute: Callable[..., Any]) -> None:
        self._compute = compute
        self._knobs: dict[str, float | str] | None = None
        self._work: Generator[Any, None, Any] | None = None  # what is unfinished
        self._data: Any = None

    def steps(self, knobs: State) -> Generator[Any, None, Any]:
        """Yield whatever compute yields and return its data."""
        if self._knobs != knobs:
            if self._work is not None:
                self._work.close()
            self._knobs, self._work = dict(knobs), start(self._compute, knobs)
        while self._work is not None:
            try:
                so_far = next(self._work)
            except StopIteration as end:
                self._data, self._work = end.value, None
            except Exception:
                self._knobs, self._work = None, None  # asked again, it is tried again
                raise
            else:
                yield so_far
        return self._data
