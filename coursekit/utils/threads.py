"""How many CPU threads PyTorch and numpy may use for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy  # noqa: F401 (its BLAS must be there to be found)
import torch
from threadpoolctl import LibController, ThreadpoolController


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Inside the block PyTorch and numpy use ``count`` CPU threads; None leaves their own choice.

    The course's networks are so small that two threads wait for each other longer than they work;
    one thread also makes results independent of the machine's number of cores.
    """
    if count is None:
        yield
        return
    before = torch.get_num_threads(), [library.get_num_threads() for library in _libraries()]
    _set(count, [count] * len(before[1]))
    try:
        yield
    finally:
        _set(*before)


def _set(of_torch: int, of_libraries: list[int]) -> None:
    """These numbers, where they are not in force: an explorer asks a hundred times per move."""
    if torch.get_num_threads() != of_torch:
        torch.set_num_threads(of_torch)
    for library, count in zip(_libraries(), of_libraries, strict=True):
        if library.get_num_threads() != count:
            library.set_num_threads(count)


@cache
def _libraries() -> list[LibController]:
    """The BLAS of numpy; looked for once, which takes longer than an epoch."""
    return ThreadpoolController().select(user_api="blas").lib_controllers
