"""Non-local block over the modalities: every modality's features attend to every other's."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion
from coursekit.utils.checks import require
from coursekit.utils.tensor_checks import require_batch, require_weights


def non_local(x: Tensor, w_query: Tensor, w_key: Tensor, w_value: Tensor, w_out: Tensor) -> Tensor:
    """x + softmax(θ(x) φ(x)ᵀ) g(x) W_outᵀ over positions, without scaling by √width.

    x: (B, P, D) with P positions.  w_query θ, w_key φ, w_value g: (H, D).  w_out: (D, H).
    Returns (B, P, D).  Source: Wang, Girshick, Gupta, He 2018, eqs 3 and 6 (embedded Gaussian).
    """
    require_batch("x", x, (None, None, None))
    matrices = (("w_query", w_query), ("w_key", w_key), ("w_value", w_value), ("w_out", w_out))
    for name, w in matrices:
        require_weights(name, w)
        fits = w.ndim == 2 and w.numel() > 0
        require(fits, f"{name} has shape {tuple(w.shape)}; a matrix was expected.")
    inward, outward = (len(w_query), x.shape[2]), (x.shape[2], len(w_query))
    for name, w in matrices:
        want = outward if name == "w_out" else inward
        require(w.shape == want, f"{name} has shape {tuple(w.shape)}; {want} was expected.")
    query, key, value = x @ w_query.T, x @ w_key.T, x @ w_value.T  # (B, P, H)
    attention = torch.softmax(query @ key.transpose(1, 2), dim=-1)  # (B, P, P)
    return x + attention @ value @ w_out.T


class NonLocalGate(Fusion):
    """logits = W flatten(non_local([z_1, …, z_M])) + b; the modalities are the positions.

    W_out starts at zero, so training starts at plain late-linear fusion. All D_m must be equal.
    """

    name = "non-local"

    def __init__(self, widths: Mapping[str, int], num_classes: int) -> None:
        super().__init__(widths, num_classes)
        d = next(iter(widths.values()))
        same = set(widths.values()) == {d}
        require(same, f"widths are {dict(widths)}; the non-local gate needs equal widths.")
        h = max(1, d // 2)
        self.query, self.key, self.value = (nn.Linear(d, h, bias=False) for _ in range(3))
        self.out = ZeroLinear(h, d, bias=False)
        self.linear = nn.Linear(d * len(widths), num_classes)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D) by modality → (B, C)."""
        x = torch.stack(self.ordered(features), dim=1)  # (B, M, D)
        w = (self.query.weight, self.key.weight, self.value.weight, self.out.weight)
        return self.linear(non_local(x, *w).flatten(1))


class ZeroLinear(nn.Linear):
    """A linear layer that starts at zero, so that what comes behind it begins as if without."""

    def initialise(self, generator: torch.Generator) -> None:
        """Zero, whatever the generator."""
        nn.init.zeros_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)
