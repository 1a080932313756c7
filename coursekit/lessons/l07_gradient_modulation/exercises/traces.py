"""Lesson 07, the exercise about traces: whose scales are these?"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from coursekit.balancing import mlb, mslr, ogm
from coursekit.course.exercises.drawing import until_refused, until_told_apart
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
MEMORY = 5  # epochs that MSLR waits
METHODS = ("joint", "mslr", "ogm", "mlb")
BATCHES = 6  # in an epoch


def _scores(rng: np.random.Generator, epochs: int, changing: bool) -> Array:
    """Scores (epochs, batches, 2) of a quick modality and a slow one.

    changing: at first neither leads in all batches, and towards the end the slow one takes the
    lead, as it does in the lesson's race; else the quick one is always ahead.
    """
    t = np.arange(epochs)
    quick = 30 + 40 * (1 - np.exp(-t / rng.uniform(1.5, 2.5)))
    most, noise = (rng.uniform(44, 50), 0.17) if changing else (rng.uniform(15, 25), 0.01)
    slow = (29 if changing else 20) + most / (1 + np.exp(-(t - rng.uniform(7, 9)) / 1.2))
    both = np.stack([quick, slow], axis=1)[:, None]
    return np.asarray(both * rng.uniform(1 - noise, 1 + noise, (epochs, BATCHES, 2)))


def _trace(method: str, kind: int, rng: np.random.Generator) -> Array:
    """k by epoch, (epochs, 2), as ``method`` makes it; of each kind one: 0, 1, 2.

    What acts in every batch is a mean over the batches of an epoch. In kind 1 the second modality
    is the quick one; in kind 2 the lead changes.
    """
    epochs = int(rng.integers(14, 21))
    scores = torch.as_tensor(_scores(rng, epochs, changing=kind == 2))
    k = torch.ones(epochs, 2, dtype=torch.float64)
    if method == "ogm":
        alpha = (0.8, 0.01, 0.8)[kind]
        k = _mean_over_batches(scores, lambda s: ogm.coefficients(s, alpha))
        if kind < 2:  # its window is over soon, and the last epochs do not tell
            k[int(rng.integers(5, 8)) :] = 1
    elif method == "mlb":  # with a small β_max it brakes more than it speeds up
        alpha, most = ((2.0, 1.3), (0.3, 1.3), (2.0, 8.0))[kind]
        k = _mean_over_batches(scores, lambda s: mlb.coefficients(s, alpha, most))
    elif method == "mslr":  # the ratios of an epoch hold in the next one
        accuracies = _accuracies(scores.mean(1) / 100, kind)
        for epoch in range(1, epochs):
            k[epoch] = mslr.ratios(accuracies[:epoch], MEMORY)
    return (k.flip(1) if kind == 1 else k).numpy()


def _accuracies(scores: torch.Tensor, kind: int) -> torch.Tensor:
    """Kind 0: they never fall and rest at the end.  Kind 1: they fall.  Kind 2: they hardly move.

    Where they rest they are binary fractions, so that their ratio is 1 exactly.
    """
    if kind == 0:
        rising = torch.cummax(torch.round(128 * scores) / 128, dim=0).values
        return torch.cat([rising[:-8], rising[-8:-7].expand(8, -1)])
    late = torch.arange(len(scores)).clamp(min=8)[:, None] - 8
    return scores * 0.85**late if kind == 1 else 0.6 + 0.3 * scores


def _by_hand() -> list[Array]:
    """Where few entries tell: one epoch of a brake, a late or an early start, up in the end."""
    first, last, level, pause, late = (np.ones((epochs, 2)) for epochs in (13, 14, 16, 17, 16))
    first[0, 1] = 0.75  # OGM with a window of one epoch
    last[-1, 0] = 0.9997  # OGM with a small α
    steps = 2.0 ** np.arange(-12, -1)  # MLB, the heads had learnt nothing in the first five epochs
    level[MEMORY:] += np.stack([-steps, steps], axis=1)
    pause[1] = 0.9996, 1.0004  # MLB, level in the first epoch, in the sixth, and in others
    pause[MEMORY + 3 :] = 1.25, 0.5
    late[MEMORY + 2 : -1] = 0.9996  # MSLR, the accuracies stood still, fell, and rose
    late[-1] = 0.9998, 1.0004
    still = np.ones((15, 2))
    still[MEMORY + 4 :] = 0.625, 1.375  # MSLR, they stood still for longer, then moved apart
    return [first, last, level, pause, late, still]


def _mean_over_batches(scores: torch.Tensor, rule: Callable[..., torch.Tensor]) -> torch.Tensor:
    rows = [torch.stack([rule(batch) for batch in epoch]).mean(0) for epoch in scores]
    return torch.stack(rows)


def _whose(k: Array) -> str:
    if np.all(k == 1):
        return "joint"
    if np.all(k <= 1):
        return "ogm"
    return "mslr" if np.all(k[: MEMORY + 1] == 1) else "mlb"


def _rule(
    ogm_when: Callable[[Array], bool], mlb_when: Callable[[Array], bool]
) -> Callable[..., str]:
    """A wrong rule that fits many traces, though not those of the lesson's race."""

    def whose(k: Array) -> str:
        if np.all(k == 1):
            return "joint"
        return "ogm" if ogm_when(k) else "mlb" if mlb_when(k) else "mslr"

    return whose


def _below(k: Array) -> bool:
    return bool(np.all(k <= 1))


def _early(k: Array) -> bool:
    return not np.all(k[: MEMORY + 1] == 1)


RIVALS = (
    _rule(lambda k: bool(np.any(np.all(k == 1, axis=0))), _early),  # one is never braked
    _rule(lambda k: bool(np.all(np.any(k == 1, axis=1))), _early),  # one at a time
    _rule(_below, lambda k: bool(np.all(np.prod(k[-3:] - 1, axis=1) < 0))),  # one up, one down
    _rule(_below, lambda k: bool(np.all(np.prod(k - 1, axis=1) <= 0))),
    _rule(_below, lambda k: bool(np.ptp(k) > 0.5)),
    _rule(lambda k: bool(k[-1].max() <= 1), _early),
    _rule(lambda k: bool(k.mean() < 1), _early),
)


def _trace_cases(rng: np.random.Generator) -> list[tuple[Array]]:
    def draw(rng: np.random.Generator) -> list[tuple[Array]]:
        return until_refused(_draw_traces, rng, _whose, RIVALS)

    return until_told_apart(draw, rng, lambda: whose_trace.misconceptions)


def _draw_traces(rng: np.random.Generator) -> list[tuple[Array]]:
    cases = [(_trace(method, kind, rng),) for method in METHODS for kind in range(3)]
    cases += [(k,) for k in _by_hand()]
    return [cases[i] for i in rng.permutation(len(cases))]


def _by_epochs(count: int) -> Callable[[Array], str]:
    """As it should be, but with ``count`` epochs for MSLR's wait."""
    return _rule(_below, lambda k: not np.all(k[:count] == 1))


def _by_size(k: Array) -> str:
    if np.all(k == 1):
        return "joint"
    if k.max() > 1.5:
        return "mlb"
    return "ogm" if k.min() < 0.8 else "mslr"


SIZE = (
    "You go by the size of k, which depends on α and β_max. Ask what each rule can never do: go "
    "above 1, or act before it has a memory."
)
WAITS = (
    "Look at MSLR's wait again: a ratio needs an accuracy and the five before it, so k is exactly "
    "1 in all of the first six epochs, in both modalities, and may differ from the seventh on."
)


def _goes_above(k: Array, most: float) -> bool:
    return bool(k.max() > most)


def _goes_off(k: Array, least: float) -> bool:
    return bool(np.abs(k - 1).max() > least)


def _is_off_within(k: Array, count: int) -> bool:
    return not np.all(k[:count] == 1)


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
        *(
            Misconception(f"waits {count} epochs", _by_epochs(count), WAITS)
            for count in (1, 2, 3, 4, 5, 7)
        ),
        Misconception(
            "the sixth epoch alone", _rule(_below, lambda k: not np.all(k[MEMORY] == 1)), WAITS
        ),
        Misconception("by size", _by_size, SIZE),
        Misconception("by range", _rule(_below, lambda k: bool(np.ptp(k) > 0.5)), SIZE),
        *(
            Misconception(
                f"mlb from {most} on",
                _rule(_below, partial(_goes_above, most=most)),
                SIZE,
            )
            for most in (1.1, 1.2, 1.25, 1.5, 2.0)
        ),
        *(
            Misconception(
                f"mslr within {least}",
                _rule(_below, partial(_goes_off, least=least)),
                SIZE,
            )
            for least in (0.05, 0.1, 0.2, 0.3, 0.5)
        ),
        *(
            Misconception(
                f"ogm ends at 1, mslr waits {count} epochs",
                _rule(
                    lambda k: bool(np.all(k[-1] == 1)),
                    partial(_is_off_within, count=count),
                ),
                "OGM may act to the last epoch, and others may end at 1. What OGM never does, in "
                "any epoch, is go above 1.",
            )
            for count in (MEMORY + 1, MEMORY)
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
