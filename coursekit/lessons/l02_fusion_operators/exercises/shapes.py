"""Lesson 02, the exercises about what gates learn from, and which formula drew a surface."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.softmax import softmax

Array = np.ndarray


def _one_hot(x: Array) -> Array:
    return (np.arange(len(x)) == x.argmax()).astype(float)


def _borrowed(logits: Array, values: Array) -> Array:
    p = softmax(logits)
    return p * (values - p @ values)


def _gate_cases(rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """Two to five modalities; the values lie away from zero, so that their mean shows.

    And from each other: the difference of two that are nearly equal has few digits left.
    """
    cases = []
    for m in (2, 3, 4, 5, 3):
        cases.append((rng.normal(0, 1, m), rng.permutation(m) + rng.uniform(0.7, 1.3, m)))
    # Values and gradients beyond 5; large logits, two of them equal; logits the exponentials of
    # which are next to nothing, and values so large that a millionth more in the sum of those
    # shows; small numbers.
    cases.append((np.array([0.5, 0.0, -1.0]), np.array([-12.0, 30.0, 0.01])))
    cases.append((np.array([12.0, 11.0, -10.5, 11.0]), np.array([2.0, -1.0, 9.0, 0.5])))
    cases.append((np.array([-12.0, -14.0]), np.array([20.0, 28.0])))
    cases.append((np.array([0.01, -0.04, 0.015]), np.array([0.3, 0.01, -0.2])))
    return cases


borrowed_gradient = Exercise(
    key="02-borrowed",
    points=2,
    task="Return the gradient that a straight-through gate hands to its logits.",
    reference=_borrowed,
    cases=_gate_cases,
    misconceptions=(
        Misconception(
            "the true gradient",
            lambda x, v: np.zeros(len(x)),
            "That is the true gradient of the hard choice, zero almost everywhere. Straight-"
            "through borrows the softmax's instead.",
        ),
        Misconception(
            "no mean taken off",
            lambda x, v: softmax(x) * v,
            "The options compete: raising one logit lowers all other shares. Take the mean Σ p v "
            "off each value.",
        ),
        Misconception(
            "diagonal only",
            lambda x, v: softmax(x) * (1 - softmax(x)) * v,
            "p (1 − p) is how a share answers to its own logit. The other shares change as well: "
            "∂p_j/∂l_m = −p_j p_m.",
        ),
        Misconception(
            "the chosen value for the mean",
            lambda x, v: softmax(x) * (v - v[x.argmax()]),
            "You compare with the chosen value. Backward nothing is hard: compare with the mean "
            "under the softmax.",
        ),
        Misconception(
            "plain mean",
            lambda x, v: softmax(x) * (v - v.mean()),
            "You took the plain mean of the values. Each counts with its share p.",
        ),
        Misconception(
            "softmax twice",
            lambda x, v: _borrowed(softmax(x), v),
            "You took the softmax of the softmax, which makes the shares nearly equal. Once.",
        ),
        Misconception(
            "not weighted outside",
            lambda x, v: v - softmax(x) @ v,
            "Each difference still has to be multiplied by its own share p.",
        ),
        Misconception(
            "sign",
            lambda x, v: -_borrowed(x, v),
            "The sign is turned round: a value above the mean should pull its logit up.",
        ),
        Misconception(
            "hard shares",
            lambda x, v: _one_hot(x) * (v - softmax(x) @ v),
            "You let only the chosen option learn. Backward, all take part, by their soft shares.",
        ),
        Misconception(
            "sigmoids",
            lambda x, v: v / (1 + np.exp(-x)) * (1 - 1 / (1 + np.exp(-x))),
            "That is a sigmoid for each. Here one softmax runs over all options.",
        ),
        Misconception(
            "gradient to the values",
            lambda x, v: _one_hot(x),
            "That is the gradient that goes to the values. The logits' is asked for.",
        ),
    ),
    hints=(
        "Backward, the output is taken to be Σ_j p_j v_j with p the softmax of the logits.",
        "∂p_j/∂l_m = p_j ([j = m] − p_m). Multiply by v_j and sum over j.",
        "What comes out: each share times (its value minus the mean value under p).",
    ),
)

WORDS = ("additive", "multiplicative", "both")


def _additive_share(surface: Array) -> float:
    rows, columns = surface.mean(axis=1, keepdims=True), surface.mean(axis=0, keepdims=True)
    return float((rows + columns - surface.mean()).var() / surface.var())


def _word(additive_share: float) -> str:
    if additive_share > 0.99:
        return "additive"
    return "multiplicative" if additive_share < 0.01 else "both"


def _read(surface: Array) -> str:
    return _word(_additive_share(surface))


def _rows_only(surface: Array) -> str:
    return _word(float(surface.mean(axis=1).var() / surface.var()))


def _columns_only(surface: Array) -> str:
    return _word(float(surface.mean(axis=0).var() / surface.var()))


def _raw_squares(surface: Array) -> str:
    rows, columns = surface.mean(axis=1, keepdims=True), surface.mean(axis=0, keepdims=True)
    part = rows + columns - surface.mean()
    return _word(float((part**2).sum() / (surface**2).sum()))


def _diagonal(surface: Array) -> str:
    projection = surface.mean(axis=1) + surface.mean(axis=0) - surface.mean()
    return _word(float(projection.var() / np.diag(surface).var()))


def _corner(surface: Array) -> str:
    """The mixed difference of the corners alone: misses what cancels there."""
    mixed = surface[0, 0] - surface[0, -1] - surface[-1, 0] + surface[-1, -1]
    return "additive" if abs(mixed) < 1e-9 else "both"


def _read_cases(rng: np.random.Generator) -> list[tuple[Array]]:
    """Every answer with one and with two additive terms, with and without a constant."""
    t = np.linspace(-1, 1, 21)
    a, b = np.meshgrid(t, t, indexing="ij")
    plan = [
        (1, 1, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 1), (1, 1, 1), (0, 0, 1),
    ]  # fmt: skip
    cases = []
    for i, terms in enumerate(plan):
        w = rng.uniform(0.6, 1.4, 3) * rng.choice([-1, 1], 3) * terms
        shape = a * b if i in (3, 5) else np.sin(np.pi * a) * b  # zero in every corner
        constant = float(rng.uniform(3, 6) * rng.choice([-1, 1])) if i in (1, 3, 6) else 0.0
        bent = (t**3 if rng.random() < 0.5 else t)[:, None]
        cases.append((w[0] * bent + w[1] * b + w[2] * shape + constant,))
    hill = b**2 - np.mean(b**2)  # its median is not its mean, and its middle is not zero
    # Near the limit, where a median would change the word.
    for product in (a * hill, hill.T * b, hill.T * hill):
        height = a / a.std() * 0.9905**0.5 + product / product.std() * 0.0095**0.5
        cases.append((float(rng.uniform(1, 2)) * height,))
    whirl = a**3 * b - a * b**3  # zero on both diagonals
    for height in (a * hill, hill.T * b, whirl, whirl + 0.5 * a, whirl + 0.3 * b, a - 0.8 * b):
        cases.append((float(rng.uniform(1, 2)) * height,))
    cases += [(_rough(rng, *plan),) for plan in ROUGH]
    spike = np.array([3.0, -1.0, -1.0, -1.0])  # a product, the median of which lies above its mean
    cases.append((np.outer(spike, spike),))
    return [cases[i] for i in rng.permutation(len(cases))]


# Of rough surfaces: N, the additive share, the unit of the heights, and a constant in this unit.
# Very large and very small heights; both sides of each limit, a hair beside it.
ROUGH = (
    (5, 1.0, 20.0, 0.0), (6, 0.0, 20.0, 0.0), (9, 1.0, 0.002, 1.0), (8, 0.0, 0.002, 0.0),
    (4, 0.4, 1.0, 0.8), (7, 0.6, 1.0, -0.8), (12, 0.985, 1.0, 0.0), (6, 0.005, 1.0, 0.5),
    (10, 0.98999, 1.0, 0.0), (8, 0.99001, 2.0, 0.0), (7, 0.00999, 1.0, 0.0), (9, 0.01001, 2.0, 0.0),
)  # fmt: skip


def _rough(rng: np.random.Generator, n: int, share: float, unit: float, constant: float) -> Array:
    """Random heights (n, n), the additive projection of which holds just this share of variance.

    Half of it lies in the rows, half in the columns. No plane comes near such heights.
    """
    rows, columns = rng.normal(size=(n, 1)), rng.normal(size=n)
    additive = (rows - rows.mean()) / rows.std() + (columns - columns.mean()) / columns.std()
    rest = rng.normal(size=(n, n))
    rest -= rest.mean(axis=1, keepdims=True)
    rest -= rest.mean(axis=0)
    height = additive / additive.std() * share**0.5 + rest / rest.std() * (1 - share) ** 0.5
    return unit * (height + constant)


read_surface = Exercise(
    key="02-read-surface",
    points=2,
    task="Return which kind of formula drew a surface, from its values alone.",
    reference=_read,
    cases=_read_cases,
    options=WORDS,
    misconceptions=(
        Misconception(
            "rows only",
            _rows_only,
            "You looked at the row means only, so what B does alone counts as interaction.",
        ),
        Misconception(
            "columns only",
            _columns_only,
            "You looked at the column means only, so what A does alone counts as interaction.",
        ),
        Misconception(
            "squares for variances",
            _raw_squares,
            "A constant height is neither additive nor interaction. Compare variances, which do "
            "not see it, and not sums of squares.",
        ),
        Misconception(
            "standard deviations",
            lambda s: _word(float(np.sqrt(_additive_share(s)))),
            "That is the root of the share, as a ratio of standard deviations or a correlation "
            "would be. Square it: the share is one of variances.",
        ),
        Misconception(
            "words exchanged",
            lambda s: {"additive": "multiplicative", "multiplicative": "additive"}.get(
                _read(s), "both"
            ),
            "The words have changed places: a surface that is its own additive projection is "
            "additive.",
        ),
        Misconception(
            "never both",
            lambda s: "additive" if _additive_share(s) > 0.5 else "multiplicative",
            "Some surfaces have a share of each: below 0.99 and above 0.01 the answer is both.",
        ),
        Misconception(
            "never multiplicative",
            lambda s: "additive" if _additive_share(s) > 0.99 else "both",
            "You find interaction, but do not ask whether anything else is there.",
        ),
        Misconception(
            "never additive",
            lambda s: "multiplicative" if _additive_share(s) < 0.01 else "both",
            "You find additive terms, but do not ask whether anything else is there.",
        ),
        Misconception(
            "diagonal",
            _diagonal,
            "You compare on the diagonal only, where x_A = x_B. Take the variance over all cells.",
        ),
        Misconception(
            "corners only",
            _corner,
            "The four corners are too few: a surface may bend in between. Use the whole grid.",
        ),
    ),
    hints=(
        "The additive projection: row mean + column mean − overall mean, in every cell.",
        "surface.mean(axis=1, keepdims=True) keeps the shape that adds to the other mean.",
        "share = projection.var() / surface.var(); above 0.99 additive, below 0.01 multiplicative.",
    ),
)
