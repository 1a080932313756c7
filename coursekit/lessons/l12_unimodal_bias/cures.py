"""The cures of lesson 12: what each puts in the place of plain cross entropy, and into the batch.

A cure is a function of what the networks answer and of the batch; it gives a loss per network.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import torch
from torch import Tensor

from coursekit.lessons.l12_unimodal_bias.answerer import Answers
from coursekit.training.answer_prior import answer_prior, inverse_count_weights
from coursekit.training.bias_ensembles import (
    cross_entropy,
    mixin_loss,
    product_loss,
    reweighted_loss,
)
from coursekit.training.rubi import rubi_loss

Batch = Mapping[str, Tensor]  # answers (K, B), log_bias (K, B, A), weight (K, B)
Loss = Callable[[Answers, Batch], Tensor]


@dataclass(frozen=True)
class Cure:
    """loss: gives (K,).  head: which answers at test.  balanced: batches drawn by 1/n.

    neutral: how the bias model treats answers that do not occur with a key.  detach: RUBi's mask.
    paced: steps as long as MLB's rule says.
    """

    loss: Loss
    head: str = "joint"
    balanced: bool = False
    neutral: bool = True
    detach: bool = True
    paced: bool = False


def heads(weights: Mapping[str, float | Tensor]) -> Loss:
    """Cross entropies of several heads, times their weights, numbers or (K,)."""

    def loss(answers: Answers, batch: Batch) -> Tensor:
        parts = [w * cross_entropy(answers[head], batch["answers"]) for head, w in weights.items()]
        return torch.stack(parts).sum(0)

    return loss


def weighted(answers: Answers, batch: Batch) -> Tensor:
    """Cross entropy, each question times its weight 1/n."""
    logs = answers["joint"].log_softmax(-1)
    own = logs.gather(-1, batch["answers"][..., None]).squeeze(-1)
    return -(batch["weight"] * own).mean(-1)


def reweighted(answers: Answers, batch: Batch) -> Tensor:
    """Questions that the bias answers rightly count less."""
    return reweighted_loss(answers["joint"], batch["log_bias"], batch["answers"])


def product(answers: Answers, batch: Batch) -> Tensor:
    """The product with the bias."""
    return product_loss(answers["joint"], batch["log_bias"], batch["answers"])


def mixin(answers: Answers, batch: Batch, entropy_weight: float = 0.0) -> Tensor:
    """Learned-mixin, with entropy or without."""
    bias, factor = batch["log_bias"], answers["factor"]
    return mixin_loss(answers["joint"], bias, factor, batch["answers"], entropy_weight)


def rubi(answers: Answers, batch: Batch) -> Tensor:
    """Masked logits and the mask's own."""
    return rubi_loss(answers["masked"], answers["mask's own"], batch["answers"])


CURES: Mapping[str, Cure] = MappingProxyType(
    {
        "joint": Cure(heads({"joint": 1.0})),
        "question only": Cure(heads({"question": 1.0}), head="question"),
        "picture only": Cure(heads({"picture": 1.0}), head="picture"),
        "both alone": Cure(heads({"picture": 1.0, "question": 1.0})),
        "loss per modality": Cure(heads({"joint": 1.0, "picture": 1.0, "question": 1.0})),
        "MLB": Cure(heads({"joint": 1.0, "picture": 1.0, "question": 1.0}), paced=True),
        "RUBi": Cure(rubi),
        "RUBi, not detached": Cure(rubi, detach=False),
        "reweight": Cure(reweighted, neutral=False),
        "weights 1/n": Cure(weighted),
        "balanced sampling": Cure(heads({"joint": 1.0}), balanced=True),
        "product": Cure(product),
        "learned-mixin": Cure(mixin),
        "learned-mixin +H .03": Cure(partial(mixin, entropy_weight=0.03)),
        "learned-mixin +H .1": Cure(partial(mixin, entropy_weight=0.1)),
        "learned-mixin +H .36": Cure(partial(mixin, entropy_weight=0.36)),
        "learned-mixin +H 1": Cure(partial(mixin, entropy_weight=1.0)),
        "product, impossible answers 0": Cure(product, neutral=False),
    }
)


def training_batch(keys: Tensor, answers: Tensor, sizes: tuple[int, int], neutral: bool) -> Batch:
    """What cures read of one network's training questions, (N, …) each.

    sizes: how many keys and answers there are.
    """
    prior = answer_prior(keys, answers, *sizes, neutral=neutral)
    return {
        "answers": answers,
        "log_bias": prior[keys].log().float(),
        "weight": inverse_count_weights(keys, answers).float(),
    }
