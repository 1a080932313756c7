"""Gated fusion after Kiela: one modality opens and closes the features of another."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion, batched_linear, require_modalities
from coursekit.utils.checks import require_count
from coursekit.utils.tensor_checks import require_batch


def gated(x: Tensor, gate_logits: Tensor) -> Tensor:
    """σ(gate_logits) ⊙ x, both (B, D); every gate lies between 0, closed, and 1, open.

    Source: Kiela, Grave, Joulin, Mikolov 2018, "gated" among its models.
    """
    require_batch("x", x, (None, None))
    require_batch("gate_logits", gate_logits, tuple(x.shape))
    return torch.sigmoid(gate_logits) * x


class KielaGate(Fusion):
    """logits = W (σ(U z_others) ⊙ V z_last) + b: a soft gate, from all others, on the last."""

    name = "kiela-gate"

    def __init__(self, widths: Mapping[str, int], num_classes: int, width: int = 32) -> None:
        super().__init__(widths, num_classes)
        require_modalities(self.name, widths)
        require_count("width", width, 1)
        *others, last = widths.values()
        self.gate = nn.Linear(sum(others), width)
        self.value = nn.Linear(last, width)
        self.linear = nn.Linear(width, num_classes)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        *others, last = self.ordered(features)
        return self.linear(gated(self.value(last), self.gate(torch.cat(others, dim=1))))

    def stacked(self, weights: Mapping[str, Tensor], features: Mapping[str, Tensor]) -> Tensor:
        """K at once: (K, B, D_m) by modality → (K, B, C)."""
        *others, last = (features[m] for m in self.widths)
        gate, value = (
            batched_linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])
            for name, x in (("gate", torch.cat(others, dim=2)), ("value", last))
        )
        shaped = torch.sigmoid(gate) * value
        return batched_linear(shaped, weights["linear.weight"], weights["linear.bias"])
