"""MLB's rule on networks that train at once: the modality ahead steps shorter, the other longer."""

import torch
from torch import Tensor

from coursekit.balancing.mlb import pace
from coursekit.compare.networks_at_once import NetworksAtOnce
from coursekit.lessons.l12_unimodal_bias.answerer import WIDTH, Answers

ALPHA, BETA_MAX = 2.0, 8.0  # the defaults of `coursekit.balancing.mlb.MLB`
MODALITIES = ("picture", "question")
PARTS = {"picture": ("see.", "picture_head."), "question": ("read.", "question_head.")}


class PacedSteps:
    """Multiply what a step has changed, per network and modality, by the k of lesson 08's MLB.

    A modality's parts are its encoder, its head, and its columns of the joint head.
    """

    def __init__(self, networks: NetworksAtOnce) -> None:
        self.stacked = networks.stacked

    def remember(self) -> None:
        """The weights before a step."""
        self.before = {name: value.detach().clone() for name, value in self.stacked.items()}

    @torch.no_grad()
    def rescale(self, answers: Answers, labels: Tensor) -> None:
        """After the step: begin anew and go k times as far.  labels: (K, B)."""
        every = pace(scores(answers, labels), torch.tensor(ALPHA), torch.tensor(BETA_MAX))
        for place, modality in enumerate(MODALITIES):
            k = every[:, place]
            for name, value in self.stacked.items():
                if name.startswith(PARTS[modality]):
                    _stretch(value, self.before[name], k)
            columns = slice(place * WIDTH, (place + 1) * WIDTH)
            own = self.stacked["answer.weight"][..., columns]
            _stretch(own, self.before["answer.weight"][..., columns], k)


def scores(answers: Answers, labels: Tensor) -> Tensor:
    """Sum over the batch of each head's probability of the right answer, (K, 2)."""
    shares = [answers[m].softmax(-1).gather(-1, labels[..., None]) for m in MODALITIES]
    return torch.stack([share.sum((1, 2)) for share in shares], dim=1).detach()


def _stretch(now: Tensor, before: Tensor, k: Tensor) -> None:
    k = k.reshape(-1, *[1] * (now.ndim - 1))
    now.copy_(before + k * (now - before))
