"""FiLM: one modality scales and shifts the features of another."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion, batched_linear, require_modalities
from coursekit.utils.tensor_checks import require_batch


def film(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """γ ⊙ x + β, feature by feature.

    x: (B, D) or (B, D, ...).  gamma γ, beta β: (B, D).  Returns the shape of x.
    Source: Perez, Strub, de Vries, Dumoulin, Courville 2018, eq. 2.
    """
    require_batch("x", x, (None,) * max(getattr(x, "ndim", 2), 2))
    over = (*x.shape[:2], *(1,) * (x.ndim - 2))  # the same γ and β at every place of a feature map
    for name, value in (("gamma", gamma), ("beta", beta)):
        require_batch(name, value, tuple(x.shape[:2]))
    return gamma.reshape(over) * x + beta.reshape(over)


class FiLM(Fusion):
    """logits = W (γ(z_others) ⊙ z_last + β(z_others)) + b, with γ and β linear in all others."""

    name = "film"

    def __init__(self, widths: Mapping[str, int], num_classes: int) -> None:
        super().__init__(widths, num_classes)
        require_modalities(self.name, widths)
        *others, last = widths.values()
        self.gamma = nn.Linear(sum(others), last)
        self.beta = nn.Linear(sum(others), last)
        self.linear = nn.Linear(last, num_classes)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        *others, last = self.ordered(features)
        condition = torch.cat(others, dim=1)
        return self.linear(film(last, self.gamma(condition), self.beta(condition)))

    def stacked(self, weights: Mapping[str, Tensor], features: Mapping[str, Tensor]) -> Tensor:
        """K at once: (K, B, D_m) by modality → (K, B, C)."""
        *others, last = (features[m] for m in self.widths)
        condition = torch.cat(others, dim=2)
        gamma, beta = (
            batched_linear(condition, weights[f"{name}.weight"], weights[f"{name}.bias"])
            for name in ("gamma", "beta")
        )
        shaped = gamma * last + beta
        return batched_linear(shaped, weights["linear.weight"], weights["linear.bias"])
