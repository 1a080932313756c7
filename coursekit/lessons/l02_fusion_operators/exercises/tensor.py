"""Lesson 02, the exercises about tensors: what is inside, and the low-rank way."""

import math
from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _as_tensor(w_a: Array, w_b: Array, bias: float) -> Array:
    tensor = np.zeros((len(w_a) + 1, len(w_b) + 1))
    tensor[0, 0] = bias
    tensor[1:, 0] = w_a
    tensor[0, 1:] = w_b
    return tensor


def _with(tensor: Array, part: tuple[object, object], value: object) -> Array:
    tensor = tensor.copy()
    tensor[part] = value  # type: ignore[index]
    return tensor


def _ones_last(w_a: Array, w_b: Array, bias: float) -> Array:
    return np.roll(_as_tensor(w_a, w_b, bias), (-1, -1), axis=(0, 1))


def _as_tensor_cases(rng: np.random.Generator) -> list[tuple[Array, Array, float]]:
    """Widths that differ, so that a transposed answer has another shape, and some that do not."""
    cases = [
        (rng.normal(size=a), rng.normal(size=b), float(rng.normal() + 3))
        for a, b in ((2, 3), (4, 2), (3, 3), (2, 2))
    ]
    wide = [-9.0, 0.01, 7.5, 0.5, 2.0], [8.0, 0.75, -0.01, -6.0]
    cases.append((np.array(wide[0]), np.array(wide[1]), -5.5))
    cases.append((np.array([1.5]), np.array([-0.25, 0.5, 0.03125]), 0.01))
    return cases


as_tensor = Exercise(
    key="02-as-tensor",
    points=2,
    task="Return the tensor-fusion weights that give exactly the late-linear model.",
    reference=_as_tensor,
    cases=_as_tensor_cases,
    misconceptions=(
        Misconception(
            "no bias",
            lambda a, b, c: _as_tensor(a, b, 0.0),
            "The bias is missing. It belongs where one meets one.",
        ),
        Misconception(
            "outer product inside",
            lambda a, b, c: _with(
                _as_tensor(a, b, c), (slice(1, None), slice(1, None)), np.outer(a, b)
            ),
            "You filled the inner block. Late-linear has no products, so it is zero there.",
        ),
        Misconception(
            "product only",
            lambda a, b, c: _with(
                np.zeros((len(a) + 1, len(b) + 1)), (slice(1, None), slice(1, None)), np.outer(a, b)
            ),
            "You filled the block of the products. Late-linear needs the entries where a feature "
            "meets the other modality's one.",
        ),
        Misconception(
            "product and bias",
            lambda a, b, c: _with(
                _as_tensor(0 * a, 0 * b, c), (slice(1, None), slice(1, None)), np.outer(a, b)
            ),
            "You filled the block of the products. Late-linear needs the entries where a feature "
            "meets the other modality's one.",
        ),
        Misconception(
            "outer product with ones, and no bias",
            lambda a, b, c: np.outer(np.r_[1, a], np.r_[1, b]),
            "An outer product of the weights puts weights on products of features too. Fill the "
            "first row and the first column only, and the bias where they meet.",
        ),
        Misconception(
            "outer product with ones, and the bias",
            lambda a, b, c: _with(np.outer(np.r_[1, a], np.r_[1, b]), (0, 0), c),
            "You filled the inner block. Late-linear has no products, so it is zero there.",
        ),
        Misconception(
            "outer product of both with the bias",
            lambda a, b, c: np.outer(np.r_[1, a], np.r_[c, b]),
            "An outer product of the weights puts weights on products of features too. Fill the "
            "first row and the first column only.",
        ),
        Misconception(
            "ones at the end",
            _ones_last,
            "Your ones stand last. In this course the one is prepended: row 0 and column 0.",
        ),
        Misconception(
            "bias everywhere",
            lambda a, b, c: _with(_as_tensor(a, b, c), (slice(1, None), slice(1, None)), float(c)),
            "The bias stands once, where one meets one; elsewhere it would be multiplied by "
            "features.",
        ),
        Misconception(
            "bias twice",
            lambda a, b, c: _as_tensor(a, b, 2 * c),
            "The two ones meet only once, so the bias is counted once.",
        ),
        Misconception(
            "row and column exchanged",
            lambda a, b, c: _as_tensor(b, a, c),
            "Row and column have changed places: rows belong to A. Where does a feature of A meet "
            "B's one?",
        ),
    ),
    hints=(
        "Write [1; z_a]ᵀ T [1; z_b] out: which entry of T stands before z_a[0] alone?",
        "Feature i of A stands in row i + 1; B's one stands in column 0.",
        "T[0, 0] is the bias, T[1:, 0] the weights of A, T[0, 1:] those of B, the rest zero.",
    ),
)

LowRankCase = tuple[Array, Array, Array, Array, Array]


def _parts(za: Array, zb: Array, fa: Array, fb: Array) -> tuple[Array, Array]:
    """What each modality gives for every rank and class, (R, C) each."""
    return np.r_[1, za] @ fa, np.r_[1, zb] @ fb


def _low_rank(za: Array, zb: Array, fa: Array, fb: Array, bias: Array) -> Array:
    a, b = _parts(za, zb, fa, fb)
    return (a * b).sum(axis=0) + bias


def _from_parts(combine: Callable[[Array, Array, Array], Array]) -> Callable[..., Array]:
    def wrong(za: Array, zb: Array, fa: Array, fb: Array, bias: Array) -> Array:
        return combine(*_parts(za, zb, fa, fb), bias)

    return wrong


def _no_one(za: Array, zb: Array, fa: Array, fb: Array, bias: Array) -> Array:
    return ((za @ fa[:, 1:]) * (zb @ fb[:, 1:])).sum(axis=0) + bias


def _one_last(za: Array, zb: Array, fa: Array, fb: Array, bias: Array) -> Array:
    return ((np.r_[za, 1] @ fa) * (np.r_[zb, 1] @ fb)).sum(axis=0) + bias


def _low_rank_cases(rng: np.random.Generator) -> list[LowRankCase]:
    """Rank and number of classes differ mostly: an axis left standing then shows in the shape."""
    cases = _fixed_low_rank()
    for rank, c in ((2, 3), (3, 3), (6, 2), (3, 4)):
        da, db = int(rng.integers(2, 4)), int(rng.integers(2, 4))
        shapes = ((da,), (db,), (rank, da + 1, c), (rank, db + 1, c), (c,))
        za, zb, fa, fb, bias = (rng.normal(size=shape) for shape in shapes)
        cases.append((za, zb, fa, fb, bias))
    return cases


def _fixed_low_rank() -> list[LowRankCase]:
    """Small numbers, a logit of .01 among them, and large ones; four features and more."""
    small = [0.0175, 0.3, -0.4, 0.1], [0.5, 0.03, 0.2, -0.3, 0.01]
    large = [-9.0, 6.5, 0.5, 2.0, 1.0], [7.0, -3.0, -8.5, 1.5]
    cases = []
    for (za, zb), unit in ((small, 0.1), (large, 2.0)):
        fa = unit * _ramp(3, len(za) + 1, 2)
        fb = unit * _ramp(3, len(zb) + 1, 2)[:, ::-1]
        logits = _low_rank(np.array(za), np.array(zb), fa, fb, np.zeros(2))
        bias = np.array([0.01 - logits[0], 9.0 * unit**3])
        cases.append((np.array(za), np.array(zb), fa, fb, bias))
    return cases


def _ramp(*shape: int) -> Array:
    """Numbers from -4 to 4, neighbours far apart."""
    size = math.prod(shape)
    return (np.arange(size) * 7 % size / (size - 1) * 8 - 4).reshape(shape)


low_rank_by_hand = Exercise(
    key="02-low-rank",
    points=2,
    task="Return the logits of low-rank fusion without ever making the tensor.",
    reference=_low_rank,
    cases=_low_rank_cases,
    misconceptions=(
        Misconception(
            "no one prepended",
            _no_one,
            "Without the ones the single features are lost. Prepend a one to both.",
        ),
        Misconception(
            "one at the end",
            _one_last,
            "Your one stands last; the factors expect it first.",
        ),
        Misconception(
            "sum before product",
            _from_parts(lambda a, b, bias: a.sum(0) * b.sum(0) + bias),
            "You summed over the ranks before multiplying. That is a model of rank one: multiply "
            "first, within each rank, then sum.",
        ),
        Misconception(
            "added",
            _from_parts(lambda a, b, bias: (a + b).sum(0) + bias),
            "You added the two modalities. Then nothing interacts: multiply them.",
        ),
        Misconception(
            "no bias",
            _from_parts(lambda a, b, bias: (a * b).sum(0)),
            "The bias is missing.",
        ),
        Misconception(
            "mean over the ranks",
            _from_parts(lambda a, b, bias: (a * b).mean(0) + bias),
            "You averaged over the ranks. They are summed.",
        ),
        Misconception(
            "product over the ranks",
            _from_parts(lambda a, b, bias: (a * b).prod(0) + bias),
            "You multiplied over the ranks too. The product runs over modalities, the sum over "
            "ranks.",
        ),
        Misconception(
            "first rank only",
            _from_parts(lambda a, b, bias: (a * b)[0] + bias),
            "Only the first rank is in your answer. Sum over all of them.",
        ),
        Misconception(
            "bias in every rank",
            _from_parts(lambda a, b, bias: (a * b + bias).sum(0)),
            "The bias is inside your sum over the ranks, so it counts R times. Add it once.",
        ),
    ),
    hints=(
        "np.r_[1, z] prepends the one.",
        "np.r_[1, z_a] @ factors_a has shape (R, C): what A says, for every rank and class.",
        "Multiply the two (R, C) arrays, sum over the ranks, add the bias. If (R, C) numbers come "
        "back, the sum over the ranks is missing.",
    ),
)
