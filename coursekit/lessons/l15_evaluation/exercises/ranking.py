"""Lesson 15, the exercise about rankings: does an order hold, or turn over?"""

from collections.abc import Callable

import numpy as np
from scipy.stats import t as student

from coursekit.course.exercises.drawing import until_told_apart
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
VERDICTS = ("holds", "turns over", "cannot be said")
Case = tuple[Array, Array, Array, Array]
Sides = Callable[[Array, Array], int]


def _side(one: Array, other: Array, level: float = 0.95, paired: bool = True) -> int:
    """1 where ``one`` is surely ahead, −1 where it is surely behind, else 0."""
    n = len(one)
    difference = one - other
    variance = difference.var(ddof=1) if paired else one.var(ddof=1) + other.var(ddof=1)
    half = student.ppf((1 + level) / 2, n - 1 if paired else 2 * n - 2) * np.sqrt(variance / n)
    mean = difference.mean()
    return int(mean - half > 0) - int(mean + half < 0)


def _overlap(one: Array, other: Array) -> int:
    """The two models' own intervals must not overlap."""
    low, high = zip(*(_ends(x) for x in (one, other)), strict=True)
    return int(low[0] > high[1]) - int(high[0] < low[1])


def _ends(x: Array) -> tuple[float, float]:
    half = student.ppf(0.975, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x))
    return float(x.mean() - half), float(x.mean() + half)


def _verdict(sides: Sides) -> Callable[[Array, Array, Array, Array], str]:
    def answer(a_clean: Array, b_clean: Array, a_noisy: Array, b_noisy: Array) -> str:
        before, after = sides(a_clean, b_clean), sides(a_noisy, b_noisy)
        if before == 0 or after == 0:
            return "cannot be said"
        return "holds" if before == after else "turns over"

    return answer


_turnover = _verdict(_side)


def _half_sure(a_clean: Array, b_clean: Array, a_noisy: Array, b_noisy: Array) -> str:
    """One sure side is taken for enough."""
    before, after = _side(a_clean, b_clean), _side(a_noisy, b_noisy)
    signs = [np.sign((x - y).mean()) for x, y in ((a_clean, b_clean), (a_noisy, b_noisy))]
    if before == 0 and after == 0:
        return "cannot be said"
    return "holds" if signs[0] == signs[1] else "turns over"


def _change(a_clean: Array, b_clean: Array, a_noisy: Array, b_noisy: Array) -> str:
    """Only whether the difference changes."""
    side = _side(a_noisy - b_noisy, a_clean - b_clean)
    return "turns over" if side else "holds"


def _no_difference_holds(a_clean: Array, b_clean: Array, a_noisy: Array, b_noisy: Array) -> str:
    before, after = _side(a_clean, b_clean), _side(a_noisy, b_noisy)
    return "turns over" if before * after < 0 else "holds"


def _seed_by_seed(one: Array, other: Array) -> int:
    return int((one > other).all()) - int((one < other).all())


def _standard_error(one: Array, other: Array) -> int:
    difference = one - other
    half = 1.96 * difference.std(ddof=1) / np.sqrt(len(difference))
    return int(difference.mean() - half > 0) - int(difference.mean() + half < 0)


def _case(clean: Array, noisy: Array, rng: np.random.Generator) -> Case:
    """Accuracies of two models on the same seeds, with these differences; noise lowers both."""
    levels = (base + 0.15 * rng.random(len(clean)) for base in (0.75, 0.45))
    (a, b), (c, d) = (
        (level + difference / 2, level - difference / 2)
        for level, difference in zip(levels, (clean, noisy), strict=True)
    )
    return a, b, c, d


def _differences(rng: np.random.Generator, n: int, share: float) -> Array:
    """Differences on n seeds; share: their mean, in halves of its interval: 1 touches 0."""
    noise = rng.normal(size=n)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    return 0.02 * (noise + share * student.ppf(0.975, n - 1) / np.sqrt(n))


def _skewed(rng: np.random.Generator) -> Array:
    """Ten differences, surely above 0 on average, though most of them are below."""
    return rng.permutation(np.repeat([-0.001, 0.08], [6, 4])) + 0.0003 * rng.normal(size=10)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Leads of all signs on three to ten seeds: sure, unsure, and next to the line between."""
    shares = (1.5, 1.0003, 0.9997, 0.9, 0.75, 0.001)

    def draw(generator: np.random.Generator) -> list[Case]:
        cases: list[Case] = []
        for n in (3, 5, 10):
            for share in shares:
                for sign, place in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                    unsure = sign * _differences(generator, n, share)
                    sure = generator.choice([-1, 1]) * _differences(generator, n, 2.0)
                    clean, noisy = [unsure, sure][::place]
                    cases.append(_case(clean, noisy, generator))
        for sign in (1, -1):
            small = sign * _differences(generator, 10, 0.7), _differences(generator, 10, 0.6)
            cases.append(_case(*small, generator))  # both are unsure
            skewed, sure = sign * _skewed(generator), _differences(generator, 10, 2.0)
            cases.append(_case(skewed, sure, generator))
        return cases

    return until_told_apart(draw, rng, lambda: turnover.misconceptions)


turnover = Exercise(
    key="15-turnover",
    points=2,
    task="Return whether the order of two models “holds”, “turns over” or “cannot be said”.",
    reference=_turnover,
    cases=_cases,
    options=VERDICTS,
    misconceptions=(
        Misconception(
            "means compared",
            _verdict(lambda a, b: int(np.sign((a - b).mean()))),
            "You compare means. Say something only where the interval of the difference has no 0.",
        ),
        Misconception(
            "not paired",
            _verdict(lambda a, b: _side(a, b, paired=False)),
            "Your interval is of two separate samples. The seeds are the same: take the "
            "differences seed by seed, then their interval.",
        ),
        Misconception(
            "intervals that overlap",
            _verdict(_overlap),
            "You ask whether two intervals overlap. What the models share (data, seed) drops out "
            "of the difference: take its interval.",
        ),
        Misconception(
            "one sure side is enough",
            _half_sure,
            "One sure difference is not enough. Both have to be sure, else it cannot be said.",
        ),
        Misconception(
            "change of the difference",
            _change,
            "You ask whether the lead changes. It may shrink and stay a lead: the order turns over "
            "only where the sign does.",
        ),
        Misconception(
            "not shown is the same",
            _no_difference_holds,
            "Where an interval holds 0 you say “holds”. Nothing is shown there: cannot be said.",
        ),
        Misconception(
            "every seed",
            _verdict(_seed_by_seed),
            "You ask for the same sign on every seed. Take the mean difference with its interval.",
        ),
        Misconception(
            "1.96 whatever the number of seeds",
            _verdict(_standard_error),
            "With few seeds 1.96 is too small: Student's t with n − 1 degrees of freedom, or the "
            "course's `interval`.",
        ),
        Misconception(
            "90 %",
            _verdict(lambda a, b: _side(a, b, 0.9)),
            "Your interval is one of 90 %. Take 95 %, the course's `interval`.",
        ),
    ),
    hints=(
        "Two differences, seed by seed: clean and noisy. Each has an interval.",
        "`interval(a − b)` has low and high: above 0, below 0, or neither.",
        "Either of them holds 0: “cannot be said”. Both on one side: “holds”. Else “turns over”.",
    ),
)
