"""A second modality that joins a first one stage by stage, as far as a gate lets it.

Xue and Marculescu, Dynamic Multimodal Fusion (DynMM, 2023), https://arxiv.org/abs/2204.00102,
decisions at the fusion level: one of the branches "joins at no stage" to "joins at every stage" is
chosen per sample, and the second modality's encoder is run no further than that.
"""

import torch
from torch import Tensor

from coursekit.utils.checks import require
from coursekit.utils.tensor_checks import require_batch, require_floats, require_weights


def first_alone_shares(gate: Tensor) -> Tensor:
    """s_k = Σ_{j<k} g_j: which share of a sample has left the second modality by stage k.

    gate g: (B, K), shares of the branches, rows sum to one; branch j joins at the first j stages.
    Returns (B, K − 1), one per stage.
    """
    require_batch("gate", gate, (None, None))
    branches = gate.shape[1]
    require(branches > 1, f"gate has {branches} branch; two or more were expected.")
    return gate.cumsum(1)[:, :-1]


def joined(first: Tensor, second: Tensor, alone: Tensor) -> Tensor:
    """s · first + (1 − s) · (first + second), of their shape: what goes on behind a stage.

    first, second: features of both modalities at this stage, (B, …).  alone s: (B,), one column of
    `first_alone_shares`; where it is 1 the second modality is not needed.
    Errors: ValueError for shapes that differ, NaN, a share beyond 0 to 1.
    """
    require_weights("first", first)
    require_floats("second", second)
    fits = first.ndim > 0 and first.numel() > 0
    require(fits, f"first has shape {tuple(first.shape)}; rows of features were expected.")
    require_batch("second", second, tuple(first.shape))
    require_batch("alone", alone, (len(first),))
    low, high = (float(end) for end in torch.aminmax(alone.detach()))
    fits = low >= 0 and high <= 1 + 1e-2  # sums of shares may be a little above one
    require(fits, f"alone lies in {low} to {high}; shares from 0 to 1 were expected.")
    share = alone.view(-1, *(1,) * (first.ndim - 1))
    return share * first + (1 - share) * (first + second)
