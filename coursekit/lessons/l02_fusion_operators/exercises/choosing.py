"""Lesson 02, the exercise about choosing: the cheapest operator that is good enough."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Scores = Mapping[str, Sequence[float]]
Costs = Mapping[str, int]
NAMES = ("late-linear", "multiplicative", "tensor", "low-rank", "film", "gmu", "mid-mlp", "mag")


def _good(scores: Mapping[str, float], tolerance: float) -> list[str]:
    best = max(scores.values())
    return [name for name, score in scores.items() if score >= best - tolerance]


def _by(summary: Callable[[Sequence[float]], float], valid: Scores) -> dict[str, float]:
    return {name: float(summary(scores)) for name, scores in valid.items()}


def _cheapest(names: Sequence[str], costs: Costs) -> str:
    return min(names, key=lambda name: costs[name])


def _mean(scores: Sequence[float]) -> float:
    return float(np.mean(scores))


def _choose(valid: Scores, costs: Costs, tolerance: float) -> str:
    return _cheapest(_good(_by(_mean, valid), tolerance), costs)


def _relative(valid: Scores, costs: Costs, tolerance: float) -> str:
    means = _by(_mean, valid)
    return _cheapest(_good(means, tolerance * max(means.values())), costs)


# Mean below the best one, largest and smallest seed apart from the mean, cost. Each part is played
# by another operator in every case; tolerance 0.02, best mean about 0.5.
PARTS: Mapping[str, tuple[float, float, float, int]] = {
    "right": (0.015, 0.002, 0.002, 50),
    "best": (0.0, 0.002, 0.02, 1000),
    "lucky": (0.05, 0.12, 0.08, 20),
    "steady": (0.03, 0.001, 0.001, 30),
    "relative": (0.005, 0.002, 0.03, 200),
    "dear": (0.01, 0.002, 0.03, 5000),
    "cheap": (0.3, 0.02, 0.02, 1),
}


def _choose_cases(
    rng: np.random.Generator,
) -> list[tuple[dict[str, list[float]], dict[str, int], float]]:
    cases = []
    for number in range(6):
        played = dict(zip(PARTS, rng.permutation(NAMES), strict=False))
        order = [str(part) for part in rng.permutation(list(PARTS))]
        first = ("best", "dear", "relative")[number % 3]  # among the good ones never the right one
        order = [first, *(part for part in order if part != first)]
        best, price = float(rng.uniform(0.47, 0.55)), int(rng.integers(2, 9))
        valid, costs = {}, {}
        for part in order:
            below, above_mean, under_mean, cost = PARTS[part]
            middle = best - below
            spread = [above_mean, -under_mean, under_mean - above_mean, 0.0]
            valid[str(played[part])] = [round(middle + s, 4) for s in rng.permutation(spread)]
            costs[str(played[part])] = cost * price
        cases.append((valid, costs, 0.02))
    return cases


choose_operator = Exercise(
    key="02-choose",
    points=2,
    task="Return the cheapest operator that is good enough on the validation rows.",
    reference=_choose,
    cases=_choose_cases,
    options=NAMES,
    misconceptions=(
        Misconception(
            "the best",
            lambda v, c, t: max(v, key=lambda n: _mean(v[n])),
            "You return the best one and never look at the cost.",
        ),
        Misconception(
            "the cheapest of all",
            lambda v, c, t: _cheapest(list(v), c),
            "You return the cheapest of all. First ask which ones are good enough.",
        ),
        Misconception(
            "best seed",
            lambda v, c, t: _cheapest(_good(_by(max, v), t), c),
            "You judge an operator by its best seed. That rewards luck: take the mean.",
        ),
        Misconception(
            "worst seed",
            lambda v, c, t: _cheapest(_good(_by(min, v), t), c),
            "You judge an operator by its worst seed. The task asks for the mean.",
        ),
        Misconception(
            "the dearest",
            lambda v, c, t: max(_good(_by(_mean, v), t), key=lambda n: c[n]),
            "Of those that are good enough you return the most expensive one.",
        ),
        Misconception(
            "the first",
            lambda v, c, t: _good(_by(_mean, v), t)[0],
            "You return the first one that is good enough. Which of them costs least?",
        ),
        Misconception(
            "relative tolerance",
            _relative,
            "You take the tolerance as a share of the best accuracy. It is a difference: best "
            "minus tolerance.",
        ),
    ),
    hints=(
        "Three steps: the mean over seeds of each, the best of these means, the list of those "
        "near it.",
        "Good enough: mean >= best − tolerance.",
        "min(good, key=lambda name: costs[name]) finds the cheapest name in a list.",
    ),
)
