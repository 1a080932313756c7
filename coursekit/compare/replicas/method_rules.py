"""What the methods of K replicas decide in a step: loss weights (K, 1 + M) and scales (K, M).

Any method that decides nothing but weights and scales can be replicated. Each is asked by itself,
once an epoch where it never changes its mind within one; MLB and OGM, which look at every batch,
are asked all together. NaN stands for a head or modality that a method does not name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from math import nan
from typing import Protocol, cast

import torch
from torch import Tensor

from coursekit.balancing import mlb, ogm
from coursekit.balancing.certainty_ensemble import CertaintyEnsemble
from coursekit.balancing.ensemble import Ensemble
from coursekit.balancing.gblend import GBlendOffline, GBlendOnline
from coursekit.balancing.mslr import MSLR
from coursekit.balancing.multi_loss import MultiLoss
from coursekit.balancing.pdmp import PDMP
from coursekit.balancing.unimodal import Unimodal
from coursekit.balancing.unimodal_signals import Listening
from coursekit.compare.replicas.losses import true_class
from coursekit.compare.replicas.stack import Group, Stack, StackedPrediction
from coursekit.fusion.base import batched_linear
from coursekit.fusion.late_linear import LateLinear
from coursekit.models import Prediction
from coursekit.training.method import JOINT, Method, Run, Step
from coursekit.utils.checks import require, require_instance
from coursekit.utils.devices import moved

HOOKS = ("predict", "backward", "batches", "turns", "loss", "clip", "weights", "scales")
ONCE_AN_EPOCH = (
    *(Method, MultiLoss, Ensemble, CertaintyEnsemble, Unimodal),
    *(GBlendOffline, GBlendOnline, MSLR, PDMP),
)


def replicable(method: Method) -> bool:
    """Whether ``method`` decides nothing but loss weights and scales (it may replace the head)."""
    require_instance("method", method, Method)
    kind = type(method)
    own = vars(method).keys() & set(HOOKS)
    losses, clips = (Method.loss, Listening.loss), (Method.clip, Ensemble.clip, Listening.clip)
    untouched = ("predict", "backward", "batches", "turns")
    same = all(getattr(kind, hook) is getattr(Method, hook) for hook in untouched)
    return same and not own and kind.loss in losses and kind.clip in clips


@dataclass(frozen=True)
class StackedStep:
    """One batch of every replica; labels (K, B), log (1 + M, K, B): log softmax(logits)[y]."""

    stack: Stack
    inputs: Mapping[str, Tensor]
    labels: Tensor
    prediction: StackedPrediction
    log: Tensor
    batch: int

    @cached_property
    def true(self) -> Tensor:
        """Σ_batch softmax(logits)[y], (1 + M, K)."""
        return self.log.exp().sum(2)


class Rule(Protocol):
    """What neighbouring replicas do. once: its weights change from epoch to epoch at most."""

    rows: slice
    once: bool

    def weights(self, step: StackedStep) -> Tensor:
        """(rows, 1 + M), the joint head first."""

    def scales(self, step: StackedStep) -> Tensor:
        """(rows, M)."""


class EachByItself:
    """Asks every replica's method as the plain loop would; once: in each epoch's first batch."""

    def __init__(
        self, rows: slice, runs: Sequence[Run], methods: Sequence[Method], once: bool
    ) -> None:
        self.rows, self.runs, self.methods, self.once = rows, runs, methods, once
        self._kept: dict[str, Tensor] = {}
        self._asked: tuple[StackedStep | None, list[Step]] = None, []  # a step, and each one's own

    def weights(self, step: StackedStep) -> Tensor:
        """Each method's own weights."""
        names = (JOINT, *step.stack.modalities)
        return self._ask("weights", names, step)

    def scales(self, step: StackedStep) -> Tensor:
        """Each method's own scales."""
        return self._ask("scales", step.stack.modalities, step)

    def _ask(self, what: str, names: Sequence[str], step: StackedStep) -> Tensor:
        if self.once and step.batch > 1:
            return self._kept[what]
        if self._asked[0] is not step:
            places = range(self.rows.start, self.rows.stop)
            own = [_one(step, k, run) for k, run in zip(places, self.runs, strict=True)]
            self._asked = step, own
        answers = []
        for step_of_run, method in zip(self._asked[1], self.methods, strict=True):
            values = getattr(method, what)(step_of_run)
            answers.append([float(values.get(name, nan)) for name in names])
        self._kept[what] = step.prediction.joint.new_tensor(answers)
        return self._kept[what]


def _one(step: StackedStep, k: int, run: Run) -> Step:
    """Replica k's step, as the plain loop makes it; copies, for a method may keep what it sees."""
    features = {m: z[k].detach().clone() for m, z in step.prediction.features.items()}
    joint = step.prediction.joint[k].detach().clone()
    prediction = Prediction(joint, features, run.model.heads)
    inputs = {m: x[k].clone() for m, x in step.inputs.items()}
    return Step(run, inputs, step.labels[k].clone(), prediction, step.batch)


class PacedByMLB:
    """Several MLBs at once; α and β_max are (rows, 1)."""

    once = True

    def __init__(self, rows: slice, runs: Sequence[Run], methods: Sequence[Method]) -> None:
        own = cast("Sequence[mlb.MLB]", methods)
        self.rows = rows
        self.alpha = torch.tensor([[m.alpha] for m in own], dtype=torch.float64)
        self.beta_max = torch.tensor([[m.beta_max] for m in own], dtype=torch.float64)

    def weights(self, step: StackedStep) -> Tensor:
        """1 for every head."""
        return torch.ones_like(step.true[:, self.rows].T)

    def scales(self, step: StackedStep) -> Tensor:
        """`coursekit.balancing.mlb.coefficients` of every row."""
        scores = step.true[1:, self.rows].T
        alpha, beta_max = moved(self.alpha, scores), moved(self.beta_max, scores)
        return mlb.pace(scores, alpha, beta_max)


class PacedByOGM:
    """Several OGMs at once, on late-linear fusions, where a modality's logits are its own term."""

    once = True

    def __init__(
        self, rows: slice, runs: Sequence[Run], methods: Sequence[Method], group: Group
    ) -> None:
        own = cast("Sequence[ogm.OGM]", methods)
        self.rows, self.run, self.group = rows, runs[0], group
        self.alpha = torch.tensor([[m.alpha] for m in own], dtype=torch.float64)
        last = [[float("inf") if m.until is None else m.until] for m in own]
        self.until = torch.tensor(last)

    def weights(self, step: StackedStep) -> Tensor:
        """1 for the joint head alone."""
        weights = torch.full_like(step.true[:, self.rows].T, nan)
        weights[:, 0] = 1
        return weights

    def scales(self, step: StackedStep) -> Tensor:
        """`coursekit.balancing.ogm.coefficients` of every row; NaN after its last epoch."""
        scores = torch.stack([true_class(x, step.labels[self.rows]) for x in self._own(step)], 1)
        k = ogm.brake(scores, moved(self.alpha, scores))
        return k.masked_fill(self.until < self.run.epoch, nan)

    @torch.no_grad()
    def _own(self, step: StackedStep) -> list[Tensor]:
        """W_m z_m + b/M by modality, (rows, B, C)."""
        inside = slice(
            self.rows.start - self.group.rows.start, self.rows.stop - self.group.rows.start
        )
        features = [z[self.rows] for z in step.prediction.features.values()]
        weight, bias = (self.group.weights[f"linear.{n}"][inside] for n in ("weight", "bias"))
        blocks = weight.split([z.shape[2] for z in features], dim=2)
        shared = bias / len(features)
        return [batched_linear(z, w, shared) for z, w in zip(features, blocks, strict=True)]


def kind_of(method: Method, fusion: object) -> str:
    """Which rule serves ``method``; replicas of one kind should be neighbours."""
    if type(method) in ONCE_AN_EPOCH:
        return "once an epoch"
    if type(method) is mlb.MLB:
        return "mlb"
    late = type(method) is ogm.OGM and type(fusion) is LateLinear
    return "ogm" if late else "each by itself"


def make_rules(stack: Stack, runs: Sequence[Run], methods: Sequence[Method]) -> list[Rule]:
    """One rule for each stretch of neighbours of one kind within one group of fusions."""
    rules: list[Rule] = []
    for group in stack.groups:
        numbers = range(group.rows.start, group.rows.stop)
        for kind, stretch in groupby(numbers, lambda k: kind_of(methods[k], runs[k].model.fusion)):
            ks = list(stretch)
            rows = slice(ks[0], ks[-1] + 1)
            its = rows, runs[rows], methods[rows]
            if kind == "mlb":
                rules.append(PacedByMLB(*its))
            elif kind == "ogm":
                rules.append(PacedByOGM(*its, group))
            else:
                rules.append(EachByItself(*its, once=kind == "once an epoch"))
    return rules


def require_replicable(methods: Sequence[Method]) -> None:
    """Refuse methods that change more than weights and scales, by name."""
    for k, method in enumerate(methods):
        asked = f"methods[{k}] is {method.name}, which changes more than loss weights and scales"
        require(replicable(method), f"{asked}; train it with coursekit.training.fit.")
