"""Lesson 10, the exercise about word-patch alignment: one step of transport by hand."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _step_of(q: Array, sigma: Array) -> Array:
    """Factors of patches, then of words, and the plan that comes of them."""
    words, patches = q.shape
    delta = 1 / (patches * (q.T @ sigma))
    sigma = 1 / (words * (q @ delta))
    return sigma[:, None] * q * delta[None, :]


def _step(cost: Array, plan: Array, sigma: Array, beta: float) -> Array:
    return _step_of(np.exp(-cost / beta) * plan, sigma)


def _words_first(cost: Array, plan: Array, sigma: Array, beta: float) -> Array:
    """Words' factors from the old ones of the patches, which are all alike, then the patches'."""
    q = np.exp(-cost / beta) * plan
    return _step_of(q.T, np.ones(q.shape[1])).T


def _words_only(cost: Array, plan: Array, sigma: Array, beta: float) -> Array:
    q = np.exp(-cost / beta) * plan
    return q / (len(q) * q.sum(axis=1, keepdims=True))


def _old_sigma(cost: Array, plan: Array, sigma: Array, beta: float) -> Array:
    q = np.exp(-cost / beta) * plan
    return sigma[:, None] * q / (q.shape[1] * (q.T @ sigma))


def _start(words: int, patches: int) -> tuple[Array, Array]:
    """The plan and the words' factors before the first step."""
    return np.ones((words, patches)), np.full(words, 1 / words)


# Costs and β: three words and four patches at the start; one word; one patch; level costs; large
# ones; very small ones, with a β to match.
FIXED = (
    ([[0.1, 0.9, 0.5, 1.3], [0.7, 0.01, 1.1, 0.6], [1.9, 0.8, 0.015, 1.4]], 0.47),
    ([[0.4, 1.2, 0.01]], 0.5),
    ([[0.4], [1.2], [0.7]], 0.5),
    (np.full((2, 3), 0.7), 1.0),
    ([[9, 6.5], [7, 9], [0.02, 8]], 7.0),
    ([[0.01, 0.04, 0.0], [0.03, 0.02, 0.05]], 0.0137),
)


def _cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array, float]]:
    """The fixed ones at the start, and plans that are under way, of more and fewer patches."""
    cases = []
    for numbers, beta in FIXED:
        cost = np.array(numbers, dtype=float)
        cases.append((cost, *_start(*cost.shape), beta))
    for words, patches, beta in ((2, 5, 0.4), (4, 3, 0.8), (3, 3, 1.5), (5, 2, 0.6)):
        cost = rng.uniform(0, 2, (words, patches))
        plan = rng.uniform(0.01, 1, (words, patches))
        sigma = rng.uniform(0.2, 3, words)
        cases.append((cost, plan / plan.sum(), sigma, beta))
    # A plan and factors from nearly nothing to beyond five: their scale does not matter, what they
    # are to each other does.
    plan = np.linspace(0.01, 9, words * patches).reshape(words, patches)
    cases.append((cost, plan, np.geomspace(8, 0.01, words), 0.7))
    return cases


transport_step = Exercise(
    key="10-transport",
    points=2,
    task="Return the plan after one step: a kernel times the old plan, then factors of patches "
    "and of words.",
    reference=_step,
    cases=_cases,
    misconceptions=(
        Misconception(
            "sign of the cost",
            lambda c, t, s, b: _step(-c, t, s, b),
            "Yours moves words to the dearest patches: the kernel is exp(−C/β), with a minus.",
        ),
        Misconception(
            "old plan forgotten",
            lambda c, t, s, b: _step(c, np.ones_like(t), s, b),
            "The old plan is missing: Q is the kernel times T. Without it every step begins anew.",
        ),
        Misconception(
            "times beta",
            lambda c, t, s, b: _step(c, t, s, 1 / b),
            "The cost is divided by β, not multiplied: with a small β a step goes farther.",
        ),
        Misconception(
            "no beta",
            lambda c, t, s, b: _step(c, t, s, 1.0),
            "β is missing: the kernel is exp(−C/β).",
        ),
        Misconception(
            "words before patches",
            _words_first,
            "You made the words' factors first and the patches' last. Patches come first, with "
            "the old σ; the words' sums are then the exact ones.",
        ),
        Misconception(
            "no factors of patches",
            _words_only,
            "The factors of the patches, δ, are missing: nothing keeps all words from one patch.",
        ),
        Misconception(
            "no factors of words",
            _old_sigma,
            "The plan has the old σ. It is made anew from δ, so that every word gives the same.",
        ),
        Misconception(
            "words not divided",
            lambda c, t, s, b: len(c) * _step(c, t, s, b),
            "Your plan sums to the number of words. Each gives 1/n: σ = 1 / (n · Qδ).",
        ),
        Misconception(
            "old factors of words not used",
            lambda c, t, s, b: _step(c, t, np.ones_like(s), b),
            "δ comes of Q and the old σ: δ = 1 / (m · Qᵀσ). You left σ out.",
        ),
        Misconception(
            "factors as divisors",
            lambda c, t, s, b: (np.exp(-c / b) * t) ** 2 / _step(c, t, s, b),
            "You divide Q by both factors. The divisions are in them already: T = σ · Q · δ.",
        ),
        Misconception(
            "the kernel without factors",
            lambda c, t, s, b: np.exp(-c / b) * t,
            "That is Q. It still has to be balanced by δ for the patches and σ for the words.",
        ),
        Misconception(
            "the old plan",
            lambda c, t, s, b: t,
            "That is the plan as it came.",
        ),
    ),
    hints=(
        "Four lines: Q, δ, σ, T. The shapes tell what is multiplied how: δ has one number per "
        "patch, σ one per word.",
        "Q = exp(−C/β) · T entry by entry; δ = 1 / (m · Qᵀσ); σ = 1 / (n · Qδ).",
        "T = sigma[:, None] * Q * delta[None, :]",
    ),
)
