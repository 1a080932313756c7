"""Gradient-Blending: loss weights from what each head generalised and what it overfitted."""

import copy
import warnings
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.data.multimodal import Split
from coursekit.models import MultimodalClassifier, Prediction
from coursekit.training.classes import OneSided
from coursekit.training.engine import AnySplit
from coursekit.training.evaluate import predict
from coursekit.training.loop import fit
from coursekit.training.method import JOINT, Method, Run, Step
from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_finite,
    require_instance,
    require_modality,
)
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import NoValue, require_batch, require_labels

LEAST_GAIN = 1e-4  # the safe rule's floors; see `weights`
LEAST_OVERFITTING = 0.02
LEAST_WEIGHT = 0.05
RULES = ("paper", "safe")


def weights(
    train_before: Tensor,
    valid_before: Tensor,
    train_after: Tensor,
    valid_after: Tensor,
    rule: str = "paper",
) -> Tensor:
    """w_k = (1/Z) G_k / O_k², Z = Σ_k G_k / O_k², so that Σ w_k = 1.

    G_k = valid_before − valid_after is what head k generalised between two checkpoints (how far its
    validation loss fell), O_k = (valid − train)(after) − (valid − train)(before) what it
    overfitted.
    The four losses: (K,) each, means over samples and not sums over batches, the joint head last.
    Returns (K,).

    rule: "paper" is the formula as it stands: G_k < 0 gives a negative weight, O_k near 0 a huge
    one.  "safe" puts floors under both, G_k ≥ 1e-4 and |O_k| ≥ 0.02, and gives every head at least
    0.05: w ← 0.05 + (1 − 0.05 K) w.
    Half precision gives float64.
    Errors: ValueError for shapes that differ, NaN, losses too far apart for a number, or, under the
    paper's rule, O_k = 0 or Z = 0.
    Source: [Wang, Tran, Feiszli 2020](https://arxiv.org/abs/1905.12681), proposition 1; the safe
    rule is ours. The weights sum to one, those of the multi-loss to K: at one learning rate a blend
    takes the shorter steps.
    """
    choose("rule", rule, RULES)
    gain, overfitting = ogr_parts(train_before, valid_before, train_after, valid_after)
    k = len(gain)
    if rule == "safe":
        require(k * LEAST_WEIGHT < 1, f"train_before has {k} heads; fewer than 20 were expected.")
        overfitting = overfitting.abs().clamp_min(LEAST_OVERFITTING)
        raw = _raw(gain.clamp_min(LEAST_GAIN), overfitting)
        return LEAST_WEIGHT + (1 - k * LEAST_WEIGHT) * raw / raw.sum()
    zero = torch.nonzero(overfitting == 0).flatten().tolist()
    hint = 'rule="safe" has a floor there'
    if zero:
        raise NoValue(f"O is 0 for the heads {zero}, a weight would be infinite; {hint}.", zero)
    raw = _raw(gain, overfitting)
    if not bool(raw.sum() != 0):
        raise NoValue(f"The sum of G/O² is 0, the weights have no scale; {hint}.")
    return raw / raw.sum()


def _raw(gain: Tensor, overfitting: Tensor) -> Tensor:
    """G/O², up to a factor that all have: of 1 unless a number on the way would be none."""
    raw = gain / overfitting.square()
    fair = bool(raw.sum().isfinite()) and bool(((raw != 0) | (gain == 0)).all())
    if fair:
        return raw
    least, most = overfitting.abs().min(), gain.abs().max()
    return (gain / most) / len(gain) * (least / overfitting).square()


def ogr_parts(
    train_before: Tensor, valid_before: Tensor, train_after: Tensor, valid_after: Tensor
) -> tuple[Tensor, Tensor]:
    """Generalisation gained G and overfitting gained O, (K,) each; OGR² = (O/G)².

    Arguments as in `weights`; half precision gives float64.  Errors: ValueError for shapes that
    differ, NaN, or losses too far apart for a number.
    Source: [Wang, Tran, Feiszli 2020](https://arxiv.org/abs/1905.12681), section 3.1.
    """
    require_batch("train_before", train_before, (None,))
    after = (("train_after", train_after), ("valid_after", valid_after))
    for name, losses in (("valid_before", valid_before), *after):
        require_batch(name, losses, (len(train_before),))
    four = (train_before, valid_before, train_after, valid_after)
    train_before, valid_before, train_after, valid_after = (not_half(x) for x in four)
    gain = valid_before - valid_after
    overfitting = (valid_after - train_after) - (valid_before - train_before)
    beyond = torch.nonzero(~(gain + overfitting).isfinite()).flatten().tolist()
    if beyond:
        raise NoValue(f"The losses of the heads {beyond} are too far apart for a number.", beyond)
    return gain, overfitting


class OneHead(Method):
    """Train one head by itself: w is 1 for it and nothing for the others."""

    def __init__(self, head: str = JOINT) -> None:
        if head != JOINT:
            require_modality("head", head)
        self.head = head

    def weights(self, step: Step) -> Mapping[str, float]:
        """1 for the one head."""
        return {self.head: 1.0}


class GBlendOffline(Method):
    """Estimate once, from heads trained alone from the start; then train on the fixed blend.

    epochs N: how long each head trains for the estimate (too short measures the wrong thing).
    held: share of the training rows that only measure generalisation, so that the split which
    selects is not used.  rule: see `weights`.  Any fusion.
    """

    name = "gblend-offline"
    keeps = ("blend",)
    neutral = None
    never_neutral = "Its weights are estimated, and sum to one under every setting."
    identity_test = "tests/balancing/test_identities.py::test_it_is_training_with_fixed_weights"

    def __init__(self, epochs: int = 10, held: float = 0.25, rule: str = "safe") -> None:
        require_count("epochs", epochs, 1)
        _require_held(held)
        self.epochs, self.held, self.rule = epochs, held, choose("rule", rule, RULES)

    def begin(self, run: Run) -> None:
        """Divide the training rows."""
        self.fitted, self.measured = divide(run.train, self.held, run.generator)
        classes = len(self.fitted.labels.unique())
        left = (
            f"held is {self.held}, which leaves {len(self.fitted)} rows of {classes} class to fit"
        )
        require(classes > 1, f"{left}; two classes or more were expected.")

    def start(self, run: Run) -> None:
        """Estimate."""
        self.blend = self.estimate(run)

    def estimate(self, run: Run) -> dict[str, float]:
        """Weights by head, from copies of the model as it is now, each trained for one head."""
        heads = (*run.model.modalities, JOINT)
        settings = replace(run.settings, epochs=self.epochs, keep_best=False)
        parts = (self.fitted, self.measured)
        before, after = [], []
        for head in heads:
            model = copy.deepcopy(run.model)
            before.append([loss_of(run.predict(x, model), x.labels, head) for x in parts])
            method = OneHead(head)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", OneSided)  # said of train and valid already
                fit(model, *parts, settings, seed=run.seed, method=method, engine=run.engine)
            after.append([loss_of(run.predict(x, model), x.labels, head) for x in parts])
        b, a = (torch.tensor(x, dtype=torch.float64).T for x in (before, after))
        return dict(zip(heads, weights(b[0], b[1], a[0], a[1], self.rule).tolist(), strict=True))

    def weights(self, step: Step) -> Mapping[str, float]:
        """The blend."""
        return self.blend


class GBlendOnline(GBlendOffline):
    """Estimate anew every super-epoch, from copies of the model as it is then."""

    name = "gblend-online"
    neutral = None
    never_neutral = "Its weights are estimated, and sum to one under every setting."
    identity_test = "tests/balancing/test_identities.py::test_with_one_estimate_it_is_offline"

    def begin_epoch(self, run: Run) -> None:
        """A super-epoch is as long as an estimate trains; the first was estimated at the start."""
        if run.epoch > 1 and (run.epoch - 1) % self.epochs == 0:
            self.blend = self.estimate(run)


def head_loss(model: MultimodalClassifier, split: Split, head: str) -> float:
    """Mean cross-entropy of one head on a split that is in memory."""
    require_instance("model", model, MultimodalClassifier)
    require_instance("split", split, Split)
    return loss_of(predict(model, split.inputs), split.labels, head)


def loss_of(prediction: Prediction, labels: Tensor, head: str) -> float:
    """Mean cross-entropy of one head: "joint", or a modality's.  labels: (B,) in 0 … C − 1."""
    require_instance("prediction", prediction, Prediction)
    choose("head", head, [JOINT, *prediction.heads])
    require_labels("labels", labels, *prediction.joint.shape)
    logits = prediction.joint if head == JOINT else prediction.unimodal[head]
    return float(F.cross_entropy(not_half(logits.detach()), labels))


def _require_held(held: float) -> None:
    require_finite("held", held)
    require(0 < held < 1, f"held is {held}; a share between 0 and 1 was expected.")


def divide(train: AnySplit, held: float, generator: torch.Generator) -> tuple[AnySplit, AnySplit]:
    """The rows to fit, and the share ``held`` of them that only measures, drawn at random."""
    require_instance("train", train, AnySplit)
    _require_held(held)
    require_instance("generator", generator, torch.Generator)
    rows = torch.randperm(len(train), generator=generator)
    cut = round(held * len(rows))
    return train.part(rows[cut:]), train.part(rows[:cut])
