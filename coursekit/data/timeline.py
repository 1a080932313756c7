"""Vectors put on a timeline: each modality shows its vector at one step, and noise at the others.

What the modalities know stays as the generator made it. Only *when* they say it is decided here,
so that a fusion can be asked whether it needs both to speak at the same moment.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from coursekit.data.multimodal import MultimodalData
from coursekit.utils.checks import require, require_count, require_instance, require_share

TIME_STREAM = 2 * 10**6  # keeps these draws apart from those of the generator


def moments(n: int, modalities: int, steps: int, alignment: float, rng: torch.Generator) -> Tensor:
    """Step (N, M) at which each modality speaks, in 0 … steps − 1.

    The first modality's is drawn evenly. Each other one speaks at the same step with probability
    ``alignment``, else at one of the other steps, evenly.
    """
    require_count("n", n, 1)
    require_count("modalities", modalities, 1)
    require_count("steps", steps, 2)
    require_share("alignment", alignment)
    require_instance("rng", rng, torch.Generator)
    first = torch.randint(steps, (n, 1), generator=rng)
    away = torch.randint(1, steps, (n, modalities - 1), generator=rng)
    apart = torch.rand(n, modalities - 1, generator=rng) >= alignment
    return torch.cat([first, (first + away * apart) % steps], dim=1)


def on_timeline(
    data: MultimodalData, steps: int = 4, alignment: float = 1.0, seed: int = 0
) -> MultimodalData:
    """``data`` with inputs (N, D_m) as sequences (N, steps, D_m) of standard normal noise.

    One step holds the vector itself; `moments` says which.  alignment: share of samples in which
    the other modalities speak at the first one's step.  The same seed gives the same data.
    Errors: ValueError for inputs that are no vectors, one step, or alignment outside [0, 1].
    """
    require_instance("data", data, MultimodalData)
    require_count("steps", steps, 2)
    require_count("seed", seed)
    require_share("alignment", alignment)
    for m, x in data.inputs.items():
        shape = tuple(x.shape)
        require(x.ndim == 2, f"inputs[{m!r}] has shape {shape}; vectors (N, D) were expected.")
    rng = torch.Generator().manual_seed(TIME_STREAM + seed)
    n = len(data.labels)
    when = moments(n, len(data.inputs), steps, alignment, rng)
    inputs: Mapping[str, Tensor] = {
        m: _placed(x, when[:, i], steps, rng) for i, (m, x) in enumerate(data.inputs.items())
    }
    return replace(data, inputs=inputs, name=f"{data.name} on a timeline")


def _placed(x: Tensor, when: Tensor, steps: int, rng: torch.Generator) -> Tensor:
    sequence = torch.randn(len(x), steps, x.shape[1], generator=rng)
    sequence[torch.arange(len(x)), when] = x
    return sequence
