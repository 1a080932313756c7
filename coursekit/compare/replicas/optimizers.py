"""The optimisers with one row per replica: gradients in, directions out, all (K, P).

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
        return torch.addcmul(gradient, self.velocity, self.momentum, out=self.velocity)

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
    """Columns that are clipped together, where parts of a row are clipped each by itself.

    blocks: the columns of each, one after the other from the first on; what is left is one more.
    parts: (K, blocks + 1), the number of the part that a row's block is in; a part is clipped as
    one.
    """

    def __init__(self, like: Tensor, blocks: list[slice], parts: list[list[int]]) -> None:
        self.columns = [*blocks, slice(blocks[-1].stop, like.shape[1])]
        part = torch.tensor(parts, device=like.device)
        self.together = part[:, :, None] == part[:, None]  # (K, blocks, blocks)

    def shorten(self, gradient: Tensor, largest: Tensor) -> None:
        """`clip_rows`."""
        blocks = [gradient[:, columns] for columns in self.columns]
        norms = torch.stack([torch.linalg.vector_norm(x, dim=1) for x in blocks], dim=1)
        shared = torch.where(self.together, norms[:, None], 0.0)  # not ·, for 0 · ∞ is NaN
        factors = _factor(torch.linalg.vector_norm(shared, dim=2), largest)
        for block, factor in zip(blocks, factors.split(1, dim=1), strict=True):
            block.mul_(factor)


def clip_rows(gradient: Tensor, largest: Tensor, blocks: Blocks | None) -> None:
    """Shorten every row of ``gradient`` (K, P) to ``largest`` (K, 1) where it is longer, in place.

    blocks: for rows of which parts are shortened by themselves; None = no row.
    """
    if blocks is None:
        norm = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
        gradient.mul_(_factor(norm, largest))
    else:
        blocks.shorten(gradient, largest)


def _factor(norm: Tensor, largest: Tensor) -> Tensor:
    return (largest / (norm + LEAST_NORM)).clamp_max_(1.0)
