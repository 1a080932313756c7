"""Lesson 15, the exercise about BLEU of a corpus: first sum, then divide."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, Array, Array]


def _penalty(own: float, other: float) -> float:
    return 1.0 if own >= other else float(np.exp(1 - other / own))


def _geometric(shares: Array) -> float:
    return float(np.exp(np.log(shares).mean())) if (shares > 0).all() else 0.0


def _shares(matches: Array, totals: Array) -> Array:
    return matches.sum(0) / totals.sum(0)


def _with(
    mean: Callable[[Array], float] = _geometric,
    penalty: Callable[[float, float], float] = _penalty,
    shares: Callable[[Array, Array], Array] = _shares,
) -> Callable[[Array, Array, Array, Array], float]:
    def answer(matches: Array, totals: Array, lengths: Array, nearest: Array) -> float:
        return penalty(lengths.sum(), nearest.sum()) * mean(shares(matches, totals))

    return answer


_bleu = _with()


def _mean_of_sentences(matches: Array, totals: Array, lengths: Array, nearest: Array) -> float:
    rows = zip(matches, totals, lengths, nearest, strict=True)
    return float(np.mean([_bleu(m[None], t[None], c[None], r[None]) for m, t, c, r in rows]))


def _mean_penalty(matches: Array, totals: Array, lengths: Array, nearest: Array) -> float:
    each = [_penalty(c, r) for c, r in zip(lengths, nearest, strict=True)]
    return float(np.mean(each)) * _geometric(_shares(matches, totals))


def _case(rng: np.random.Generator, images: int, good: float, longer: int) -> Case:
    """Counts of captions with 5 to 12 words; longer: by how much, beside their references."""
    lengths = rng.integers(5, 13, images)
    totals = lengths[:, None] - np.arange(4)
    shares = good ** np.arange(1, 5)
    matches = rng.binomial(totals, shares)
    matches[0] = np.maximum(matches[0], 1)  # so that no order is without any match
    return matches, totals, lengths, np.maximum(1, lengths - longer + rng.integers(-1, 2, images))


def _cases(rng: np.random.Generator) -> list[Case]:
    """Shorter and longer than the references, an order without a match, two images or many."""
    none = _case(rng, 3, 0.6, 2)
    none[0][:, 3] = 0
    uneven, sure = _case(rng, 6, 0.8, -2), _case(rng, 4, 0.9, 4)
    uneven[3][0] = 40  # one reference much longer than the others
    sure[0][:, 0] = sure[1][:, 0]  # every word right
    return [
        _case(rng, 2, 0.9, -4), uneven, _case(rng, 9, 0.7, 3), sure, none,
        _case(rng, 12, 0.85, -3), _case(rng, 60, 0.1, -4),
    ]  # fmt: skip


corpus_bleu = Exercise(
    key="15-corpus",
    points=2,
    task="Return BLEU-4 of a corpus from the counts of its images.",
    reference=_bleu,
    cases=_cases,
    misconceptions=(
        Misconception(
            "mean of sentences",
            _mean_of_sentences,
            "That is the mean of the images' own BLEUs, mostly 0 at n = 4. Sum matches, totals and "
            "lengths over images first.",
        ),
        Misconception(
            "mean of the images' shares",
            _with(shares=lambda m, t: (m / t).mean(0)),
            "You take the mean of the images' precisions. Sum matches and totals first, divide "
            "once.",
        ),
        Misconception(
            "arithmetic mean",
            _with(mean=lambda shares: float(shares.mean())),
            "You take the arithmetic mean of the four precisions. BLEU takes the geometric one.",
        ),
        Misconception(
            "product without a root",
            _with(mean=lambda shares: float(shares.prod())),
            "The product lacks its fourth root.",
        ),
        Misconception(
            "four-grams only",
            _with(mean=lambda shares: float(shares[-1])),
            "That is the precision of 4-grams alone. BLEU-4 takes all four orders.",
        ),
        Misconception(
            "no brevity penalty",
            _with(penalty=lambda own, other: 1.0),
            "The brevity penalty is missing: a short caption with one sure word would win.",
        ),
        Misconception(
            "penalty for longer ones",
            _with(penalty=lambda own, other: float(np.exp(1 - other / own))),
            "Your penalty is above 1 for long captions. They are punished by precision alone: 1.",
        ),
        Misconception(
            "ratio of lengths",
            _with(penalty=lambda own, other: min(1.0, own / other)),
            "You take c/r. The penalty is exp(1 − r/c).",
        ),
        Misconception(
            "penalty upside down",
            _with(penalty=lambda own, other: 1.0 if own <= other else np.exp(1 - own / other)),
            "You punish long captions. The penalty is for those shorter than their references.",
        ),
        Misconception(
            "mean of penalties",
            _mean_penalty,
            "You take the mean of the images' penalties. It is one penalty of the summed lengths.",
        ),
    ),
    hints=(
        "Four precisions, a penalty. Nothing is divided before it is summed over images.",
        "p = matches.sum(0) / totals.sum(0); c = lengths.sum(); r = nearest.sum().",
        "BP = 1 if c ≥ r else exp(1 − r/c); times the fourth root of the product of p.",
    ),
)
