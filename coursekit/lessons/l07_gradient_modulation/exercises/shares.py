"""Lesson 07, the exercises about shares and means: Shapley, prototypes."""

from collections.abc import Callable

import numpy as np
import torch

from coursekit.balancing import agm, pmr
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
A, B = frozenset("A"), frozenset("B")


def _shares(f_a: Array, f_b: Array, f_ab: Array) -> tuple[Array, Array]:
    values = {A: f_a, B: f_b, A | B: f_ab}
    a, b = agm.shapley({s: torch.as_tensor(f, dtype=torch.float64) for s, f in values.items()})
    return a.numpy(), b.numpy()


def _share_cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array]]:
    sizes = [(2, 3), (3, 2), (4, 4), (5, 3), (6, 2)]
    cases = [tuple(rng.normal(0, 2, (3, *size))) for size in sizes]
    cases.append(tuple(map(np.array, LARGE_AND_SMALL)))
    return [cases[i] for i in rng.permutation(len(cases))]


# Logits of A alone, of B alone, of both.
LARGE_AND_SMALL = (
    [[9.0, -0.01], [0.012, -7.0], [0.01, 0.5]],
    [[-8.0, 0.015], [0.011, 6.0], [0.025, 0.25]],
    [[0.013, 9.5], [-6.5, 0.014], [0.03, 1.0]],
)


MEAN = (
    "You halved one of the two orders only. A mean halves their sum: brackets around it, then / 2."
)


def _ordered(a: Array, b: Array, ab: Array, first: int, second: int) -> tuple[Array, Array]:
    """A wrong answer: both orders, each over a number of its own."""
    return a / first + (ab - b) / second, b / first + (ab - a) / second


shapley_shares = Exercise(
    key="07-shapley",
    points=2,
    task="Return both modalities' Shapley shares of the joint logits.",
    reference=_shares,
    cases=_share_cases,
    misconceptions=(
        Misconception(
            "alone",
            lambda a, b, ab: (a, b),
            "Those are the logits of each modality alone; they do not sum to the joint ones. Also "
            "ask what a modality adds when the other one is there already.",
        ),
        Misconception(
            "what is added last",
            lambda a, b, ab: (ab - b, ab - a),
            "That is what each adds when it comes last. It may also come first; take the mean of "
            "the two orders.",
        ),
        Misconception(
            "halves",
            lambda a, b, ab: (ab / 2, ab / 2),
            "Both of your shares are half of the joint logits, whoever they are due to. What A "
            "adds when it comes second is the joint logits less those of B.",
        ),
        Misconception("second order alone halved", lambda a, b, ab: _ordered(a, b, ab, 1, 2), MEAN),
        Misconception("first order alone halved", lambda a, b, ab: _ordered(a, b, ab, 2, 1), MEAN),
        Misconception(
            "not halved",
            lambda a, b, ab: (ab - b + a, ab - a + b),
            "You added both orders; take their mean, so that the shares sum to the joint logits.",
        ),
        Misconception(
            "exchanged",
            lambda a, b, ab: _shares(a, b, ab)[::-1],
            "The two shares have changed places.",
        ),
        Misconception(
            "first gets all in common",
            lambda a, b, ab: (a, ab - a),
            "You let A come first in every case. In the other order B does.",
        ),
        Misconception(
            "second gets all in common",
            lambda a, b, ab: (ab - b, b),
            "You let B come first in every case. In the other order A does.",
        ),
        Misconception(
            "in proportion",
            lambda a, b, ab: (ab * a / (a + b), ab * b / (a + b)),
            "You divided in proportion to the logits alone. Shapley takes the mean of what a "
            "modality adds, over the two orders in which they may come.",
        ),
    ),
    hints=(
        "Two orders: A comes first and adds f_a, or it comes second and adds f_ab − f_b.",
        "phi_a = (f_a + f_ab - f_b) / 2",
        "phi_b is the same with the names exchanged; together they give f_ab.",
    ),
)


def _means(features: Array, labels: Array, num_classes: int) -> Array:
    z = torch.as_tensor(features, dtype=torch.float64)
    return pmr.prototypes(z, torch.as_tensor(labels), num_classes).numpy()


def _prototype_cases(rng: np.random.Generator) -> list[tuple[Array, Array, int]]:
    cases: list[tuple[Array, Array, int]] = []
    for classes, absent in ((5, [2]), (4, [0]), (6, [1, 3]), (5, [4]), (6, [4, 5])):
        width = 2 + len(cases) % 3
        there = [c for c in range(classes) if c not in absent]
        labels = np.concatenate([there, rng.choice(there, 7)])  # each at least once
        rng.shuffle(labels)
        cases.append((rng.normal(1, 1, (len(labels), width)), labels, classes))
    cases.append((np.array(LARGE_AND_SMALL_FEATURES), np.array([2, 0, 3, 2]), 4))
    cases.append((np.array(EVERY_CLASS), np.array([1, 0, 2, 1, 0]), 3))
    return cases


EVERY_CLASS = (
    *([3.0, -8.0, 1.0], [0.0, 4.0, 6.0], [-5.0, 2.0, 7.0]),
    *([8.0, 1.0, -2.0], [1.0, -9.0, 3.0]),
)
LARGE_AND_SMALL_FEATURES = [[9.0, -8.0], [0.01, -0.02], [-6.0, 0.012], [0.03, 7.0]]


def _filled(fill: Callable[[Array], Array]) -> Callable[[Array, Array, int], Array]:
    def wrong(features: Array, labels: Array, num_classes: int) -> Array:
        return np.stack(
            [
                features[labels == c].mean(0) if (labels == c).any() else fill(features)
                for c in range(num_classes)
            ]
        )

    return wrong


def _sums(features: Array, labels: Array, num_classes: int) -> Array:
    return np.stack([features[labels == c].sum(0) for c in range(num_classes)])


prototypes = Exercise(
    key="07-prototypes",
    points=1,
    task="Return the class means of the features, zeros for a class that is absent.",
    reference=_means,
    cases=_prototype_cases,
    misconceptions=(
        Misconception(
            "sums",
            _sums,
            "Those are sums. Divide each by the number of its rows, or by one if there is none.",
        ),
        Misconception(
            "divided by all",
            lambda z, y, n: _sums(z, y, n) / len(z),
            "You divided by all rows. Each class has its own count.",
        ),
        Misconception(
            "one too many",
            lambda z, y, n: _sums(z, y, n) / (np.bincount(y, minlength=n)[:, None] + 1),
            "Adding one to every count keeps the absent class finite and makes all other means "
            "too small. Only a count of zero needs help.",
        ),
        Misconception(
            "absent: mean of all",
            _filled(lambda z: z.mean(0)),
            "You gave the absent class the mean of all rows. A row of zeros was asked for, which "
            "the caller then knows to ignore.",
        ),
        Misconception(
            "absent: ones",
            _filled(lambda z: np.ones(z.shape[1])),
            "The row of an absent class should be zeros.",
        ),
        Misconception(
            "absent ones are skipped",
            lambda z, y, n: np.stack([z[y == c].mean(0) for c in np.unique(y)]),
            "You left absent classes out, so that the rows behind them moved up. Row c has to stay "
            "the row of class c.",
        ),
        Misconception(
            "median",
            lambda z, y, n: np.stack(
                [
                    np.median(z[y == c], axis=0) if (y == c).any() else np.zeros(z.shape[1])
                    for c in range(n)
                ]
            ),
            "That is the median. A prototype is the mean.",
        ),
    ),
    hints=(
        "For every class from 0: which rows have it? There may be none.",
        "A mean over no rows is 0/0, which is NaN. Ask first whether (labels == c).any().",
        "Start from np.zeros((num_classes, features.shape[1])) and fill the rows of present ones.",
    ),
)
