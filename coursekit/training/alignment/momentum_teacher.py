"""A slow copy of a model, and a queue of what it made of earlier pairs."""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.models.pair_network import PICTURE, TEXT
from coursekit.models.two_tower import TwoTower
from coursekit.training.method import Run
from coursekit.training.momentum_distillation import follow
from coursekit.training.pair_queue import PairQueue
from coursekit.utils.checks import require_count, require_share


class MomentumTeacher(nn.Module):
    """Follows the model of a training; what it says gets no gradient.

    A module, so that a checkpoint of the training holds its weights and its queue.

    momentum: m, how much of the teacher stays in a step.  queue: how many earlier pairs it keeps
    the places of; 0 for none.
    """

    def __init__(self, run: Run, momentum: float, queue: int = 0) -> None:
        super().__init__()
        require_share("momentum", momentum)
        require_count("queue", queue, 0)
        self.momentum = momentum
        self.model = copy.deepcopy(run.model).requires_grad_(False)
        width = self.network.maps[PICTURE].out_features
        drawn = torch.Generator().manual_seed(run.seed)
        places = PairQueue(queue, int(width), drawn)  # type: ignore[arg-type]
        self.queue = places.to(next(run.model.parameters()))

    @property
    def network(self) -> TwoTower:
        """Its own two towers' fusion."""
        assert isinstance(self.model.fusion, TwoTower)
        return self.model.fusion

    def follow(self, run: Run) -> None:
        """One step towards the model, as it is before this step's gradient."""
        follow(self.model, run.model, self.momentum)

    @torch.no_grad()
    def features(self, run: Run, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Patches or words as the teacher encodes them, (B, T_m, W) by modality."""
        with run.engine.running(self.model):
            return {m: self.model.feature(m, x) for m, x in inputs.items()}

    @torch.no_grad()
    def word_logits(self, patches: Tensor, words: Tensor) -> Tensor:
        """What it would guess at every place, (B, L, V), of what it encoded."""
        fused, _ = self.network.fuse(patches, words)
        return self.network.word_logits(fused)

    @torch.no_grad()
    def places(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Places of pictures and texts in the common space, (B, common) each."""
        places = self.network.places(features)
        return places[PICTURE], places[TEXT]
