"""Lesson 05, the exercise about the diagnosis."""

from collections.abc import Mapping

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

NAMES = ("A", "B", "C")
WORDS = ("starvation", "hidden starvation", "overfitting of the fusion head", "none")


def _sentence(worse: bool, starved: bool) -> str:
    if starved:
        return "starvation" if worse else "hidden starvation"
    return "overfitting of the fusion head" if worse else "none"


Changes = Mapping[str, float]


def _diagnose(drop: float, changes: Changes) -> str:
    return _sentence(drop < -0.02, min(changes.values()) < -0.08)


def _diagnose_cases(rng: np.random.Generator) -> list[tuple[float, Changes]]:
    """All four answers, values on both sides of both thresholds, at them and just past them.

    The starved modality stands in every place, so that no single place tells the answer.
    """
    cases = []
    plans = [(w, s) for w in (True, False) for s in (True, False)]
    for i, (worse, starved) in enumerate(plans * 4):
        # Small drops lie between the two thresholds; large gains test who forgets the sign.
        drop = -rng.uniform(0.03, 0.07 if i < 8 else 0.3) if worse else rng.uniform(0.03, 0.2)
        if not worse and i >= 12:
            drop = -rng.uniform(0.001, 0.015)
        names = _some_names(rng, 2 + i // 4 % 2)
        values = (
            rng.uniform(-0.06, -0.03, len(names)) if i % 4 < 2 else rng.uniform(0, 0.2, len(names))
        )
        values = np.where(rng.random(len(names)) < 0.5, values, rng.uniform(0.09, 0.2))
        if i == 0:  # far enough down to take the mean along
            values = rng.uniform(-0.06, -0.03, len(names))
        if starved:
            values[i // 2 % len(names)] = -rng.uniform(0.1 if i else 0.2, 0.4)
        cases.append((float(drop), dict(zip(names, map(float, values), strict=True))))
    for i, (worse, starved) in enumerate(plans):
        names = _some_names(rng, 3)
        changes = {name: float(rng.uniform(0.02, 0.06)) for name in names}
        changes[names[i % len(names)]] = -0.085 if starved else -0.075
        cases.append((-0.025 if worse else -0.015, changes))
        # A hair beyond both thresholds, and a hair short of them; the thresholds themselves.
        cases.append((-0.02002 if worse else -0.01998, {"A": -0.0801 if starved else -0.0799}))
        cases.append((-0.03 if worse else -0.02, {"A": -0.08, "B": -0.2 if starved else 0.1}))
    cases.append((-0.0001, {"B": 0.02, "A": 0.1}))  # a drop, but a very small one
    # Two of three are starved; one is, and the other gained more; their mean is low, not their
    # median; other names, four of them.
    cases.append((-0.03, {"A": -0.1, "B": 0.1, "C": -0.2}))
    cases.append((-0.03, {"C": -0.1, "B": 0.3}))
    cases.append((-0.03, {"B": -0.01, "A": -0.3, "C": -0.01}))
    cases.append((0.04, {"text": 0.01, "depth": 0.03, "audio": -0.02, "video": -0.15}))
    return [cases[i] for i in rng.permutation(len(cases))]


def _some_names(rng: np.random.Generator, count: int) -> list[str]:
    return [str(name) for name in rng.permutation(NAMES)[:count]]


diagnose = Exercise(
    key="05-diagnose",
    points=2,
    task="Return the name of the illness, from the drop and the probes' changes.",
    reference=_diagnose,
    cases=_diagnose_cases,
    options=WORDS,
    misconceptions=(
        Misconception(
            "looks at the drop only",
            lambda drop, changes: _sentence(drop < -0.02, drop < -0.02),
            "A drop alone has two causes. The probes tell which one it is, and find starvation "
            "behind a gain.",
        ),
        Misconception(
            "looks at the probes only",
            lambda drop, changes: _sentence(
                min(changes.values()) < -0.08, min(changes.values()) < -0.08
            ),
            "You only look at the probes. Whether the joint model fell behind is a question of "
            "its own.",
        ),
        Misconception(
            "size without sign",
            lambda drop, changes: _sentence(
                abs(drop) > 0.02, max(abs(v) for v in changes.values()) > 0.08
            ),
            "You compare sizes. A gain is no drop and a better encoder is not starved: keep the "
            "signs.",
        ),
        Misconception(
            "probe without sign",
            lambda drop, changes: _sentence(
                drop < -0.02, max(abs(v) for v in changes.values()) > 0.08
            ),
            "A probe that rose by 0.1 counts as starved in yours: keep the sign of the changes.",
        ),
        Misconception(
            "any drop of accuracy",
            lambda drop, changes: _sentence(drop < 0, min(changes.values()) < -0.08),
            "You react to any drop below zero. Seeds alone move it by a little; use −0.02.",
        ),
        Misconception(
            "drop without sign",
            lambda drop, changes: _sentence(abs(drop) > 0.02, min(changes.values()) < -0.08),
            "A gain of the joint model counts as a loss in yours: keep the sign of the drop.",
        ),
        Misconception(
            "mean over the modalities",
            lambda drop, changes: _sentence(
                drop < -0.02, float(np.mean(list(changes.values()))) < -0.08
            ),
            "You average the probes. One starved encoder is enough, however well the others do.",
        ),
        Misconception(
            "all must starve",
            lambda drop, changes: _sentence(drop < -0.02, max(changes.values()) < -0.08),
            "You ask that every encoder is starved. One is enough.",
        ),
        Misconception(
            "first modality only",
            lambda drop, changes: _sentence(drop < -0.02, next(iter(changes.values())) < -0.08),
            "You look at one modality only; any of them can be the starved one.",
        ),
        Misconception(
            "last modality only",
            lambda drop, changes: _sentence(drop < -0.02, list(changes.values())[-1] < -0.08),
            "You look at one modality only; any of them can be the starved one.",
        ),
        Misconception(
            "thresholds exchanged",
            lambda drop, changes: _sentence(drop < -0.08, min(changes.values()) < -0.02),
            "The thresholds have changed places: 0.02 is for the accuracy, 0.08 for the probes.",
        ),
        Misconception(
            "any drop counts",
            lambda drop, changes: _sentence(drop < 0, min(changes.values()) < 0),
            "You react to any negative number. Seeds alone move these figures by a little; use the "
            "thresholds.",
        ),
        Misconception(
            "illnesses exchanged",
            lambda drop, changes: _sentence(drop < -0.02, min(changes.values()) >= -0.08),
            "The two illnesses have changed places: a probe that fell means starvation.",
        ),
    ),
    hints=(
        "Two yes-or-no questions: did the joint model fall behind, did an encoder?",
        "worse = drop < -0.02; starved = min(probe_changes.values()) < -0.08",
        'Four combinations, four words: starved and worse is "starvation", starved and not '
        'worse is "hidden starvation".',
    ),
)
