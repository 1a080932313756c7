"""A common space for the features of all modalities, and a probe that watches it fill."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion
from coursekit.fusion.late_linear import LateLinear
from coursekit.training.contrastive_losses import START_LOG_SCALE, unit
from coursekit.utils.checks import choose, require_count, require_finite


class CommonSpace(Fusion):
    """One linear map per modality into a space where cosines are compared.

    log_scale: what `coursekit.training.contrastive_losses` multiplies cosines by, as a logarithm;
    bias: of its pairwise loss.  Its joint logits (B, C) are those of a linear probe, which learns
    on features that get no gradient from it: the course's loop can say after every epoch how much
    of the labels the encoders hold, and nothing is learnt from a label.
    """

    def __init__(
        self,
        widths: Mapping[str, int],
        num_classes: int,
        width: int = 64,
        log_scale: float = START_LOG_SCALE,
        bias: float = 0.0,
    ) -> None:
        super().__init__(widths, num_classes)
        require_count("width", width, 1)
        require_finite("log_scale", log_scale)
        require_finite("bias", bias)
        self.starts = log_scale, bias
        self.maps = nn.ModuleDict({m: nn.Linear(d, width, bias=False) for m, d in widths.items()})
        self.scale = Scale(log_scale, bias)
        self.probe = LateLinear(widths, num_classes)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """The probe's logits, (B, D_m) by modality → (B, C)."""
        return self.probe({m: z.detach() for m, z in features.items()})

    def aligned(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Places in the common space, of length one: (B, D_m) by modality → (B, width) each."""
        return {
            m: self.place(m, z) for m, z in zip(self.widths, self.ordered(features), strict=True)
        }

    def apart(self, model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """The parameters of the probe, and all others of a model whose fusion this is."""
        probe = list(self.probe.parameters())
        mine = {id(p) for p in probe}
        return probe, [p for p in model.parameters() if id(p) not in mine]

    def place(self, modality: str, features: Tensor) -> Tensor:
        """Places of one modality's features (B, D_m), (B, width), of length one.

        Errors: ValueError for another modality, and for features that have no direction there.
        """
        choose("modality", modality, self.widths)
        return unit(f"the {modality} features", self.maps[modality](features))


class Scale(nn.Module):
    """The logarithm of the factor of the cosines, and a bias; numbers that are learnt."""

    def __init__(self, log_scale: float, bias: float) -> None:
        super().__init__()
        self.starts = log_scale, bias
        self.log_scale = nn.Parameter(torch.tensor(log_scale))
        self.bias = nn.Parameter(torch.tensor(bias))

    def initialise(self, _: torch.Generator) -> None:
        """Both begin where they are told to, whatever the seed."""
        for parameter, start in zip((self.log_scale, self.bias), self.starts, strict=True):
            nn.init.constant_(parameter, start)

    @property
    def factor(self) -> float:
        """What cosines are multiplied by."""
        return math.exp(self.log_scale.item())
