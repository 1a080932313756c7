"""Lesson 04, the exercises about networks: their parameters, and late fusion without a modality."""

from collections.abc import Mapping

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _layer(d_in: int, d_out: int, bias: bool = True) -> int:
    return d_in * d_out + bias * d_out


def _early(d: int, w: int, c: int, bias: bool = True) -> int:
    return _layer(d, w, bias) + 2 * _layer(w, w, bias) + _layer(w, c, bias)


def _branch(d: int, w: int, bias: bool = True, hidden: int = 3) -> int:
    return _layer(d, w, bias) + (hidden - 1) * _layer(w, w, bias)


def _late(d_a: int, d_b: int, w: int, c: int, bias: bool = True) -> int:
    return _branch(d_a, w, bias) + _branch(d_b, w, bias) + _layer(2 * w, c, bias)


def _both(d_a: int, d_b: int, w: int, c: int) -> list[int]:
    return [_early(d_a + d_b, w, c), _late(d_a, d_b, w, c)]


def _sizes(rng: np.random.Generator) -> list[tuple[int, int, int, int]]:
    """Four different sizes each, so that no two of them can be exchanged unseen."""
    cases = []
    for _ in range(5):
        d_a, d_b, w, c = rng.choice(np.arange(3, 60), 4, replace=False)
        cases.append((int(d_a), int(d_b), int(w), int(c)))
    return cases


count_both = Exercise(
    key="04-count",
    points=1,
    task="Return the numbers of parameters of early and of late fusion, in this order.",
    reference=_both,
    cases=_sizes,
    tolerance=1e-9,
    misconceptions=(
        Misconception(
            "no biases",
            lambda a, b, w, c: [_early(a + b, w, c, False), _late(a, b, w, c, False)],
            "You counted the weights only. Every layer also has one bias for each of its outputs.",
        ),
        Misconception(
            "two output biases",
            lambda a, b, w, c: [_early(a + b, w, c), _late(a, b, w, c) + c],
            "The two branches' logits are summed, so one bias for each class is enough: late "
            "fusion's readout is one layer from 2w to c.",
        ),
        Misconception(
            "late is twice early",
            lambda a, b, w, c: [_early(a + b, w, c), 2 * _early(a + b, w, c)],
            "A late branch reads one modality only, not both: its first layer is smaller.",
        ),
        Misconception(
            "two hidden layers",
            lambda a, b, w, c: [
                _early(a + b, w, c) - _layer(w, w),
                _late(a, b, w, c) - 2 * _layer(w, w),
            ],
            "Three hidden layers were asked for: one from the input to w, and two from w to w.",
        ),
        Misconception(
            "branches share their layers",
            lambda a, b, w, c: [
                _early(a + b, w, c),
                _layer(a, w) + _layer(b, w) + 2 * _layer(w, w) + _layer(2 * w, c),
            ],
            "Late fusion's branches share nothing: each has its own two layers from w to w.",
        ),
        Misconception(
            "readout of one branch",
            lambda a, b, w, c: [
                _early(a + b, w, c),
                _branch(a, w) + _branch(b, w) + _layer(w, c),
            ],
            "Late fusion's readout reads the features of both branches, 2w numbers.",
        ),
        Misconception(
            "early reads one modality",
            lambda a, b, w, c: [_early(a, w, c), _late(a, b, w, c)],
            "Early fusion's first layer reads both inputs side by side, d_a + d_b numbers.",
        ),
        Misconception(
            "order",
            lambda a, b, w, c: _both(a, b, w, c)[::-1],
            "The two numbers have changed places: early first.",
        ),
    ),
    hints=(
        "A linear layer from n to m numbers has n · m weights and m biases.",
        "Early: d_a + d_b → w → w → w → c. Late: d_a → w → w → w, the same for d_b, then 2w → c.",
        "With layer(n, m) = n * m + m, early is "
        "layer(d_a + d_b, w) + 2 * layer(w, w) + layer(w, c).",
    ),
)

Features = Mapping[str, Array]


def _block(z: Features, weight: Array, name: str) -> Array:
    """W_m: the columns of ``weight`` that read modality ``name``."""
    split = z["A"].shape[1]
    return weight[:, :split] if name == "A" else weight[:, split:]


def _other(lost: str) -> str:
    return "B" if lost == "A" else "A"


def _without(lost: str, z: Features, weight: Array, bias: Array) -> Array:
    rest = _other(lost)
    return z[rest] @ _block(z, weight, rest).T + bias


def _all(z: Features, weight: Array, bias: Array) -> Array:
    return np.concatenate([z["A"], z["B"]], axis=1) @ weight.T + bias


def _in_order_of_dict(lost: str, z: Features, weight: Array, bias: Array) -> Array:
    rows = np.concatenate([x * (name != lost) for name, x in z.items()], axis=1)
    return rows @ weight.T + bias


# Which one is missing, the order in the dict, and the sizes of features, weights and bias.
LOSSES = (
    *(("A", "AB", 1.0, 1.0, 1.0), ("B", "AB", 1.0, 1.0, 1.0)),
    *(("B", "BA", 9.0, 0.03, 25.0), ("A", "BA", 0.03, 20.0, 0.03), ("B", "AB", 0.03, 0.03, 0.01)),
)


def _heads(rng: np.random.Generator) -> list[tuple[str, dict[str, Array], Array, Array]]:
    """Either modality missing, either one first in the dict; numbers of all sizes.

    One class with A missing, and one sample with B missing, whose axes are to stay; wide, both.
    """
    drawn = rng.integers((4, 2, 4), (7, 5, 6), size=(3, 3)).tolist()
    cases = []
    for (n, d, c), loss in zip([(9, 7, 1), *drawn, (1, 8, 5)], LOSSES, strict=True):
        lost, order, of_z, of_weight, of_bias = loss
        z = {m: of_z * rng.normal(0.5, 1, (n, d)) for m in order}
        weight = of_weight * rng.normal(0, 1, (c, 2 * d))
        bias = of_bias * rng.uniform(0.3, 2, c) * (-1) ** np.arange(c)  # of either sign for sure
        cases.append((lost, z, weight, bias))
    return [cases[i] for i in rng.permutation(len(cases))]


logits_without = Exercise(
    key="04-without",
    points=2,
    task="Return late fusion's logits when one modality is missing.",
    reference=_without,
    cases=_heads,
    misconceptions=(
        Misconception(
            "bias dropped",
            lambda lost, z, w, b: _without(lost, z, w, 0 * b),
            "You left out the bias too. It belongs to no modality and stays.",
        ),
        Misconception(
            "bias halved",
            lambda lost, z, w, b: _without(lost, z, w, b / 2),
            "You halved the bias. It belongs to no modality and stays whole.",
        ),
        Misconception(
            "the wrong modality",
            lambda lost, z, w, b: _without(_other(lost), z, w, b),
            "You kept the modality that is missing and dropped the one that is there.",
        ),
        Misconception(
            "nothing dropped",
            lambda lost, z, w, b: _all(z, w, b),
            "The missing modality still votes in these logits.",
        ),
        Misconception(
            "the wrong columns",
            lambda lost, z, w, b: z[_other(lost)] @ _block(z, w, lost).T + b,
            "These features meet the weights of the other modality: the first columns of weight "
            "read A, the others B.",
        ),
        Misconception(
            "scaled up",
            lambda lost, z, w, b: 2 * (_without(lost, z, w, b) - b) + b,
            "You doubled the term that is left, as dropout would. The sum simply has one term "
            "less.",
        ),
        Misconception(
            "replaced by the mean",
            lambda lost, z, w, b: (
                _without(lost, z, w, b) + (z[lost] @ _block(z, w, lost).T).mean(0)
            ),
            "You replaced the missing term by its mean over these samples. Nobody has seen them: "
            "leave the term out.",
        ),
        Misconception(
            "order of the dict",
            _in_order_of_dict,
            "You laid the features side by side in the dict's order. The first columns of weight "
            "read A, the others B, whichever comes first in the dict.",
        ),
    ),
    hints=(
        "logits = W_A z_A + W_B z_B + b: which of the three terms needs the missing modality?",
        "d = z['A'].shape[1]; weight[:, :d] is W_A and weight[:, d:] is W_B.",
        "For lost == 'B': z['A'] @ weight[:, :d].T + bias.",
    ),
)
