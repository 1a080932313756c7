"""Lesson 04, what stands around a head of attention: positions, and one layer with its residual."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.softmax import softmax

Array = np.ndarray
BASE = 10_000.0


def _angles(length: int, width: int) -> Array:
    """t / 10000^(2i/W) for every place t and every pair i of columns, (T, W/2)."""
    speeds = BASE ** (-np.arange(0, width, 2) / width)
    return np.asarray(np.arange(length)[:, None] * speeds)


def _pairs(one: Array, other: Array) -> Array:
    """Columns in turn: the first of one, the first of the other, the second of one, …"""
    return np.stack([one, other], axis=2).reshape(len(one), one.size * 2 // len(one))


def _positions(length: int, width: int) -> Array:
    return _pairs(np.sin(_angles(length, width)), np.cos(_angles(length, width)))


def _every_column_its_own(length: int, width: int) -> Array:
    angle = np.arange(length)[:, None] * BASE ** (-np.arange(width) / width)
    return np.where(np.arange(width) % 2 == 0, np.sin(angle), np.cos(angle))


def _upside_down(length: int, width: int) -> Array:
    angle = np.arange(length)[:, None] * BASE ** (np.arange(0, width, 2) / width)
    return _pairs(np.sin(angle), np.cos(angle))


def _half_as_fast(length: int, width: int) -> Array:
    angle = np.arange(length)[:, None] * BASE ** (-np.arange(width // 2) / width)
    return _pairs(np.sin(angle), np.cos(angle))


def _lengths(rng: np.random.Generator) -> list[tuple[int, int]]:
    sizes = [
        (3, 2),
        (5, 4),
        (4, 6),
        (2, 16),
        (200, 4),  # long enough to see what the base is
        (int(rng.integers(6, 12)), 2 * int(rng.integers(2, 7))),
    ]
    return [sizes[i] for i in rng.permutation(len(sizes))]


position_vectors = Exercise(
    key="04-positions",
    points=2,
    task="Return the position vectors of `length` tokens: sines and cosines in turn.",
    reference=_positions,
    cases=_lengths,
    tolerance=1e-5,
    misconceptions=(
        Misconception(
            "every column its own speed",
            _every_column_its_own,
            "Sine and cosine of a pair turn at one speed: the exponent is 2i/W, with i the number "
            "of the pair, not of the column.",
        ),
        Misconception(
            "halves instead of pairs",
            lambda length, width: np.hstack([np.sin(_angles(length, width)),
                                             np.cos(_angles(length, width))]),
            "First all sines, then all cosines came. They stand in turn: sine, cosine, sine, …",
        ),
        Misconception(
            "cosine first",
            lambda length, width: _pairs(np.cos(_angles(length, width)),
                                         np.sin(_angles(length, width))),
            "The sine stands in the even columns (0, 2, …), the cosine in the odd ones.",
        ),
        Misconception(
            "sines only",
            lambda length, width: _pairs(*[np.sin(_angles(length, width))] * 2),
            "Every column is a sine. The second of each pair is the cosine.",
        ),
        Misconception(
            "counted from one",
            lambda length, width: _positions(length + 1, width)[1:],
            "Your first token stands at 1; places count from 0.",
        ),
        Misconception(
            "multiplied",
            _upside_down,
            "You multiplied by 10000^(2i/W). Later pairs turn more slowly, so divide.",
        ),
        Misconception(
            "exponent halved",
            _half_as_fast,
            "The exponent is 2i/W; yours is i/W.",
        ),
    ),
    hints=(
        "One angle for every place and every pair: an array (length, width / 2).",
        "angle = np.arange(length)[:, None] / 10000 ** (np.arange(0, width, 2) / width)",
        "p = np.zeros((length, width)); p[:, 0::2] = np.sin(angle); p[:, 1::2] = np.cos(angle)",
    ),
)  # fmt: skip


Weights = tuple[Array, Array, Array]


def _attended(h: Array, weights: Weights) -> Array:
    q, k, v = (h @ w for w in weights)
    return np.asarray(softmax(q @ k.T / np.sqrt(h.shape[1])) @ v)


def _one_layer(tokens: Array, positions: Array, w_q: Array, w_k: Array, w_v: Array) -> Array:
    h = tokens + positions
    return np.asarray((h + _attended(h, (w_q, w_k, w_v))).mean(axis=0))


# The first two tokens give each other scores above ten, and both weigh something.
SURE = (
    np.array([[4.0, 1.0], [4.0, 1.5], [-5.0, 2.0]]),
    np.array([[0.0, 0.5], [0.1, 0.0], [0.2, -0.5]]),
    np.array([[1.0, 0.2], [0.0, 1.0]]),
    np.array([[1.0, 0.0], [0.3, 1.0]]),
    np.array([[0.5, 1.0], [-1.0, 2.0]]),
)
# Tokens and numbers per token, which differ, so that nobody can mistake one for the other; then the
# sizes of tokens, positions, w_q, w_k and w_v.
KINDS = (
    *((3, 2, 1.5, 1.0, 0.7, 0.7, 1.0), (5, 2, 1.5, 1.0, 0.7, 0.7, 1.0)),
    *((2, 4, 1.5, 1.0, 0.7, 0.7, 1.0), (4, 3, 1.5, 1.0, 0.7, 0.7, 1.0)),
    *((5, 4, 9.0, 0.03, 0.03, 0.3, 9.0), (4, 3, 0.03, 9.0, 0.3, 0.03, 0.03)),
    (5, 3, 0.02, 0.02, 9.0, 9.0, 0.1),
)


def _layers(rng: np.random.Generator) -> list[tuple[Array, ...]]:
    """Each argument of the usual size, large and small; all rounded, to be shown."""
    cases: list[tuple[Array, ...]] = [SURE]
    for t, d, *sizes in KINDS:
        shapes = [(t, d)] * 2 + [(d, d)] * 3
        parts = [rng.normal(0, s, shape) for s, shape in zip(sizes, shapes, strict=True)]
        cases.append(tuple(np.round(part, 4) for part in parts))
    return [cases[i] for i in rng.permutation(len(cases))]


one_layer = Exercise(
    key="04-one-layer",
    points=2,
    task="Add positions, attend, add the residual, and average the tokens.",
    reference=_one_layer,
    cases=_layers,
    misconceptions=(
        Misconception(
            "no positions",
            lambda x, p, *w: (x + _attended(x, w)).mean(axis=0),
            "The positions are not added: you would give a film that runs backwards the same "
            "answer.",
        ),
        Misconception(
            "no residual",
            lambda x, p, *w: _attended(x + p, w).mean(axis=0),
            "The residual is missing: what a token was is added to what it takes in.",
        ),
        Misconception(
            "residual without positions",
            lambda x, p, *w: (x + _attended(x + p, w)).mean(axis=0),
            "What is added is the token as it went in, its position included.",
        ),
        Misconception(
            "positions after attention",
            lambda x, p, *w: (x + p + _attended(x, w)).mean(axis=0),
            "You attended without positions and added them afterwards. They come first, or else "
            "no query knows where it stands.",
        ),
        Misconception(
            "values not projected",
            lambda x, p, q, k, v: _one_layer(x, p, q, k, np.eye(len(v))),
            "The values are (tokens + positions) @ w_v, not the tokens themselves.",
        ),
        Misconception(
            "added up",
            lambda x, p, *w: _one_layer(x, p, *w) * len(x),
            "You added the tokens up. Their mean does not grow with the length of the film.",
        ),
        Misconception(
            "no scale",
            lambda x, p, q, k, v: _one_layer(x, p, q * np.sqrt(x.shape[1]), k, v),
            "The scores are not divided by √d.",
        ),
        Misconception(
            "every token counts the same",
            lambda x, p, q, k, v: (
                x + p + softmax((x + p) @ q @ ((x + p) @ k).T / np.sqrt(x.shape[1]), axis=0)
                @ (x + p) @ v
            ).mean(axis=0),
            "Every token's value has the same share in your answer. Either your weights sum to one "
            "down each column (the rows have to), or you averaged the tokens before they attended.",
        ),
    ),
    hints=(
        "h = tokens + positions; from h come queries, keys and values: h @ w_q and so on.",
        "Attention as in exercise 5; then h + attended, the residual sum.",
        "return (h + attended).mean(axis=0)",
    ),
)  # fmt: skip
