"""Lesson 04, the exercise about attention: one head, written out."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.softmax import softmax

Array = np.ndarray


def _attend(q: Array, k: Array, v: Array) -> Array:
    return np.asarray(softmax(q @ k.T / np.sqrt(q.shape[1])) @ v)


KEEPDIMS = (
    "e / e.sum(axis=1) divides column j by the sum of row j: a vector (T,) is laid along the "
    "columns. keepdims=True keeps the sums as a column, (T, 1)."
)


def _no_keepdims(e: Array) -> Array:
    return np.asarray(e / e.sum(axis=1))


def _safe(scores: Array) -> Array:
    return np.asarray(np.exp(scores - scores.max(axis=1, keepdims=True)))


# The first three queries give two keys a score above ten, and both still weigh something; the last
# gives each key a negative one.
SURE = (
    np.array([[4.0, 1.0], [-3.0, 2.0], [5.0, -2.0], [-5.0, -5.0]]),
    np.array([[5.0, 1.0], [4.0, 2.0], [-2.0, 3.0], [3.0, 3.2]]),
    np.array([[8.2, -0.7], [9.4, 1.9], [-1.6, 0.8], [2.1, 0.3]]),
)
# Tokens and numbers per token, then the sizes of q, k and v. Tokens and numbers per token differ in
# most cases, so that nobody can mistake one for the other.
KINDS = (
    *((3, 2, 1.5, 1.5, 1.5), (4, 2, 1.5, 1.5, 1.5), (4, 3, 1.5, 1.5, 1.5)),
    *((3, 3, 1.5, 1.5, 1.5), (5, 3, 9.0, 0.03, 9.0), (6, 4, 0.03, 9.0, 0.01)),
)


def _tokens(rng: np.random.Generator) -> list[tuple[Array, Array, Array]]:
    """Each argument of the usual size, large and small; the scores large enough to need a scale."""
    cases = [SURE]
    for t, d, *sizes in KINDS:
        q, k, v = (np.round(rng.normal(0, size, (t, d)), 4) for size in sizes)
        cases.append((q, k, v))
    return [cases[i] for i in rng.permutation(len(cases))]


RESIDUAL = (
    "You added {}. A layer adds what a token was before, around the head; the head returns the "
    "mixture alone."
)


attend = Exercise(
    key="04-attend",
    points=2,
    task="Return softmax(Q Kᵀ / √d) V for one attention head.",
    reference=_attend,
    cases=_tokens,
    misconceptions=(
        Misconception(
            "no scale",
            lambda q, k, v: softmax(q @ k.T) @ v,
            "The scores are not divided by √d. With many numbers a token, one weight would take "
            "everything.",
        ),
        Misconception(
            "divided by d",
            lambda q, k, v: softmax(q @ k.T / q.shape[1]) @ v,
            "You divided by d. The spread of a sum of d products grows with the root of d.",
        ),
        Misconception(
            "softmax down the columns",
            lambda q, k, v: softmax(q @ k.T / np.sqrt(q.shape[1]), axis=0) @ v,
            "Your weights sum to one down each column. Each query shares out its attention: the "
            "rows sum to one.",
        ),
        Misconception(
            "softmax over everything",
            lambda q, k, v: (
                softmax((q @ k.T / np.sqrt(q.shape[1])).reshape(1, -1)).reshape(len(q), -1) @ v
            ),
            "All your weights together sum to one. Every row, one query's, sums to one.",
        ),
        Misconception(
            "softmax twice",
            lambda q, k, v: softmax(softmax(q @ k.T / np.sqrt(q.shape[1]))) @ v,
            "You took the softmax of the softmax, which makes all weights nearly equal. Once.",
        ),
        Misconception(
            "keepdims forgotten",
            lambda q, k, v: _no_keepdims(np.exp(q @ k.T / np.sqrt(q.shape[1]))) @ v,
            KEEPDIMS,
        ),
        Misconception(
            "keepdims forgotten, largest score taken off",
            lambda q, k, v: _no_keepdims(_safe(q @ k.T / np.sqrt(q.shape[1]))) @ v,
            KEEPDIMS,
        ),
        Misconception(
            "divided by the root of the tokens",
            lambda q, k, v: softmax(q @ k.T / np.sqrt(len(q))) @ v,
            "You divided by the root of the number of tokens. d is how many numbers a token has.",
        ),
        Misconception(
            "queries and keys exchanged",
            lambda q, k, v: _attend(k, q, v),
            "Queries and keys have changed places: row i holds the weights of query i.",
        ),
        Misconception(
            "no softmax",
            lambda q, k, v: q @ k.T / np.sqrt(q.shape[1]) @ v,
            "These are scores times values. The softmax, which makes weights of them, is missing.",
        ),
        Misconception(
            "weights returned",
            lambda q, k, v: softmax(q @ k.T / np.sqrt(q.shape[1])),
            "These are the weights. They still have to mix the values.",
        ),
        Misconception(
            "keys mixed",
            lambda q, k, v: _attend(q, k, k),
            "You mixed the keys. Keys only say where to look; values are what is taken in.",
        ),
        Misconception(
            "values added", lambda q, k, v: v + _attend(q, k, v), RESIDUAL.format("the values")
        ),
        Misconception(
            "queries added", lambda q, k, v: q + _attend(q, k, v), RESIDUAL.format("the queries")
        ),
    ),
    hints=(
        "Three steps: scores (T, T), weights (T, T), mixture (T, d).",
        "weights = np.exp(scores); weights /= weights.sum(axis=1, keepdims=True)",
        "scores = q @ k.T / np.sqrt(q.shape[1]); at the end weights @ v.",
    ),
)
