"""Encoders and the classifier: one encoder a modality, a fusion on top, a head for each modality.

inputs[m] → encoder_m → features[m] (B, D_m) ─┬→ fusion → joint logits (B, C)
                                              └→ head_m → unimodal logits (B, C)
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from coursekit import fusion as fusions
from coursekit.checks import (
    choose,
    require,
    require_count,
    require_dtype,
    require_floats,
    require_modality,
)


@dataclass(frozen=True)
class Prediction:
    """What a classifier says about a batch.

    joint: logits (B, C).  features: (B, D_m) by modality.  heads: what reads them one by one.
    """

    joint: Tensor
    features: Mapping[str, Tensor]
    heads: nn.ModuleDict

    @property
    def unimodal(self) -> dict[str, Tensor]:
        """Logits (B, C) of each modality's own head, computed when somebody asks."""
        return {m: head(self.features[m]) for m, head in self.heads.items()}


class MLP(nn.Module):
    """Multilayer perceptron encoder, (B, ...) → (B, widths[-1]); ReLU after every layer.

    The last ReLU makes the features what a head sees; probes read the same features.
    """

    def __init__(self, in_features: int, widths: Sequence[int] = (64, 32)) -> None:
        super().__init__()
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
        self.out_features = width

    def forward(self, x: Tensor) -> Tensor:
        """The input as it is."""
        return x


class CNN(nn.Sequential):
    """Small convolutional encoder, (B, channels, H, W) → (B, width); two 3×3 layers, to 4×4."""

    def __init__(self, channels: int = 1, width: int = 32) -> None:
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
        require(0 <= p < 1, f"p is {p}; a dropout rate in [0, 1) was expected.")
        self.p = p
        self.generator = torch.Generator().manual_seed(seed)

    def forward(self, x: Tensor) -> Tensor:
        """Zero each feature with probability p and scale the rest by 1/(1 − p), when training."""
        if not self.training or self.p == 0:
            return x
        keep = torch.rand(x.shape, generator=self.generator) >= self.p
        return x * keep.to(x) / (1 - self.p)


class MultimodalClassifier(nn.Module):
    """Encoders by modality name, a fusion for the joint logits, a linear head for each modality.

    With one modality it is the unimodal model; its fusion is then a plain linear head.
    """

    def __init__(
        self, encoders: Mapping[str, nn.Module], fusion: nn.Module, num_classes: int
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.encoders = nn.ModuleDict(encoders)
        self.fusion = fusion
        self.heads = nn.ModuleDict(
            {m: nn.Linear(_width(e), num_classes) for m, e in encoders.items()}
        )

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities the model reads, in order."""
        return tuple(self.encoders)

    def encode(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Features by modality, (B, D_m).

        Errors: ValueError when a modality is missing or has another width than its encoder reads,
        TypeError for another dtype; width and dtype where the encoder has a ``check_input``.
        """
        missing = [m for m in self.modalities if m not in inputs]
        require(not missing, f"inputs lacks {missing}; the model reads {list(self.modalities)}.")
        return {m: self.feature(m, inputs[m]) for m in self.modalities}

    def feature(self, modality: str, x: Tensor) -> Tensor:
        """Features (B, D_m) of one modality's inputs; errors as in `encode`."""
        encoder = self.encoders[modality]
        first = encoder[0] if isinstance(encoder, nn.Sequential) else encoder
        check = getattr(first, "check_input", None)
        if check is not None:
            check(f"inputs[{modality!r}]", x)
        return encoder(x)

    def forward(self, inputs: Mapping[str, Tensor]) -> Prediction:
        """All logits and features for a batch."""
        features = self.encode(inputs)
        return Prediction(self.fusion(features), features, self.heads)


@contextmanager
def evaluating(model: object) -> Iterator[None]:
    """Evaluation mode inside the block; afterwards every module is as it was.

    What is no module has no mode and stays as it is.
    """
    modes = {m: m.training for m in model.modules()} if isinstance(model, nn.Module) else {}
    if isinstance(model, nn.Module):
        model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def _width(encoder: nn.Module) -> int:
    width = getattr(encoder, "out_features", None)
    require(isinstance(width, int), f"{type(encoder).__name__} has no out_features (its width).")
    assert isinstance(width, int)
    return width


def initialise(model: nn.Module, seed: int) -> None:
    """Draw every weight anew from ``seed``, by PyTorch's own default rules (uniform ±1/√fan_in).

    A module with ``initialise(generator)`` of its own draws its own parameters there instead.
    Errors: ValueError when a parameter is left that no seed would fix.
    """
    rng = torch.Generator().manual_seed(seed)
    drawn: set[nn.Parameter] = set()
    for module in model.modules():
        own = getattr(module, "initialise", None)
        if own is not None:
            own(rng)
            drawn |= set(module.parameters())
        else:
            drawn |= _draw(module, rng)
    left = [name for name, p in model.named_parameters() if p not in drawn]
    require(not left, f"model has parameters that no seed draws: {left}; initialise was expected.")


def _draw(module: nn.Module, rng: torch.Generator) -> set[nn.Parameter]:
    """PyTorch's default for one layer, from ``rng``; the parameters that it drew."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        bound = 1 / math.sqrt(module.weight[0].numel())
        nn.init.uniform_(module.weight, -bound, bound, generator=rng)
        if module.bias is not None:
            nn.init.uniform_(module.bias, -bound, bound, generator=rng)
    elif isinstance(module, nn.MultiheadAttention):
        nn.init.xavier_uniform_(module.in_proj_weight, generator=rng)
        nn.init.zeros_(module.in_proj_bias)
    elif isinstance(module, nn.LayerNorm):
        module.reset_parameters()  # ones and zeros
    else:
        return set()
    return set(module.parameters(recurse=False))


def build_classifier(
    inputs: Mapping[str, Tensor],
    num_classes: int,
    *,
    fusion: str = "late-linear",
    encoder: str = "mlp",
    widths: Sequence[int] = (64, 32),
    dropout: float = 0.0,
    seed: int = 0,
) -> MultimodalClassifier:
    """A classifier for the modalities in ``inputs`` (one example batch or the whole split).

    encoder: "mlp" or "cnn" (the last of ``widths`` is the feature width).  dropout: rate on the
    features.  The same seed gives the same weights; a modality's encoder depends on its place.
    """
    require_count("num_classes", num_classes, 1)
    if not isinstance(widths, Sequence) or isinstance(widths, str) or len(widths) == 0:
        raise TypeError(f"widths is {widths!r}; whole numbers in a tuple were expected: (64, 32).")
    for width in widths:
        require_count("a width in widths", width, 1)
    require(len(inputs) > 0, "inputs is empty; one or more modalities were expected.")
    for m, x in inputs.items():
        _require_input(m, x)
    make: dict[str, Callable[[Tensor], nn.Module]] = {
        "mlp": lambda x: MLP(x[0].numel(), widths),
        "cnn": lambda x: CNN(x.shape[1], widths[-1]),
    }
    build = make[choose("encoder", encoder, make)]
    encoders = {m: build(x) for m, x in inputs.items()}
    if dropout != 0:
        encoders = {
            m: _with_dropout(e, dropout, seed + i) for i, (m, e) in enumerate(encoders.items())
        }
    width_of = {m: _width(e) for m, e in encoders.items()}
    joint = fusions.build("late-linear" if len(encoders) == 1 else fusion, width_of, num_classes)
    model = MultimodalClassifier(encoders, joint, num_classes)
    initialise(model, seed)
    return model


def _require_input(name: str, x: Tensor) -> None:
    require_modality("inputs", name)
    require_floats(f"inputs[{name!r}]", x)
    fits = x.ndim >= 2 and x.numel() > 0
    want = "(N, …) with one or more rows"
    require(fits, f"inputs[{name!r}] has shape {tuple(x.shape)}; {want} was expected.")


def _with_dropout(encoder: nn.Module, p: float, seed: int) -> nn.Module:
    wrapped = nn.Sequential(encoder, Dropout(p, seed))
    wrapped.out_features = _width(encoder)  # type: ignore[assignment]
    return wrapped
