"""Lesson 15, the exercise about Krippendorff's alpha on an interval scale, with gaps."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Squares = Callable[[Array, Array], Array]


def _interval(one: Array, other: Array) -> Array:
    return (one - other) ** 2


def _with(
    distance: Squares = _interval,
    paired: bool = True,
    observed: str = "by rating",
    turned: Callable[[float, float], float] = lambda o, e: 1 - o / e,
) -> Callable[[Array], float]:
    """α, or what a slip makes of it.

    paired: leave out units with one rating.  observed: how units are weighed.
    """

    def answer(ratings: Array) -> float:
        units = [column[~np.isnan(column)] for column in ratings.T]
        pairs = [unit for unit in units if len(unit) > 1]
        pool = np.concatenate(pairs if paired else units)
        within = [distance(u[:, None], u).sum() / (len(u) - 1) for u in pairs]
        if observed == "by rating":
            inside = sum(within) / len(np.concatenate(pairs))
        elif observed == "by unit":
            inside = np.mean([w / len(u) for w, u in zip(within, pairs, strict=True)])
        else:
            counts = [len(u) * (len(u) - 1) for u in pairs]
            raw = [distance(u[:, None], u).sum() for u in pairs]
            inside = sum(raw) / sum(counts)
        n = len(pool)
        among = distance(pool[:, None], pool).sum() / (n * (n - 1))
        return float(turned(float(inside), float(among)))

    return answer


_alpha = _with()


def _zeros_for_gaps(ratings: Array) -> float:
    return _alpha(np.nan_to_num(ratings, nan=0.0))


def _complete_only(ratings: Array) -> float:
    return _alpha(ratings[:, ~np.isnan(ratings).any(0)])


def _with_itself(ratings: Array) -> float:
    units = [c[~np.isnan(c)] for c in ratings.T]
    pairs = [u for u in units if len(u) > 1]
    pool = np.concatenate(pairs)
    inside = sum(_interval(u[:, None], u).sum() / len(u) for u in pairs) / len(pool)
    return float(1 - inside / _interval(pool[:, None], pool).mean())


def _cases(rng: np.random.Generator) -> list[tuple[Array]]:
    """Ratings with gaps: units with two, three, four ratings, and with one; also disagreement."""
    gaps = np.nan
    fixed = [
        [[1, 2, 3, 4, 5, gaps], [1, 2, 3, 3, 4, 2], [2, gaps, 3, 4, 5, gaps]],
        [[1, 5, 1, 5, 3], [5, 1, 5, 1, 2], [3, 3, gaps, gaps, 1]],
        [[1, 2, 3, 4], [1, 2, 3, gaps], [gaps, 4, 4, 5], [1, 3, gaps, gaps]],
        # No whole numbers of 1 to 5: an interval scale has no zero, and no unit of its own.
        [[-4.5, 7, 2.25, 10], [-3.25, 6.5, 2.5, gaps], [0, 9, gaps, 8]],
        [[0.0123, -0.0314, 0.0256, 0.0071], [0.0136, 0.0272, -0.0081, gaps]],
        [[3, 3, 2, 2, 3, 1], [3, 1, 2, 3, 2, 1], [gaps, 2, 3, 2, 3, 3]],  # hardly above chance
    ]
    cases = [(np.array(rows, dtype=float),) for rows in fixed]
    for raters, units in ((3, 12), (4, 9), (3, 20)):
        true = rng.integers(1, 6, units)
        rated = np.clip(true + rng.integers(-1, 2, (raters, units)), 1, 5).astype(float)
        rated[2:][rng.random((raters - 2, units)) < 0.5] = gaps
        rated[1:, 0], rated[1, 1], rated[0, 2] = gaps, gaps, 5.0
        rated[:, 3], rated[:, 4] = 1.0, 3.0
        rated[0, 0] = 5.0  # a unit that nobody else rated
        rated[:, 5] = [1.0, 2.0, *[4.0] * (raters - 2)]
        cases.append((rated,))
    return cases


alpha = Exercise(
    key="15-alpha",
    points=2,
    task="Return Krippendorff's alpha on an interval scale of ratings with gaps.",
    reference=_alpha,
    cases=_cases,
    misconceptions=(
        Misconception(
            "nominal",
            _with(lambda one, other: (one != other).astype(float)),
            "You only ask whether two ratings differ. On an interval scale 1 and 5 are sixteen "
            "times as far apart as 1 and 2: (c − k)².",
        ),
        Misconception(
            "distance not squared",
            _with(lambda one, other: abs(one - other)),
            "The distance of an interval scale is squared: (c − k)².",
        ),
        Misconception(
            "lonely ratings in the pool",
            _with(paired=False),
            "A unit with one rating tells nothing of agreement: it drops out, of D_e as well.",
        ),
        Misconception(
            "every unit alike",
            _with(observed="by unit"),
            "You take the mean over units. A unit with more ratings counts more: its pairs, each "
            "1/(m − 1), summed and divided by the number of all ratings.",
        ),
        Misconception(
            "every pair alike",
            _with(observed="by pair"),
            "You weigh all pairs alike. In a unit with m ratings each pair counts 1/(m − 1).",
        ),
        Misconception(
            "gaps as zeros",
            _zeros_for_gaps,
            "A missing rating is no 0. Leave it out.",
        ),
        Misconception(
            "complete units only",
            _complete_only,
            "You keep only units that all have rated. Two ratings are enough.",
        ),
        Misconception(
            "ratings paired with themselves",
            _with_itself,
            "You pair ratings with themselves, which never differ. Divide by m − 1 and n − 1.",
        ),
        Misconception(
            "ratio",
            _with(turned=lambda o, e: o / e),
            "That is D_o / D_e. Alpha is one minus it.",
        ),
        Misconception(
            "pairs once within units",
            _with(turned=lambda o, e: 1 - o / 2 / e),
            "You count each pair within a unit once and each pair of the pool twice. Both sums run "
            "over ordered pairs.",
        ),
        Misconception(
            "pairs once in the pool",
            _with(turned=lambda o, e: 1 - 2 * o / e),
            "You count each pair of the pool once and each pair within a unit twice. Both sums run "
            "over ordered pairs.",
        ),
        Misconception(
            "upside down",
            _with(turned=lambda o, e: 1 - e / o if o else 1.0),
            "You divide D_e by D_o. It is the other way round.",
        ),
    ),
    hints=(
        "Drop the gaps of each unit, then the units with fewer than two ratings.",
        "D_o: for each unit the sum of (c − k)² over ordered pairs, divided by m − 1; all units "
        "summed, divided by the number n of ratings that are left.",
        "D_e: the sum of (c − k)² over ordered pairs of all n ratings, divided by n (n − 1).",
    ),
)
