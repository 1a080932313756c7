"""G-Blend's loss weights for the answerers, from five epochs of each head by itself."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.balancing.gblend import weights
from coursekit.compare.networks_at_once import NetworksAtOnce
from coursekit.lessons.l12_unimodal_bias.answerer_training import (
    answers_of,
    new_answerers,
    train_answerers,
)
from coursekit.lessons.l12_unimodal_bias.cures import Cure, heads
from coursekit.lessons.l12_unimodal_bias.question_data import Draw

HEADS = ("picture", "question", "joint")
ESTIMATE = 5  # epochs


def blend_weights(draws: Sequence[Draw]) -> Tensor:
    """Weights of the three heads' losses per draw, (K, 3), scaled to sum to three.

    So that a step is as long as with three losses of weight one. Measured on "valid", whose
    pictures do not train.
    """
    before, after = [], []
    for head in HEADS:
        before.append(_losses(new_answerers(draws).eval(), draws, head))
        trained = train_answerers(draws, Cure(heads({head: 1.0})), epochs=ESTIMATE)
        after.append(_losses(trained, draws, head))
    b, a = torch.stack(before, -1), torch.stack(after, -1)  # (K, 2, heads): train, valid
    per_draw = [
        weights(old[0], old[1], new[0], new[1], rule="safe") for old, new in zip(b, a, strict=True)
    ]
    return len(HEADS) * torch.stack(per_draw)


def blended(draws: Sequence[Draw]) -> tuple[Cure, Tensor]:
    """The cure with these weights, and the weights (K, 3)."""
    blend = blend_weights(draws)
    return Cure(heads(dict(zip(HEADS, blend.float().T, strict=True)))), blend


def _losses(networks: NetworksAtOnce, draws: Sequence[Draw], head: str) -> Tensor:
    """Cross entropy of one head on train and valid, (K, 2)."""
    both = []
    for split in ("train", "valid"):
        splits = [one.splits[split] for one in draws]
        logits = answers_of(networks, splits)[head]
        losses = [
            F.cross_entropy(own.double(), seen.questions.answer)
            for own, seen in zip(logits, splits, strict=True)
        ]
        both.append(torch.stack(losses))
    return torch.stack(both, -1)
