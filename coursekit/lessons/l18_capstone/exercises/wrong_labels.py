"""Lesson 18, the exercise about wrong labels: how many, from two accuracies."""

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Case = tuple[float, float, int]
CUT = "no less than nothing"


def _share(clean: float, noisy: float, classes: int) -> float:
    return (clean - noisy) / (clean - (1 - clean) / (classes - 1))


def _cases(rng: np.random.Generator) -> list[Case]:
    """Fixed ones, two classes and a perfect model among them, and drawn ones."""
    fixed: list[Case] = [(0.9, 0.6, 4), (1.0, 0.7, 6), (0.8, 0.8, 3), (0.75, 0.55, 2),
                         (0.5, 0.51, 4), (0.3, 0.28, 12), (0.9, 0.89, 4), (0.7, 0.1, 3),
                         (0.26, 0.19, 4), (0.2, 0.25, 4), (0.301, 0.2504, 4)]  # fmt: skip

    def draw(generator: np.random.Generator) -> list[Case]:
        drawn: list[Case] = []
        for classes in (2, 3, 4, 10):
            clean = float(generator.uniform(0.62, 0.98))
            share = float(generator.uniform(0.05, 0.45))
            noisy = (1 - share) * clean + share * (1 - clean) / (classes - 1)
            drawn.append((clean, noisy, classes))
        return drawn

    rivals = [m.function for m in wrong.misconceptions if m.name != CUT]  # a fixed case refuses it
    return fixed + until_refused(draw, rng, _share, rivals)


wrong = Exercise(
    key="18-wrong",
    points=1,
    task="Return the share of wrong labels that explains both accuracies.",
    reference=_share,
    cases=_cases,
    misconceptions=(
        Misconception(
            "difference",
            lambda clean, noisy, classes: clean - noisy,
            "The difference alone is too small: a row that the model has wrong cannot lose by a "
            "wrong label, and may gain.",
        ),
        Misconception(
            "share of the accuracy",
            lambda clean, noisy, classes: 1 - noisy / clean,
            "Nearly. A wrong answer may meet the wrong label by chance; you leave that out.",
        ),
        Misconception(
            "chance of one in C",
            lambda clean, noisy, classes: (clean - noisy) / (clean - 1 / classes),
            "A wrong label is met when the model is wrong, and wrong in the same way: "
            "(1 − a)/(C − 1), not 1/C.",
        ),
        Misconception(
            "any class is a wrong one",
            lambda clean, noisy, classes: (clean - noisy) / (clean - (1 - clean) / classes),
            "The right class is no wrong label: C − 1 others are left, not C.",
        ),
        Misconception(
            "chance without being wrong",
            lambda clean, noisy, classes: (clean - noisy) / (clean - 1 / max(classes - 1, 1))
            if clean != 1 / (classes - 1) else 0.0,
            "1/(C − 1) is the chance once the model is wrong. How often is it? Times 1 − a.",
        ),
        Misconception(
            "chance added",
            lambda clean, noisy, classes: (clean - noisy) / (clean + (1 - clean) / (classes - 1)),
            "What is met by chance is gained, so x costs less: subtract it from a.",
        ),
        Misconception(
            "the wrong way round",
            lambda clean, noisy, classes: -_share(clean, noisy, classes),
            "Wrong labels lower the agreement: clean minus noisy, not the other way round.",
        ),
        Misconception(
            "right labels",
            lambda clean, noisy, classes: 1 - _share(clean, noisy, classes),
            "That is the share of right labels.",
        ),
        Misconception(
            "accuracies exchanged",
            lambda clean, noisy, classes: (noisy - clean) / (noisy - (1 - noisy) / (classes - 1))
            if abs(noisy - (1 - noisy) / (classes - 1)) > 1e-9 else 0.0,
            "a is the accuracy on right labels, in the denominator too.",
        ),
        Misconception(
            CUT,
            lambda clean, noisy, classes: max(0.0, _share(clean, noisy, classes)),
            "A little below 0 is what two measured accuracies may well give. Do not cut it off: a "
            "mean over halves would come out too high.",
        ),
    ),
    hints=(
        "When does the model agree with a label? Its label is right and the model too, or both are "
        "wrong in the same way.",
        "noisy = (1 − x) a + x (1 − a)/(C − 1), with a the clean accuracy. Solve it for x.",
        "x = (a − noisy) / (a − (1 − a)/(C − 1)).",
    ),
)  # fmt: skip
