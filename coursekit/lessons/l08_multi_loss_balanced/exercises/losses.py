"""Lesson 08, what is computed in a step: the multi-loss."""

from collections.abc import Callable, Mapping

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

FLOORED = (
    "You put a floor under the probability, so no row can lose more than its logarithm: "
    "−log(1e−12) is 28, and some rows here lose hundreds. log Σ exp(logits) − logits[y], each row "
    "less its maximum, needs no floor."
)
FLOORS = (1e-16, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)


def _floored(floor: np.ufunc, least: float) -> Callable[[Array, Logits, Array], float]:
    """A wrong answer: the probability plus ``least``, or that at least."""

    def wrong(joint: Array, alone: Logits, labels: Array) -> float:
        heads = (joint, *alone.values())
        chances = [floor(np.exp(_log_probability(x, labels)), least) for x in heads]
        return float(-np.sum(np.mean(np.log(chances), axis=1)))

    return wrong


def _over_the_batch(logits: Array, labels: Array) -> Array:
    """A wrong answer's log softmax(logits)[y], (N,): of each column."""
    shifted = logits - logits.max(axis=0)
    return (shifted - np.log(np.exp(shifted).sum(axis=0)))[np.arange(len(labels)), labels]


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
        *(
            Misconception(
                f"logarithm with base {base}",
                lambda joint, alone, y, base=base: _multi_loss(joint, alone, y) / np.log(base),
                "Your logarithm has another base. Cross-entropy takes the natural one, np.log.",
            )
            for base in (2, 10)
        ),
        Misconception(
            "softmax over the batch",
            lambda joint, alone, y: (
                -sum(_over_the_batch(x, y).mean() for x in (joint, *alone.values()))
            ),
            "Your softmax runs down the batch. Every row sums to one, over its classes: axis=1.",
        ),
        Misconception(
            "mean over classes too",
            lambda joint, alone, y: _multi_loss(joint, alone, y) / joint.shape[1],
            "Your mean runs over the classes too. A row has one loss, that of its right class; "
            "take the mean over the rows.",
        ),
        *(
            Misconception(f"{floor.__name__} {least:g}", _floored(floor, least), FLOORED)
            for floor in (np.add, np.maximum)
            for least in FLOORS
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
