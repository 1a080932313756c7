"""Lesson 09, the exercise about prompts: a class's direction, and the class of a picture."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.lessons.l09_contrastive_alignment.exercises.loss import unit

Array = np.ndarray


def _weights(prompts: Array) -> Array:
    return unit(unit(prompts).mean(1))


def _cases(rng: np.random.Generator) -> list[tuple[Array]]:
    """Prompts of very different lengths; one class, one prompt, many of both.

    In the fixed ones features, or entries of the answer, are small, positive and negative, features
    are very short, or prompts nearly cancel.
    """
    fixed = [[[1, 0.01, 0], [3, 0.05, 0]], [[0.01, -0.02, 0.015], [0.04, -0.01, 0.03]]]
    short = [[[0.001, 0, 0], [0, 9, 0]], [[0.004, 0.003, 0], [0, 0, 0.0005]]]
    opposed = [[[2, 0, 0], [-3, 0.3, 0]], [[0, 1, 0], [0.1, -1, 0.05]]]
    cases = [(np.array(each, dtype=float),) for each in (fixed, short, opposed)]
    for classes, count, width in ((3, 4, 3), (1, 2, 5), (4, 1, 2), (5, 6, 4), (2, 3, 2)):
        centre = rng.normal(size=(classes, 1, width))
        prompts = centre + 0.6 * rng.normal(size=(classes, count, width))
        cases.append((prompts * rng.uniform(0.2, 9, (classes, count, 1)),))
    return cases


prompt_weights = Exercise(
    key="09-prompts",
    points=1,
    task="Return one direction per class from the features of its prompts.",
    reference=_weights,
    cases=_cases,
    misconceptions=(
        Misconception(
            "mean of raw features",
            lambda p: unit(p.mean(1)),
            "You averaged the features as they are: a prompt with long features outvotes the "
            "rest. Give each length one first.",
        ),
        Misconception(
            "length not one again",
            lambda p: unit(p).mean(1),
            "A mean of directions is shorter than one, by how much they disagree. Give it length "
            "one again, or classes with consistent prompts win.",
        ),
        Misconception(
            "neither",
            lambda p: p.mean(1),
            "Give each prompt length one before the mean, and the mean length one after it.",
        ),
        Misconception(
            "first prompt",
            lambda p: unit(p[:, 0]),
            "That is the first prompt of each class. Average over all of them.",
        ),
        Misconception(
            "mean over the classes",
            lambda p: unit(unit(p).mean(0)),
            "You averaged over the classes. The prompts of a class lie along axis 1.",
        ),
        Misconception(
            "largest entry",
            lambda p: unit(unit(p).max(1)),
            "That takes the largest entry over the prompts. Asked is the mean.",
        ),
        Misconception(
            "median",
            lambda p: unit(np.median(unit(p), axis=1)),
            "That is the median over the prompts. Asked is the mean.",
        ),
    ),
    hints=(
        "Length one, mean, length one.",
        "The features of a class's prompts lie along axis 1: norms along the last axis, mean along "
        "axis 1.",
        "u = prompts / np.linalg.norm(prompts, axis=2, keepdims=True); w = u.mean(1); w / "
        "np.linalg.norm(w, axis=1, keepdims=True)",
    ),
)
