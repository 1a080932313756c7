"""MAG, the multimodal adaptation gate: the others displace the primary modality, a little."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion, require_modalities
from coursekit.utils.checks import require, require_finite
from coursekit.utils.tensor_checks import require_batch

EPSILON = 1e-6


def modality_shift(primary: Tensor, displacement: Tensor, beta: float = 1.0) -> Tensor:
    """z + α h with α = min(β ‖z‖ / ‖h‖, 1): a shift never longer than β times what it shifts.

    primary z, displacement h: (..., D).  beta β ≥ 0.  Returns (..., D).
    Source: Rahman and colleagues 2020, section "Multimodal Adaptation Gate"; ε as in their code.
    """
    require_batch("primary", primary, (None,) * max(getattr(primary, "ndim", 2), 1))
    require_batch("displacement", displacement, tuple(primary.shape))
    _require_beta(beta)
    length = displacement.norm(dim=-1, keepdim=True)
    longest = beta * primary.norm(dim=-1, keepdim=True)
    return primary + (longest / (length + EPSILON)).clamp(max=1.0) * displacement


def _require_beta(beta: float) -> None:
    require_finite("beta", beta)
    require(beta >= 0, f"beta is {beta}; zero or a positive number was expected.")


class MAG(Fusion):
    """logits = W LayerNorm(z_1 + α Σ_{m>1} ReLU(G_m [z_m; z_1]) ⊙ V_m z_m) + b; see modality_shift.

    The first modality is the primary one (in the paper: language).
    """

    name = "mag"

    def __init__(self, widths: Mapping[str, int], num_classes: int, beta: float = 1.0) -> None:
        super().__init__(widths, num_classes)
        require_modalities(self.name, widths)
        _require_beta(beta)
        self.beta = beta
        primary, *others = widths.values()
        self.gates = nn.ModuleList(nn.Linear(d + primary, primary) for d in others)
        self.values = nn.ModuleList(nn.Linear(d, primary) for d in others)
        self.norm = nn.LayerNorm(primary)
        self.linear = nn.Linear(primary, num_classes)

    def shifted(self, primary: Tensor, others: list[Tensor]) -> Tensor:
        """The displaced and normalised primary features, (..., D_1), from (..., D_m) each."""
        terms = [
            torch.relu(gate(torch.cat([z, primary], dim=-1))) * value(z)
            for gate, value, z in zip(self.gates, self.values, others, strict=True)
        ]
        return self.norm(modality_shift(primary, torch.stack(terms).sum(0), self.beta))

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        primary, *others = self.ordered(features)
        return self.linear(self.shifted(primary, others))
