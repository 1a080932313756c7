"""Lesson 04, the exercise about early against late fusion, from curves over several seeds."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.lessons.l04_early_or_late.exercises.curves import first_after, first_at

Array = np.ndarray
Curves = Array  # (seeds, epochs)


def _arrival(valid: Curves) -> float:
    return float(np.mean([first_at(c, 0.95 * c.max()) for c in valid]))


def _final(valid: Curves, test: Curves) -> float:
    return float(np.mean([t[np.argmax(v)] for v, t in zip(valid, test, strict=True)]))


def _best_of_equals(valid: Curves, test: Curves) -> float:
    return float(np.mean([t[v == v.max()].max() for v, t in zip(valid, test, strict=True)]))


def _at_arrival(valid: Curves, test: Curves) -> float:
    at = [first_at(v, 0.95 * v.max()) - 1 for v in valid]
    return float(np.mean([t[i] for i, t in zip(at, test, strict=True)]))


def _compare(
    early_valid: Curves, early_test: Curves, late_valid: Curves, late_test: Curves
) -> list[float]:
    return [
        _arrival(late_valid) - _arrival(early_valid),
        _final(late_valid, late_test) - _final(early_valid, early_test),
    ]


Rule = Callable[[Curves, Curves], float]


def _with(arrive: Rule, final: Rule) -> Callable[..., list[float]]:
    """The comparison with other rules for arriving and for the final accuracy."""

    def compare(ev: Curves, et: Curves, lv: Curves, lt: Curves) -> list[float]:
        return [arrive(lv, lt) - arrive(ev, et), final(lv, lt) - final(ev, et)]

    return compare


def _pooled(valid: Curves, _: Curves) -> float:
    mean = valid.mean(axis=0)
    return float(first_at(mean, 0.95 * mean.max()))


# Early and late, validation and test: 0.5776 is 95 % of 0.608, which is enough; a curve may be best
# at once; the mean over these three seeds is not their median.
EDGE = (
    [[0.1, 0.5776, 0.608, 0.4, 0.3], [0.1, 0.2, 0.3, 0.5776, 0.608], [0.5, 0.2, 0.3, 0.4, 0.45]],
    [[0.1, 0.4, 0.62, 0.5, 0.4], [0.2, 0.25, 0.3, 0.4, 0.41], [0.33, 0.2, 0.5, 0.4, 0.45]],
    [
        [0.2, 0.3, 0.5776, 0.608, 0.1],
        [0.5776, 0.3, 0.4, 0.608, 0.2],
        [0.3, 0.5776, 0.59, 0.608, 0.2],
    ],
    [[0.2, 0.3, 0.41, 0.7, 0.1], [0.5, 0.3, 0.4, 0.55, 0.6], [0.3, 0.45, 0.44, 0.2, 0.5]],
)
# 0.5767 is a hair more than 95 % of 0.607, 0.66495 a hair less than that of 0.7; both fall again.
HAIR = (
    [[0.3, 0.5767, 0.2, 0.3, 0.607], [0.1, 0.66495, 0.3, 0.7, 0.6]],
    [[0.31, 0.58, 0.22, 0.28, 0.6613], [0.12, 0.6312, 0.33, 0.47, 0.71]],
    [[0.2, 0.66495, 0.66, 0.7, 0.66], [0.3, 0.5, 0.6, 0.66495, 0.7]],
    [[0.21, 0.62, 0.69, 0.7, 0.6431], [0.33, 0.52, 0.57, 0.65, 0.6148]],
)
# One seed, early at its best soon, in three epochs, and late at the end, which is low.
LONG = (
    [[0.6, 0.7, 0.7, 0.68, 0.7, 0.64, 0.62, 0.6, 0.6, 0.6, 0.5]],
    [[0.65, 0.4124, 0.63, 0.61, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.5]],
    [[0.1, 0.15, 0.2, 0.25, 0.3, 0.34, 0.36, 0.38, 0.4, 0.41, 0.44]],
    [[0.1, 0.2, 0.3, 0.3, 0.3, 0.3, 0.4, 0.4, 0.4, 0.43, 0.4231]],
)


def _runs(rng: np.random.Generator) -> list[tuple[Curves, Curves, Curves, Curves]]:
    """Noisy curves that rise at different speeds and fall again; test has its own noise.

    Few seeds and epochs, rounded: a case that goes wrong is shown to the learner. Only one has
    seven seeds and 16 epochs, and goes on rising.
    """
    cases = []
    for early, early_test, late, late_test in (EDGE, HAIR, LONG):
        cases.append((np.array(early), np.array(early_test), np.array(late), np.array(late_test)))
    for seeds in (2, 3, 7, 2, 3, 4, 1):
        epochs, late_slope = (16, 0.008) if seeds == 7 else (int(rng.integers(6, 9)), -0.02)
        parts: list[Curves] = []
        for _ in range(2):
            valid, test = _run(rng, seeds, epochs, late_slope)
            while _near_the_level(valid):
                valid, test = _run(rng, seeds, epochs, late_slope)
            parts += [valid, test]
        cases.append((parts[0], parts[1], parts[2], parts[3]))
    return [cases[i] for i in rng.permutation(len(cases))]


def _run(
    rng: np.random.Generator, seeds: int, epochs: int, late_slope: float
) -> tuple[Curves, Curves]:
    """Validation and test curves; late_slope: what the fifth and later epochs add, per epoch."""
    best, speed = rng.uniform(0.55, 0.85), rng.uniform(0.4, 1.2, (seeds, 1))
    t = np.arange(epochs)
    clean = best * (1 - np.exp(-speed * (t + 0.5))) + late_slope * np.maximum(0, t - 4)
    valid, test = (np.round(clean + rng.normal(0, 0.02, clean.shape), 3) for _ in range(2))
    return valid, test


def _near_the_level(valid: Curves) -> bool:
    """Whether rounding decides: a value at 95 % of the best one, or two that are the best."""
    best = valid.max(axis=1, keepdims=True)
    twice = (valid == best).sum(axis=1).max() > 1
    return bool(twice or np.abs(valid - 0.95 * best).min() < 1e-6)


late_against_early = Exercise(
    key="04-compare",
    points=3,
    task="Return late minus early: epochs to 95 %, and test accuracy, means over seeds.",
    reference=_compare,
    cases=_runs,
    absolute=1e-6,  # accuracies of single precision
    misconceptions=(
        Misconception(
            "last epoch",
            _with(lambda v, t: _arrival(v), lambda v, t: float(t[:, -1].mean())),
            "You took the test accuracy of the last epoch. Take it at the epoch that is best on "
            "validation, seed by seed.",
        ),
        Misconception(
            "best test epoch",
            _with(lambda v, t: _arrival(v), lambda v, t: float(t.max(axis=1).mean())),
            "You chose the epoch on the test rows. Choose it on validation.",
        ),
        Misconception(
            "best test among equal epochs",
            _with(lambda v, t: _arrival(v), _best_of_equals),
            "Of equally good epochs you took the one that is best on the test rows: that is "
            "choosing on test. Of equal epochs the first counts.",
        ),
        Misconception(
            "test accuracy at the 95 % epoch",
            _with(lambda v, t: _arrival(v), _at_arrival),
            "You took the test accuracy at the 95 % epoch. Training goes on after that; take it at "
            "the epoch that is best on validation.",
        ),
        Misconception(
            "validation accuracy",
            _with(lambda v, t: _arrival(v), lambda v, t: float(v.max(axis=1).mean())),
            "Your second number is a validation accuracy. It chose the epoch; report test.",
        ),
        Misconception(
            "curves averaged first",
            _with(_pooled, lambda v, t: float(t.mean(0)[np.argmax(v.mean(0))])),
            "You averaged the curves before you looked for the epochs. Each seed has its own "
            "epochs; average at the end.",
        ),
        Misconception(
            "sign",
            lambda ev, et, lv, lt: [-x for x in _compare(ev, et, lv, lt)],
            "The sign is turned round: late minus early.",
        ),
        Misconception(
            "epochs of test curves",
            _with(lambda v, t: _arrival(t), _final),
            "You measured convergence on the test curves. What decides when to stop is validation.",
        ),
        Misconception(
            "epoch of the best value",
            _with(lambda v, t: float(np.mean(v.argmax(axis=1) + 1)), _final),
            "Your first number compares the epochs of the best values. Use the first epoch with "
            "95 % of the best.",
        ),
        Misconception(
            "medians over seeds",
            _with(
                lambda v, t: float(np.median([first_at(c, 0.95 * c.max()) for c in v])),
                lambda v, t: float(np.median(t[np.arange(len(t)), v.argmax(axis=1)])),
            ),
            "You took the medians over seeds. The means were asked for.",
        ),
        Misconception(
            "more than 95 %",
            _with(lambda v, t: float(np.mean([first_after(c, 0.95 * c.max()) for c in v])), _final),
            "95 % exactly is enough: at least, not more than.",
        ),
        Misconception(
            "one seed",
            lambda ev, et, lv, lt: _compare(ev[:1], et[:1], lv[:1], lt[:1]),
            "You looked at the first seed only.",
        ),
        Misconception(
            "exchanged",
            lambda ev, et, lv, lt: _compare(ev, et, lv, lt)[::-1],
            "The two numbers have changed places: epochs first.",
        ),
    ),
    hints=(
        "Every argument is (seeds, epochs). Handle one seed first.",
        "For one seed: your epochs_to(valid), and test[np.argmax(valid)].",
        "Average both over the seeds, for late and for early, and subtract early.",
    ),
)
