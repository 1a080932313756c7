"""The optimisers with a row a replica: gradients in, directions out, all (K, P).

The step is −lr · direction, with lr (K, 1). The same formulas as in torch.optim, whose learning
rate is one number for all.
"""

from typing import Protocol

import torch
from torch import Tensor

LEAST_NORM = 1e-6  # as in torch.nn.utils.clip_grad_norm_


class Update(Protocol):
    """An optimiser's state and what it makes of a gradient."""

    def direction(self, gradient: Tensor) -> Tensor:
        """What the parameters move along, (K, P), before the learning rate."""

    def forget(self, rows: list[int]) -> None:
        """These rows start anew."""


class SGD:
    """v ← momentum · v + g. momentum: (K, 1)."""

    def __init__(self, like: Tensor, momentum: Tensor) -> None:
        self.velocity, self.momentum = torch.zeros_like(like), momentum

    def direction(self, gradient: Tensor) -> Tensor:
        """v."""
        return self.velocity.mul_(self.momentum).add_(gradient)

    def forget(self, rows: list[int]) -> None:
        """v = 0."""
        self.velocity[rows] = 0


class Adam:
    """Kingma, Ba 2015, algorithm 1, with torch.optim's defaults."""

    def __init__(
        self, like: Tensor, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
    ) -> None:
        self.mean, self.square = torch.zeros_like(like), torch.zeros_like(like)
        self.betas, self.eps, self.steps = betas, eps, 0

    def direction(self, gradient: Tensor) -> Tensor:
        """Mean over root mean square, both corrected for their start at zero."""
        first, second = self.betas
        self.steps += 1
        self.mean.lerp_(gradient, 1 - first)
        self.square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        root = self.square.sqrt().div_((1 - second**self.steps) ** 0.5).add_(self.eps)
        return self.mean.div(root).div_(1 - first**self.steps)

    def forget(self, rows: list[int]) -> None:
        """Both means are 0; the steps are counted for all."""
        self.mean[rows] = self.square[rows] = 0


class AdaGrad:
    """Duchi, Hazan, Singer 2011, with torch.optim's defaults."""

    def __init__(self, like: Tensor, eps: float = 1e-10) -> None:
        self.total, self.eps = torch.zeros_like(like), eps

    def direction(self, gradient: Tensor) -> Tensor:
        """g over the root of the sum of all squares so far."""
        self.total.addcmul_(gradient, gradient)
        return gradient / self.total.sqrt().add_(self.eps)

    def forget(self, rows: list[int]) -> None:
        """The sum is 0."""
        self.total[rows] = 0


def make_update(name: str, like: Tensor, momentum: Tensor) -> Update:
    """The update that ``Settings.optimizer`` names."""
    if name == "sgd":
        return SGD(like, momentum)
    return Adam(like) if name == "adam" else AdaGrad(like)


class Blocks:
    """Which columns are clipped together in rows where each block is clipped by itself.

    blocks: columns of each; what is left is one more.  alone: (K,), the rows it is so in.
    """

    def __init__(self, like: Tensor, blocks: list[slice], alone: list[bool]) -> None:
        self.member = like.new_zeros((like.shape[1], len(blocks) + 1))  # (P, blocks + 1)
        self.member[:, -1] = 1
        for i, columns in enumerate(blocks):
            self.member[columns, -1] = 0
            self.member[columns, i] = 1
        self.alone = torch.tensor(alone, device=like.device)[:, None]

    def norms(self, gradient: Tensor) -> Tensor:
        """(K, P): for every number the norm of what it is clipped with."""
        squares = gradient.square() @ self.member  # (K, blocks + 1)
        whole = squares.sum(1, keepdim=True)
        return torch.where(self.alone, squares, whole).sqrt() @ self.member.T


def clip_rows(gradient: Tensor, largest: Tensor, blocks: Blocks | None) -> None:
    """Shorten every row of ``gradient`` (K, P) to ``largest`` (K, 1) where it is longer, in place.

    blocks: for rows of which each block is shortened by itself; None = no row.
    """
    if blocks is None:
        norm = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
    else:
        norm = blocks.norms(gradient)
    gradient.mul_((largest / (norm + LEAST_NORM)).clamp_max_(1.0))
