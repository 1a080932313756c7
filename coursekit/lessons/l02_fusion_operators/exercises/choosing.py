"""Lesson 02, the exercise about choosing: the cheapest operator that is good enough."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Scores = Mapping[str, Sequence[float]]
Costs = Mapping[str, int]
NAMES = (
    "late-linear",
    "multiplicative",
    "tensor",
    "low-rank",
    "film",
    "gmu",
    "mid-mlp",
    "mag",
    "bilinear",
)


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


# In units of the tolerance: the mean below the best one, then by how much the seeds lie beside
# that mean. And the cost. Each part is played by another operator in every case.
PARTS: Mapping[str, tuple[float, tuple[float, ...], int]] = {
    "right": (0.75, (0.1, -1.5, 1.4, 0.0), 50),
    "best": (0.0, (0.1, -0.8, 0.7, 0.0), 1000),
    "lucky": (2.5, (6.0, -4.0, -2.0, 0.0), 20),
    "steady": (1.5, (0.05, -0.05, 0.0, 0.0), 30),
    "median": (2.0, (1.5, 1.5, 1.5, -4.5), 25),
    "relative": (0.25, (0.1, -1.5, 1.4, 0.0), 200),
    "twice": (1.9, (0.05, -0.05, 0.0, 0.0), 15),
    "dear": (0.5, (0.1, -1.5, 1.4, 0.0), 5000),
    "cheap": (15.0, (1.0, -1.0, 0.0, 0.0), 1),
}
TOLERANCES = (0.01, 0.02, 0.03, 0.02, 0.01, 0.03)


def _case(rng: np.random.Generator, number: int) -> tuple[Scores, Costs, float]:
    tolerance = TOLERANCES[number]
    played = dict(zip(PARTS, rng.permutation(NAMES), strict=True))
    order = [str(part) for part in rng.permutation(list(PARTS))]
    first = ("best", "dear", "relative")[number % 3]  # among the good ones never the right one
    order = [first, *(part for part in order if part != first)]
    low = 0.47 if number % 2 else 0.85  # a share of the best is not always half the tolerance
    best, price = float(rng.uniform(low, low + 0.08)), int(rng.integers(2, 9))
    valid = {}
    for part in order:
        below, seeds, _ = PARTS[part]
        if part == "relative" and number % 2:  # no seed of it is bad, in some cases
            seeds = PARTS["steady"][1]
        shown = [round(best + tolerance * (s - below), 4) for s in rng.permutation(seeds)]
        valid[str(played[part])] = shown
    costs = {str(played[p]): PARTS[p][2] * price for p in map(str, rng.permutation(order))}
    return valid, costs, tolerance


def _edges() -> list[tuple[Scores, Costs, float]]:
    """Exactly the tolerance below the best, which is good enough, and a hair more, which is not.

    In binary fractions, which add and subtract without rounding.
    """
    best, at = [0.5, 0.5, 0.5], [0.5, 0.4375, 0.46875]
    beyond = [0.494140625, 0.453125, 0.45751953125]  # by 1.6 % of the tolerance
    none = [0.015625, 0.0, 0.0]
    return [
        (
            {"gmu": best, "film": at, "mag": beyond, "low-rank": none},
            {"low-rank": 1, "mag": 2, "gmu": 5, "film": 3},
            0.03125,
        ),
        (
            {"film": beyond, "tensor": best, "gmu": at, "mag": best},
            {"mag": 7, "gmu": 5, "film": 3, "tensor": 90},
            0.03125,
        ),
        # Rounded to three digits it would miss; and the first is steady, but no good. Per cost the
        # best one gives more accuracy than the cheapest that is good enough.
        (
            {"gmu": [0.5] * 3, "mag": [0.9375] * 3, "film": [0.90625, 0.84375, 0.96875]},
            {"film": 62, "mag": 63, "gmu": 90},
            0.03125,
        ),
        # Unequal numbers of seeds, which make median, trimmed and geometric mean differ, and the
        # first five of seven from all.
        (
            {
                "mag": [1.0, 0.5, 0.75],
                "film": [0.703125] * 5 + [0.8125] * 2,
                "low-rank": [0.703125] * 6,
                "gmu": [0.75] * 4 + [0.5] * 3,
            },
            {"gmu": 1, "low-rank": 2, "film": 3, "mag": 9},
            0.03125,
        ),
    ]


def _by_one_seed(place: int) -> Callable[[Scores, Costs, float], str]:
    """A wrong answer: the seed that stands there, for all of them."""
    return lambda v, c, t: _cheapest(_good({n: s[place] for n, s in v.items()}, t), c)


def _against_the_best_mean(pick: Callable[[Sequence[float]], float]) -> Callable[..., str]:
    """A wrong answer: one seed of each is held against the best mean."""

    def choose(valid: Scores, costs: Costs, tolerance: float) -> str:
        best = max(_mean(scores) for scores in valid.values())
        return _cheapest([n for n, s in valid.items() if pick(s) >= best - tolerance], costs)

    return choose


def _of_seeds(which: slice) -> Callable[[Scores, Costs, float], str]:
    """A wrong answer: some of the seeds only."""
    return lambda v, c, t: _choose({n: s[which] for n, s in v.items()}, c, t)


RIVALS = (
    _by_one_seed(0),
    _by_one_seed(-1),
    _of_seeds(slice(1, None)),
    _of_seeds(slice(2)),
    _of_seeds(slice(3)),
    _against_the_best_mean(min),
    _against_the_best_mean(max),
    _against_the_best_mean(np.median),
)


def _choose_cases(rng: np.random.Generator) -> list[tuple[Scores, Costs, float]]:
    def draw(rng: np.random.Generator) -> list[tuple[Scores, Costs, float]]:
        cases = [*(_case(rng, number) for number in range(6)), *_edges()]
        return [cases[i] for i in rng.permutation(len(cases))]

    return until_refused(draw, rng, _choose, RIVALS)


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
            "no tolerance",
            lambda v, c, t: _cheapest(_good(_by(_mean, v), 0.0), c),
            "You take a best one only. The tolerance makes room for one that costs less and is "
            "nearly as good.",
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
            "median",
            lambda v, c, t: _cheapest(_good(_by(np.median, v), t), c),
            "You judge an operator by its median seed. The task asks for the mean.",
        ),
        Misconception(
            "strictly nearer",
            lambda v, c, t: _cheapest(
                [n for n in v if _mean(v[n]) > max(_by(_mean, v).values()) - t] or list(v), c
            ),
            "Exactly the tolerance below the best is still good enough: “at most”.",
        ),
        Misconception(
            "costs by position",
            lambda v, c, t: _cheapest(
                _good(_by(_mean, v), t), dict(zip(v, c.values(), strict=True))
            ),
            "You pair operators and costs by their order. A dict is asked by name: costs[name].",
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
