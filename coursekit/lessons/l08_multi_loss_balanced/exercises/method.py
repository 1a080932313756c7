"""Lesson 08, the open exercise: a method of the learner's own that goes beyond the multi-loss."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch

from coursekit.balancing.multi_loss import MultiLoss
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.open_exercise import OpenExercise, Requirement
from coursekit.course.exercises.own_method import STARVED, Answer, requirements
from coursekit.course.exercises.own_method_slips import slips
from coursekit.course.exercises.own_rule import (
    isolated,
    keeps_scales_when_redrawn,
    tells_modalities_apart,
)
from coursekit.data.multimodal import MultimodalData
from coursekit.data.preset_recipes import load_preset
from coursekit.models import build_classifier
from coursekit.training import accuracy, fit, predict
from coursekit.training.method import JOINT, Method, Step

GAIN = 0.005  # over the better multi-loss on the small starved data; a brake gains 0.014
FASTER = 3  # the multi-loss may also have so many times the usual rate: speed is no method
BEYOND = (
    "Every modality's own loss feeds the slow encoder, but the joint head has settled on the fast "
    "modality by then. Which k, on which modality, would make it wait?"
)
ONE_FOR_ALL = (
    "One k for every modality is a learning rate, whether it is 4 or falls from epoch to epoch, "
    "and so is one weight for all losses. Take each modality's own k from what its head has learnt."
)
DRAWN = (
    "With other draws of run.generator, and nothing else changed, your k are other ones: they say "
    "nothing about the modalities. Random scales are the control that a method has to beat. Take k "
    "from losses or scores."
)


def _tells_apart(answer: Answer, rng: np.random.Generator) -> bool:
    return tells_modalities_apart(answer)


def _hangs_on_data(answer: Answer, rng: np.random.Generator) -> bool:
    return keeps_scales_when_redrawn(answer)


def _beats_multi_loss(answer: Answer, rng: np.random.Generator) -> bool:
    return _test_accuracy(answer) > _of_multi_loss() + GAIN


def _test_accuracy(answer: Answer, faster: float = 1) -> float:
    data = _starved()
    model = build_classifier(data.train.inputs, data.num_classes, seed=0)
    settings = replace(STARVED, lr=faster * STARVED.lr)
    fit(model, data.train, data.valid, settings, seed=0, method=isolated(answer)())
    with torch.no_grad():
        return accuracy(predict(model, data.test.inputs).joint, data.test.labels)


@lru_cache(maxsize=1)
def _starved() -> MultimodalData:
    return load_preset("starve", seed=0, train=600, valid=100, test=600)


@lru_cache(maxsize=1)
def _of_multi_loss() -> float:
    return max(_test_accuracy(MultiLoss, faster) for faster in (1, FASTER))


class _OnlyTheLosses(MultiLoss):
    def scales(self, step: Step) -> Mapping[str, float]:
        return {}


class _HurriesEverybody(MultiLoss):
    def scales(self, step: Step) -> Mapping[str, float]:
        return dict.fromkeys(step.run.model.modalities, float(FASTER))


class _HurriesEverybodyMore(MultiLoss):
    def scales(self, step: Step) -> Mapping[str, float]:
        return dict.fromkeys(step.run.model.modalities, 5.0)


class _FallsWithTheEpochs(MultiLoss):
    def scales(self, step: Step) -> Mapping[str, float]:
        return dict.fromkeys(step.run.model.modalities, 4.0 / step.run.epoch**0.5)


class _WeighsAllThrice(MultiLoss):
    def weights(self, step: Step) -> Mapping[str, float]:
        return dict.fromkeys((JOINT, *step.run.model.modalities), 3.0)


class _DrawsItsScales(MultiLoss):
    def scales(self, step: Step) -> Mapping[str, float]:
        drawn = torch.rand(len(step.run.model.modalities), generator=step.run.generator)
        return dict(zip(step.run.model.modalities, (8 ** (2 * drawn - 1)).tolist(), strict=True))


class _HalvesTheJointLoss(MultiLoss):
    def weights(self, step: Step) -> Mapping[str, float]:
        return {**super().weights(step), JOINT: 0.5}


own_method = OpenExercise(
    key="08-own",
    points=3,
    task="Write a method that goes beyond the multi-loss on starved data and harms nobody.",
    reference=lambda: None,
    requirements=(
        *requirements(feeds=True),
        Requirement(
            "not a rate",
            "Its k, or the weight of its losses, is the same for every modality.",
            _tells_apart,
            ONE_FOR_ALL,
        ),
        Requirement("not by chance", "Its k hang on chance.", _hangs_on_data, DRAWN),
        Requirement(
            "beyond the multi-loss",
            f"On starved data it does not beat the plain multi-loss by {GAIN}, at the better of "
            f"the usual rate and {FASTER} times it.",
            _beats_multi_loss,
            BEYOND,
        ),
    ),
    untouched=Method,
    misconceptions=(
        *slips(feeds=True),
        Misconception("multi-loss and nothing more", _OnlyTheLosses, BEYOND),
        Misconception("a larger rate for everybody", _HurriesEverybody, ONE_FOR_ALL),
        Misconception("a still larger one", _HurriesEverybodyMore, ONE_FOR_ALL),
        Misconception("a rate that falls", _FallsWithTheEpochs, ONE_FOR_ALL),
        Misconception("all losses weigh more", _WeighsAllThrice, ONE_FOR_ALL),
        Misconception("scales at random", _DrawsItsScales, DRAWN),
        Misconception("half of the joint loss", _HalvesTheJointLoss, BEYOND),
    ),
    hints=(
        "Inherit from MultiLoss, so that every encoder has a teacher, and override scales(step).",
        "true_class_scores(list(step.prediction.unimodal.values()), step.labels) says who is "
        "behind; return a k for each name in step.prediction.unimodal.",
        "A brake is enough: k = min(1, mean score of the others / own score).",
    ),
)
