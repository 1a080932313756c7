"""How many CPU threads PyTorch may use for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Inside the block PyTorch uses ``count`` CPU threads; None leaves its own choice.

    The course's networks are so small that two threads wait for each other longer than they work;
    one thread also makes results independent of the machine's number of cores.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
