"""Data remixing: each sample is shown to the modality that is least sure of it, and to no other.

The others get no gradient of it. What an optimiser moves without one goes on all the same.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from coursekit.balancing.multi_loss import MultiLoss
from coursekit.layers.modality_dropout import what_is_kept
from coursekit.models import Prediction
from coursekit.training.method import Neutral, Run, Step
from coursekit.utils.checks import require, require_count
from coursekit.utils.precision import HALF, not_half
from coursekit.utils.tensor_checks import require_batch, require_tensors

LEAST = 1e-9  # probabilities below it count as this much, as in the released code
ROUNDED, HALF_ROUNDED = 1e-4, 0.01  # how far from 1 a row may add up to, by its precision


def bits_from_uniform(probs: Tensor) -> Tensor:
    """Σ_c p_c log2(C p_c), the divergence KL(p ‖ uniform) in bits, (N,): 0 is no idea at all.

    probs p: (N, C), rows sum to one; log2 C is the most, less 1e-9 or so for the floor under p.
    Half precision gives float64.
    Errors: ValueError for another shape, no rows, NaN, rows that are no probabilities.
    Source: [Ma and colleagues 2025](https://arxiv.org/abs/2506.11550), section on remixing.
    """
    require_batch("probs", probs, (None, None))
    p = not_half(probs)
    slack = HALF_ROUNDED if probs.dtype in HALF else ROUNDED
    fits = bool((p >= 0).all() and ((p.sum(1) - 1).abs() < slack).all())
    require(fits, "probs has rows that are no probabilities; softmax was expected before.")
    p = p.clamp(LEAST, 1)
    return (p * (p.log2() + math.log2(p.shape[1]))).sum(1)


def least_sure(logits: Sequence[Tensor]) -> Tensor:
    """The place of the modality whose own prediction is nearest to uniform, (N,); a tie: the last.

    logits: (N, C) each, of each modality by itself.  Half precision is compared in float64.
    Errors: ValueError for no modality, shapes that differ, no rows, NaN.
    Source: as of `bits_from_uniform`.
    """
    require_tensors("logits", logits)
    for m, x in enumerate(logits):
        require_batch(f"logits[{m}]", x, tuple(logits[0].shape) if m else (None, None))
    bits = torch.stack([bits_from_uniform(not_half(x).softmax(1)) for x in logits])
    return len(logits) - 1 - bits.flip(0).argmin(0)


class Remix(MultiLoss):
    """Multi-loss; after the warm-up batches are of one modality, the one that has most to learn.

    Any fusion. Before every epoch each row goes to one modality; then come all batches of the last
    modality, shuffled, and so on to the first. In a batch the features of the others are zero, and
    the loss is that of the joint head and of the modality's own. The others' gradients are zeros,
    not missing: momentum and weight decay go on moving their encoders and heads, and their batch
    norms count every batch, for whole features are computed. An epoch still has every row once, in
    M − 1 steps more at most; a modality's only batch that is too small for batch norm goes to the
    modality that has most rows. Weights are one throughout; the paper's are ½ for the own losses in
    the warm-up.
    warm_up: epochs before it acts; the paper: 10.
    """

    name = "remix"
    neutral = Neutral({"warm_up": 10**9}, "multi-loss")

    def __init__(self, warm_up: int = 10) -> None:
        require_count("warm_up", warm_up)
        self.warm_up = warm_up

    def begin(self, run: Run) -> None:
        """Nobody has rows of its own yet."""
        self.owner: Tensor | None = None
        self.whose: list[str] = []

    def begin_epoch(self, run: Run) -> None:
        """Give every row to one modality."""
        if run.epoch > self.warm_up:
            with torch.no_grad():
                own = run.predict(run.train).unimodal
            self.owner = least_sure(list(own.values())).cpu()

    def batches(self, run: Run, order: torch.Generator) -> list[Tensor]:
        """The last modality's, then those of the one before, and so on; whose is remembered."""
        if self.owner is None:
            return super().batches(run, order)
        owner = _without_remnants(self.owner, len(run.model.modalities), run.least)
        drawn = torch.randperm(len(owner), generator=order)
        parts: list[Tensor] = []
        for m, name in reversed(list(enumerate(run.model.modalities))):
            rows = drawn[owner[drawn] == m]
            own = run.parts(rows) if len(rows) else []
            self.whose += [name] * len(own)
            parts += own
        return parts

    def end_epoch(self, run: Run) -> None:
        """Forget whose the rows were, which no checkpoint has to store."""
        self.owner, self.whose = None, []

    def predict(self, run: Run, inputs: Mapping[str, Tensor]) -> Prediction:
        """The joint logits with one modality's features alone; the heads read whole ones."""
        model = run.model
        if not self.whose:
            return model(inputs)
        features = model.encode(inputs)
        rows = len(next(iter(features.values())))
        alone = torch.tensor([[float(m == self.whose[run.batch - 1]) for m in features]])
        given = what_is_kept(features, alone.expand(rows, -1))
        return Prediction(model.fusion(given), features, model.heads)

    def weights(self, step: Step) -> Mapping[str, float]:
        """1 for the joint head and for that whose batch it is, 0 for others; all in the warm-up."""
        weights = dict(super().weights(step))
        if self.whose:
            own = self.whose[step.batch - 1]
            weights |= {m: float(m == own) for m in step.run.model.modalities}
        return weights


def _without_remnants(owner: Tensor, modalities: int, least: int) -> Tensor:
    """Owners (N,) in which nobody has some rows but fewer than ``least``."""
    counts = owner.bincount(minlength=modalities)
    small = (counts < least)[owner]
    return torch.where(small, counts.argmax(), owner)
