"""Lesson 06, the open exercise: a method whose loss weights follow how the heads are doing."""

from collections.abc import Mapping

import numpy as np

from coursekit.balancing.multi_loss import MultiLoss
from coursekit.course.exercises import own_method, own_method_slips
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.open_exercise import OpenExercise, Requirement
from coursekit.course.exercises.own_rule import FEW, Given, differ, given, uneven
from coursekit.models import build_classifier
from coursekit.training import Settings
from coursekit.training.method import JOINT, Method, Step

ALONE = (
    "Every step's loss is the joint one alone. Let weights(step) name the heads of the modalities "
    "too: step.run.model.modalities, and JOINT for the joint head."
)
CONSTANT = (
    "On two very different data sets the weights are the same in every step. Take them from "
    "losses: step.cross_entropies() in weights, or head_loss(run.model, run.valid, head) in "
    "begin_epoch."
)
ONE_FOR_ALL = (
    "The weights rise and fall together, each head's share of them stays what it was: that is a "
    "learning rate. Take each head's weight from how that head itself is doing."
)
EVEN, WEAK = {"sound": 5.0, "image": 5.0}, {"sound": 5.0, "image": 1.0}
SOME = Settings(
    epochs=8, batch_size=64, measure_train=False
)  # a rule may act from some later epoch on


def _steps(answer: type[Method], amplitudes: dict[str, float], settings: Settings) -> list[Given]:
    data = uneven(amplitudes)
    model = build_classifier(data.train.inputs, data.num_classes)
    return given(answer, model, data, settings)[0]


def _uses_heads(answer: type[Method], rng: np.random.Generator) -> bool:
    return all(set(step) - {("weight", JOINT)} for step in map(_weights, _steps(answer, EVEN, FEW)))


def _moves(answer: type[Method], rng: np.random.Generator) -> bool:
    """Whether the same step gives other weights on other data."""
    pairs = zip(_steps(answer, EVEN, SOME), _steps(answer, WEAK, SOME), strict=True)
    return any(differ(_weights(one), _weights(other), more_than=0.001) for one, other in pairs)


def _shares_move(answer: type[Method], rng: np.random.Generator) -> bool:
    """Whether the same step gives some head another share of all weights on other data."""
    pairs = zip(_steps(answer, EVEN, SOME), _steps(answer, WEAK, SOME), strict=True)
    return any(differ(_shares(one), _shares(other), more_than=0.001) for one, other in pairs)


def _shares(step: Given) -> Given:
    weights = _weights(step)
    total = sum(weights.values()) or 1.0
    return {key: x / total for key, x in weights.items()}


def _weights(step: Given) -> Given:
    return {key: x for key, x in step.items() if key[0] == "weight"}


class _Scales(Method):
    def scales(self, step: Step) -> Mapping[str, float]:
        scores = [float(x.detach()) for x in step.cross_entropies().values()][1:]
        names = step.run.model.modalities
        return {m: x / sum(scores) for m, x in zip(names, scores, strict=True)}


class _Fixed(MultiLoss):
    def weights(self, step: Step) -> Mapping[str, float]:
        return dict.fromkeys((JOINT, *step.run.model.modalities), 0.7)


class _OneForAll(MultiLoss):
    def weights(self, step: Step) -> Mapping[str, float]:
        losses = step.cross_entropies()
        return dict.fromkeys(losses, 0.5 + float(losses[JOINT].detach()))


class _Pushes(MultiLoss):
    def weights(self, step: Step) -> Mapping[str, float]:
        losses = {k: float(x.detach()) for k, x in step.cross_entropies().items()}
        mean = sum(losses.values()) / len(losses)
        return {k: 0.05 * (x - mean) for k, x in losses.items()} | {JOINT: 1.0}


own_blend = OpenExercise(
    key="06-own-blend",
    points=3,
    task="Write a Method whose loss weights follow how the heads are doing.",
    reference=lambda: None,
    untouched=Method,
    requirements=(
        *own_method.requirements(),
        Requirement("heads", "It trains on the joint loss alone.", _uses_heads, ALONE),
        Requirement(
            "moves", "Its weights do not follow how the heads are doing.", _moves, CONSTANT
        ),
        Requirement(
            "not a rate",
            "Every head's share of the weights is the same on other data.",
            _shares_move,
            ONE_FOR_ALL,
        ),
    ),
    misconceptions=(
        *own_method_slips.slips(),
        Misconception("scales steps instead", _Scales, ALONE),
        Misconception("constant weights", _Fixed, CONSTANT),
        Misconception("one weight for all", _OneForAll, ONE_FOR_ALL),
        Misconception("negative weights", _Pushes, own_method.NEGATIVE),
    ),
    hints=(
        "Copy the shape of MultiLoss: weights(step) returns a number for JOINT and for every "
        "modality.",
        "Which head deserves more: the one whose held loss still falls? the one that is behind? "
        "step.cross_entropies() gives this batch's losses by head, as tensors: float(x.detach()).",
        "For losses on held rows use begin_epoch(run) and gblend.head_loss(run.model, run.valid, "
        "head), keep them in self, and return weights with a floor, say max(0.05, …).",
    ),
)
