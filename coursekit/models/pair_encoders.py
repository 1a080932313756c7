"""Encoders for pictures and for bags of words, small enough to train in a lesson's minute."""

import torch
from torch import Tensor, nn

from coursekit.layers.batch_norm import BatchNorm2d
from coursekit.utils.checks import require, require_count
from coursekit.utils.tensor_checks import require_dtype

CHANNELS = (16, 32, 64)


class StridedCNN(nn.Sequential):
    """Convolutional encoder, (B, channels, H, W) → (B, 64 · ⌈H/8⌉ · ⌈W/8⌉).

    Three times a 3×3 convolution of stride 2, batch norm, ReLU. What stands where is kept: a mean
    over all places would forget it, and costs a third of the recall of small pictures.
    """

    def __init__(self, channels: int = 3, height: int = 32, width: int = 32) -> None:
        for name, size in (("channels", channels), ("height", height), ("width", width)):
            require_count(name, size, 1)
        sizes = [channels, *CHANNELS]
        layers: list[nn.Module] = []
        for before, after in zip(sizes, CHANNELS, strict=False):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), BatchNorm2d(after)]
            layers += [nn.ReLU()]
        super().__init__(*layers, nn.Flatten())
        self.reads = channels, height, width
        self.out_features = CHANNELS[-1] * -(-height // 8) * -(-width // 8)

    def check_input(self, name: str, x: Tensor) -> None:
        """Refuse what is not (B, channels, H, W) of the size it was made for."""
        require_dtype(name, x, self)
        shape = f"{name} has shape {tuple(x.shape)}; (any, {', '.join(map(str, self.reads))})"
        require(tuple(x.shape[1:]) == self.reads, f"{shape} was expected.")


class BagEncoder(nn.Module):
    """Encoder of bags of words, (B, V) → (B, width): a vector per word, their sum, two layers.

    The rows of the first layer are the words' vectors. A text without a known word is a row of
    zeros; it comes out as the same features, whatever its words were.
    """

    def __init__(self, words: int, width: int = 128) -> None:
        super().__init__()
        require_count("words", words, 1)
        require_count("width", width, 1)
        self.words = nn.Linear(words, width, bias=False)
        self.norm = nn.LayerNorm(width)
        self.hidden = nn.Linear(width, width)
        self.out_features = width

    def check_input(self, name: str, x: Tensor) -> None:
        """Refuse what is not (B, V) of the vocabulary it was made for."""
        require_dtype(name, x, self)
        fits = x.ndim == 2 and x.shape[1] == self.words.in_features
        want = f"(any, {self.words.in_features})"
        require(fits, f"{name} has shape {tuple(x.shape)}; {want} was expected.")

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, width)."""
        return torch.relu(self.hidden(self.norm(self.words(x))))
