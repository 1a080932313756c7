"""ReconBoost: one modality at a time fits what the others lack, then all are put right together."""

import warnings
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from coursekit.balancing.ensemble import OfHeads, answer_by
from coursekit.training.method import JOINT, Method, Run, Step, slots_of
from coursekit.utils.checks import require, require_count, require_not_negative, require_positive
from coursekit.utils.precision import finite_logs, not_half
from coursekit.utils.tensor_checks import require_batch, require_labels, within_range


def boosting_losses(
    logits: Tensor, rest: Tensor, labels: Tensor, label_weight: float, residual_weight: float
) -> Tensor:
    """(−w₁ log p_y + w₂ q_y log p_y) / C, p = softmax(logits), q = softmax(rest), by sample.

    Where the others are sure of the label already, less of it is left for this modality.
    logits: (B, C), of the modality that is trained.  rest: (B, C), the weighted sum of the others'
    logits, which gets no gradient; zeros where there is nobody else yet.  labels: (B,) in
    0 … C − 1.  label_weight w₁ and residual_weight w₂: 0 or more, and w₂ at most w₁: above it a
    sample that the others know would be paid for being wrong. Returns (B,); half precision gives
    float64.
    Errors: ValueError for such weights, shapes that differ, NaN, labels outside the classes, losses
    too large for a number.
    Source: [Hua and colleagues 2024](https://arxiv.org/abs/2405.09321), with the division by C of
    their code.
    """
    require_batch("logits", logits, (None, None))
    require_batch("rest", rest, tuple(logits.shape))
    require_labels("labels", labels, *logits.shape)
    require_not_negative("label_weight", label_weight)
    _require_residual(residual_weight, label_weight)
    losses = _boosting_losses(logits, rest, labels, label_weight, residual_weight)
    return within_range("boosting_losses", losses)


def _require_residual(residual_weight: float, label_weight: float) -> None:
    require_not_negative("residual_weight", residual_weight)
    sentence = f"residual_weight is {residual_weight}, label_weight {label_weight}"
    fits = residual_weight <= label_weight
    require(fits, f"{sentence}; a residual_weight of at most label_weight was expected.")


def _boosting_losses(
    logits: Tensor, rest: Tensor, labels: Tensor, label_weight: float, residual_weight: float
) -> Tensor:
    column, classes = labels[:, None], logits.shape[1]
    surprise = -finite_logs(not_half(logits).log_softmax(1).gather(1, column)[:, 0])
    known = not_half(rest.detach()).softmax(1).gather(1, column)[:, 0]
    return (label_weight - residual_weight * known) / classes * surprise


def agreement(logits: Tensor, previous: Tensor) -> Tensor:
    """Mean over samples and classes of (softmax(logits) − softmax(previous))², a scalar.

    logits: (B, C), of the modality that is trained.  previous: (B, C), of the one trained in the
    stage before, which gets no gradient.  Half precision gives float64.
    Errors: ValueError for shapes that differ, no rows, NaN.
    Source: [Hua and colleagues 2024](https://arxiv.org/abs/2405.09321). The released code lets no
    gradient through to either of them, so that the term is a number in a log there.
    """
    require_batch("logits", logits, (None, None))
    require_batch("previous", previous, tuple(logits.shape))
    return _agreement(logits, previous)


def _agreement(logits: Tensor, previous: Tensor) -> Tensor:
    apart = not_half(logits).softmax(1) - not_half(previous.detach()).softmax(1)
    return apart.square().mean()


def stage_at(epoch: int, boosting: int, rectifying: int) -> tuple[int, bool]:
    """Which stage an epoch belongs to, from 0, and whether it rectifies.

    epoch: from 1.  boosting, rectifying: how many epochs of each a stage has, in this order.
    Errors: TypeError for what is no whole number, ValueError for an epoch or boosting below 1, or
    rectifying below 0.
    Source: as of `agreement`; the paper's two steps of a stage, with as many epochs each in their
    code.
    """
    require_count("epoch", epoch, 1)
    require_count("boosting", boosting, 1)
    require_count("rectifying", rectifying)
    stage, within = divmod(epoch - 1, boosting + rectifying)
    return stage, within >= boosting


class SumOfHeads(OfHeads):
    """rate · Σ_m head_m(z_m) over the modalities that have joined; the rate is learnt."""

    def __init__(self, heads: nn.ModuleDict, widths: Mapping[str, int], num_classes: int) -> None:
        super().__init__(heads, widths, num_classes)
        like = next(heads.parameters()).detach()
        self.rate = nn.Parameter(like.new_ones(()))
        self.joined: Tensor
        self.register_buffer("joined", like.new_zeros(len(widths)))  # goes with the best weights

    def combined(self, logits: Sequence[Tensor]) -> Tensor:
        """The sum, (…, C) each → (…, C)."""
        return self.rate * self.without(logits, None)

    def without(self, logits: Sequence[Tensor], left_out: int | None) -> Tensor:
        """Σ over those that have joined but one, without the rate."""
        terms = [self.joined[m] * x for m, x in enumerate(logits) if m != left_out]
        return torch.stack(terms).sum(0)


class NeverJoins(UserWarning):
    """A training is too short for ReconBoost to come to every modality."""


class ReconBoost(Method):
    """Stage t: modality t mod M alone fits the residual of those before; then all, by joint CE.

    In the boosting epochs encoder and head of one modality move, by `boosting_losses` and α times
    its `agreement` with the modality of the stage before; in the rectifying epochs all that have
    joined, and the rate. Each modality has a head of its own, the answer is their sum × rate
    (the paper's models share a head); whatever fusion the model had is dropped. The optimiser and
    its momentum go on from stage to stage. The batch norms of encoders that are not trained stand
    still, and answer by their running statistics. `NeverJoins` warns where the epochs are too few
    for every modality to join.
    label_weight w₁, residual_weight w₂ ≤ w₁, agree α: weights of the terms.  boosting, rectifying:
    epochs per stage.
    """

    name = "reconboost"
    fusions = ()
    neutral = None
    never_neutral = "A stage begins with epochs in which one modality alone is trained."
    identity_test = "tests/balancing/test_reconboost.py::test_two_stages_written_by_hand"

    def __init__(
        self,
        label_weight: float = 5.0,
        residual_weight: float = 1.0,
        agree: float = 0.5,
        boosting: int = 4,
        rectifying: int = 4,
    ) -> None:
        require_positive("label_weight", label_weight)
        _require_residual(residual_weight, label_weight)
        require_not_negative("agree", agree)
        require_count("boosting", boosting, 1)
        require_count("rectifying", rectifying)
        self.label_weight, self.residual_weight, self.agree = label_weight, residual_weight, agree
        self.boosting, self.rectifying = boosting, rectifying

    def begin(self, run: Run) -> None:
        """The sum of the heads answers; warn of who will never be part of it."""
        modalities = list(run.model.modalities)
        sentence = f"the model reads {modalities}; ReconBoost needs two modalities or more."
        require(len(modalities) > 1, sentence)
        answer_by(SumOfHeads, run.model)
        length, wanted = self.boosting + self.rectifying, run.settings.epochs
        late = modalities[stage_at(wanted, self.boosting, self.rectifying)[0] + 1 :]
        if late:
            last = (len(modalities) - 1) * length + 1
            warnings.warn(
                f"Method {self.name!r} leaves out {late} for good: a stage has {length} epochs, "
                f"each modality joins with one, and the epochs are {wanted}. {last} let all join, "
                f"{len(modalities) * length} give each a whole stage.",
                NeverJoins,
                stacklevel=2,
            )

    def begin_epoch(self, run: Run) -> None:
        """The modality of the stage joins those of the stages before."""
        stage, _ = self._stage(run)
        fusion = run.model.fusion
        assert isinstance(fusion, SumOfHeads)
        fusion.joined[: stage + 1] = 1

    def _stage(self, run: Run) -> tuple[int, bool]:
        return stage_at(run.epoch, self.boosting, self.rectifying)

    def turns(self, run: Run) -> Sequence[str | None]:
        """The modality of the stage, or everybody while all are rectified.

        Batch norms of the encoders that are not trained stand still from here on.
        """
        stage, rectifies = self._stage(run)
        model = run.model
        now = model.modalities[stage % len(model.modalities)]
        trained = model.modalities[: stage + 1] if rectifies else (now,)
        moving = {norm for m in trained for norm in _batch_norms(model.encoders[m])}
        for norm in _batch_norms(model.encoders):
            if norm not in moving:
                norm.eval()  # for the epoch: layers that are computed again must be as they were
        return (None if rectifies else now,)

    def end_epoch(self, run: Run) -> None:
        """Everything as it was when the epoch began."""
        run.model.train()

    def weights(self, step: Step) -> Mapping[str, float]:
        """1 for the head whose turn it is, or the joint one."""
        return {step.run.turn or JOINT: 1.0}

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """The loss of the stage's modality, or the joint cross-entropy."""
        stage, _ = self._stage(step.run)
        if step.run.turn is None:
            return super().loss(step, weights)
        fusion = step.run.model.fusion
        assert isinstance(fusion, SumOfHeads)
        logits = list(step.prediction.unimodal.values())
        now, before = stage % len(logits), (stage - 1) % len(logits)
        rest = fusion.rate * fusion.without(logits, now)
        own = self.label_weight, self.residual_weight
        loss = _boosting_losses(logits[now], rest, step.labels, *own).mean()
        return loss if stage == 0 else loss + self.agree * _agreement(logits[now], logits[before])

    def backward(self, step: Step, loss: Tensor) -> None:
        """The gradient; who has not joined has none, so that no decay moves it."""
        super().backward(step, loss)
        model, (stage, _) = step.run.model, self._stage(step.run)
        for m in model.modalities[stage + 1 :]:
            for p, _ in slots_of(model, m):
                p.grad = None


def _batch_norms(module: nn.Module) -> list[nn.Module]:
    return [norm for norm in module.modules() if isinstance(norm, _BatchNorm)]
