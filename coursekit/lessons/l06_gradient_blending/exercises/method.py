"""Lesson 06, the open exercise: a method that takes the weights of its losses from losses."""

from collections.abc import Mapping

import numpy as np

from coursekit.balancing.multi_loss import MultiLoss
from coursekit.course.exercises import own_method
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.open_exercise import OpenExercise, Requirement
from coursekit.data.multimodal import MultimodalData
from coursekit.data.synthetic import Modality, Recipe, generate
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs
from coursekit.training.method import JOINT, Method, Run, Step

ALONE = (
    "Every step's loss is the joint one alone. Let weights(step) name the heads of the modalities "
    "too: step.run.model.modalities, and JOINT for the joint head."
)
CONSTANT = (
    "The weights are the same in every step, and on two very different data sets. Take them from "
    "losses: step.cross_entropies() in weights, or head_loss(run.model, run.valid, head) in "
    "begin_epoch."
)
NEGATIVE = (
    "A negative weight pushes a head away from the right answers. Put a floor under the weights."
)


def _weights(answer: type[Method], data: MultimodalData) -> list[dict[str, float]]:
    """The weights of every step, by head, of a short training."""
    runs: list[Run] = []
    model = build_classifier(data.train.inputs, data.num_classes)
    settings = Settings(epochs=3, batch_size=64)
    for _ in epochs(model, data.train, data.valid, settings, method=answer(), watch=runs.append):
        pass
    steps: dict[tuple[int, int], dict[str, float]] = {}
    for row in runs[-1].trace:
        if "head" in row:
            steps.setdefault((row["epoch"], row["batch"]), {})[row["head"]] = row["weight"]
    return list(steps.values())


def _data(weak: float) -> MultimodalData:
    modalities = {"sound": Modality(amplitude=5), "image": Modality(amplitude=weak)}
    recipe = Recipe(modalities, redundant=0.8, train=260, valid=60, test=60)
    return generate(recipe, seed=0)


def _uses_heads(answer: type[Method], rng: np.random.Generator) -> bool:
    return all(set(step) - {JOINT} for step in _weights(answer, _data(5)))


def _never_negative(answer: type[Method], rng: np.random.Generator) -> bool:
    return all(min(step.values()) >= 0 for step in _weights(answer, _data(1)))


def _moves(answer: type[Method], rng: np.random.Generator) -> bool:
    strong, weak = _weights(answer, _data(5)), _weights(answer, _data(1))
    first = strong[0]
    return any(step != first for step in (*strong, *weak))


class _Scales(Method):
    def scales(self, step: Step) -> Mapping[str, float]:
        scores = [float(x.detach()) for x in step.cross_entropies().values()][1:]
        names = step.run.model.modalities
        return {m: x / sum(scores) for m, x in zip(names, scores, strict=True)}


class _Fixed(MultiLoss):
    def weights(self, step: Step) -> Mapping[str, float]:
        return dict.fromkeys((JOINT, *step.run.model.modalities), 0.7)


class _Pushes(MultiLoss):
    def weights(self, step: Step) -> Mapping[str, float]:
        losses = {k: float(x.detach()) for k, x in step.cross_entropies().items()}
        mean = sum(losses.values()) / len(losses)
        return {k: 0.05 * (x - mean) for k, x in losses.items()} | {JOINT: 1.0}


own_blend = OpenExercise(
    key="06-own-blend",
    points=3,
    task="Write a Method that takes the weights of its losses from losses.",
    reference=lambda: None,
    untouched=Method,
    requirements=(
        *own_method.requirements(),
        Requirement("heads", "It trains on the joint loss alone.", _uses_heads, ALONE),
        Requirement("moves", "Its weights never change.", _moves, CONSTANT),
        Requirement("no push", "It gives a negative weight.", _never_negative, NEGATIVE),
    ),
    misconceptions=(
        *own_method.slips(),
        Misconception("scales steps instead", _Scales, ALONE),
        Misconception("constant weights", _Fixed, CONSTANT),
        Misconception("negative weights", _Pushes, NEGATIVE),
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
