"""Lesson 06, the exercises about running it: when to doubt a weight, and what online costs."""

from collections.abc import Mapping

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Losses = Mapping[str, float]
TRUST, NO_GAIN, NO_OVERFITTING = WORDS = ("trust", "no gain", "O near zero")
LEAST = 0.02


def gain(x: Losses) -> float:
    """G of one head."""
    return x["valid_before"] - x["valid_after"]


def overfitting(x: Losses) -> float:
    """O of one head."""
    return (x["valid_after"] - x["train_after"]) - (x["valid_before"] - x["train_before"])


def word(lost: bool, small: bool) -> str:
    """The verdict; a missing gain is said first."""
    return NO_GAIN if lost else NO_OVERFITTING if small else TRUST


def _trust(x: Losses) -> str:
    return word(gain(x) <= 0, abs(overfitting(x)) < LEAST)


def _table(g: float, o: float, gap: float, before: float) -> dict[str, float]:
    after = before - g
    return {
        "train_before": before - gap,
        "valid_before": before,
        "train_after": after - gap - o,
        "valid_after": after,
    }


def _trust_cases(rng: np.random.Generator) -> list[tuple[Losses]]:
    """One head each of what the rule has to tell apart, in another order at every call."""

    def u(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    pairs = [
        (u(0.4, 0.8), u(0.15, 0.4), 0.08),  # fine
        (u(0.4, 0.8), u(0.055, 0.07), -0.06),  # fine; the last gap alone is small
        (u(0.03, 0.07), u(0.5, 0.9), 0.08),  # fine: little gain, much overfitting
        (u(0.4, 0.8), -u(0.05, 0.15), 0.2),  # fine: O is negative, and far from zero
        (u(0.4, 0.8), 0.001, 0.15),  # O near zero, though there is a gap
        (u(0.4, 0.8), -u(0.001, 0.01), 0.15),
        (u(0.3, 0.4), -u(1.0, 1.2), 0.5),  # fine: the held loss fell, the fitted one rose
        (-u(0.2, 0.6), u(0.3, 0.9), 0.02),  # the other way round
        (-u(0.05, 0.2), u(0.001, 0.01), 0.1),  # both; said first: no gain
        (-u(0.005, 0.015), u(0.1, 0.3), 0.1),  # just a little ground lost
        # A hair beyond the limit, and a hair short of it, whatever the sign of O and the size of G.
        *((g, sign * o, 0.1) for g in (0.03, 1.2) for sign in (-1, 1) for o in (0.01999, 0.02001)),
        (0.0, u(0.3, 0.6), 0.1),  # nothing gained, nothing lost: no gain
        (0.0, 0.001, 0.1),
        (0.0001, u(0.3, 0.6), 0.1),  # hardly any gain, but one
        (-0.0001, u(0.3, 0.6), 0.1),
        # Fitted rows may be the harder ones: a gap below zero, before, after, or both.
        (u(0.3, 0.6), 0.2, -0.1),
        (u(0.3, 0.6), 0.005, -0.3),
        (u(0.3, 0.6), -0.2, 0.1),
        (u(0.3, 0.6), -0.006, 0.003),
    ]
    tables = [_table(g, o, gap, u(1.5, 2.0)) for g, o, gap in pairs]
    tables.append(_table(1.5, 0.5, 0.25, before=8.0))  # large losses
    tables.append(_table(0.021, -0.004, 0.022, before=0.04))  # small ones
    at_limit = {"train_before": 1.0, "valid_before": 1.0, "train_after": 0.0, "valid_after": 0.02}
    tables.append(at_limit)  # |O| is 0.02 itself, which is not below it
    shuffled = (tables[i] for i in rng.permutation(len(tables)))
    return [({str(k): t[k] for k in rng.permutation(list(t))},) for t in shuffled]


trust = Exercise(
    key="06-trust",
    points=2,
    task="Say whether a head's weight is to be trusted, from its four losses.",
    reference=_trust,
    cases=_trust_cases,
    options=WORDS,
    misconceptions=(
        Misconception(
            "gap at the end",
            lambda x: word(gain(x) <= 0, abs(x["valid_after"] - x["train_after"]) < LEAST),
            "You looked at the gap of the second checkpoint. O is how much of it is new; a gap may "
            "be there from the start.",
        ),
        Misconception(
            "O without its sign's size",
            lambda x: word(gain(x) <= 0, overfitting(x) < LEAST),
            "A clearly negative O is not near zero. It is squared in the weight, so its size "
            "counts: take the absolute value.",
        ),
        Misconception(
            "gain of the fitted rows",
            lambda x: word(x["train_before"] <= x["train_after"], abs(overfitting(x)) < LEAST),
            "The loss on the fitted rows falls even while the held loss rises. Only held rows "
            "tell a gain.",
        ),
        Misconception(
            "O first",
            lambda x: (
                NO_OVERFITTING
                if abs(overfitting(x)) < LEAST
                else NO_GAIN
                if gain(x) <= 0
                else TRUST
            ),
            "Where both are wrong, say “no gain”: no weight should come from a head that lost "
            "ground, whatever its O.",
        ),
        Misconception(
            "only the gain",
            lambda x: word(gain(x) <= 0, small=False),
            "You never doubt a small O. It stands squared in the denominator.",
        ),
        Misconception(
            "only the overfitting",
            lambda x: word(lost=False, small=abs(overfitting(x)) < LEAST),
            "You never look at the gain. A head that lost ground gets a negative weight.",
        ),
        Misconception(
            "sign of the gain",
            lambda x: word(gain(x) >= 0, abs(overfitting(x)) < LEAST),
            "The sign of G is turned round: a gain is a held loss that fell.",
        ),
        Misconception(
            "small gains doubted",
            lambda x: word(gain(x) < 0.1, abs(overfitting(x)) < LEAST),
            "A small gain is a gain. It gives a small weight all by itself.",
        ),
        Misconception(
            "much overfitting doubted",
            lambda x: word(gain(x) <= 0, not abs(overfitting(x)) < 0.5),
            "Much overfitting is no reason for doubt: the rule sees it and lowers the weight. "
            "Doubt an O that is hardly there.",
        ),
    ),
    hints=(
        "Compute G and O of this head as in the first exercise.",
        "Which sign of G breaks the rule? Which size of O?",
        "First: G ≤ 0 → 'no gain'. Then: |O| < 0.02 → 'O near zero'. Else 'trust'.",
    ),
)


def _estimates(epochs: int, window: int, online: bool) -> int:
    return -(-epochs // window) if online else 1


def _passes(epochs: int, window: int, heads: int, online: bool) -> int:
    return epochs + _estimates(epochs, window, online) * window * heads


def _passes_cases(rng: np.random.Generator) -> list[tuple[int, int, int, bool]]:
    cases: list[tuple[int, int, int, bool]] = []
    for online in (True, True, True, False, False, True):
        window = int(rng.integers(3, 9))
        whole = window * int(rng.integers(2, 5))
        rest = 0 if len(cases) == 1 else int(rng.integers(1, window))
        cases.append((whole + rest, window, int(rng.integers(3, 6)), online))
    # Shorter than a window, as long as one; windows of one epoch; a single head; a long training.
    cases += [(5, 8, 3, True), (8, 8, 4, True), (6, 1, 2, True), (7, 3, 1, True), (4, 9, 2, False)]
    cases += [(300, 7, 4, True)]
    return [cases[i] for i in rng.permutation(len(cases))]


passes = Exercise(
    key="06-passes",
    points=1,
    task="Return how many epochs of training a blend takes, those of the estimates included.",
    reference=_passes,
    cases=_passes_cases,
    tolerance=1e-9,
    misconceptions=(
        Misconception(
            "only whole super-epochs",
            lambda e, n, k, online: e + (e // n if online else 1) * n * k,
            "The last super-epoch may be cut short, but its estimate has to be made all the same: "
            "round up.",
        ),
        Misconception(
            "one estimate too many",
            lambda e, n, k, online: e + (e // n + 1 if online else 1) * n * k,
            "When N divides the epochs there is no super-epoch after the last one: round up, "
            "rather than add one.",
        ),
        Misconception(
            "estimates only",
            lambda e, n, k, online: _passes(e, n, k, online) - e,
            "These are the estimates. The training itself takes its epochs too.",
        ),
        Misconception(
            "one head an estimate",
            lambda e, n, k, online: _passes(e, n, 1, online),
            "Every head trains on a copy of its own: an estimate takes N epochs for each head.",
        ),
        Misconception(
            "online when offline",
            lambda e, n, k, online: _passes(e, n, k, online=True),
            "Offline there is one estimate, whatever the number of epochs.",
        ),
        Misconception(
            "offline when online",
            lambda e, n, k, online: _passes(e, n, k, online=False),
            "Online there is an estimate before every super-epoch.",
        ),
        Misconception(
            "first estimate free",
            lambda e, n, k, online: e + (_estimates(e, n, online) - 1) * n * k,
            "The first super-epoch needs weights as well: it is estimated before the first step.",
        ),
        Misconception(
            "estimates shortened",
            lambda e, n, k, online: e + (e if online else n) * k,
            "An estimate is N epochs long, also where the super-epoch that follows is cut short.",
        ),
    ),
    hints=(
        "Count the estimates first: one offline, one before every super-epoch online.",
        "A super-epoch is N epochs long; math.ceil(epochs / window) of them.",
        "epochs + estimates * window * heads",
    ),
)
