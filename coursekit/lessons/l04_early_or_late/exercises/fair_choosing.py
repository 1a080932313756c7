"""Lesson 04, the exercise about fair comparisons: equal tuning budgets."""

from collections.abc import Callable, Sequence

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Trials = Sequence[Array]


def _chosen(valid: Trials, test: Trials) -> list[float]:
    n = min(map(len, valid))
    return [float(t[np.argmax(v[:n])]) for v, t in zip(valid, test, strict=True)]


def _each(pick: Callable[[Array, Array, int], float]) -> Callable[[Trials, Trials], list[float]]:
    """``pick(valid, test, smallest budget)`` for every architecture."""

    def all_of_them(valid: Trials, test: Trials) -> list[float]:
        n = min(map(len, valid))
        return [float(pick(v, t, n)) for v, t in zip(valid, test, strict=True)]

    return all_of_them


# Two trials that differ in the fourth digit, the better one second; two architectures, then four,
# the first of which has three equally good trials; then one trial each.
CLOSE = [
    (
        [[0.5, 0.7123, 0.7124, 0.8], [0.5, 0.4, 0.6]],
        [[0.5, 0.71236, 0.61238, 0.9], [0.55, 0.6, 0.7]],
    ),
    (
        [
            [0.5, 0.7, 0.7, 0.6, 0.7, 0.1],
            [0.4, 0.5, 0.6, 0.3, 0.2],
            [0.7, 0.1, 0.2, 0.3, 0.4],
            [0.2, 0.3, 0.1, 0.1, 0.1, 0.1, 0.8],
        ],
        [
            [0.51, 0.6, 0.66, 0.58, 0.49, 0.2],
            [0.45, 0.47, 0.52, 0.61, 0.22],
            [0.66, 0.7, 0.3, 0.31, 0.44],
            [0.21, 0.26, 0.35, 0.15, 0.12, 0.1, 0.75],
        ],
    ),
    ([[0.6], [0.5, 0.7], [0.4, 0.3]], [[0.58], [0.52, 0.69], [0.41, 0.36]]),
]


def _trials(rng: np.random.Generator) -> list[tuple[list[Array], list[Array]]]:
    """Unequal numbers of trials; the late ones tempt, and the test rows tempt elsewhere.

    By turns the first architecture has the fewest, the middle and the largest number of trials.
    """

    def draw(rng: np.random.Generator) -> list[tuple[list[Array], list[Array]]]:
        fixed = [(list(map(np.array, valid)), list(map(np.array, test))) for valid, test in CLOSE]
        return [*fixed, *(_trial(rng, turn) for turn in range(6))]

    rivals = (
        _each(lambda v, t, n: t[len(v) - n + np.argmax(v[-n:])]),
        _each(lambda v, t, n: t[np.argmax(v[: n + 1])]),
        _each(lambda v, t, n: t[np.argmax(v[: n - 1])]),
        _each(lambda v, t, n: t[np.argmax(v[:n] + t[:n])]),
        _each(lambda v, t, n: np.median(t[:n])),
    )
    return until_refused(draw, rng, _chosen, rivals)


def _trial(rng: np.random.Generator, turn: int) -> tuple[list[Array], list[Array]]:
    """One case in which the plainest wrong answers are at least 0.005 from the right one."""
    wrong = (
        _each(lambda v, t, n: t[:n].max()),
        _each(lambda v, t, n: t[np.argmax(v)]),
        _each(lambda v, t, n: t[:n].mean()),
        _each(lambda v, t, n: t[0]),
        _each(lambda v, t, n: t[n - 1]),
    )
    while True:
        budgets = np.roll([4, int(rng.integers(5, 7)), int(rng.integers(9, 11))], turn)
        valid = [np.round(rng.uniform(0.4, 0.8, k), 4) for k in budgets]
        test = [np.round(v + rng.normal(0, 0.06, len(v)), 4) for v in valid]
        for v in valid:  # what a larger budget would find
            if len(v) > 4:
                v[4 if turn % 2 else -1] = v.max() + 0.01
        right = _chosen(valid, test)
        if all(max(abs(np.subtract(right, f(valid, test)))) > 0.005 for f in wrong):
            return valid, test


fair_choice = Exercise(
    key="04-fair-choice",
    points=2,
    task="Return each architecture's test accuracy under equal budgets, chosen on validation.",
    reference=_chosen,
    cases=_trials,
    misconceptions=(
        Misconception(
            "chosen on test",
            _each(lambda v, t, n: t[:n].max()),
            "You chose the trial on the test rows. Choose on validation and report that trial's "
            "test accuracy, whatever it is.",
        ),
        Misconception(
            "best test among equals",
            _each(lambda v, t, n: t[:n][v[:n] == v[:n].max()].max()),
            "Of equally good trials you took the one that is best on the test rows: that is "
            "choosing on test. Of equal ones the first counts.",
        ),
        Misconception(
            "unequal budgets",
            _each(lambda v, t, n: t[np.argmax(v)]),
            "An architecture with more trials had more chances here. Give all of them the smallest "
            "number: the first ones.",
        ),
        Misconception(
            "cut to the first architecture's length",
            lambda valid, test: [
                float(t[np.argmax(v[: len(valid[0])])]) for v, t in zip(valid, test, strict=True)
            ],
            "You cut all of them to the first architecture's number of trials. Another one may "
            "have had fewer.",
        ),
        Misconception(
            "chosen on test from all trials",
            _each(lambda v, t, n: t.max()),
            "Both mistakes at once: the trial was chosen on the test rows, and from unequal "
            "numbers of trials.",
        ),
        Misconception(
            "validation reported",
            _each(lambda v, t, n: v[:n].max()),
            "You report the validation accuracy of the best trial. It was chosen for being high "
            "there; report its test accuracy.",
        ),
        Misconception(
            "mean of the trials",
            _each(lambda v, t, n: t[:n].mean()),
            "The mean over trials tells how the search space is laid out. Report the chosen trial.",
        ),
        Misconception(
            "one trial for all",
            lambda valid, test: [
                float(t[int(np.argmax(valid[0][: min(map(len, valid))]))]) for t in test
            ],
            "You use the first architecture's best trial for all of them. Each one chooses its "
            "own.",
        ),
        Misconception(
            "no tuning",
            _each(lambda v, t, n: t[0]),
            "You took the first trial. Whose favourite setting is that?",
        ),
        Misconception(
            "worst trial",
            _each(lambda v, t, n: t[np.argmin(v[:n])]),
            "You took the trial with the lowest validation accuracy.",
        ),
    ),
    hints=(
        "How many trials has the architecture with the fewest?",
        "n = min(len(v) for v in valid); look at v[:n] only.",
        "np.argmax(v[:n]) is the chosen trial of one architecture; its test accuracy is wanted.",
    ),
)
