"""Lesson 09, the exercise about the loss: InfoNCE both ways from two matrices of features."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.softmax import softmax

Array = np.ndarray
SHORT = [[-0.026, 0.008, 0.009], [0.014, -0.024, -0.013], [-0.009, -0.023, 0.035]]
OTHER = [[-0.023, 0.011, -0.001], [0.039, 0.014, 0.006], [-0.049, -0.01, 0.031]]
LEAST = 0.1  # loss of a case; of smaller ones an answer in float32 keeps too few digits


def unit(x: Array) -> Array:
    """Rows of length one."""
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def _logits(u: Array, v: Array, temperature: float) -> Array:
    return unit(u) @ unit(v).T / temperature


def _of_rows(logits: Array) -> float:
    """Mean cross-entropy of the rows, each of which should choose its own column."""
    return float(-np.log(np.diag(softmax(logits, axis=1))).mean())


def _both(logits: Array) -> float:
    return (_of_rows(logits) + _of_rows(logits.T)) / 2


def _loss(u: Array, v: Array, temperature: float) -> float:
    return _both(_logits(u, v, temperature))


def _cases(rng: np.random.Generator) -> list[tuple[Array, Array, float]]:
    """Features of several lengths and numbers, in which both ways differ; then fixed ones.

    Those are all alike, so that the loss is log B whatever the temperature; pairs, well told apart
    and exchanged; short features, and very short ones; low temperatures and a high one.
    """
    cases = []
    for n, d, temperature in ((3, 4, 0.5), (5, 3, 0.4), (4, 4, 1.0), (6, 2, 2.0), (2, 5, 0.6)):
        loss = 0.0
        while loss < LEAST:
            u = rng.normal(size=(n, d)) * rng.uniform(0.5, 2, (n, 1))
            v = rng.normal(size=(n, d)) * rng.uniform(0.5, 2, (n, 1)) + 0.3 * u
            loss = _loss(u, v, temperature)
        cases.append((u, v, temperature))
    cases.append((np.ones((4, 3)), np.ones((4, 3)), 0.3))
    cases += [(np.eye(3), 2 * np.eye(3), 0.2), (np.eye(3), 2 * np.eye(3)[[1, 2, 0]], 0.15)]
    short, other = np.array(SHORT), np.array(OTHER)
    cases += [(short, other, 0.0455), (other, short, 0.0155), (600 * short, 400 * other, 8.0)]
    cases.append((0.02 * short, other, 0.3))
    # Pairs that are as wrong as can be, at a very low temperature: the loss is near 79.
    wrong = np.eye(3, 4)[[1, 2, 0]] + np.array([0, 0, 0, 1])
    cases.append((np.eye(3, 4), wrong, 0.009))
    return cases


contrastive_loss = Exercise(
    key="09-loss",
    points=2,
    task="Return InfoNCE both ways of pairs of features, from their cosines over a temperature.",
    reference=_loss,
    cases=_cases,
    misconceptions=(
        Misconception(
            "one way only",
            lambda u, v, t: _of_rows(_logits(u, v, t)),
            "Each picture chooses among the texts in yours. Each text chooses among the pictures, "
            "too: take the mean of both.",
        ),
        Misconception(
            "the other way only",
            lambda u, v, t: _of_rows(_logits(u, v, t).T),
            "Each text chooses among the pictures in yours. Each picture chooses among the texts, "
            "too: take the mean of both.",
        ),
        Misconception(
            "both ways added",
            lambda u, v, t: 2 * _loss(u, v, t),
            "You added both ways. The loss is their mean, so that it is log B when nothing is "
            "learnt.",
        ),
        Misconception(
            "features of any length",
            lambda u, v, t: _both(u @ v.T / t),
            "You multiplied the features as they are. A cosine needs rows of length one.",
        ),
        Misconception(
            "length of the whole matrix",
            lambda u, v, t: _both(u / np.linalg.norm(u) @ (v / np.linalg.norm(v)).T / t),
            "You divided by one norm for the whole matrix. Every row needs its own: axis=1, "
            "keepdims=True.",
        ),
        Misconception(
            "times the temperature",
            lambda u, v, t: _both(unit(u) @ unit(v).T * t),
            "Cosines are divided by the temperature: a low one makes differences count for more.",
        ),
        Misconception(
            "no temperature",
            lambda u, v, t: _both(unit(u) @ unit(v).T),
            "The temperature is missing.",
        ),
        Misconception(
            "sum over the batch",
            lambda u, v, t: len(u) * _loss(u, v, t),
            "You summed over the batch. Cross-entropy is the mean over its rows.",
        ),
        Misconception(
            "without the pair itself below",
            lambda u, v, t: _without_own(_logits(u, v, t)),
            "The sum in the denominator goes over all candidates, the right one among them.",
        ),
        Misconception(
            "softmax over everything",
            lambda u, v, t: float(-np.log(np.diag(softmax(_logits(u, v, t), axis=None))).mean()),
            "You normalised over the whole matrix. Each row is a choice by itself, and so is each "
            "column.",
        ),
        Misconception(
            "sign",
            lambda u, v, t: -_loss(u, v, t),
            "The logarithm of a probability is negative; the loss is minus that.",
        ),
        Misconception(
            "probability without logarithm",
            lambda u, v, t: float(
                np.mean([np.diag(softmax(x, axis=1)).mean() for x in _two(_logits(u, v, t))])
            ),
            "That is the mean probability of the right partner. The loss is minus its logarithm.",
        ),
    ),
    hints=(
        "Three steps: rows of length one; a matrix of cosines over the temperature; cross-entropy "
        "of its rows and of its columns, whose right answers lie on the diagonal.",
        "For the rows: log of the sum of exp over axis 1, minus the diagonal; then the mean.",
        "s = u @ v.T / temperature with unit rows; rows = np.log(np.exp(s).sum(1)) - s.diagonal(); "
        "the same with s.T; the mean of both means.",
    ),
)


def _two(logits: Array) -> tuple[Array, Array]:
    return logits, logits.T


def _without_own(logits: Array) -> float:
    """Mean of both ways where the denominator lacks the pair itself."""
    ways = []
    for x in _two(logits):
        others = np.exp(x) * (1 - np.eye(len(x)))
        ways.append(float((np.log(others.sum(1)) - np.diag(x)).mean()))
    return sum(ways) / 2
