"""Evidential late fusion: modalities give evidence for classes, and may know that they do not."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.fusion.base import Fusion, Slices, owned
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import (
    require_batch,
    require_no_negative,
    require_same_batches,
    within_range,
)


def opinion(evidence: Tensor) -> tuple[Tensor, Tensor]:
    """Belief b = e / S and uncertainty u = C / S, S = Σ_c (e_c + 1); Σ_c b_c + u = 1.

    evidence e: (B, C), 0 or more; none at all is u = 1.  Returns (B, C) and (B,), of the Dirichlet
    distribution with the concentrations α = e + 1; half precision gives float64.
    Errors: ValueError also for negative evidence, or a sum too large for a number.
    Source: [Han, Zhang, Fu, Zhou 2021](https://arxiv.org/abs/2102.02051), section 3.
    """
    require_batch("evidence", evidence, (None, None))
    require_no_negative("evidence", evidence)
    e = not_half(evidence)
    total = within_range("opinion", e.sum(1) + e.shape[1])
    return e / total[:, None], e.shape[1] / total


def combined_evidence(evidences: Sequence[Tensor]) -> Tensor:
    """The evidence of all modalities together, C (Π_m (1 + e_m / C) − 1), by reduced Dempster.

    Of two opinions b = (b_1 b_2 + b_1 u_2 + u_1 b_2) / (1 − K) and u = u_1 u_2 / (1 − K), where
    K = Σ_{i≠j} b_1i b_2j is what they contradict each other in: that is e_1 + e_2 + e_1 e_2 / C.
    Evidence is never lost, whatever the conflict, and their order does not matter.
    evidences e_m: (B, C) each, 0 or more.  Returns (B, C); half precision gives float64.
    Errors: ValueError also for negative evidence, or a product too large for a number.
    Source: [Han, Zhang, Fu, Zhou 2021](https://arxiv.org/abs/2102.02051), section 3; the product is
    ours.
    """
    _require_evidences(evidences)
    logs = _log_factors(evidences)
    return within_range("combined_evidence", logs.shape[1] * torch.expm1(logs))


def log_concentrations(evidences: Sequence[Tensor]) -> Tensor:
    """log α of all modalities together, α = `combined_evidence` + 1, (B, C).

    As logits they give the mean of the Dirichlet distribution, softmax(log α) = α / S.
    evidences: as there.  Half precision gives float64.
    Errors: ValueError for no modality, shapes that differ, negative evidence, NaN.
    Source: as of `combined_evidence`.
    """
    _require_evidences(evidences)
    return _log_concentrations(evidences)


def _log_concentrations(evidences: Sequence[Tensor]) -> Tensor:
    logs = _log_factors(evidences)
    # α = 1 + C (e^l − 1), in a way in which nothing overflows and small evidence is not lost.
    return logs + torch.log1p((logs.shape[1] - 1) * -torch.expm1(-logs))


def _log_factors(evidences: Sequence[Tensor]) -> Tensor:
    """Σ_m log(1 + e_m / C), (B, C)."""
    return torch.stack([torch.log1p(not_half(e) / e.shape[1]) for e in evidences]).sum(0)


def _require_evidences(evidences: Sequence[Tensor]) -> None:
    require_same_batches("evidences", evidences)
    for m, e in enumerate(evidences):
        require_no_negative(f"evidences[{m}]", e)


class Evidential(Fusion):
    """logits = log α of all modalities, whose evidence is e_m = softplus(V_m z_m + c_m).

    A modality that has no evidence for any class changes nothing.
    """

    name = "evidential"

    def __init__(self, widths: Mapping[str, int], num_classes: int) -> None:
        super().__init__(widths, num_classes)
        self.votes = nn.ModuleList(nn.Linear(d, num_classes) for d in widths.values())

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        evidences = list(self.evidences(features).values())
        return _log_concentrations(evidences).to(evidences[0].dtype)

    def evidences(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """e_m by modality, (B, C)."""
        parts = zip(self.widths, self.votes, self.ordered(features), strict=True)
        return {m: F.softplus(vote(z)) for m, vote, z in parts}

    def slices(self) -> Slices:
        """V_m and c_m by modality."""
        return owned(self.votes, self.widths)
