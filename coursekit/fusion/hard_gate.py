"""Hard gate: for every sample one modality is let through, the others are shut out."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion, Slices, owned, require_modalities
from coursekit.utils.checks import require, require_count, require_finite
from coursekit.utils.tensor_checks import require_batch


def straight_through(logits: Tensor, temperature: float = 1.0, hard: bool = True) -> Tensor:
    """One-hot of the largest logit in the forward pass, gradient of softmax(logits / τ) backward.

    logits: (B, M).  temperature τ > 0: small = the gradient of a nearly hard choice.  hard: False
    returns the softmax itself.  Returns (B, M), rows sum to one.
    Source: Bengio, Léonard, Courville 2013; as a gate Xue & Marculescu 2023.
    """
    require_batch("logits", logits, (None, None))
    _require_temperature(temperature)
    soft = _softmax(logits, temperature)
    if not hard:
        return soft
    one_hot = torch.zeros_like(soft).scatter_(1, logits.argmax(dim=1, keepdim=True), 1.0)
    return one_hot + (soft - soft.detach())  # the bracket is zero; only its gradient counts


def _softmax(logits: Tensor, temperature: float) -> Tensor:
    """softmax(logits / τ), also where the quotients are too large for a number.

    The largest logit is taken off before, which changes nothing but the size of the numbers.
    """
    below = logits - logits.detach().amax(1, keepdim=True)
    # Half precision is divided in float32; what that cannot divide by is as good as hard.
    least = torch.finfo(torch.promote_types(logits.dtype, torch.float32)).tiny
    return (below / max(temperature, least)).clamp_min(torch.finfo(logits.dtype).min).softmax(1)


def _require_temperature(temperature: float) -> None:
    require_finite("temperature", temperature)
    require(temperature > 0, f"temperature is {temperature}; a positive number was expected.")


class HardGate(Fusion):
    """logits = W Σ_m g_m V_m z_m + b, g one-hot: argmax of U [z_1; …; z_M], straight-through."""

    name = "hard-gate"
    exact_gradient = False

    def __init__(
        self,
        widths: Mapping[str, int],
        num_classes: int,
        width: int = 32,
        temperature: float = 1.0,
    ) -> None:
        super().__init__(widths, num_classes)
        require_modalities(self.name, widths)
        require_count("width", width, 1)
        _require_temperature(temperature)
        self.temperature = temperature
        self.gate = nn.Linear(sum(widths.values()), len(widths))
        self.values = nn.ModuleList(nn.Linear(d, width) for d in widths.values())
        self.linear = nn.Linear(width, num_classes)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        parts = self.ordered(features)
        g = straight_through(self.gate(torch.cat(parts, dim=1)), self.temperature)  # (B, M)
        values = torch.stack(
            [v(z) for v, z in zip(self.values, parts, strict=True)], 1
        )  # (B, M, H)
        return self.linear((g[:, :, None] * values).sum(1))

    def slices(self) -> Slices:
        """V_m by modality."""
        return owned(self.values, self.widths)
