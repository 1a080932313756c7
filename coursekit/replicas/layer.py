"""A linear layer of K models at once, forward and backward without autograd."""

import numpy as np
import torch
from torch import Tensor


class Layer:
    """y = x Wᵀ + b for K models, and the gradient at W, b and x.

    weight (K, O, I), bias (K, O) or None; to_weight, to_bias of the same shapes take the gradient.
    With δ the gradient at y: ∂W = δᵀ x, ∂b = Σ_batch δ, at x: δ W. It remembers the last x.

    Most products are numpy's: batched products of small matrices take its BLAS a half to a quarter
    of PyTorch's time, at worst the same. Every result has a place of its own that is used again in
    the next step: fresh memory for a large tensor costs more than computing what goes into it.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor | None, to_weight: Tensor, to_bias: Tensor | None
    ) -> None:
        self.shape = tuple(weight.shape)
        self.turned = weight.detach().mT
        self.own, self.to_weight = weight.detach().numpy(), to_weight.numpy()  # the same memory
        self.bias, self.to_bias = None if bias is None else bias.detach(), to_bias
        self.places: dict[tuple[str, int], Tensor] = {}
        self.x = self.own  # the last input, (K, B, I)

    def forward(self, x: Tensor) -> Tensor:
        """(K, B, I) → (K, B, O); the bias is added in the same call."""
        assert self.bias is not None
        self.x = x.numpy()
        place = self._place("y", x.shape[1], self.shape[1])
        return torch.baddbmm(self.bias.unsqueeze(1), x, self.turned, out=place)

    def logits(self, x: Tensor, out: Tensor) -> Tensor:
        """(K, B, I) → (K, O, B), classes first, into ``out``: for the few outputs of a head."""
        self.x = x.numpy()
        np.matmul(self.own, self.x.swapaxes(1, 2), out=out.numpy())
        return out if self.bias is None else out.add_(self.bias.unsqueeze(2))

    def note(self, delta: Tensor) -> None:
        """The gradient at W and b, from δ with outputs first, (K, O, B)."""
        np.matmul(delta.numpy(), self.x, out=self.to_weight)
        if self.to_bias is not None:
            torch.sum(delta, 2, out=self.to_bias)

    def back(self, delta: Tensor, out: Tensor | None = None) -> Tensor:
        """The gradient at x, (K, B, I), from δ with outputs first, (K, O, B); into ``out``."""
        place = self._place("at x", delta.shape[2], self.shape[2]) if out is None else out
        np.matmul(delta.numpy().swapaxes(1, 2), self.own, out=place.numpy())
        return place

    def _place(self, name: str, rows: int, columns: int) -> Tensor:
        if (name, rows) not in self.places:
            self.places[name, rows] = self.turned.new_empty((self.shape[0], rows, columns))
        return self.places[name, rows]
