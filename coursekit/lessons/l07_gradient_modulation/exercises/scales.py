"""Lesson 07, the exercises about scales: OGM's coefficients, and whose trace this is."""

import numpy as np
import torch

from coursekit.balancing import mlb, mslr, ogm
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
MEMORY = 5  # epochs that MSLR waits
METHODS = ("joint", "mslr", "ogm", "mlb")


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
    tie = float(rng.integers(20, 40))
    return [*cases, (np.array([tie, tie]), 0.8)]


def _formula(k_of: object, ahead_of: object = _ahead, tie: bool = False) -> object:
    def wrong(scores: Array, alpha: float) -> Array:
        rho = ahead_of(scores)  # type: ignore[operator]
        return _where(scores, rho >= 1 if tie else rho > 1, k_of(rho, alpha))  # type: ignore[operator]

    return wrong


def _right_k(rho: Array, alpha: float) -> Array:
    return 1 - np.tanh(alpha * rho)


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
            "what is taken away",
            lambda scores, alpha: np.where(
                _ahead(scores) > 1, np.tanh(alpha * _ahead(scores)), 0.0
            ),
            "That is what is taken away. The scale is what is left, one minus it.",
        ),
    ),
    hints=(
        "First the ratio of every modality: its score over the mean score of the others.",
        "others = (scores.sum() - scores) / (len(scores) - 1)",
        "np.where(ratio > 1, 1 - np.tanh(alpha * ratio), 1.0)",
    ),
)


def _scores(rng: np.random.Generator, epochs: int) -> Array:
    """Scores (epochs, 2) of a quick modality, which is always ahead, and a slow one."""
    t = np.arange(epochs)
    quick = 30 + 55 * (1 - np.exp(-t / rng.uniform(1.0, 2.0)))
    slow = 20 + rng.uniform(20, 35) / (1 + np.exp(-(t - rng.uniform(7, 10)) / 1.5))
    return np.stack([quick, slow], axis=1) * rng.uniform(0.97, 1.03, (epochs, 2))


def _trace(method: str, kind: int, rng: np.random.Generator) -> Array:
    """k by epoch, (epochs, 2), as ``method`` makes it; of each kind one: 0, 1, 2."""
    epochs = int(rng.integers(14, 21))
    scores = torch.as_tensor(_scores(rng, epochs))
    if method == "joint":
        k = torch.ones_like(scores)
    elif method == "ogm":
        k = torch.stack([ogm.coefficients(s, 0.03 if kind == 2 else 0.8) for s in scores])
        if kind < 2:  # its window is over at some time
            k[int(rng.integers(6, 11)) :] = 1
    elif method == "mlb":  # with a small β_max it brakes more than it speeds up
        k = torch.stack([mlb.coefficients(s, 2.0, 8.0 if kind == 2 else 1.3) for s in scores])
    else:  # the ratios of an epoch hold in the next one
        k = torch.ones_like(scores)
        for epoch in range(1, epochs):
            k[epoch] = mslr.ratios(scores[:epoch] / 100, MEMORY)
    return (k.flip(1) if kind == 1 else k).numpy()


def _whose(k: Array) -> str:
    if np.all(k == 1):
        return "joint"
    if np.all(k <= 1):
        return "ogm"
    return "mslr" if np.all(k[: MEMORY + 1] == 1) else "mlb"


def _trace_cases(rng: np.random.Generator) -> list[tuple[Array]]:
    cases = [(_trace(method, kind, rng),) for method in METHODS for kind in range(3)]
    return [cases[i] for i in rng.permutation(len(cases))]


def _by_size(k: Array) -> str:
    if np.all(k == 1):
        return "joint"
    if k.max() > 1.5:
        return "mlb"
    return "ogm" if k.min() < 0.8 else "mslr"


whose_trace = Exercise(
    key="07-traces",
    points=2,
    task="Say which method made a trace of k: joint, mslr, ogm or mlb.",
    reference=_whose,
    cases=_trace_cases,
    options=METHODS,
    misconceptions=(
        Misconception(
            "last epoch only",
            lambda k: _whose(np.concatenate([np.ones((MEMORY + 1, k.shape[1])), k[-1:]])),
            "You judge the last epoch. By then all of them may be near 1; look at the whole trace.",
        ),
        Misconception(
            "first epoch only",
            lambda k: _whose(k[:1]),
            "You judge the first epoch only.",
        ),
        Misconception(
            "first modality only",
            lambda k: _whose(k[:, :1]),
            "You look at one modality only; the scales of the other one may tell.",
        ),
        Misconception(
            "second modality only",
            lambda k: _whose(k[:, 1:]),
            "You look at one modality only; the scales of the other one may tell.",
        ),
        Misconception(
            "mean over modalities",
            lambda k: _whose(k.mean(axis=1, keepdims=True)),
            "A mean over modalities hides that one is braked while the other speeds up.",
        ),
        Misconception(
            "above 1 means mlb",
            lambda k: "joint" if np.all(k == 1) else "mlb" if np.any(k > 1) else "ogm",
            "MSLR's ratios pass 1 as well. What does MSLR do in its first six epochs, when it has "
            "no memory yet?",
        ),
        Misconception(
            "below 1 means ogm",
            lambda k: (
                "joint"
                if np.all(k == 1)
                else "ogm"
                if np.any(k < 1)
                else "mslr"
                if np.all(k[: MEMORY + 1] == 1)
                else "mlb"
            ),
            "MLB and MSLR go below 1 as well. OGM is the one that never goes above.",
        ),
        Misconception(
            "by size",
            _by_size,
            "You go by the size of k, which depends on α and β_max. Ask what each rule can never "
            "do: go above 1, or act before it has a memory.",
        ),
        Misconception(
            "mslr and mlb exchanged",
            lambda k: {"mslr": "mlb", "mlb": "mslr"}.get(_whose(k), _whose(k)),
            "MSLR and MLB have changed places: MSLR is the one that needs a memory first.",
        ),
    ),
    hints=(
        "What can each rule never do? Joint training never leaves 1, OGM never goes above 1.",
        "MSLR compares with the five accuracies before: its first six epochs are exactly 1.",
        "np.all(k == 1), then np.all(k <= 1), then np.all(k[:6] == 1).",
    ),
)
