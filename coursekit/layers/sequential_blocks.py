"""Blocks run one by one, through a function that may be replaced.

A deep network keeps what every block computed until the backward pass has used it. Who rather
computes a block twice than keeps it all sets ``run_block`` to a function that does so; the
network itself does not change.
"""

from collections.abc import Callable

from torch import Tensor, nn


def call(block: nn.Module, x: Tensor) -> Tensor:
    """block(x), as it is: what ``run_block`` is before anybody replaces it."""
    return block(x)


class Blocks(nn.Module):
    """A module whose middle part is a row of blocks, each a tensor → a tensor.

    run_block: how one block is run on one tensor; `call` at first. It must give what the block
    gives. A deep copy has the same one.
    """

    run_block: Callable[[nn.Module, Tensor], Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.run_block = call

    def blocks(self) -> list[nn.Module]:
        """The blocks, first to last."""
        raise NotImplementedError

    def through(self, x: Tensor) -> Tensor:
        """What comes out when ``x`` goes through all blocks in turn."""
        for block in self.blocks():
            x = self.run_block(block, x)
        return x
