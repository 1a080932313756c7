"""Lesson 12, the exercise about training beside a bias: product of experts and learned-mixin."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.softmax import softmax

Array = np.ndarray
Case = tuple[Array, Array, Array, Array]


def _logs(scores: Array) -> Array:
    """Logarithm of the softmax of each row."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _of(values: Array, labels: Array) -> Array:
    return np.asarray(values[np.arange(len(labels)), labels])


def _entropy(scores: Array, labels: Array) -> float:
    return float(-_of(_logs(scores), labels).mean())


def _loss(logits: Array, bias: Array, power: Array, labels: Array) -> float:
    return _entropy(logits + power[:, None] * np.log(bias), labels)


def _unscaled(logits: Array, bias: Array, power: Array, labels: Array) -> float:
    together = _logs(logits) + power[:, None] * np.log(bias)
    return float(-_of(together, labels).mean())


def _mixture(logits: Array, bias: Array, power: Array, labels: Array) -> float:
    return float(-np.log(_of((softmax(logits) + bias) / 2, labels)).mean())


def _overflowing(logits: Array, bias: Array, power: Array, labels: Array) -> float:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        mass = np.exp(logits) * bias ** power[:, None]
        return float(-np.log(_of(mass / mass.sum(axis=1, keepdims=True), labels)).mean())


def _underflowing(logits: Array, bias: Array, power: Array, labels: Array) -> float:
    """The product of probabilities, and its logarithm at the end."""
    with np.errstate(divide="ignore"):
        mass = softmax(logits) * bias ** power[:, None]
        return float(-np.log(_of(mass / mass.sum(axis=1, keepdims=True), labels)).mean())


def _reweighted(logits: Array, bias: Array, power: Array, labels: Array) -> float:
    weight = 1 - _of(bias, labels)
    return float((weight * -_of(_logs(logits), labels)).sum() / weight.sum())


# Logits, bias, power, labels: one row; power 0 and 1; a flat bias; a sure one, for and against the
# label; logits that overflow an exponential; a label so far below the best that its probability
# underflows; a bias that is all but certain. Where logits are large so is the loss, or single
# precision would not do.
FIXED: tuple[tuple[list, list, list, list], ...] = (
    ([[2.0, -1.0, 0.5]], [[0.7, 0.2, 0.1]], [1.5], [0]),
    ([[1.0, 0.0], [0.0, 3.0]], [[0.9, 0.1], [0.9, 0.1]], [0.0, 1.0], [0, 0]),
    ([[0.3, 1.2, -2.0, 0.4]] * 2, [[0.25] * 4] * 2, [2.0, 0.5], [1, 3]),
    ([[1.0, 1.0, 1.0]] * 3, [[0.98, 0.01, 0.01]] * 3, [1.0, 2.0, 3.0], [0, 1, 2]),
    ([[1000.0, -1000.0], [800.0, 840.0]], [[0.5, 0.5], [0.6, 0.4]], [1.0, 2.0], [0, 0]),
    ([[-1000.0, 1000.0], [-1000.0, -1050.0]], [[0.6, 0.4]] * 2, [6.5, 1.0], [1, 1]),
    ([[5.0, 0.0], [3.0, 4.5]], [[0.6, 0.4]] * 2, [8.0, 6.5], [1, 0]),
    # Two rows that are farther apart than any number that exp can give.
    ([[1000.0, 950.0], [-1000.0, -960.0]], [[0.6, 0.4]] * 2, [1.0, 0.5], [1, 0]),
    ([[3.0, 800.0, 0.0]], [[0.5, 0.3, 0.2]], [1.5], [2]),
    ([[1000.0, -1000.0]], [[0.4, 0.6]], [1.0], [1]),
    ([[0.015, -0.01]], [[0.9, 0.1]], [0.0125], [1]),
    ([[1.2344, -0.3456, 0.01]], [[0.55, 0.44, 0.01]], [1.2344], [2]),
    ([[0.0, 4.0, 1.0], [2.0, 2.0, 0.0]], [[1e-12, 0.5, 0.5], [0.2, 0.3, 0.5]], [1.0, 0.3], [0, 2]),
)


def _cases(rng: np.random.Generator) -> list[Case]:
    """The fixed ones, and two batches."""
    cases: list[Case] = [
        (np.array(z), np.array(b), np.array(g), np.array(y)) for z, b, g, y in FIXED
    ]
    for rows, classes in ((4, 3), (7, 5)):
        logits = rng.normal(0, 1.5, (rows, classes))
        bias = rng.dirichlet(np.full(classes, 0.7), rows) * 0.98 + 0.02 / classes
        labels = rng.integers(0, classes, rows)
        cases.append((logits, bias, rng.uniform(0.3, 2.5, rows), labels))
    return cases


mixin_loss = Exercise(
    key="12-mixin",
    points=2,
    task="Return the mean cross entropy of the model times the bias to a power per row.",
    reference=_loss,
    cases=_cases,
    misconceptions=(
        Misconception(
            "no bias",
            lambda z, b, g, y: _entropy(z, y),
            "That is plain cross entropy. The bias stands beside the model in training.",
        ),
        Misconception(
            "no power",
            lambda z, b, g, y: _loss(z, b, np.ones_like(g), y),
            "That is the product with the bias as it is. Its logarithm is multiplied by the row's "
            "power; a power that multiplies the probability itself is divided out again.",
        ),
        Misconception(
            "a probability added",
            lambda z, b, g, y: _entropy(z + g[:, None] * b, y),
            "You add the bias's probability to a logit. To multiply probabilities add logarithms.",
        ),
        Misconception(
            "not scaled",
            _unscaled,
            "The product of two distributions does not sum to one. Take the softmax of the sum of "
            "the logarithms, or without it every model would gain by nothing but the bias.",
        ),
        Misconception(
            "power of both",
            lambda z, b, g, y: _entropy(g[:, None] * (_logs(z) + np.log(b)), y),
            "You raise the product to the power. The model keeps its logits, the power is the "
            "bias's.",
        ),
        Misconception(
            "power of the model",
            lambda z, b, g, y: _entropy(g[:, None] * z + np.log(b), y),
            "You multiply the model's logits. The power is the bias's.",
        ),
        Misconception(
            "divided by the bias",
            lambda z, b, g, y: _entropy(z - g[:, None] * np.log(b), y),
            "You subtract the bias's logarithm. In training the model is multiplied by the bias, "
            "so that it need not give what the bias gives.",
        ),
        Misconception(
            "the bias alone",
            lambda z, b, g, y: _entropy(g[:, None] * np.log(b), y),
            "The model is missing: that is the cross entropy of the bias.",
        ),
        Misconception(
            "one power for all",
            lambda z, b, g, y: _loss(z, b, np.full_like(g, g.mean()), y),
            "You use the mean power. Each row has its own: power[:, None] * np.log(bias).",
        ),
        Misconception(
            "a mean of both",
            _mixture,
            "You average the probabilities. Experts are multiplied here: both have a veto.",
        ),
        Misconception(
            "a sum",
            lambda z, b, g, y: len(y) * _loss(z, b, g, y),
            "Asked is the mean over rows, not the sum.",
        ),
        Misconception(
            "overflow",
            _overflowing,
            "Large logits overflow an exponential. Add logarithms, subtract the row's largest, and "
            "only then take exponentials.",
        ),
        Misconception(
            "underflow",
            _underflowing,
            "You take the logarithm of a probability. Where the label stands 800 below the best, "
            "that is too small to be written and becomes 0. Stay with logarithms: scores minus "
            "the logarithm of the sum of their exponentials.",
        ),
        Misconception(
            "reweighted",
            _reweighted,
            "You weight rows by how wrong the bias is: that is another cure. Here the model is "
            "multiplied by the bias.",
        ),
        Misconception(
            "sign",
            lambda z, b, g, y: -_loss(z, b, g, y),
            "That is the mean logarithm itself. Cross entropy is minus that.",
        ),
    ),
    hints=(
        "A product of probabilities is a sum of logarithms; softmax makes it sum to one again.",
        "scores = logits + power[:, None] * np.log(bias); subtract each row's largest.",
        "−(scores − log Σ exp scores) at the labels, and the mean of it.",
    ),
)
