"""Lesson 16, the exercise about a claim: does the gate beat who costs no more?"""

from collections.abc import Callable, Mapping

import numpy as np

from coursekit.course.exercises.drawing import until_told_apart
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

VERDICTS = ("shown", "refuted", "open")
Difference = tuple[float, float, float]
Rivals = Mapping[str, tuple[Difference, float]]
Case = tuple[float, Rivals, float]


def _judge(
    cost: float, rivals: Rivals, slack: float,
    fair: Callable[[float, float, float], bool] = lambda own, other, slack: other <= own + slack,
    above: Callable[[Difference], bool] = lambda d: d[1] > 0,
    below: Callable[[Difference], bool] = lambda d: d[2] < 0,
    some: bool = False,
    empty: str = "open",
    refutes: bool = True,
) -> str:  # fmt: skip
    """fair: who counts.  above, below: when a difference says something.  some: one is enough."""
    counted = [d for d, other in rivals.values() if fair(cost, other, slack)]
    if not counted:
        return empty
    if refutes and any(below(d) for d in counted):
        return "refuted"
    wins = any if some else all
    return "shown" if wins(above(d) for d in counted) else "open"


def _plainly(cost: float, rivals: Rivals, slack: float) -> str:
    return _judge(cost, rivals, slack)


def _but(**other: object) -> Callable[..., str]:
    return lambda cost, rivals, slack: _judge(cost, rivals, slack, **other)  # type: ignore[arg-type]


def _without(name: str) -> Callable[..., str]:
    return lambda cost, rivals, slack: _judge(
        cost, {key: value for key, value in rivals.items() if name not in key}, slack
    )


CLEAR, OPEN, LOST = (0.05, 0.03, 0.07), (0.01, -0.01, 0.03), (-0.02, -0.03, -0.01)
LEANS, FALLS = (0.02, -0.001, 0.05), (-0.01, -0.03, 0.002)
TOUCHES, FALLEN = (0.02, 0.0, 0.04), (-0.02, -0.04, 0.0)
# The gate's cost, accuracy of the gate minus that of each rival with the rival's cost, slack.
FIXED: tuple[Case, ...] = (
    (0.3, {"random gate": (CLEAR, 0.3), "cascade": (CLEAR, 0.3)}, 0.01),
    (0.3, {"random gate": (CLEAR, 0.3), "cascade": (LOST, 0.3)}, 0.01),
    (0.3, {"random gate": (CLEAR, 0.3), "cascade": (OPEN, 0.29)}, 0.01),
    (0.3, {"random gate": (CLEAR, 0.3), "always both": (LOST, 1.0)}, 0.01),
    (0.3, {"always both": (LOST, 1.0)}, 0.01),
    (0.3, {"always both": (CLEAR, 1.0)}, 0.01),
    (0.5, {"random gate": (CLEAR, 0.5), "ensemble": (LOST, 0.2)}, 0.05),
    (0.5, {"random gate": (CLEAR, 0.5), "ensemble": (OPEN, 0.2)}, 0.05),
    (0.5, {"random gate": (CLEAR, 0.5), "ensemble": (LOST, 0.54)}, 0.05),
    (0.5, {"random gate": (CLEAR, 0.5), "ensemble": (LOST, 0.56)}, 0.05),
    (0.3, {"random gate": (LEANS, 0.3)}, 0.0),
    (0.3, {"random gate": (CLEAR, 0.3), "cascade": (FALLS, 0.3)}, 0.0),
    (0.3, {"random gate": (TOUCHES, 0.25)}, 0.125),
    (0.3, {"random gate": (CLEAR, 0.25), "cascade": (FALLEN, 0.25)}, 0.125),
    (0.25, {"random gate": (CLEAR, 0.375)}, 0.125),  # at the slack, exact
    (0.25, {"random gate": (CLEAR, 0.2), "cascade": (LOST, 0.375)}, 0.125),
    (0.3, {"random gate": (LOST, 0.3), "cascade": (CLEAR, 0.3)}, 0.0),
    (0.3, {"random gate": (OPEN, 0.3), "cascade": (CLEAR, 0.2)}, 0.0),
    (0.4, {"random gate": (CLEAR, 0.1), "always A": (CLEAR, 0.05)}, 0.01),
    (0.3, {"cascade": (LOST, 0.3)}, 0.01),
    (0.3, {"cascade": (CLEAR, 0.3)}, 0.01),
    (0.5, {"random gate": (CLEAR, 0.5), "cascade": (LOST, 0.52)}, 0.1),  # below a tenth more
    (0.3, {"random gate": (CLEAR, 0.3), "cascade": (OPEN, 0.3), "ensemble": (LOST, 0.1)}, 0.01),
    # Costs and slacks of other sizes.
    (0.0126, {"random gate": (CLEAR, 0.0126), "cascade": (LOST, 0.0131)}, 0.0),
    (0.0124, {"random gate": (CLEAR, 0.0124)}, 0.0),
    (0.05, {"cascade": (LOST, 0.05)}, 6.0),
    (7.0, {"random gate": (CLEAR, 7.0), "cascade": (LOST, 6.8)}, 0.1),
    (7.0, {"random gate": (CLEAR, 7.0), "always both": (LOST, 9.0)}, 0.1),
    (1.0, {"random gate": (CLEAR, 1.0), "cascade": (LOST, 6.9)}, 6.0),
    (0.3, {"random gate": (CLEAR, 0.3), "always A": (LOST, 0.33)}, 0.0),
    (0.3, {"random gate": (CLEAR, 0.3), "cascade": (LOST, 0.308)}, 0.01),
    (0.5, {"random gate": (CLEAR, 0.5), "cascade": (LOST, 0.5003)}, 0.0004),
)


def _cases(rng: np.random.Generator) -> list[Case]:
    """All of them, in another order each time."""

    def draw(generator: np.random.Generator) -> list[Case]:
        return [FIXED[i] for i in generator.permutation(len(FIXED))]

    return until_told_apart(draw, rng, lambda: verdict.misconceptions)


verdict = Exercise(
    key="16-verdict",
    points=2,
    task="Return whether “the gate beats whoever costs no more” is “shown”, “refuted” or “open”.",
    reference=_plainly,
    cases=_cases,
    options=VERDICTS,
    misconceptions=(
        Misconception(
            "cost forgotten",
            _but(fair=lambda own, other, slack: True),
            "Rivals that cost more than the gate, by more than the slack, say nothing either way: "
            "the claim is about those that cost no more.",
        ),
        Misconception(
            "only those of equal cost",
            _but(fair=lambda own, other, slack: abs(other - own) <= slack),
            "A rival that is cheaper counts as well, above all when it is better.",
        ),
        Misconception(
            "slack forgotten",
            _but(fair=lambda own, other, slack: other <= own),
            "The slack is missing: who costs up to that much more still counts.",
        ),
        Misconception(
            "slack as a share",
            _but(fair=lambda own, other, slack: other <= own * (1 + slack)),
            "The slack is a cost, not a share of one: add it to the gate's.",
        ),
        Misconception(
            "slack the other way",
            _but(fair=lambda own, other, slack: other <= own - slack),
            "The slack lets in who costs a little more. You take it off.",
        ),
        Misconception(
            "means",
            _but(above=lambda d: d[0] > 0, below=lambda d: d[0] < 0),
            "You look at means. An interval that holds zero shows nothing.",
        ),
        Misconception(
            "lower end refutes",
            _but(below=lambda d: d[1] < 0),
            "Refuted is the claim when all of an interval lies below zero: its upper end.",
        ),
        Misconception(
            "upper end shows",
            _but(above=lambda d: d[2] > 0),
            "Shown is it when all of every interval lies above zero: the lower end.",
        ),
        Misconception(
            "one beaten rival is enough",
            _but(some=True),
            "One beaten rival is not enough: the claim is about all that cost no more.",
        ),
        Misconception(
            "open for refuted",
            _but(refutes=False),
            "One rival that is surely better, and costs no more, refutes the claim.",
        ),
        Misconception(
            "nobody to beat, so shown",
            _but(empty="shown"),
            "No rival costs as little, so nothing was compared: the claim is open.",
        ),
        Misconception(
            "only the random gate",
            lambda cost, rivals, slack: _judge(
                cost, {k: v for k, v in rivals.items() if k == "random gate"}, slack
            ),
            "You ask the random gate only. Whoever beats it has shown that it knows something, "
            "not that nobody does it better.",
        ),
        Misconception(
            "ensemble left out",
            _without("ensemble"),
            "The ensemble is a rival like any other.",
        ),
        Misconception(
            "zero is above",
            _but(above=lambda d: d[1] >= 0),
            "An interval that begins at 0 holds 0.",
        ),
        Misconception(
            "zero is below",
            _but(below=lambda d: d[2] <= 0),
            "An interval that ends at 0 holds 0.",
        ),
    ),
    hints=(
        "First who counts: rivals whose cost is at most the gate's plus the slack.",
        "Of those: one interval wholly below zero refutes; all wholly above zero show.",
        "Everything else is open, also when nobody is left to compare with.",
    ),
)
