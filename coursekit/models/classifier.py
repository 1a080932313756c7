"""The classifier: one encoder per modality, a fusion on top, a head for each modality.

inputs[m] → encoder_m → features[m] (B, D_m) ─┬→ fusion → joint logits (B, C)
                                              └→ head_m → unimodal logits (B, C)
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn

from coursekit.layers.sequential_blocks import call
from coursekit.utils.accelerator_checks import together
from coursekit.utils.checks import (
    require,
    require_count,
    require_instance,
    require_mapping,
    require_modality,
    require_present,
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


class MultimodalClassifier(nn.Module):
    """Encoders by modality name, a fusion for the joint logits, a linear head for each modality.

    With one modality it is the unimodal model; its fusion is then a plain linear head.
    run_encoder: how an encoder is called; a training may put another way in its place, so that
    features are computed in mixed precision or by several processes.
    """

    def __init__(
        self, encoders: Mapping[str, nn.Module], fusion: nn.Module, num_classes: int
    ) -> None:
        super().__init__()
        require_mapping("encoders", encoders, "modules")
        for m, encoder in encoders.items():
            require_modality("encoders", m)
            require_instance(f"encoders[{m!r}]", encoder, nn.Module)
        require_instance("fusion", fusion, nn.Module)
        require_count("num_classes", num_classes, 1)
        self.num_classes = num_classes
        self.run_encoder: Callable[[nn.Module, Tensor], Tensor] = call
        self.encoders = nn.ModuleDict(encoders)
        self.fusion = fusion
        self.heads = nn.ModuleDict(
            {m: nn.Linear(width_of(e), num_classes) for m, e in encoders.items()}
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
        require_present("inputs", inputs, self.modalities)
        return {m: self.feature(m, inputs[m]) for m in self.modalities}

    def feature(self, modality: str, x: Tensor) -> Tensor:
        """Features (B, D_m) of one modality's inputs; errors as in `encode`."""
        encoder = self.encoders[modality]
        first = encoder[0] if isinstance(encoder, nn.Sequential) else encoder
        check = getattr(first, "check_input", None)
        if check is not None:
            check(f"inputs[{modality!r}]", x)
        return self.run_encoder(encoder, x)

    def forward(self, inputs: Mapping[str, Tensor]) -> Prediction:
        """All logits and features for a batch."""
        with together():  # an accelerator is waited for once, not once per modality
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


def width_of(encoder: nn.Module) -> int:
    """Features an encoder gives.  Errors: ValueError when it has no ``out_features``."""
    width = getattr(encoder, "out_features", None)
    message = f"encoder is a {type(encoder).__name__} without out_features; its width was expected."
    require(isinstance(width, int), message)
    assert isinstance(width, int)
    return width
