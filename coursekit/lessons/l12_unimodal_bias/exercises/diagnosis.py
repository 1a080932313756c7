"""Lesson 12, the exercise about reading three accuracies: seen, learnt by heart, turned round?"""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

WORDS = ("sees", "prior", "turned", "guesses")
Case = tuple[float, float, float, int, float]


def _diagnose(same: float, shifted: float, flat: float, answers: int, margin: float) -> str:
    if flat - 100 / answers >= margin:
        return "sees"
    return _leaning(same, shifted, margin)


def _leaning(same: float, shifted: float, margin: float) -> str:
    if same - shifted >= margin:
        return "prior"
    return "turned" if shifted - same >= margin else "guesses"


def _by(accuracy: float, same: float, shifted: float, answers: int, margin: float) -> str:
    """The same with another accuracy in the place of the flat test's."""
    return "sees" if accuracy - 100 / answers >= margin else _leaning(same, shifted, margin)


def _above(same: float, shifted: float, flat: float, answers: int, margin: float) -> str:
    """Above the margin, not at it."""
    if flat - 100 / answers > margin:
        return "sees"
    if same - shifted > margin:
        return "prior"
    return "turned" if shifted - same > margin else "guesses"


def _leaning_first(same: float, shifted: float, flat: float, answers: int, margin: float) -> str:
    word = _leaning(same, shifted, margin)
    if word != "guesses":
        return word
    return "sees" if flat - 100 / answers >= margin else "guesses"


def _exchanged(same: float, shifted: float, flat: float, answers: int, margin: float) -> str:
    word = _diagnose(same, shifted, flat, answers, margin)
    return {"prior": "turned", "turned": "prior"}.get(word, word)


def _no_direction(same: float, shifted: float, flat: float, answers: int, margin: float) -> str:
    word = _diagnose(same, shifted, flat, answers, margin)
    return "prior" if word == "turned" else word


def _never_guesses(same: float, shifted: float, flat: float, answers: int, margin: float) -> str:
    word = _diagnose(same, shifted, flat, answers, margin)
    return ("prior" if same >= shifted else "turned") if word == "guesses" else word


# Same, shifted, flat in percent, answers per key, margin: what the lesson's models reach by type,
# and each rule at its border and a hair beside it, with two to thirteen answers.
FIXED: tuple[Case, ...] = (
    (76, 27, 50, 2, 10),
    (29, 70, 50, 2, 10),
    (50, 51, 49, 2, 10),
    (97, 96, 97, 3, 10),
    (89, 64, 61, 8, 10),
    (34, 72, 69, 8, 10),
    (80, 10, 33, 3, 10),
    (60, 50, 50, 2, 10),
    (59, 50, 50, 2, 10),
    (50, 60, 50, 2, 10),
    (50, 59, 50, 2, 10),
    (55, 55, 60, 2, 10),
    (55, 55, 59, 2, 10),
    (30, 30, 35, 4, 10),
    (30, 30, 34, 4, 10),
    (80, 20, 35, 4, 10),
    (80, 20, 34, 4, 10),
    (20, 80, 35, 4, 10),
    (20, 80, 34, 4, 10),
    (70, 90, 45, 2, 10),
    (90, 70, 45, 2, 10),
    (40, 40, 20, 8, 5),
    (13, 13, 13, 8, 5),
    (60, 64, 50, 2, 5),
    (64, 60, 50, 2, 5),
    (65, 60, 50, 2, 5),
    (60, 65, 50, 2, 5),
    (0, 0, 0, 2, 10),
    (2, 60, 12, 8, 20),
    (60, 2, 30, 8, 20),
    (52, 48, 51, 2, 2),
    (40, 45, 48, 3, 10),
    (41, 44, 43, 3, 10),
    (40, 40, 38, 3, 5),  # less than 5 above 33 1/3
    (40, 40, 43.32, 3, 10),
    (50, 50, 59.5, 2, 10),
    (60.5, 60, 50, 2, 0.5),
    (60, 60.5, 50, 2, 0.5),
    # A lean where same and shifted are below chance, or less than the margin above it.
    (11, 3, 12, 8, 5),
    (3, 11, 12, 8, 5),
    (55, 40, 50, 2, 10),
    (40, 55, 50, 2, 10),
    # Far below chance on the flat test, which is no seeing and says nothing about the lean.
    (50, 50, 20, 2, 10),
    (70, 40, 20, 2, 10),
    (40, 70, 20, 2, 10),
    # A chance that two digits do not hold, and a hundredth less than the margin.
    (40, 40, 43.3333, 3, 10),
    (16, 17, 26.667, 6, 10),
    (7, 8, 17.6, 13, 10),
    (7, 8, 17.7, 13, 10),
    (60, 50.005, 50, 2, 10),
    (50.005, 60, 50, 2, 10),
    (50, 50, 59.995, 2, 10),
)


def _cases(rng: np.random.Generator) -> list[Case]:
    """The fixed ones in another order, and a few drawn ones."""
    cases: list[Case] = [*FIXED]
    for _ in range(6):
        same, shifted, flat = (float(x) for x in rng.integers(5, 95, 3))
        cases.append((same, shifted, flat, int(rng.choice([2, 4])), 10.0))
    return [cases[i] for i in rng.permutation(len(cases))]


diagnose = Exercise(
    key="12-diagnose",
    points=2,
    task="Say whether a model sees, has the prior by heart, has turned it round, or guesses.",
    reference=_diagnose,
    cases=_cases,
    options=WORDS,
    misconceptions=(
        Misconception(
            "judged by the shifted test",
            lambda s, t, f, a, m: _by(t, s, t, a, m),
            "You ask the shifted test whether it sees. There a prior that is turned round is "
            "right, too, without a look at the picture. Ask the flat one.",
        ),
        Misconception(
            "judged by the same prior",
            lambda s, t, f, a, m: _by(s, s, t, a, m),
            "On the test of the same prior the prior alone is right. Ask the flat test.",
        ),
        Misconception(
            "judged by the mean",
            lambda s, t, f, a, m: _by((s + t) / 2, s, t, a, m),
            "The mean of two tests with priors is no test without one: with several answers both "
            "favour two of them. Ask the flat test.",
        ),
        Misconception(
            "judged by the best",
            lambda s, t, f, a, m: _by(max(s, t), s, t, a, m),
            "You take the better of two tests. Each can be passed by a prior; ask the flat test.",
        ),
        Misconception(
            "a coin as chance",
            lambda s, t, f, a, m: _diagnose(s, t, f, 2, m),
            "Chance is 50 % with two answers only. With more it is 100 divided by their number.",
        ),
        Misconception(
            "above, not at",
            _above,
            "Something that differs by exactly the margin counts: at least.",
        ),
        Misconception(
            "leaning before seeing",
            _leaning_first,
            "A model that leans is never called “sees” by you, and one that sees may lean as well. "
            "Where the flat test is the margin above chance, the other two are not asked.",
        ),
        Misconception(
            "exchanged",
            _exchanged,
            "Better on the prior of training is “prior”; better on the other one is “turned”.",
        ),
        Misconception(
            "no direction",
            _no_direction,
            "Of two accuracies that differ it matters which is larger: a prior turned round is "
            "better on the shifted test.",
        ),
        Misconception(
            "never a guess",
            _never_guesses,
            "Where the two tests differ by less than the margin, nothing is said: it guesses.",
        ),
        Misconception(
            "without a margin",
            lambda s, t, f, a, m: _diagnose(s, t, f, a, 0),
            "You look for any difference. Less than the margin is chance.",
        ),
    ),
    hints=(
        "Which of the three tests cannot be passed by any prior? Ask it first.",
        "Chance is 100 / answers.",
        "flat − chance ≥ margin: sees; else same − shifted ≥ margin: prior; else shifted − same ≥ "
        "margin: turned; else guesses.",
    ),
)
