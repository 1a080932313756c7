"""Lesson 07, the exercise about scales: OGM's coefficients."""

from collections.abc import Callable

import numpy as np
import torch

from coursekit.balancing import ogm
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _coefficients(scores: Array, alpha: float) -> Array:
    return ogm.coefficients(torch.as_tensor(scores, dtype=torch.float64), alpha).numpy()


def _ahead(scores: Array) -> Array:
    """Score over the mean of the others."""
    return scores / ((scores.sum() - scores) / (len(scores) - 1))


def _where(scores: Array, braked: Array, k: Array) -> Array:
    return np.where(braked, k, 1.0)


def _coefficient_cases(rng: np.random.Generator) -> list[tuple[Array, float]]:
    cases = [(rng.uniform(5, 60, 2), float(rng.uniform(0.3, 1.2))) for _ in range(3)]
    cases += [(rng.uniform(5, 60, 3), float(rng.uniform(0.3, 1.2))) for _ in range(3)]
    cases += [(rng.permutation([9.0, 21.0, 28.0, 58.0]), float(rng.uniform(0.3, 1.2)))]
    tie = float(rng.integers(20, 40))
    cases += [(np.array([tie, tie]), 0.8), (np.array([30.0, 20.0, 40.0]), 0.5)]  # the first: at 1
    cases += [(rng.permutation(scores), alpha) for scores, alpha in EDGES]
    return [cases[i] for i in rng.permutation(len(cases))]


# Three of four ahead; ahead of the sum of the others; almost stopped; ahead by a hair; a large α;
# small scores and a small α.
EDGES = (
    ([9.0, 40.0, 45.0, 58.0], 0.5),
    ([50.0, 20.0, 10.0], 0.6),
    ([60.0, 15.0], 1.2),
    ([40.04, 40.0], 0.8),
    ([51.0, 50.0], 6.0),
    ([0.0125, 0.03, 0.04], 0.015),
)


def _formula(k_of: object, ahead_of: object = _ahead, tie: bool = False) -> object:
    def wrong(scores: Array, alpha: float) -> Array:
        rho = ahead_of(scores)  # type: ignore[operator]
        return _where(scores, rho >= 1 if tie else rho > 1, k_of(rho, alpha))  # type: ignore[operator]

    return wrong


def _right_k(rho: Array, alpha: float) -> Array:
    return 1 - np.tanh(alpha * rho)


ALL_AHEAD = (
    "You brake the best modality alone. With three or more, every one whose ratio is above 1 is "
    "braked, and at a tie nobody."
)


def _of_the_best(if_ahead: bool) -> Callable[[Array, float], Array]:
    """A wrong answer: the largest score is braked, if its ratio is above 1 or in any case."""

    def wrong(scores: Array, alpha: float) -> Array:
        rho = _ahead(scores)
        best = (scores == scores.max()) & ((rho > 1) | (not if_ahead))
        return _where(scores, best, _right_k(rho, alpha))

    return wrong


def _of_the_first_best(scores: Array, alpha: float) -> Array:
    best = np.arange(len(scores)) == scores.argmax()
    return _where(scores, best, _right_k(_ahead(scores), alpha))


ogm_coefficients = Exercise(
    key="07-ogm",
    points=1,
    task="Return OGM's scale of every modality from the scores of a batch.",
    reference=_coefficients,
    cases=_coefficient_cases,
    misconceptions=(
        Misconception(
            "the first is braked in a tie",
            _formula(_right_k, tie=True),  # type: ignore[arg-type]
            "A tie is left alone: a modality is braked only when its ratio is above 1. (The "
            "released code brakes the first one then.)",
        ),
        Misconception(
            "the one behind is braked",
            lambda scores, alpha: np.where(
                _ahead(scores) < 1, 1 - np.tanh(alpha * _ahead(scores)), 1.0
            ),
            "You slow down the modality that is behind. OGM brakes the one that is ahead.",
        ),
        Misconception(
            "everybody is braked",
            lambda scores, alpha: _right_k(_ahead(scores), alpha),
            "Only a modality with a ratio above 1 is braked; all others keep the scale 1.",
        ),
        Misconception(
            "accelerates",
            _formula(lambda rho, alpha: 1 + np.tanh(alpha * rho)),  # type: ignore[arg-type]
            "Your scales are above 1. OGM only brakes: one minus the tanh.",
        ),
        Misconception(
            "distance from a tie",
            _formula(lambda rho, alpha: 1 - np.tanh(alpha * (rho - 1))),  # type: ignore[arg-type]
            "The argument of the tanh is α times the ratio itself, not its distance from 1. So "
            "OGM's scale jumps where the ratio passes 1.",
        ),
        Misconception(
            "sum of the others",
            _formula(_right_k, lambda s: s / (s.sum() - s)),  # type: ignore[arg-type]
            "With three modalities the rival is the mean of the others, not their sum.",
        ),
        Misconception(
            "mean of all",
            _formula(_right_k, lambda s: s / s.mean()),  # type: ignore[arg-type]
            "Compare with the mean of the others; a modality is no rival of itself.",
        ),
        Misconception(
            "strongest rival",
            _formula(
                _right_k,
                lambda s: s / np.array([np.delete(s, i).max() for i in range(len(s))]),
            ),  # type: ignore[arg-type]
            "With three modalities the rival is the mean of the others, not the strongest.",
        ),
        Misconception(
            "ratio upside down",
            _formula(lambda rho, alpha: 1 - np.tanh(alpha / rho)),  # type: ignore[arg-type]
            "In the tanh stands a modality's own score over the others', not the reverse.",
        ),
        Misconception(
            "ratio upside down everywhere",
            lambda scores, alpha: np.where(
                _ahead(scores) < 1, 1 - np.tanh(alpha / _ahead(scores)), 1.0
            ),
            "Your ratio is upside down: a modality's own score stands above the line, the mean of "
            "the others below it.",
        ),
        Misconception("the best alone", _of_the_best(True), ALL_AHEAD),
        Misconception("the best alone, ahead or not", _of_the_best(False), ALL_AHEAD),
        Misconception("the first of the best", _of_the_first_best, ALL_AHEAD),
        Misconception(
            "others stopped",
            lambda scores, alpha: np.where(
                _ahead(scores) > 1, _right_k(_ahead(scores), alpha), 0.0
            ),
            "A scale of 0 stops a modality. Whoever is not ahead goes on as usual, with the scale "
            "1.",
        ),
        *(
            Misconception(
                f"what is taken away, {rest} for the others",
                lambda scores, alpha, rest=rest: np.where(
                    _ahead(scores) > 1, np.tanh(alpha * _ahead(scores)), rest
                ),
                "That is what is taken away. The scale is what is left, one minus it.",
            )
            for rest in (0.0, 1.0)
        ),
    ),
    hints=(
        "First the ratio of every modality: its score over the mean score of the others.",
        "others = (scores.sum() - scores) / (len(scores) - 1)",
        "np.where(ratio > 1, 1 - np.tanh(alpha * ratio), 1.0)",
    ),
)
