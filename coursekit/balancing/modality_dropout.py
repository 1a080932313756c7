"""Modality dropout: now and then a sample has to do without one of its modalities."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.models import Prediction
from coursekit.training.method import Method, Run
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


class ModalityDropout(Method):
    """Joint training in which the fusion does not see the features that are lost. Any fusion."""

    name = "modality-dropout"

    def __init__(self, p: float = 0.6) -> None:
        require_share("p", p)
        self.p = p

    def predict(self, run: Run, inputs: Mapping[str, Tensor]) -> Prediction:
        """The model's prediction on what is left; features stay whole for the heads."""
        features = run.model.encode(inputs)
        n = len(next(iter(features.values())))
        keep = masks(n, len(features), self.p, run.generator)
        left = {m: z * moved(keep[:, i : i + 1], z) for i, (m, z) in enumerate(features.items())}
        return Prediction(run.model.fusion(left), features, run.model.heads)
