"""Work in several processes: one that dies costs its own item and no other.

joblib ends the whole run when a worker is killed, and an answer can kill the process that runs it.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

T = TypeVar("T")


def each(
    work: Callable[..., T],
    items: Iterable[str],
    *others: Any,
    jobs: int,
    died: Callable[[str], T],
) -> Iterator[T]:
    """``work(item, *others)`` of each item, as they are done, ``jobs`` at a time.

    died: the result of an item whose process ended. When one ends, the items under way are done
    again, each in a process of its own, and the rest goes on; so no item pays for another.
    """
    waiting = list(items)
    while waiting:
        suspects: list[str] = []
        yield from _together(work, waiting, others, jobs, suspects)
        for item in suspects:
            ended: list[str] = []
            yield from _together(work, [item], others, 1, ended)
            yield from map(died, ended)


def _together(
    work: Callable[..., T],
    waiting: list[str],
    others: tuple[Any, ...],
    jobs: int,
    suspects: list[str],
) -> Iterator[T]:
    """Results until ``waiting`` is empty or a process ends; what was under way is a suspect."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_end_with_the_parent) as pool:
        under_way: dict[Future[T], str] = {}
        while under_way or (waiting and not suspects):
            broken = bool(suspects)
            while waiting and not broken and len(under_way) < jobs:
                try:
                    under_way[pool.submit(work, waiting[0], *others)] = waiting[0]
                    waiting.pop(0)
                except BrokenProcessPool:  # what is under way says so too
                    broken = True
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                item = under_way.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    suspects.append(item)


def _end_with_the_parent() -> None:
    """A run that is killed leaves no process behind that waits for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
