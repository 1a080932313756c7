"""Lesson 02, the exercises about shapes: a gate by hand, and which formula drew a surface."""

import numpy as np

from coursekit.exercises.evaluation import Misconception
from coursekit.exercises.exercise import Exercise

Array = np.ndarray


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _gate(v: Array, t: Array, w: Array) -> Array:
    return _sigmoid(np.r_[v, t] @ w.T)


def _gmu(v: Array, t: Array, w: Array) -> Array:
    z = _gate(v, t, w)
    return z * np.tanh(v) + (1 - z) * np.tanh(t)


def _mixed(z: Array, v: Array, t: Array) -> Array:
    return z * np.tanh(v) + (1 - z) * np.tanh(t)


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max())
    return e / e.sum()


def _gmu_cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array]]:
    return [
        (rng.normal(0, 1.5, d), rng.normal(0, 1.5, d), rng.normal(0, 1, (d, 2 * d)))
        for d in (2, 3, 4, 3)
    ]


gmu_by_hand = Exercise(
    key="02-gmu",
    points=2,
    task="Return the output of a gated multimodal unit for one sample.",
    reference=_gmu,
    cases=_gmu_cases,
    misconceptions=(
        Misconception(
            "gates exchanged",
            lambda v, t, w: _mixed(1 - _gate(v, t, w), v, t),
            "The gates have changed places: z opens the first modality, 1 − z the second.",
        ),
        Misconception(
            "z on both",
            lambda v, t, w: _gate(v, t, w) * (np.tanh(v) + np.tanh(t)),
            "You opened both modalities by the same z. What one wins, the other loses: 1 − z.",
        ),
        Misconception(
            "no tanh",
            lambda v, t, w: _gate(v, t, w) * v + (1 - _gate(v, t, w)) * t,
            "The modalities pass through tanh before they are mixed.",
        ),
        Misconception(
            "gate sees tanh",
            lambda v, t, w: _mixed(_gate(np.tanh(v), np.tanh(t), w), v, t),
            "Your gate looks at the values after tanh. It looks at the projections before it.",
        ),
        Misconception(
            "no sigmoid",
            lambda v, t, w: _mixed(np.r_[v, t] @ w.T, v, t),
            "A gate lies between 0 and 1: take the sigmoid.",
        ),
        Misconception(
            "tanh for the gate",
            lambda v, t, w: _mixed(np.tanh(np.r_[v, t] @ w.T), v, t),
            "tanh reaches down to −1; a gate lies between 0 and 1. Take the sigmoid.",
        ),
        Misconception(
            "softmax for the gate",
            lambda v, t, w: _mixed(_softmax(np.r_[v, t] @ w.T), v, t),
            "A softmax makes the features compete with each other. Here each has its own sigmoid.",
        ),
        Misconception(
            "concatenated the other way round",
            lambda v, t, w: _mixed(_gate(t, v, w), v, t),
            "You laid the second modality first: the gate's weights expect [v; t].",
        ),
        Misconception(
            "only the first gated",
            lambda v, t, w: _gate(v, t, w) * np.tanh(v) + np.tanh(t),
            "The second modality passes ungated in yours; it is weighed by 1 − z.",
        ),
        Misconception(
            "one gate for all features",
            lambda v, t, w: _mixed(np.full(len(v), _gate(v, t, w).mean()), v, t),
            "You use one gate for all features. Each feature has its own.",
        ),
    ),
    hints=(
        "First the gate: z = σ(W [v; t]), as long as v.",
        "σ(x) = 1 / (1 + exp(−x)); np.concatenate([v, t]) is what W multiplies.",
        "z * np.tanh(v) + (1 - z) * np.tanh(t)",
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
    return [cases[i] for i in rng.permutation(len(cases))]


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
