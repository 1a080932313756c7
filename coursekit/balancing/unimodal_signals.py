"""What each modality says by itself, for any fusion, without changing what is learnt."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.fusion.base import Fusion
from coursekit.models import MultimodalClassifier, Prediction
from coursekit.training.method import Method, Step


def is_additive(model: MultimodalClassifier, features: Mapping[str, Tensor]) -> bool:
    """True when the joint logits are a sum of one term per modality."""
    fusion = model.fusion
    head = fusion.split(features) if isinstance(fusion, Fusion) else None
    return head is not None and head.activation is None


def own_logits(model: MultimodalClassifier, prediction: Prediction) -> dict[str, Tensor]:
    """Logits (B, C) by modality.

    An additive fusion gives them itself, W_m z_m + b/M (Peng and colleagues 2022, section 3.2). For
    any other the modality's own head speaks, which has to be trained along: see `Listening`.
    """
    return logits_of(model, prediction.features)


def logits_of(model: MultimodalClassifier, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`own_logits` of features (B, D_m) by modality, whatever the fusion made of them."""
    fusion = model.fusion
    assert isinstance(fusion, Fusion)
    features = {m: z.detach() for m, z in features.items()}
    head = fusion.split(features)
    if head is None or head.activation is not None:
        return {m: model.heads[m](z) for m, z in features.items()}
    nothing = torch.zeros_like(head.parts[0])
    shared = head.readout(nothing) / len(head.parts)  # b/M
    parts = dict(zip(fusion.widths, head.parts, strict=True))  # in the fusion's own order
    return {m: parts[m] + shared for m in features}


class Listening(Method):
    """Joint training with heads that listen: trained on features through which no gradient flows.

    So a method has unimodal scores for every fusion, and encoders learn as if it had none: the
    heads' gradients are clipped each by itself, and shorten nobody else's.
    """

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """The weighted losses, and the listening heads' own where the fusion is not additive."""
        loss = super().loss(step, weights)
        if is_additive(step.run.model, step.prediction.features):
            return loss
        heard = own_logits(step.run.model, step.prediction).values()
        return loss + torch.stack([F.cross_entropy(x, step.labels) for x in heard]).sum()

    def clip(self, step: Step, largest: float) -> None:
        """Encoders and fusion together, every listening head by itself."""
        model = step.run.model
        if is_additive(model, step.prediction.features):
            super().clip(step, largest)
            return
        nn.utils.clip_grad_norm_(
            [*model.encoders.parameters(), *model.fusion.parameters()], largest
        )
        for head in model.heads.values():
            nn.utils.clip_grad_norm_(head.parameters(), largest)
