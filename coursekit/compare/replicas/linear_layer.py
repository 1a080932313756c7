"""A linear layer of K models at once, forward and backward without autograd.

y = x Wᵀ + b. With δ the gradient at y: ∂W = δᵀ x, ∂b = Σ_batch δ, and δ W at x.

A step of these small networks is a few dozen products of some microseconds, so that finding the
memory they work on would take as long as the products. It is found once: `Hidden` and `Answer` are
a layer bound to tensors that stay in their places, and a step only runs the products.

Most products are numpy's: batched products of small matrices take its BLAS a half to a quarter of
PyTorch's time, at worst the same.
"""

import numpy as np
import torch
from torch import Tensor

cut = torch.ops.aten.threshold_backward.grad_input  # 0 where a ReLU was 0


class Layer:
    """The parameters of a layer and where their gradient goes.

    weight (K, O, I), bias (K, O) or None; to_weight, to_bias of the same shapes take the gradient.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor | None, to_weight: Tensor, to_bias: Tensor | None
    ) -> None:
        self.models, self.outputs, _ = weight.shape
        self.turned = weight.detach().mT
        self.own, self.to_weight = weight.detach().numpy(), to_weight.numpy()  # the same memory
        self.bias, self.to_bias = None if bias is None else bias.detach(), to_bias

    def note(self, delta: Tensor, delta_: np.ndarray, x: np.ndarray) -> None:
        """The gradient at W and b from δ with outputs first, (K, O, B), and as an array."""
        np.matmul(delta_, x, out=self.to_weight)
        if self.to_bias is not None:
            torch.sum(delta, 2, out=self.to_bias)


class Hidden:
    """A layer with its ReLU at inputs x (K, B, I).

    y: its outputs (K, B, O).  delta: where the gradient at y is put before `backward`.
    at_x: where the gradient at x goes, (K, B, I); None for inputs that are data.
    """

    def __init__(self, layer: Layer, x: Tensor, at_x: Tensor | None) -> None:
        assert layer.bias is not None
        self.layer, self.x, self.bias = layer, x, layer.bias.unsqueeze(1)
        self.y = layer.turned.new_zeros((layer.models, x.shape[1], layer.outputs))
        self.delta = torch.zeros_like(self.y)
        self._turned, self._x, self._delta = self.delta.mT, x.numpy(), self.delta.numpy()
        self._outputs_first = self._turned.numpy()
        self._at_x = None if at_x is None else at_x.numpy()

    def forward(self) -> None:
        """y from x; the bias is added in the same call."""
        torch.baddbmm(self.bias, self.x, self.layer.turned, out=self.y).relu_()

    def backward(self) -> None:
        """From the gradient at y, which the ReLU cuts, to those at W, b and x."""
        cut(self.delta, self.y, 0, grad_input=self.delta)
        self.layer.note(self._turned, self._outputs_first, self._x)
        if self._at_x is not None:
            np.matmul(self._delta, self.layer.own, out=self._at_x)


class Answer:
    """A layer of few outputs at features z (K, B, D): logits with the classes first, (K, C, B).

    logits, delta: where they and the gradient at them stand.  at_z: where that at z goes.
    """

    def __init__(
        self, layer: Layer, z: Tensor, logits: Tensor, delta: Tensor, at_z: Tensor
    ) -> None:
        self.layer, self.logits, self._delta = layer, logits, delta
        self._bias = None if layer.bias is None else layer.bias.unsqueeze(2)
        self._z, self._out, self._at_z = z.numpy(), logits.numpy(), at_z.numpy()
        self._z_turned, self._outputs_first = self._z.swapaxes(1, 2), delta.numpy()
        self._batch_first = self._outputs_first.swapaxes(1, 2)

    def forward(self) -> None:
        """The logits of z."""
        np.matmul(self.layer.own, self._z_turned, out=self._out)
        if self._bias is not None:
            self.logits.add_(self._bias)

    def backward(self) -> None:
        """From the gradient at the logits to those at W, b and z."""
        self.layer.note(self._delta, self._outputs_first, self._z)
        np.matmul(self._batch_first, self.layer.own, out=self._at_z)
