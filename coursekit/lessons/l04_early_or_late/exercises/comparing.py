"""Lesson 04, fair comparisons: equal tuning budgets, and early against late from curves."""

from collections.abc import Callable, Sequence

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.lessons.l04_early_or_late.exercises.curves import first_at

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


def _trials(rng: np.random.Generator) -> list[tuple[list[Array], list[Array]]]:
    """Unequal numbers of trials; the late ones tempt, and the test rows tempt elsewhere.

    By turns the first architecture has the fewest, the middle and the largest number of trials.
    """
    cases: list[tuple[list[Array], list[Array]]] = []
    while len(cases) < 6:
        budgets = np.roll([4, int(rng.integers(5, 7)), int(rng.integers(7, 9))], len(cases))
        valid = [np.round(rng.uniform(0.4, 0.8, k), 4) for k in budgets]
        test = [np.round(v + rng.normal(0, 0.06, len(v)), 4) for v in valid]
        for v in valid:  # what a larger budget would find
            if len(v) > 4:
                v[-1] = v.max() + 0.01
        right = _chosen(valid, test)
        wrong = (
            _each(lambda v, t, n: t[:n].max()),
            _each(lambda v, t, n: t[np.argmax(v)]),
            _each(lambda v, t, n: t[:n].mean()),
            _each(lambda v, t, n: t[0]),
            _each(lambda v, t, n: t[n - 1]),
        )
        if all(max(abs(np.subtract(right, f(valid, test)))) > 0.005 for f in wrong):
            cases.append((valid, test))
    return cases


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

Curves = Array  # (seeds, epochs)


def _arrival(valid: Curves) -> float:
    return float(np.mean([first_at(c, 0.95 * c.max()) for c in valid]))


def _final(valid: Curves, test: Curves) -> float:
    return float(np.mean([t[np.argmax(v)] for v, t in zip(valid, test, strict=True)]))


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


def _runs(rng: np.random.Generator) -> list[tuple[Curves, Curves, Curves, Curves]]:
    """Noisy curves that rise at different speeds and fall again; test has its own noise.

    Few seeds and epochs, rounded: a case that goes wrong is shown to the learner.
    """
    cases = []
    for _ in range(8):
        parts: list[Curves] = []
        seeds, epochs = 2, int(rng.integers(6, 9))
        for _ in range(2):
            best, speed = rng.uniform(0.55, 0.85), rng.uniform(0.4, 1.2, (seeds, 1))
            t = np.arange(epochs)
            clean = best * (1 - np.exp(-speed * (t + 0.5))) - 0.02 * np.maximum(0, t - 4)
            parts += [np.round(clean + rng.normal(0, 0.02, clean.shape), 3) for _ in range(2)]
        cases.append((parts[0], parts[1], parts[2], parts[3]))
    return cases


late_against_early = Exercise(
    key="04-compare",
    points=3,
    task="Return late minus early: epochs to 95 %, and test accuracy, means over seeds.",
    reference=_compare,
    cases=_runs,
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
