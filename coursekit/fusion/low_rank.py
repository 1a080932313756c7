"""Low-rank fusion: tensor fusion whose weights are a sum of few outer products."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion, Slices, require_vectors, with_one
from coursekit.utils.checks import require, require_count
from coursekit.utils.tensor_checks import require_batch, require_weights


def low_rank(
    features: Sequence[Tensor], factors: Sequence[Tensor], weights: Tensor, bias: Tensor
) -> Tensor:
    """Σ_r w_r Π_m ([1; z_m] F_m^r) + b, without ever making the tensor.

    features: (B, D_m) each.  factors F_m: (R, D_m + 1, O) each, R the rank.  weights w: (R,).
    bias b: (O,).  Returns (B, O).
    Source: Liu, Shen and colleagues 2018, section 3.3; the weights w are those of their code.
    """
    require_vectors("features", features)
    if not isinstance(factors, Sequence):
        what = type(factors).__name__
        raise TypeError(f"factors is a {what}; a list with one tensor per modality was expected.")
    fits = len(factors) == len(features)
    require(fits, f"factors holds {len(factors)}; one for each of {len(features)} was expected.")
    for name, w in [*((f"factors[{m}]", f) for m, f in enumerate(factors)), ("weights", weights)]:
        require_weights(name, w)
    rank, _, out = factors[0].shape if factors[0].ndim == 3 else ("rank", 0, "outputs")
    for m, (z, f) in enumerate(zip(features, factors, strict=True)):
        want = f"({rank}, {z.shape[1] + 1}, {out})"
        fits = f.ndim == 3 and f.shape == (rank, z.shape[1] + 1, out)
        require(fits, f"factors[{m}] has shape {tuple(f.shape)}; {want} was expected.")
    require_batch("weights", weights, (len(factors[0]),))
    require_batch("bias", bias, (factors[0].shape[2],))
    product = with_one(features[0]) @ factors[0]  # (R, B, O)
    for z, f in zip(features[1:], factors[1:], strict=True):
        product = product * (with_one(z) @ f)
    return torch.einsum("r,rbo->bo", weights, product) + bias


class LowRank(Fusion):
    """logits = Σ_r w_r Π_m ([1; z_m] F_m^r) + b: tensor fusion with weights of rank R."""

    name = "low-rank"

    def __init__(self, widths: Mapping[str, int], num_classes: int, rank: int = 4) -> None:
        super().__init__(widths, num_classes)
        require_count("rank", rank, 1)
        self.factors = nn.ParameterList(
            torch.empty(rank, d + 1, num_classes) for d in widths.values()
        )
        self.weights = nn.Parameter(torch.empty(rank))
        self.bias = nn.Parameter(torch.empty(num_classes))
        self.initialise(torch.Generator().manual_seed(0))

    def initialise(self, generator: torch.Generator) -> None:
        """Each factor as a linear layer, uniform within ±1/√(D_m + 1); w within ±1/√R; b zero."""
        for factor in self.factors:
            bound = 1 / math.sqrt(factor.shape[1])
            nn.init.uniform_(factor, -bound, bound, generator=generator)
        bound = 1 / math.sqrt(len(self.weights))
        nn.init.uniform_(self.weights, -bound, bound, generator=generator)
        nn.init.zeros_(self.bias)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        return low_rank(self.ordered(features), list(self.factors), self.weights, self.bias)

    def slices(self) -> Slices:
        """F_m by modality."""
        whole = (slice(None),) * 3
        return {m: [(f, whole)] for m, f in zip(self.widths, self.factors, strict=True)}
