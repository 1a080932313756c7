"""Lesson 16, the exercise about costs: what a choice of experts costs by a gate, by a cascade."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, float]


def _mean_gate(choice: Array, costs: Array) -> float:
    return float(costs[choice].mean())


def _mean_cascade(choice: Array, costs: Array) -> float:
    return float(costs.cumsum()[choice].mean())


def _costs(choice: Array, costs: Array, gate: float) -> Array:
    return np.array([_mean_gate(choice, costs) + gate, _mean_cascade(choice, costs)])


def _by(rule: Callable[[Array, Array, float], tuple[float, float]]) -> Callable[..., Array]:
    return lambda choice, costs, gate: np.array(rule(choice, costs, gate))


def _cases(rng: np.random.Generator) -> list[Case]:
    """Fixed ones, one expert alone among them, and drawn ones with two to five experts."""
    fixed: list[Case] = [
        (np.array([0, 2, 2, 1]), np.array([0.05, 0.5, 1.0]), 0.04),
        (np.array([0, 0, 0]), np.array([0.2, 0.7]), 0.1),
        (np.array([1, 1]), np.array([0.2, 0.7]), 0.0),
        (np.array([0]), np.array([3.0]), 0.5),
        (np.array([0, 0, 0]), np.array([0.01143, 0.4]), 0.012),  # all small
        (np.array([1, 0]), np.array([0.2, 0.7]), 6.5),  # the gate is dear
        (np.array([2, 0, 1, 2, 2]), np.array([10.0, 4.0, 6.0]), 1.0),  # not sorted by cost
    ]

    def draw(generator: np.random.Generator) -> list[Case]:
        drawn: list[Case] = []
        for experts in (2, 3, 5):
            choice = generator.integers(0, experts, 17)
            costs = generator.uniform(0.1, 3.0, experts).round(2)
            drawn.append((choice, costs, float(generator.uniform(0.2, 0.9))))
        return drawn

    rivals = [m.function for m in costs_of.misconceptions]
    return fixed + until_refused(draw, rng, _costs, rivals)


costs_of = Exercise(
    key="16-costs",
    points=1,
    task="Return what a choice of experts costs on average, by a gate and by a cascade.",
    reference=_costs,
    cases=_cases,
    misconceptions=(
        Misconception(
            "gate for nothing",
            _by(lambda k, c, g: (_mean_gate(k, c), _mean_cascade(k, c))),
            "The gate runs for every row, too: its own cost comes on top.",
        ),
        Misconception(
            "gate in the cascade",
            _by(lambda k, c, g: (_mean_gate(k, c) + g, _mean_cascade(k, c) + g)),
            "A cascade has no gate: it asks the experts themselves. Leave the gate's cost out.",
        ),
        Misconception(
            "only who answers",
            _by(lambda k, c, g: (_mean_gate(k, c) + g, _mean_gate(k, c))),
            "A cascade has also run every expert before the one that answers. Add their costs.",
        ),
        Misconception(
            "only those before",
            _by(lambda k, c, g: (_mean_gate(k, c) + g, float((c.cumsum() - c)[k].mean()))),
            "The expert that answers has run, too: add the costs up to and with its own.",
        ),
        Misconception(
            "gate pays like a cascade",
            _by(lambda k, c, g: (_mean_cascade(k, c) + g, _mean_cascade(k, c))),
            "A gate goes straight to the expert it picks: those before it are not run.",
        ),
        Misconception(
            "soft gate",
            _by(lambda k, c, g: (float(c.sum()) + g, _mean_cascade(k, c))),
            "That is a soft gate, which runs all experts. A hard one runs the chosen one.",
        ),
        Misconception(
            "the wrong way round",
            _by(lambda k, c, g: (_mean_cascade(k, c), _mean_gate(k, c) + g)),
            "The gate comes first, the cascade second.",
        ),
        Misconception(
            "sums",
            _by(lambda k, c, g: (
                float((c[k] + g).sum()), float(c.cumsum()[k].sum()))),
            "Those are sums over rows. Costs are per row, on average.",
        ),
        Misconception(
            "gate shared out",
            _by(lambda k, c, g: (_mean_gate(k, c) + g / len(k), _mean_cascade(k, c))),
            "The gate runs once per row, not once for all of them.",
        ),
        Misconception(
            "mean of the experts",
            _by(lambda k, c, g: (float(c.mean()) + g, _mean_cascade(k, c))),
            "You take the mean over experts. Those that are picked more often count more.",
        ),
    ),
    hints=(
        "For one row: which networks have been run when the answer stands?",
        "Gate: costs[choice] + gate. Cascade: all costs up to and with the chosen one.",
        "np.cumsum(costs)[choice].mean() is the cascade's.",
    ),
)  # fmt: skip
