"""EMAP: the part of a model's logits that is a sum of one function a modality.

Hessel & Lee 2020, "Does my multimodal model learn cross-modal interactions?", equation 5; the
projection of a function on sums of one-variable functions is Hoeffding's (functional ANOVA).
"""

import torch
from torch import Tensor

from coursekit.checks import require, require_weights


def project(grid: Tensor) -> Tensor:
    """Logits of the nearest additive function at the N real samples, (N, C).

    grid: (N, N, C) for two modalities, (N,)*M + (C,) for M; grid[i, j, c] is the logit of class c
    for sample i's first and sample j's second modality.  With f for the grid and E for the mean
    over all N choices, the sample itself among them:

        P_i = Σ_m E_{others of m}[f](i) − (M − 1) E[f]

    The dtype stays.  Errors: TypeError when the grid is no floating-point tensor, ValueError when
    it is not square, empty, of rank below three or not finite.
    """
    require_weights("grid", grid)
    shape = tuple(grid.shape)
    want = "(N, N, C), or one more N for each further modality,"
    require(grid.ndim >= 3, f"grid has shape {shape}; {want} was expected.")
    require(grid.numel() > 0, f"grid has shape {shape}; {want} with N, C ≥ 1 was expected.")
    square = len(set(shape[:-1])) == 1
    same = (shape[0],) * (grid.ndim - 1) + shape[-1:]
    require(square, f"grid has shape {shape}; {same}, all samples on every axis, was expected.")
    axes = range(grid.ndim - 1)
    alone = [grid.mean(dim=[a for a in axes if a != m]) for m in axes]  # (N, C) each
    return torch.stack(alone).sum(dim=0) - (len(alone) - 1) * grid.mean(dim=list(axes))
