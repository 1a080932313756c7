"""Lesson 05, the exercises about encoders: a probe by hand, and the diagnosis."""

from collections.abc import Mapping

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, Array, Array]


def _means(x: Array, y: Array) -> Array:
    return np.stack([x[y == c].mean(axis=0) for c in range(int(y.max()) + 1)])


def _distances(x: Array, centres: Array) -> Array:
    """Squared Euclidean distances, (N, D) and (C, D) → (N, C)."""
    return ((x[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)


def _share(predicted: Array, labels: Array) -> float:
    return float(np.mean(predicted == labels))


def _probe(train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> float:
    return _share(_distances(test_x, _means(train_x, train_y)).argmin(axis=1), test_y)


def _dot_product(train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> float:
    return _share((test_x @ _means(train_x, train_y).T).argmax(axis=1), test_y)


def _nearest_sample(train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> float:
    return _share(train_y[_distances(test_x, train_x).argmin(axis=1)], test_y)


def _city_block(train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> float:
    centres = _means(train_x, train_y)
    gaps = np.abs(test_x[:, None, :] - centres[None, :, :]).sum(axis=2)
    return _share(gaps.argmin(axis=1), test_y)


def _unshifted(train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> float:
    return _share(_distances(test_x, _means(test_x, test_y)).argmin(axis=1), test_y)


def _sums(train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> float:
    counts = np.bincount(train_y)[:, None]
    return _share(_distances(test_x, _means(train_x, train_y) * counts).argmin(axis=1), test_y)


def _probe_cases(rng: np.random.Generator) -> list[Case]:
    """Features away from the origin, classes of unequal size; every wrong way differs."""
    wrong = (_dot_product, _nearest_sample, _city_block, _unshifted, _sums)
    cases: list[Case] = []
    while len(cases) < 4:
        c, d = int(rng.integers(3, 5)), int(rng.integers(3, 6))
        centres = rng.normal(0, 1.0, (c, d)) + rng.normal(0, 1.5, d)
        parts = []
        for n in (int(rng.integers(40, 70)), int(rng.integers(150, 220))):
            y = np.concatenate([np.arange(c), rng.choice(c, n - c, p=rng.dirichlet(np.full(c, 6)))])
            parts += [centres[y] + rng.normal(0, 1.0, (n, d)), y]
        case = (parts[0], parts[1], parts[2], parts[3])
        right = _probe(*case)
        others = [f(*case) for f in wrong] + [_probe(*case[:2], *case[:2])]
        if min(abs(right - other) for other in others) > 0.002:
            cases.append(case)
    return cases


nearest_mean_probe = Exercise(
    key="05-probe",
    points=2,
    task="Return the test accuracy of a nearest-class-mean probe on frozen features.",
    reference=_probe,
    cases=_probe_cases,
    misconceptions=(
        Misconception(
            "measured on train",
            lambda a, b, x, y: _probe(a, b, a, b),
            "You measured on the training rows. A probe says what the features tell about new "
            "samples: measure on test.",
        ),
        Misconception(
            "means from test",
            _unshifted,
            "You took the class means from the test rows, so the probe has seen the answers. Take "
            "them from training.",
        ),
        Misconception(
            "dot product",
            _dot_product,
            "The largest dot product is not the smallest distance unless all means are equally "
            "long.",
        ),
        Misconception(
            "farthest mean",
            lambda a, b, x, y: _share(_distances(x, _means(a, b)).argmax(axis=1), y),
            "You took the largest distance. The nearest mean answers.",
        ),
        Misconception(
            "sum for mean",
            _sums,
            "Large classes get far-away centres: divide the sums by the class sizes.",
        ),
        Misconception(
            "nearest sample",
            _nearest_sample,
            "You ask the nearest training sample. The probe has one centre a class, its mean.",
        ),
        Misconception(
            "city-block distance",
            _city_block,
            "You summed absolute differences. Use the Euclidean distance.",
        ),
        Misconception(
            "global mean removed from one split",
            lambda a, b, x, y: _probe(a - a.mean(axis=0), b, x, y),
            "You centred one split and not the other; a probe must treat both alike.",
        ),
        Misconception(
            "error rate",
            lambda a, b, x, y: 1 - _probe(a, b, x, y),
            "That is the share of errors; the accuracy is the rest.",
        ),
        Misconception(
            "count",
            lambda a, b, x, y: _probe(a, b, x, y) * len(y),
            "That is a number of samples. An accuracy is a share: divide by all test rows.",
        ),
    ),
    hints=(
        "One centre a class: the mean of its training features.",
        "((x[:, None] - means[None]) ** 2).sum(-1) holds all squared distances, (N, C).",
        "argmin along the classes gives the prediction; compare it with the test labels.",
    ),
)

NAMES = ("A", "B", "C")
WORDS = ("starvation", "hidden starvation", "overfitting of the fusion head", "none")


def _sentence(worse: bool, starved: bool) -> str:
    if starved:
        return "starvation" if worse else "hidden starvation"
    return "overfitting of the fusion head" if worse else "none"


Changes = Mapping[str, float]


def _diagnose(drop: float, changes: Changes) -> str:
    return _sentence(drop < -0.02, min(changes.values()) < -0.08)


def _diagnose_cases(rng: np.random.Generator) -> list[tuple[float, Changes]]:
    """All four answers, values on both sides of both thresholds, the last four just past them.

    The starved modality stands in every place, so that no single place tells the answer.
    """
    cases = []
    plans = [(w, s) for w in (True, False) for s in (True, False)]
    for i, (worse, starved) in enumerate(plans * 4):
        # Small drops lie between the two thresholds; large gains test who forgets the sign.
        drop = -rng.uniform(0.03, 0.07 if i < 8 else 0.3) if worse else rng.uniform(0.03, 0.2)
        if not worse and i >= 12:
            drop = -rng.uniform(0.001, 0.015)
        names = _some_names(rng, 2 + i // 4 % 2)
        values = (
            rng.uniform(-0.06, -0.03, len(names)) if i % 4 < 2 else rng.uniform(0, 0.2, len(names))
        )
        values = np.where(rng.random(len(names)) < 0.5, values, rng.uniform(0.09, 0.2))
        if i == 0:  # far enough down to take the mean along
            values = rng.uniform(-0.06, -0.03, len(names))
        if starved:
            values[i // 2 % len(names)] = -rng.uniform(0.1 if i else 0.2, 0.4)
        cases.append((float(drop), dict(zip(names, map(float, values), strict=True))))
    for i, (worse, starved) in enumerate(plans):
        names = _some_names(rng, 3)
        changes = {name: float(rng.uniform(0.02, 0.06)) for name in names}
        changes[names[i % len(names)]] = -0.085 if starved else -0.075
        cases.append((-0.025 if worse else -0.015, changes))
    return [cases[i] for i in rng.permutation(len(cases))]


def _some_names(rng: np.random.Generator, count: int) -> list[str]:
    return [str(name) for name in rng.permutation(NAMES)[:count]]


diagnose = Exercise(
    key="05-diagnose",
    points=2,
    task="Return the name of the illness, from the drop and the probes' changes.",
    reference=_diagnose,
    cases=_diagnose_cases,
    options=WORDS,
    misconceptions=(
        Misconception(
            "looks at the drop only",
            lambda drop, changes: _sentence(drop < -0.02, drop < -0.02),
            "A drop alone has two causes. The probes tell which one it is, and find starvation "
            "behind a gain.",
        ),
        Misconception(
            "looks at the probes only",
            lambda drop, changes: _sentence(
                min(changes.values()) < -0.08, min(changes.values()) < -0.08
            ),
            "You only look at the probes. Whether the joint model fell behind is a question of "
            "its own.",
        ),
        Misconception(
            "size without sign",
            lambda drop, changes: _sentence(
                abs(drop) > 0.02, max(abs(v) for v in changes.values()) > 0.08
            ),
            "You compare sizes. A gain is no drop and a better encoder is not starved: keep the "
            "signs.",
        ),
        Misconception(
            "probe without sign",
            lambda drop, changes: _sentence(
                drop < -0.02, max(abs(v) for v in changes.values()) > 0.08
            ),
            "A probe that rose by 0.1 counts as starved in yours: keep the sign of the changes.",
        ),
        Misconception(
            "any drop of accuracy",
            lambda drop, changes: _sentence(drop < 0, min(changes.values()) < -0.08),
            "You react to any drop below zero. Seeds alone move it by a little; use −0.02.",
        ),
        Misconception(
            "drop without sign",
            lambda drop, changes: _sentence(abs(drop) > 0.02, min(changes.values()) < -0.08),
            "A gain of the joint model counts as a loss in yours: keep the sign of the drop.",
        ),
        Misconception(
            "mean over the modalities",
            lambda drop, changes: _sentence(
                drop < -0.02, float(np.mean(list(changes.values()))) < -0.08
            ),
            "You average the probes. One starved encoder is enough, however well the others do.",
        ),
        Misconception(
            "all must starve",
            lambda drop, changes: _sentence(drop < -0.02, max(changes.values()) < -0.08),
            "You ask that every encoder is starved. One is enough.",
        ),
        Misconception(
            "first modality only",
            lambda drop, changes: _sentence(drop < -0.02, next(iter(changes.values())) < -0.08),
            "You look at one modality only; any of them can be the starved one.",
        ),
        Misconception(
            "last modality only",
            lambda drop, changes: _sentence(drop < -0.02, list(changes.values())[-1] < -0.08),
            "You look at one modality only; any of them can be the starved one.",
        ),
        Misconception(
            "thresholds exchanged",
            lambda drop, changes: _sentence(drop < -0.08, min(changes.values()) < -0.02),
            "The thresholds have changed places: 0.02 is for the accuracy, 0.08 for the probes.",
        ),
        Misconception(
            "any drop counts",
            lambda drop, changes: _sentence(drop < 0, min(changes.values()) < 0),
            "You react to any negative number. Seeds alone move these figures by a little; use the "
            "thresholds.",
        ),
        Misconception(
            "illnesses exchanged",
            lambda drop, changes: _sentence(drop < -0.02, min(changes.values()) >= -0.08),
            "The two illnesses have changed places: a probe that fell means starvation.",
        ),
    ),
    hints=(
        "Two yes-or-no questions: did the joint model fall behind, did an encoder?",
        "worse = drop < -0.02; starved = min(probe_changes.values()) < -0.08",
        'Four combinations, four words: starved and worse is "starvation", starved and not '
        'worse is "hidden starvation".',
    ),
)
