"""What a balancing method may do in a training: the one picture of all of them.

    loss = Σ_k w_k CE_k  over the heads k: joint and one for each modality
    step of modality m's parameters × k_m

A method turns what it sees in a step or an epoch into weights w and scales k. Few of them also
change the gradients, or the loss itself. Methods stand in `coursekit.balancing`, one per file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from statistics import fmean
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.fusion.base import Fusion
from coursekit.models import MultimodalClassifier, Prediction
from coursekit.training.engine import AnySplit, Engine
from coursekit.training.evaluate import predict_rows
from coursekit.training.settings import Settings

JOINT = "joint"


def joint_loss(prediction: Prediction, labels: Tensor) -> Tensor:
    """Cross-entropy of the joint logits, mean over the batch."""
    return F.cross_entropy(prediction.joint, labels)


@dataclass
class Run:
    """One training as a method sees it.

    train, valid: on the model's device, if they are in memory.  epoch: from 1, 0 before the first.
    history: the rows of all epochs so far.  trace: what the method did, rows of each step: epoch,
    batch, turn where there is one, and either head and weight or modality and scale.  steps: how
    many have been taken.  generator: for whatever the method draws, fixed by the seed.  engine:
    how the encoders are run.  least: the rows that a batch must have, for batch norm or for the
    method; a last batch of fewer is a part of the one before.
    batch, rows, turn: which batch of the epoch this is, from 1, its rows of train, and whose turn,
    see `Method.turns`. Before an epoch's first batch they are 0, none and None.
    """

    model: MultimodalClassifier
    train: AnySplit
    valid: AnySplit
    settings: Settings
    seed: int
    generator: torch.Generator
    engine: Engine
    epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    trace: list[dict[str, Any]] = field(default_factory=list)
    least: int = 1
    batch: int = 0
    rows: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    turn: str | None = None
    steps: int = 0

    def forget_batch(self) -> None:
        """Before an epoch: no batch, no rows, nobody's turn."""
        self.batch, self.rows, self.turn = 0, torch.empty(0, dtype=torch.int64), None

    @property
    def joined(self) -> bool:
        """Whether the last batch of all training rows is a part of the one before."""
        rows, size = len(self.train), self.settings.batch_size
        return rows > size and 0 < rows % size < self.least

    @property
    def batches(self) -> int:
        """Batches an epoch, unless the method makes others."""
        return -(-len(self.train) // self.settings.batch_size) - self.joined

    def parts(self, rows: Tensor) -> list[Tensor]:
        """The rows of an epoch, in their order, as its batches."""
        parts = list(rows.split(self.settings.batch_size))
        if len(parts) > 1 and len(parts[-1]) < self.least:
            parts[-2:] = [torch.cat(parts[-2:])]
        return parts

    def predict(self, split: AnySplit, model: MultimodalClassifier | None = None) -> Prediction:
        """What the model, or a copy of it, says of all rows of a split; no gradient."""
        size = self.settings.batch_size
        return predict_rows(self.model if model is None else model, split, self.engine, size)

    def means(self, by: str, value: str) -> dict[str, float]:
        """What the trace tells of this epoch, mean over its batches: "scale" by "modality", say."""
        backwards = takewhile(lambda row: row["epoch"] == self.epoch, reversed(self.trace))
        by_name: dict[str, list[float]] = {}
        for row in reversed(list(backwards)):
            if by in row:
                by_name.setdefault(row[by], []).append(row[value])
        return {name: fmean(values) for name, values in by_name.items()}


@dataclass(frozen=True)
class Step:
    """One batch: inputs by modality, labels (B,), the prediction, and its number from 1.

    Where several processes share the batch, inputs are this one's rows only; labels, features and
    logits are those of all.
    """

    run: Run
    inputs: Mapping[str, Tensor]
    labels: Tensor
    prediction: Prediction
    batch: int

    def cross_entropies(self) -> dict[str, Tensor]:
        """Mean cross-entropy of the joint head and of each modality's own, by name."""
        alone = self.prediction.unimodal
        losses = {JOINT: joint_loss(self.prediction, self.labels)}
        return losses | {m: F.cross_entropy(logits, self.labels) for m, logits in alone.items()}


@dataclass(frozen=True)
class Neutral:
    """Where a method does nothing: at these settings its training is that of ``base``, bit for bit.

    settings: arguments of the method.  base: the method that it is built on.
    """

    settings: Mapping[str, Any]
    base: str = JOINT


class Method:
    """Joint training: the joint cross-entropy alone, every step as the optimiser makes it.

    Subclasses override what they change.

    name: under which the registry knows it.  fusions: names of the fusions it is defined for; None
    = any, empty = it brings its own, whatever the model had.  keeps: attributes that change in a
    training; what a checkpoint stores of the method (numbers, tensors, random generators, and lists
    and dictionaries of them). Others that change are found and stored too, if they are such.
    neutral: where it does nothing. None where there is no such setting; never_neutral then says in
    a sentence why, and identity_test names the test that holds it to something known instead.
    """

    name: ClassVar[str] = JOINT
    keeps: ClassVar[tuple[str, ...]] = ()
    fusions: ClassVar[tuple[str, ...] | None] = None
    neutral: ClassVar[Neutral | None] = Neutral({})
    never_neutral: ClassVar[str] = ""
    identity_test: ClassVar[str] = ""

    def begin(self, run: Run) -> None:
        """Before the optimiser is made: refuse what the method is not for, set up its state.

        It must be quick, and the same each time: a training that goes on begins here, too.
        """

    def start(self, run: Run) -> None:
        """Once, before the first epoch, and not when a training goes on: what takes long."""

    @property
    def bound_to_epochs(self) -> str:
        """Why a training cannot go on to more epochs than it was begun for; "" where it can.

        A method whose steps hang on ``run.settings.epochs`` says here what does, in words that
        stand behind its name: "lets somebody wait for a share of the epochs". After more epochs
        such a training would not be that of so many at once, so a checkpoint refuses to go on.
        """
        return ""

    def begin_epoch(self, run: Run) -> None:
        """Before every epoch."""

    def change_weights(self, run: Run) -> None:
        """After that: whatever moves the model's weights, in place, that is no step."""

    def batches(self, run: Run, order: torch.Generator) -> list[Tensor]:
        """The rows of each batch of an epoch: all training rows once, in the order that is drawn.

        A method that changes the data answers differently. Rows may come several times; what the
        model sees of them is up to `predict`, which finds the batch's number in ``run.batch``.
        """
        return run.parts(torch.randperm(len(run.train), generator=order))

    def turns(self, run: Run) -> Sequence[str | None]:
        """For what each batch takes a step, one after the other: once for all that there is.

        A method that alternates answers with names, of modalities say; every one of them makes a
        forward pass and a step of its own, and stands in ``run.turn`` meanwhile.
        """
        return (None,)

    def predict(self, run: Run, inputs: Mapping[str, Tensor]) -> Prediction:
        """The forward pass of a training step."""
        return run.model(inputs)

    def weights(self, step: Step) -> Mapping[str, float]:
        """w by head; heads that are not named are left out of the loss."""
        return {JOINT: 1.0}

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """What is differentiated: Σ_k w_k CE_k unless a method has more to add."""
        if set(weights) == {JOINT}:
            return weights[JOINT] * joint_loss(step.prediction, step.labels)
        losses = step.cross_entropies()
        alone = torch.stack([w * losses[k] for k, w in weights.items() if k != JOINT]).sum()
        return weights[JOINT] * losses[JOINT] + alone if JOINT in weights else alone

    def scales(self, step: Step) -> Mapping[str, float]:
        """k by modality, after the backward pass; those not named are 1."""
        return {}

    def backward(self, step: Step, loss: Tensor) -> None:
        """Leave in every parameter's ``grad`` what the step shall follow, before clipping."""
        loss.backward()

    def clip(self, step: Step, largest: float) -> None:
        """Shorten the gradient to ``largest`` where it is longer."""
        nn.utils.clip_grad_norm_(step.run.model.parameters(), largest)

    def end_epoch(self, run: Run) -> None:
        """After every epoch, its figures in ``run.history``."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint stores, after an epoch's end."""
        return {name: getattr(self, name) for name in self.keeps}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` gave, after ``begin``."""
        for name in self.keeps:
            setattr(self, name, state[name])


Slot = tuple[Tensor, tuple[slice, ...]]


def slots_of(model: MultimodalClassifier, modality: str) -> list[Slot]:
    """All that belongs to one modality: its encoder, its head, its slice of the fusion."""
    whole = [*model.encoders[modality].parameters(), *model.heads[modality].parameters()]
    slots: list[Slot] = [(p, (slice(None),) * p.ndim) for p in whole]
    if isinstance(model.fusion, Fusion):  # a head of another kind has no slices to tell
        slots += model.fusion.slices().get(modality, [])
    return slots


def scale_gradients(model: MultimodalClassifier, scales: Mapping[str, float]) -> None:
    """Multiply the gradients of every named modality by its k, in place."""
    for m, k in scales.items():
        for p, where in slots_of(model, m):
            if p.grad is not None:
                p.grad[where] *= k


def scaled_step(
    model: MultimodalClassifier, optimizer: torch.optim.Optimizer, scales: Mapping[str, float]
) -> None:
    """One step of ``optimizer``; what it moves of a named modality is then multiplied by its k.

    The same as a learning rate of k · lr for these parameters in this step, for any optimiser.
    """
    parts = [  # views of the weights
        (k, p.detach()[where])
        for m, k in scales.items()
        if k != 1
        for p, where in slots_of(model, m)
    ]
    before = [part.clone() for _, part in parts]
    optimizer.step()
    for (k, part), old in zip(parts, before, strict=True):
        part.sub_(old).mul_(k).add_(old)  # old + k (new − old), without a further copy
