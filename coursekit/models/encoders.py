"""Small encoders: a multilayer perceptron, a convolutional network, none at all; and dropout."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from coursekit.utils.checks import require, require_count, require_finite
from coursekit.utils.devices import moved
from coursekit.utils.tensor_checks import require_dtype


class MLP(nn.Module):
    """Multilayer perceptron encoder, (B, ...) → (B, widths[-1]); ReLU after every layer.

    The last ReLU makes the features what a head sees; probes read the same features.
    """

    def __init__(self, in_features: int, widths: Sequence[int] = (64, 32)) -> None:
        super().__init__()
        require_count("in_features", in_features, 1)
        if isinstance(widths, str) or not isinstance(widths, Sequence):
            raise TypeError(f"widths is {widths!r}; whole numbers in a list were expected.")
        for width in widths:  # none: the input itself is the feature
            require_count("a width in widths", width, 1)
        sizes = [in_features, *widths]
        self.layers = nn.ModuleList(nn.Linear(d_in, d_out) for d_in, d_out in pairwise(sizes))
        self.in_features = in_features
        self.out_features = sizes[-1]

    def check_input(self, name: str, x: Tensor) -> None:
        """Refuse what is not (B, ...) with ``in_features`` numbers a row, in the weights' dtype."""
        require_dtype(name, x, self)
        fits = x.ndim >= 2 and math.prod(x.shape[1:]) == self.in_features
        want = f"(any, {self.in_features})"
        require(fits, f"{name} has shape {tuple(x.shape)}; {want}, or as many in it, was expected.")

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, widths[-1])."""
        x = x.flatten(1)
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x


class Raw(nn.Module):
    """No encoder: the input itself is the feature, (B, ..., D) → (B, ..., D)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        require_count("width", width, 1)
        self.out_features = width

    def forward(self, x: Tensor) -> Tensor:
        """The input as it is."""
        return x


class CNN(nn.Sequential):
    """Small convolutional encoder, (B, channels, H, W) → (B, width); two 3×3 layers, to 4×4."""

    def __init__(self, channels: int = 1, width: int = 32) -> None:
        require_count("channels", channels, 1)
        require_count("width", width, 1)
        super().__init__(
            nn.Conv2d(channels, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Linear(16 * 16, width),
            nn.ReLU(),
        )
        self.out_features = width


class Dropout(nn.Module):
    """Inverted dropout whose masks come from its own generator, so that a seed fixes them."""

    def __init__(self, p: float, seed: int) -> None:
        super().__init__()
        require_finite("p", p)
        require(0 <= p < 1, f"p is {p}; a dropout rate in [0, 1) was expected.")
        require_count("seed", seed)
        self.p = p
        self.generator = torch.Generator().manual_seed(seed)

    def forward(self, x: Tensor) -> Tensor:
        """Zero each feature with probability p and scale the rest by 1/(1 − p), when training."""
        if not self.training or self.p == 0:
            return x
        keep = torch.rand(x.shape, generator=self.generator) >= self.p
        return x * moved(keep, x) / (1 - self.p)
