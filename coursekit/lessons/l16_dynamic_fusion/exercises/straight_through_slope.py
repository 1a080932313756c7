"""Lesson 16, the exercise about the gradient that a straight-through gate gets."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, float]


def _softmax(a: Array) -> Array:
    e = np.exp(a - a.max())
    return e / e.sum()


def _gradient(logits: Array, values: Array, temperature: float) -> Array:
    p = _softmax(logits / temperature)
    return p * (values - p @ values) / temperature


def _with(rule: Callable[[Array, Array, float, Array], Array]) -> Callable[..., Array]:
    """rule: of the softmax, the values, τ and the logits."""
    return lambda logits, values, tau: rule(_softmax(logits / tau), values, tau, logits)


def _one_hot(p: Array) -> Array:
    return np.eye(len(p))[int(p.argmax())]


def _cases(rng: np.random.Generator) -> list[Case]:
    """Fixed ones; drawn ones with two to five experts, at temperatures above and below one."""
    fixed: list[Case] = [
        (np.array([0.0, 0.0]), np.array([1.0, 3.0]), 1.0),
        (np.array([0.5, -0.2, 0.1]), np.array([0.3, 1.2, 0.7]), 0.5),
        (np.array([2.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0]), 0.7),
        (np.array([0.4, 0.2]), np.array([-1.0, 2.0]), 3.0),
        (np.array([0.0124, 0.0046, -0.0021]), np.array([0.0113, 0.0304, -0.0126]), 0.0125),
        (np.array([0.3, -0.1]), np.array([0.01, 0.02]), 1.0),  # a small gradient
        (np.array([6.2, 5.4, 5.9]), np.array([40.0, -60.0, 7.0]), 0.5),  # a large one
        (np.array([3.0, -2.0]), np.array([1.0, 4.0]), 7.5),
    ]

    def draw(generator: np.random.Generator) -> list[Case]:
        return [
            (generator.normal(size=k).round(2), generator.normal(size=k).round(2), tau)
            for k, tau in ((2, 0.4), (3, 2.0), (4, 0.8), (5, 1.0))
        ]

    rivals = [m.function for m in gate_gradient.misconceptions]
    return fixed + until_refused(draw, rng, _gradient, rivals)


gate_gradient = Exercise(
    key="16-gradient",
    points=2,
    task="Return ∂L/∂logits of L = Σ g_k v_k for a straight-through gate with temperature τ.",
    reference=_gradient,
    cases=_cases,
    tolerance=1e-4,
    absolute=1e-7,  # values all alike give zero, but for rounding
    misconceptions=(
        Misconception(
            "without 1/τ",
            _with(lambda p, v, tau, z: p * (v - p @ v)),
            "The chain rule through logits/τ leaves a factor 1/τ.",
        ),
        Misconception(
            "temperature left out of the softmax",
            lambda z, v, tau: _softmax(z) * (v - _softmax(z) @ v) / tau,
            "The softmax is of logits/τ, not of the logits.",
        ),
        Misconception(
            "no temperature at all",
            lambda z, v, tau: _softmax(z) * (v - _softmax(z) @ v),
            "The softmax is of logits/τ: τ is in it, and once more in front.",
        ),
        Misconception(
            "times τ",
            _with(lambda p, v, tau, z: p * (v - p @ v) * tau),
            "The derivative of logits/τ is 1/τ, not τ.",
        ),
        Misconception(
            "zero, as the hard gate says",
            _with(lambda p, v, tau, z: np.zeros_like(p)),
            "That is the true gradient of a step. Straight-through takes the softmax's instead.",
        ),
        Misconception(
            "one-hot in the Jacobian",
            _with(lambda p, v, tau, z: p * (v - _one_hot(p) @ v) / tau),
            "You take off the chosen expert's value. The softmax's Jacobian takes off the mean "
            "Σ p_k v_k, whatever was chosen forward.",
        ),
        Misconception(
            "mean without weights",
            _with(lambda p, v, tau, z: p * (v - v.mean()) / tau),
            "The mean that is taken off is weighted by the shares: Σ p_j v_j.",
        ),
        Misconception(
            "diagonal only",
            _with(lambda p, v, tau, z: p * (1 - p) * v / tau),
            "That is the diagonal of the Jacobian. A logit changes the other shares, too.",
        ),
        Misconception(
            "by the shares, not by the logits",
            _with(lambda p, v, tau, z: v.astype(float)),
            "∂L/∂g is v. One more step leads from the shares to the logits.",
        ),
        Misconception(
            "p times v",
            _with(lambda p, v, tau, z: p * v / tau),
            "The mean is missing: p_k (v_k − Σ p_j v_j). All values alike must give zero.",
        ),
        Misconception(
            "downhill",
            _with(lambda p, v, tau, z: -p * (v - p @ v) / tau),
            "That is the step down. Asked for is the gradient itself.",
        ),
    ),
    hints=(
        "Forward one-hot, backward as if the softmax had been there: forget the one-hot.",
        "∂p_k/∂logit_j = p_k (1[k = j] − p_j) / τ. Sum over k with v_k.",
        "p * (v − p @ v) / τ with p = softmax(logits / τ).",
    ),
)  # fmt: skip
