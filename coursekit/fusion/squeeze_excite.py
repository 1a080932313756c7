"""Squeeze-and-excitation gate on the concatenated features, then a linear layer."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion
from coursekit.utils.checks import require, require_count
from coursekit.utils.tensor_checks import require_batch, require_weights


def squeeze_excite(x: Tensor, w_squeeze: Tensor, w_excite: Tensor) -> Tensor:
    """x · σ(W₂ ReLU(W₁ squeeze(x))), channel by channel.

    x: (B, D) or (B, D, ...); squeeze = mean over everything after D.  w_squeeze W₁: (H, D).
    w_excite W₂: (D, H).  Returns the shape of x.  Source: Hu, Shen, Sun 2018, eqs 2–4, no biases.
    """
    require_batch("x", x, (None,) * max(getattr(x, "ndim", 2), 2))
    require_weights("w_squeeze", w_squeeze)
    require_weights("w_excite", w_excite)
    d = x.shape[1]
    fits = w_squeeze.ndim == 2 and w_squeeze.shape[1] == d and len(w_squeeze) > 0
    require(fits, f"w_squeeze has shape {tuple(w_squeeze.shape)}; (hidden, {d}) was expected.")
    want = (d, w_squeeze.shape[0])
    fits = w_excite.shape == want
    require(fits, f"w_excite has shape {tuple(w_excite.shape)}; {want} was expected.")
    squeezed = x.flatten(2).mean(2) if x.ndim > 2 else x  # (B, D)
    gate = torch.sigmoid(torch.relu(squeezed @ w_squeeze.T) @ w_excite.T)  # (B, D)
    return x * gate.reshape(*gate.shape, *(1,) * (x.ndim - 2))


class SEGate(Fusion):
    """logits = W (z · σ(W₂ ReLU(W₁ z))) + b with z = [z_1; …; z_M]; reduction 16, no biases."""

    name = "se-gate"

    def __init__(self, widths: Mapping[str, int], num_classes: int, reduction: int = 16) -> None:
        super().__init__(widths, num_classes)
        require_count("reduction", reduction, 1)
        d = sum(widths.values())
        self.squeeze = nn.Linear(d, max(1, d // reduction), bias=False)
        self.excite = nn.Linear(max(1, d // reduction), d, bias=False)
        self.linear = nn.Linear(d, num_classes)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        z = self.concatenated(features)
        return self.linear(squeeze_excite(z, self.squeeze.weight, self.excite.weight))
