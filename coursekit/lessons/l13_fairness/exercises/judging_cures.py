"""Lesson 13, the exercise about judging a cure: is the gap smaller, is the attribute gone?"""

from collections.abc import Callable, Mapping

import numpy as np

from coursekit.course.exercises.drawing import until_told_apart
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

VERDICTS = ("both", "gap only", "attribute only", "neither")
Change = tuple[float, float, float]
Probes = Mapping[int, float]
Case = tuple[Change, Probes, float, float, float]


def _word(gap: bool, gone: bool) -> str:
    return {(True, True): "both", (True, False): "gap only", (False, True): "attribute only"}.get(
        (gap, gone), "neither"
    )


def _smaller(change: Change) -> bool:
    """Whether the interval of the change lies below zero."""
    return change[2] < 0


def _gone(probes: Probes, chance: float, margin: float) -> bool:
    """Whether not even the best new reader is more than the margin above chance."""
    return max(probes.values()) <= chance + margin


def _verdict(change: Change, probes: Probes, own: float, chance: float, margin: float) -> str:
    return _word(_smaller(change), _gone(probes, chance, margin))


def _gap_by(rule: Callable[[Change], bool]) -> Callable[..., str]:
    return lambda change, probes, own, chance, margin: _word(
        rule(change), _gone(probes, chance, margin)
    )


def _gone_by(rule: Callable[[Probes, float, float, float], bool]) -> Callable[..., str]:
    return lambda change, probes, own, chance, margin: _word(
        _smaller(change), rule(probes, own, chance, margin)
    )


# Mean, low and high of the change of the gap.
CHANGES: tuple[Change, ...] = (
    (-0.06, -0.09, -0.03), (-0.04, -0.09, 0.01), (-0.02, -0.04, 0.0), (0.05, 0.02, 0.08),
    (-0.001, -0.0015, -0.0005), (0.0, -0.02, 0.02), (-0.5, -1.2, 0.2),
    (-0.06, -0.08, 0.01), (-0.02, -0.09, -0.005),  # skewed: no half width tells the upper end
    (-0.01, -0.02, 0.06),  # the mean lies below zero, the middle above
)  # fmt: skip
# New readers by size, and the cure's own adversary; chance and margin .5 and .05.
READERS: tuple[tuple[Probes, float, float, float], ...] = (
    ({0: 0.66, 16: 0.71, 64: 0.7}, 0.5, 0.5, 0.05),
    ({0: 0.52, 16: 0.53, 64: 0.69}, 0.5, 0.5, 0.05),
    ({0: 0.51, 16: 0.53, 64: 0.52}, 0.9, 0.5, 0.05),
    ({0: 0.5625, 16: 0.5, 64: 0.49}, 0.52, 0.5, 0.0625),  # at the margin, exact in any order
    ({0: 0.5626, 16: 0.5, 64: 0.49}, 0.52, 0.5, 0.0625),
    ({64: 0.58, 0: 0.53, 16: 0.41}, 0.52, 0.5, 0.05),
    ({0: 0.52, 16: 0.31}, 0.5, 0.5, 0.05),
    ({0: 0.31, 16: 0.29}, 0.5, 0.5, 0.0625),
    ({0: 0.36, 32: 0.37}, 0.95, 1 / 3, 0.05),
    ({0: 0.3832}, 0.4, 1 / 3, 0.05),
    ({0: 0.45, 32: 0.37}, 0.34, 1 / 3, 0.05),
    ({0: 0.52}, 0.5, 0.5, 0.01),
    ({0: 0.515625}, 0.5, 0.5, 0.015625),
    ({0: 0.5158}, 0.5, 0.5, 0.015625),
    ({0: 0.5}, 0.8, 0.5, 0.0),
    ({0: 0.5004}, 0.8, 0.5, 0.0),
    ({0: 0.53, 8: 0.61}, 0.51, 0.5, 0.12),
    ({0: 0.68, 8: 0.4}, 0.5, 0.6, 0.05),
    ({0: 0.07}, 0.3, 0.015625, 0.0625),  # one of many
    ({0: 0.1}, 0.05, 0.015625, 0.0625),
    ({0: 0.03}, 0.05, 0.03125, 0.0),
    ({0: 0.018}, 0.02, 0.015625, 0.0),
    ({0: 0.51, 16: 0.66, 64: 0.52}, 0.5, 0.5, 0.05),  # only one in the middle reads
    ({16: 0.52, 64: 0.67, 0: 0.51}, 0.5, 0.5, 0.05),  # in the middle as they stand
    ({0: 0.53, 16: 0.52, 4: 0.64, 64: 0.51, 256: 0.5}, 0.5, 0.5, 0.05),
    ({0: 0.5, 8: 0.52, 16: 0.53, 32: 0.61, 64: 0.51}, 0.5, 0.5, 0.05),
    ({0: 0.48, 16: 0.47}, 0.5, 0.5, 0.05),  # beneath chance, by less than the margin
    ({0: 0.62, 16: 0.57}, 0.5, 0.6, 0.05),  # chance above one half
)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Every change with every set of readers, in another order each time."""

    def draw(generator: np.random.Generator) -> list[Case]:
        cases: list[Case] = [
            (change, dict(probes), own, chance, margin)
            for change in CHANGES
            for probes, own, chance, margin in READERS
        ]
        return [cases[i] for i in generator.permutation(len(cases))]

    return until_told_apart(draw, rng, lambda: verdict.misconceptions)


verdict = Exercise(
    key="13-verdict",
    points=2,
    task="Return what a cure did, “both”, “gap only”, “attribute only” or “neither”.",
    reference=_verdict,
    cases=_cases,
    options=VERDICTS,
    misconceptions=(
        Misconception(
            "own adversary believed",
            _gone_by(lambda probes, own, chance, margin: own <= chance + margin),
            "You believe the cure's own adversary. It may have stalled; what counts is what a new "
            "reader finds.",
        ),
        Misconception(
            "own adversary among the readers",
            _gone_by(
                lambda probes, own, chance, margin: max(*probes.values(), own) <= chance + margin
            ),
            "The cure's own adversary is no witness, neither for nor against: it read other rows "
            "and other features while they moved. Ask the new readers.",
        ),
        Misconception(
            "one reader is enough",
            _gone_by(lambda probes, own, chance, margin: probes[0] <= chance + margin),
            "You ask the smallest reader only. One that fails proves nothing: take the best.",
        ),
        Misconception(
            "mean of the readers",
            _gone_by(
                lambda probes, own, chance, margin: (
                    float(np.mean(list(probes.values()))) <= chance + margin
                )
            ),
            "You take the mean of the readers. If one of them can read it, it is there: the best.",
        ),
        Misconception(
            "worst reader",
            _gone_by(lambda probes, own, chance, margin: min(probes.values()) <= chance + margin),
            "You take the worst reader. If one of them can read it, it is there: the best.",
        ),
        Misconception(
            "largest reader",
            _gone_by(lambda probes, own, chance, margin: probes[max(probes)] <= chance + margin),
            "You take the largest reader. A small one may read better; take the best.",
        ),
        Misconception(
            "no margin",
            _gone_by(lambda probes, own, chance, margin: max(probes.values()) <= chance),
            "The margin is missing: up to it above chance counts as gone.",
        ),
        Misconception(
            "margin beneath chance",
            _gone_by(lambda probes, own, chance, margin: max(probes.values()) <= chance - margin),
            "You take the margin off chance. It comes on top: chance + margin counts as gone.",
        ),
        Misconception(
            "always a coin",
            _gone_by(lambda probes, own, chance, margin: max(probes.values()) <= 0.5 + margin),
            "Chance is not always one half: it is an argument.",
        ),
        Misconception(
            "below chance as well",
            _gone_by(
                lambda probes, own, chance, margin: all(
                    abs(p - chance) <= margin for p in probes.values()
                )
            ),
            "A reader far below chance reads nothing that it can use on new rows: only the best "
            "one counts, above chance.",
        ),
        Misconception(
            "mean of the change",
            _gap_by(lambda change: change[0] < 0),
            "You look at the mean change. Its interval has to lie below zero.",
        ),
        Misconception(
            "lower end",
            _gap_by(lambda change: change[1] < 0),
            "You look at the lower end of the interval. All of it has to lie below zero: the upper "
            "end.",
        ),
        Misconception(
            "zero is below zero",
            _gap_by(lambda change: change[2] <= 0),
            "An interval that ends at 0 holds 0, so a change is not shown.",
        ),
        Misconception(
            "any change",
            _gap_by(lambda change: change[2] < 0 or change[1] > 0),
            "An interval above zero says that the gap has grown.",
        ),
    ),
    hints=(
        "Two questions, each with its own number: is the change of the gap surely below zero? Can "
        "the best new reader still read?",
        "smaller = high < 0; gone = max(probes.values()) <= chance + margin. The cure's own "
        "adversary is no witness.",
        "Both true: “both”; only the first: “gap only”; only the second: “attribute only”; else "
        "“neither”.",
    ),
)
