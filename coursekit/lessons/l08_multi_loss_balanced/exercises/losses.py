"""Lesson 08, what is computed in a step: the multi-loss and MLB's coefficients."""

from collections.abc import Mapping

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.softmax import softmax

Array = np.ndarray
Logits = Mapping[str, Array]
NAMES = ("audio", "depth", "text", "touch", "video")


def _log_probability(logits: Array, labels: Array) -> Array:
    """log softmax(logits)[y], (N,)."""
    top = logits.max(axis=1, keepdims=True)
    norm = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
    return logits[np.arange(len(labels)), labels] - norm


def _ce(logits: Array, labels: Array) -> float:
    return float(-_log_probability(logits, labels).mean())


def _multi_loss(joint: Array, alone: Logits, labels: Array) -> float:
    return _ce(joint, labels) + sum(_ce(x, labels) for x in alone.values())


def _unshifted(joint: Array, alone: Logits, labels: Array) -> float:
    rows = np.arange(len(labels))
    norms = [np.log(np.exp(x).sum(axis=1)) - x[rows, labels] for x in (joint, *alone.values())]
    return float(np.sum(np.mean(norms, axis=1)))


def _shifted_as_a_whole(joint: Array, alone: Logits, labels: Array) -> float:
    shifted = {name: x - x.max() for name, x in alone.items()}
    return _unshifted(joint - joint.max(), shifted, labels)


def _of_mean_logits(joint: Array, alone: Logits, labels: Array) -> float:
    return _ce(joint, labels) + _ce(np.mean(list(alone.values()), axis=0), labels)


def _of_mean_probability(joint: Array, alone: Logits, labels: Array) -> float:
    chances = [np.exp(_log_probability(x, labels)) for x in alone.values()]
    return _ce(joint, labels) - float(np.log(np.mean(chances, axis=0)).mean())


def _missing_chance(joint: Array, alone: Logits, labels: Array) -> float:
    heads = [joint, *alone.values()]
    return float(sum((1 - np.exp(_log_probability(x, labels))).mean() for x in heads))


def _multi_loss_cases(rng: np.random.Generator) -> list[tuple[Array, Logits, Array]]:
    cases: list[tuple[Array, Logits, Array]] = []
    for m, c in ((2, 3), (3, 8), (4, 4), (3, 5), (1, 3)):
        n = int(rng.integers(6, 12))
        labels = rng.integers(0, c, n)
        names = [str(name) for name in rng.permutation(NAMES)[:m]]
        alone = {name: rng.normal(0, 1.5, (n, c)) for name in names}
        cases.append((rng.normal(0, 1.5, (n, c)), alone, labels))
    for joint, unimodal, right in (LARGE_LOGITS, VERY_LARGE_LOGITS, SURE_AND_RIGHT):
        arrays = {name: np.array(logits) for name, logits in unimodal.items()}
        cases.append((np.array(joint), arrays, np.array(right)))
    return cases


# Joint logits, those of each modality, labels.
LARGE_LOGITS = (
    [[9.0, -6.0], [-7.0, 8.0], [0.015, -0.25]],
    {"text": [[-8.0, 6.0], [7.0, 6.5], [0.25, 0.0125]]},
    [1, 1, 0],
)
# Neither exp of such logits can be had, nor that of a row less the largest of another one.
VERY_LARGE_LOGITS = (
    [[-800.0, 803.0, 740.0], [-790.0, -800.0, -802.0]],
    {"text": [[-60.0, -20.0, -75.0], [800.0, 810.0, -790.0]]},
    [2, 1],
)
SURE_AND_RIGHT = (  # a loss of less than .02
    [[0.0004, -5.5, -6.5], [-5.0, 0.0, -7.5]],
    {"text": [[0.0, -6.0, -5.5], [-8.0, 0.0, -5.25]]},
    [0, 1],
)


OVERFLOWS = (
    "exp(800) is infinite and exp(−800) is zero, hence NaN or infinity. Subtract each row's own "
    "maximum first: no probability changes."
)

multi_loss = Exercise(
    key="08-multi-loss",
    points=1,
    task="Return the multi-loss of a batch: the joint cross-entropy and one for each modality.",
    reference=_multi_loss,
    cases=_multi_loss_cases,
    misconceptions=(
        Misconception(
            "joint loss only",
            lambda joint, alone, y: _ce(joint, y),
            "That is joint training. Every modality's own head adds its loss.",
        ),
        Misconception(
            "joint loss left out",
            lambda joint, alone, y: sum(_ce(x, y) for x in alone.values()),
            "The joint head is missing: without it nothing teaches the fusion.",
        ),
        Misconception(
            "mean over the heads",
            lambda joint, alone, y: _multi_loss(joint, alone, y) / (1 + len(alone)),
            "You took the mean over the heads. Every weight is one, so the losses are summed.",
        ),
        Misconception(
            "mean over the modalities",
            lambda joint, alone, y: _ce(joint, y) + np.mean([_ce(x, y) for x in alone.values()]),
            "You averaged the modalities' losses. Each has the weight one, however many there are.",
        ),
        Misconception(
            "sum over the batch",
            lambda joint, alone, y: len(y) * _multi_loss(joint, alone, y),
            "You summed over the batch. A loss is a mean over samples, or the step grows with the "
            "size of the batch.",
        ),
        Misconception(
            "loss of the mean logits",
            _of_mean_logits,
            "You mixed the modalities' logits first. Each head has to answer alone: first a loss "
            "for each, then the sum.",
        ),
        Misconception(
            "loss of the ensemble",
            _of_mean_probability,
            "You averaged the modalities' probabilities first. Then a slow one can hide behind a "
            "fast one again, which is what the separate losses are there to stop.",
        ),
        Misconception(
            "first modality only",
            lambda joint, alone, y: _ce(joint, y) + _ce(next(iter(alone.values())), y),
            "Only the first modality has got a loss.",
        ),
        Misconception(
            "softmax twice",
            lambda joint, alone, y: sum(_ce(softmax(x), y) for x in (joint, *alone.values())),
            "You took the softmax of the softmax, so that no answer can be sure. F.cross_entropy "
            "takes logits and does the softmax itself.",
        ),
        Misconception(
            "keepdims forgotten",
            lambda joint, alone, y: np.exp(joint) / np.exp(joint).sum(axis=1),
            "The sums of the rows, (N,), cannot divide a table (N, C): keepdims=True keeps them as "
            "a column, (N, 1).",
        ),
        Misconception("exp of the logits as they are", _unshifted, OVERFLOWS),
        Misconception("one shift for the whole table", _shifted_as_a_whole, OVERFLOWS),
        Misconception(
            "no softmax",
            lambda joint, alone, y: (
                -sum(np.log(x[np.arange(len(y)), y]).mean() for x in (joint, *alone.values()))
            ),
            "You took the logarithm of logits. They may be negative: softmax first, or log Σ exp.",
        ),
        Misconception(
            "missing probability",
            _missing_chance,
            "One minus the probability is not the cross-entropy: take minus its logarithm.",
        ),
        Misconception(
            "sign",
            lambda joint, alone, y: -_multi_loss(joint, alone, y),
            "Look at the sign: a logarithm of a probability is negative, a loss is not.",
        ),
    ),
    hints=(
        "Write one function for the mean cross-entropy of a table of logits, then use it M + 1 "
        "times.",
        "Cross-entropy of a row: log Σ exp(logits) − logits[y]. With PyTorch: F.cross_entropy "
        "wants tensors, torch.as_tensor(array) makes them.",
        "ce(joint) + sum(ce(x) for x in alone.values())",
    ),
)


def _rivals(s: Array) -> Array:
    return (s.sum() - s) / (len(s) - 1)


def _k(r: Array, alpha: float, low: float, high: float) -> Array:
    """k with β = ``low`` where r ≤ 1 and ``high`` where r > 1."""
    return 1 + (np.where(r > 1, high, low) - 1) * np.tanh(alpha * (r - 1))


def _pace(s: Array, alpha: float, beta_max: float) -> Array:
    return _k(_rivals(s) / s, alpha, 2.0, beta_max)


def _largest_rival(s: Array) -> Array:
    return np.array([np.delete(s, i).max() for i in range(len(s))])


def _pace_cases(rng: np.random.Generator) -> list[tuple[Array, float, float]]:
    cases: list[tuple[Array, float, float]] = []
    for m in (2, 3, 2, 4, 3, 5):
        s = np.geomspace(20, 100, m) * rng.uniform(0.92, 1.08, m)
        alpha, beta = rng.uniform(0.3, 0.9), rng.uniform(2.8, 9)
        cases.append((rng.permutation(s), round(float(alpha), 2), round(float(beta), 1)))
    cases += [(np.array(scores), alpha, beta) for scores, alpha, beta in EDGES]
    return [cases[i] for i in rng.permutation(len(cases))]


# All level; nearly level, and far apart, with a β_max below 2; level but for a hair; whole scores,
# almost stopped, with a large β_max; a large α; small scores and a small α; small scores and five
# digits of β_max.
EDGES = (
    ([40.0, 40.0, 40.0], 0.5, 4.0),
    ([30.0, 34.0], 0.4, 1.5),
    ([5.0, 90.0, 60.0, 10.0], 0.3, 1.0),
    ([40.0, 40.04], 0.5, 4.0),
    ([60, 6], 3.0, 12.0),
    ([40.0, 42.0], 6.0, 3.0),
    ([0.0125, 0.03, 0.05], 0.0125, 6.0),
    ([0.0125, 0.0275], 0.45, 3.1254),
)


pace = Exercise(
    key="08-pace",
    points=2,
    task="Return MLB's coefficients of M modalities from their scores.",
    reference=_pace,
    cases=_pace_cases,
    misconceptions=(
        Misconception(
            "ratio upside down",
            lambda s, a, b: _k(s / _rivals(s), a, 2.0, b),
            "Your ratio is upside down: r is large for the modality that is behind.",
        ),
        Misconception(
            "mean of all",
            lambda s, a, b: _k(s.mean() / s, a, 2.0, b),
            "Your mean contains the modality itself. r compares it with the *others*.",
        ),
        Misconception(
            "sum of the others",
            lambda s, a, b: _k((s.sum() - s) / s, a, 2.0, b),
            "You took the sum of the others. With three modalities everybody would be behind: take "
            "their mean.",
        ),
        Misconception(
            "largest of the others",
            lambda s, a, b: _k(_largest_rival(s) / s, a, 2.0, b),
            "You compare with the strongest rival. The paper takes the mean of the others; with "
            "two modalities it is the same.",
        ),
        Misconception(
            "beta_max on both sides",
            lambda s, a, b: _k(_rivals(s) / s, a, b, b),
            "β_max stands on both sides. Where r ≤ 1, β is 2, so that k stays between 0 and 1.",
        ),
        Misconception(
            "beta two on both sides",
            lambda s, a, b: _k(_rivals(s) / s, a, 2.0, 2.0),
            "β_max does nothing. Where r > 1 it is the largest k there can be.",
        ),
        Misconception(
            "sides exchanged",
            lambda s, a, b: _k(_rivals(s) / s, a, b, 2.0),
            "The sides are exchanged: β_max belongs to r > 1, where the modality is behind.",
        ),
        Misconception(
            "beta instead of beta minus one",
            lambda s, a, b: _k(_rivals(s) / s, a, 3.0, b + 1),
            "The factor before tanh is β − 1; with β itself, k passes β_max.",
        ),
        Misconception(
            "one is not added",
            lambda s, a, b: _pace(s, a, b) - 1,
            "At r = 1 nothing should change, so k has to be 1 there: a 1 is missing.",
        ),
        Misconception(
            "one is not subtracted",
            lambda s, a, b: (
                1 + (np.where(_rivals(s) > s, b, 2.0) - 1) * np.tanh(a * _rivals(s) / s)
            ),
            "tanh takes α(r − 1), which is zero at r = 1; yours takes αr.",
        ),
        Misconception(
            "no saturation",
            lambda s, a, b: 1 + (np.where(_rivals(s) > s, b, 2.0) - 1) * a * (_rivals(s) / s - 1),
            "The tanh is missing. Without it k has no largest value.",
        ),
        Misconception(
            "brake only",
            lambda s, a, b: np.minimum(_pace(s, a, b), 1.0),
            "You brake and never accelerate. Where r > 1, k goes up to β_max.",
        ),
    ),
    hints=(
        "Three lines: the mean of the others, the ratio, k.",
        "The mean of the others is (s.sum() - s) / (M - 1).",
        "beta = np.where(r > 1, beta_max, 2.0); then 1 + (beta - 1) * np.tanh(alpha * (r - 1)).",
    ),
)
