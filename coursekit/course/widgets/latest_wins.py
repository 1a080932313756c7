"""Only the newest wish counts: work in small steps, dropped when something newer is wanted."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any, Generic, TypeVar

Wish = TypeVar("Wish")
Steps = Generator[None, bool | None, None]  # is sent True where somebody may be watching

QUIET = 0.3  # seconds of work before anything is said about it


class Latest(Generic[Wish]):
    """Runs ``work(wish)``, a generator of small steps, for the newest wish.

    In a running event loop (a kernel) one task does the steps and lets other messages in between
    them; without a loop the work is done at once. ``busy(True)`` is called when work has taken
    longer than 0.3 s, ``busy(False)`` when it is over. In a loop every step is sent True, so that
    the work can show what it has so far.
    """

    def __init__(self, work: Callable[[Wish], Steps], busy: Callable[[bool], None]) -> None:
        self._work = work
        self._busy = busy
        self._wish: list[Wish] = []  # empty, or the one newest wish
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    def ask(self, wish: Wish) -> None:
        """Want ``wish``, and nothing that was wanted before."""
        self._wish = [wish]
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            for _ in self._work(self._wish.pop()):
                pass
            return
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._run())

    def stop(self) -> None:
        """Want nothing any more: what is under way ends before its next step."""
        self._wish, self._stopped = [], True

    def settle(self) -> Awaitable[None]:
        """What to await until nothing is wanted any more; without a loop that is now."""
        if self._task is None or self._task.done():
            return _Settled()
        return asyncio.shield(self._task)

    async def _run(self) -> None:
        began, announced = time.monotonic(), False
        while self._wish:
            # A few turns of the loop: presses that wait in the queue become one piece of work.
            for _ in range(3):
                await asyncio.sleep(0)
            if not self._wish:  # stopped meanwhile
                break
            self._stopped = False
            with _no_pause(), closing(self._work(self._wish.pop())) as steps:
                watched: bool | None = None  # a generator's first step takes nothing
                while True:
                    try:
                        steps.send(watched)
                    except StopIteration:
                        break
                    watched = True
                    if not announced and time.monotonic() - began > QUIET:
                        announced = True
                        self._busy(True)
                    await asyncio.sleep(0)
                    if self._wish or self._stopped:  # leave this unfinished
                        break
        if announced:
            self._busy(False)


@contextmanager
def _no_pause() -> Iterator[None]:
    """Python looks for garbage afterwards: in a kernel that takes as long as a small training."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Settled:
    """An awaitable with nothing to wait for."""

    def __await__(self) -> Generator[Any, None, None]:
        return iter(())  # type: ignore[return-value]
