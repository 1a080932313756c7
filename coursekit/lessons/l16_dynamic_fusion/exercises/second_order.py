"""Lesson 16, the exercise about both orders: the gradient of α, with and without the step ahead."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[float, float, float, float, float, float]
Rule = Callable[..., tuple[float, float]]

# L_train = ½ (w − aα)², L_val = ½ (w − b)² + cα.


def _ahead(w: float, alpha: float, a: float, rate: float) -> float:
    return w - rate * (w - a * alpha)


def _orders(w: float, alpha: float, a: float, b: float, c: float, rate: float) -> Array:
    return np.array([c, c + (_ahead(w, alpha, a, rate) - b) * rate * a])


def _by(rule: Rule) -> Callable[..., Array]:
    return lambda *case: np.array(rule(*case))


def _cases(rng: np.random.Generator) -> list[Case]:
    """Fixed ones, with a rate of zero; and drawn ones."""
    fixed: list[Case] = [
        (1.0, 0.5, 2.0, 0.3, 0.1, 0.0),
        (1.0, 0.5, 2.0, 0.3, 0.1, 0.1),
        (-0.7, 1.2, -1.5, 2.0, 0.0, 0.5),
        (0.4, 0.0, 3.0, 0.1, -0.6, 1.0),
        (0.0124, 0.0113, 1.5, -0.0121, 0.0, 0.8),  # small, one after the other
        (1.0, 2.0, 0.0146, -1.0, 0.0, 0.0117),
        (0.7, 1.2, 1.1, 0.3, 0.0123, 0.0),
        (7.0, -6.0, 6.5, -8.0, 9.0, 1.5),  # large
        (1.0, 0.5, 2.0, 0.3, 0.1, 6.0),
    ]

    def draw(generator: np.random.Generator) -> list[Case]:
        sizes = generator.uniform(0.3, 2.0, (4, 5)) * generator.choice([-1, 1], (4, 5))
        return [
            (*map(float, row.round(2)), float(rate))  # type: ignore[misc]
            for row, rate in zip(sizes, generator.uniform(0.2, 0.8, 4).round(2), strict=True)
        ]

    rivals = [m.function for m in both_orders.misconceptions]
    return fixed + until_refused(draw, rng, _orders, rivals)


both_orders = Exercise(
    key="16-orders",
    points=2,
    task="Return the gradient of L_val by α, first and second order, as a pair.",
    reference=_orders,
    cases=_cases,
    misconceptions=(
        Misconception(
            "no step ahead in the loss",
            _by(lambda w, z, a, b, c, r: (c, c + (w - b) * r * a)),
            "The outer loss is asked at w′, one step ahead, not at w.",
        ),
        Misconception(
            "direct part forgotten",
            _by(lambda w, z, a, b, c, r: (c, (_ahead(w, z, a, r) - b) * r * a)),
            "α is in L_val itself, too: cα. The second order keeps the first and adds to it.",
        ),
        Misconception(
            "sign of the step",
            _by(lambda w, z, a, b, c, r: (c, c - (_ahead(w, z, a, r) - b) * r * a)),
            "∂w′/∂α = −η ∂²L_train/∂w∂α, and ∂²L_train/∂w∂α = −a: two minus signs.",
        ),
        Misconception(
            "rate forgotten",
            _by(lambda w, z, a, b, c, r: (c, c + (_ahead(w, z, a, r) - b) * a)),
            "∂w′/∂α = ηa: the rate is in it. At η = 0 both orders are the same.",
        ),
        Misconception(
            "a forgotten",
            _by(lambda w, z, a, b, c, r: (c, c + (_ahead(w, z, a, r) - b) * r)),
            "∂w′/∂α = ηa, not η: how strongly α moves the optimum of w is a.",
        ),
        Misconception(
            "chain rule forgotten",
            _by(lambda w, z, a, b, c, r: (c, c + (_ahead(w, z, a, r) - b))),
            "∂L_val/∂w′ is (w′ − b). Multiply it by how w′ moves with α.",
        ),
        Misconception(
            "first order twice",
            _by(lambda w, z, a, b, c, r: (c, c)),
            "That is the first order twice. The second adds how w′ moves with α.",
        ),
        Misconception(
            "training loss",
            _by(lambda w, z, a, b, c, r: (-a * (w - a * z), -a * (w - a * z))),
            "That is the gradient of the training loss. α follows the validation loss.",
        ),
        Misconception(
            "exchanged",
            _by(lambda *case: (float(_orders(*case)[1]), float(_orders(*case)[0]))),
            "The first order comes first: w as it is.",
        ),
        Misconception(
            "uphill",
            _by(lambda w, z, a, b, c, r: (
                c, c + (w + r * (w - a * z) - b) * r * a)),
            "w′ goes down the training loss: w − η ∂L_train/∂w.",
        ),
    ),
    hints=(
        "First order: take w as a constant. What is left of L_val that has α in it?",
        "w′ = w − η (w − aα). By α: ∂w′/∂α = ηa.",
        "Second: c + (w′ − b) · ηa.",
    ),
)  # fmt: skip
