"""Gated multimodal unit: a gate from both modalities divides the attention between them."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion, Slices, owned, require_modalities
from coursekit.utils.checks import require, require_count
from coursekit.utils.tensor_checks import require_batch, require_weights


def gmu(visual: Tensor, text: Tensor, gate_weight: Tensor) -> Tensor:
    """z ⊙ tanh(h_v) + (1 − z) ⊙ tanh(h_t) with z = σ(W [h_v; h_t]).

    visual h_v, text h_t: (B, D), projected and not yet through tanh.  gate_weight W: (D, 2D) as a
    linear layer keeps it, or (2D, D) as the reference code does.  Returns (B, D).
    Source: Arevalo, Solorio, Montes-y-Gómez, González 2017, section 3; the paper gates on the raw
    inputs, its code on the projections, as here.
    """
    require_batch("visual", visual, (None, None))
    require_batch("text", text, tuple(visual.shape))
    require_weights("gate_weight", gate_weight)
    d = visual.shape[1]
    fits = tuple(gate_weight.shape) in {(d, 2 * d), (2 * d, d)}
    require(fits, f"gate_weight has shape {tuple(gate_weight.shape)}; ({d}, {2 * d}) was expected.")
    w = gate_weight if gate_weight.shape[0] == d else gate_weight.T
    z = torch.sigmoid(torch.cat([visual, text], dim=1) @ w.T)  # (B, D)
    return z * torch.tanh(visual) + (1 - z) * torch.tanh(text)


class GMU(Fusion):
    """logits = W (z ⊙ tanh(h_1) + (1 − z) ⊙ tanh(h_2)) + b, h_m = V_m z_m, z = σ(U [h_1; h_2]).

    With more than two modalities every one has a gate of its own, Σ_m σ(U_m h) ⊙ tanh(h_m), since
    z and 1 − z divide between two only (the paper's figure 2a).
    """

    name = "gmu"

    def __init__(self, widths: Mapping[str, int], num_classes: int, width: int = 32) -> None:
        super().__init__(widths, num_classes)
        require_modalities(self.name, widths)
        require_count("width", width, 1)
        self.projections = nn.ModuleList(nn.Linear(d, width, bias=False) for d in widths.values())
        gates = 1 if len(widths) == 2 else len(widths)
        self.gates = nn.ModuleList(
            nn.Linear(len(widths) * width, width, bias=False) for _ in range(gates)
        )
        self.linear = nn.Linear(width, num_classes)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        h = [v(z) for v, z in zip(self.projections, self.ordered(features), strict=True)]
        if len(h) == 2:
            (gate,) = self.gates
            assert isinstance(gate, nn.Linear)
            return self.linear(gmu(h[0], h[1], gate.weight))
        opened = [torch.sigmoid(gate(torch.cat(h, dim=1))) for gate in self.gates]
        terms = [z * torch.tanh(x) for z, x in zip(opened, h, strict=True)]
        return self.linear(torch.stack(terms).sum(0))

    def slices(self) -> Slices:
        """V_m by modality."""
        return owned(self.projections, self.widths)
