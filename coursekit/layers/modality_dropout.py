"""Modality dropout: now and then a sample has to do without one of its modalities.

Of inputs it is in `coursekit.models.fusion_stage`, before the encoders; of features in the method
`coursekit.balancing.modality_dropout`, before the fusion.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.utils.checks import require_count, require_share
from coursekit.utils.devices import moved


def masks(n: int, modalities: int, p: float, generator: torch.Generator | None = None) -> Tensor:
    """(n, M) of ones and zeros: with probability p a sample loses one of its modalities.

    Each is equally likely.  n: samples.  p: in [0, 1].  All are lost only where there is but one.
    """
    require_count("n", n, 1)
    require_count("modalities", modalities, 1)
    require_share("p", p)
    lose = torch.rand(n, generator=generator) < p
    which = torch.randint(modalities, (n,), generator=generator)
    keep = torch.ones(n, modalities)
    keep[lose, which[lose]] = 0
    return keep


def without_some(
    parts: Mapping[str, Tensor], p: float, generator: torch.Generator | None = None
) -> dict[str, Tensor]:
    """``parts`` (N, …) by modality, zeros where `masks` says that a sample has lost one.

    parts: inputs or features of the same N samples; what stays is not scaled. None, nothing to
    lose: whoever reads them says what is wrong with that.
    """
    n = len(next(iter(parts.values())))
    if n == 0:
        return dict(parts)
    return what_is_kept(parts, masks(n, len(parts), p, generator))


def what_is_kept(parts: Mapping[str, Tensor], keep: Tensor) -> dict[str, Tensor]:
    """``parts`` (N, …) by modality, zeros where ``keep`` has 0: (N, M) of 1 and 0, on the CPU."""
    return {
        m: x * moved(keep[:, i].reshape(len(keep), *[1] * (x.ndim - 1)), x)
        for i, (m, x) in enumerate(parts.items())
    }
