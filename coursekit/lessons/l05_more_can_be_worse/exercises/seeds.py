"""Lesson 05, the exercise about seeds: an interval of paired differences."""

import numpy as np
from scipy import stats

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _half(d: Array) -> float:
    """Half the width of the 95 % t-interval of the mean."""
    return float(stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d)))


def _t_interval(d: Array, level: float = 0.95, ddof: int = 1) -> tuple[float, float]:
    half = stats.t.ppf((1 + level) / 2, len(d) - 1) * d.std(ddof=ddof) / np.sqrt(len(d))
    return float(d.mean() - half), float(d.mean() + half)


def _unpaired(x: Array, y: Array) -> tuple[float, float]:
    n = len(x)
    half = stats.t.ppf(0.975, 2 * n - 2) * np.sqrt((x.var(ddof=1) + y.var(ddof=1)) / n)
    return float(x.mean() - y.mean() - half), float(x.mean() - y.mean() + half)


def _welch(x: Array, y: Array) -> tuple[float, float]:
    low, high = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.95)
    return float(low), float(high)


def _around(d: Array, half: float) -> tuple[float, float]:
    return float(d.mean() - half), float(d.mean() + half)


def _interval_cases(rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """Gains, losses, and neither, in which some seeds are a gain and others a loss."""
    sizes = (lambda x, y: _around(x - y, _half(np.abs(x - y))),)
    return until_refused(_draw, rng, lambda x, y: _t_interval(x - y), sizes)


def _draw(rng: np.random.Generator) -> list[tuple[Array, Array]]:
    cases = []
    for n, lead in zip(rng.integers(5, 13, 4), (0.09, -0.09, 0.0, -0.03), strict=True):
        hard = rng.normal(0, 0.05, n)  # some seeds are hard for both models
        joint = 0.75 + hard + rng.normal(0, 0.02, n)
        alone = 0.75 - lead * rng.uniform(0.8, 1.1) + hard + rng.normal(0, 0.02, n)
        cases.append((joint, alone))
    cases.append((np.array([0.9, 0.3]), np.array([0.2, 0.7])))  # two seeds: very wide
    # In one seed no difference, in three the same, and the lower end near zero; binary fractions,
    # which are exact.
    cases.append((np.array([0.75, 0.5, 0.875, 0.625]), np.array([0.75, 0.25, 0.625, 0.375])))
    return [cases[i] for i in rng.permutation(len(cases))]


paired_interval = Exercise(
    key="05-paired-interval",
    points=2,
    task="Return both ends of the 95 % t-interval of the mean of joint minus alone over seeds.",
    reference=lambda x, y: _t_interval(x - y),
    cases=_interval_cases,
    misconceptions=(
        Misconception(
            "two samples",
            _unpaired,
            "You treat the seeds as two separate groups. Both models saw the same data in each "
            "seed: take the difference seed by seed first, then its interval.",
        ),
        Misconception(
            "two samples, unequal variances",
            _welch,
            "You treat the seeds as two separate groups. Both models saw the same data in each "
            "seed: take the difference seed by seed first, then its interval.",
        ),
        Misconception(
            "two intervals subtracted",
            lambda x, y: (
                _t_interval(x)[0] - _t_interval(y)[1],
                _t_interval(x)[1] - _t_interval(y)[0],
            ),
            "The ends of two intervals cannot be subtracted: take the difference seed by seed "
            "first, then its interval.",
        ),
        Misconception(
            "percentiles of the seeds",
            lambda x, y: tuple(np.percentile(x - y, [2.5, 97.5])),
            "That is where single seeds fall. The interval of their mean is narrower, and shrinks "
            "with more seeds.",
        ),
        Misconception(
            "normal quantile",
            lambda x, y: _around(x - y, 1.959964 * (x - y).std(ddof=1) / np.sqrt(len(x))),
            "1.96 is for many seeds. With a handful the t quantile, n − 1 degrees of freedom, is "
            "wider.",
        ),
        Misconception(
            "1.96, rounded",
            lambda x, y: _around(x - y, 1.96 * (x - y).std(ddof=1) / np.sqrt(len(x))),
            "1.96 is for many seeds. With a handful the t quantile, n − 1 degrees of freedom, is "
            "wider.",
        ),
        Misconception(
            "no division by root n",
            lambda x, y: _around(x - y, stats.t.ppf(0.975, len(x) - 1) * (x - y).std(ddof=1)),
            "That is where single seeds fall. The mean of n seeds varies less, by the square root "
            "of n.",
        ),
        Misconception(
            "divided by n",
            lambda x, y: _around(
                x - y, stats.t.ppf(0.975, len(x) - 1) * (x - y).std(ddof=1) / len(x)
            ),
            "The standard error divides by the square root of n, not by n.",
        ),
        Misconception(
            "population deviation",
            lambda x, y: _t_interval(x - y, ddof=0),
            "numpy's std divides by n unless told otherwise. Use ddof=1: the mean was estimated "
            "from the same seeds.",
        ),
        Misconception(
            "one-sided quantile",
            lambda x, y: _t_interval(x - y, level=0.90),
            "You used the 95 % quantile. For 95 % between both ends take the 97.5 % quantile.",
        ),
        Misconception(
            "sign turned round",
            lambda x, y: _t_interval(y - x),
            "Look at the sign: joint minus alone, so that a loss is negative.",
        ),
        Misconception(
            "ends exchanged",
            lambda x, y: _t_interval(x - y)[::-1],
            "Both ends are right; give the lower one first.",
        ),
        Misconception(
            "n degrees of freedom",
            lambda x, y: _around(
                x - y, stats.t.ppf(0.975, len(x)) * (x - y).std(ddof=1) / np.sqrt(len(x))
            ),
            "One degree of freedom went into the mean: n − 1 are left.",
        ),
        Misconception(
            "smallest and largest",
            lambda x, y: ((x - y).min(), (x - y).max()),
            "That is the range of the seeds. It grows with more seeds; an interval shrinks.",
        ),
    ),
    hints=(
        "Both models meet the same data in one seed. What can you subtract before averaging?",
        "half = t · s / √n with s = np.std(d, ddof=1) of the differences d.",
        "scipy.stats.t.ppf(0.975, n - 1) is the quantile.",
    ),
    absolute=1e-6,  # accuracies of single precision
)
