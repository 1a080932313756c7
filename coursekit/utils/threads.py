"""How many CPU threads PyTorch and numpy may use for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy  # noqa: F401 (its BLAS must be there to be found)
import torch
from threadpoolctl import ThreadpoolController


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Inside the block PyTorch and numpy use ``count`` CPU threads; None leaves their own choice.

    The course's networks are so small that two threads wait for each other longer than they work;
    one thread also makes results independent of the machine's number of cores.
    """
    if count is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with _libraries().limit(limits=count, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


@cache
def _libraries() -> ThreadpoolController:
    """The BLAS of numpy; looked for once, which takes longer than an epoch."""
    return ThreadpoolController()
