"""Lesson 05, the exercise about encoders: a probe by hand."""

import numpy as np

from coursekit.course.exercises.drawing import until_refused
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


def _of_both_splits(train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> float:
    x, y = np.concatenate([train_x, test_x]), np.concatenate([train_y, test_y])
    return _probe(x, y, test_x, test_y)


def _medians(train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> float:
    centres = [np.median(train_x[train_y == c], axis=0) for c in range(int(train_y.max()) + 1)]
    return _share(_distances(test_x, np.stack(centres)).argmin(axis=1), test_y)


def _standardised(train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> float:
    return _probe(train_x / train_x.std(axis=0), train_y, test_x / train_x.std(axis=0), test_y)


def _per_class(train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> float:
    right = _distances(test_x, _means(train_x, train_y)).argmin(axis=1) == test_y
    return float(np.mean([right[test_y == c].mean() for c in np.unique(test_y)]))


def _cosine(train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> float:
    means = _means(train_x, train_y)
    lengths = np.linalg.norm(means, axis=1)
    return _share((test_x @ means.T / lengths).argmax(axis=1), test_y)


def _in_the_middle(train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> bool:
    """Whether rounding decides which of two means is nearer to some test row."""
    nearest = np.sort(_distances(test_x, _means(train_x, train_y)), axis=1)
    return bool((nearest[:, 1] - nearest[:, 0]).min() < 1e-4)


RIVALS = (_of_both_splits, _medians, _standardised, _per_class, _cosine)


# Features and labels, training and test. Small numbers, near the middle between two means; then
# large ones, and a class that no test row has, though one is taken for it.
SMALL = (
    [[0.011, 0.004], [0.013, 0.006], [0.021, 0.004], [0.0236, 0.006]],
    [0, 0, 1, 1],
    [[0.0171, 0.005], [0.0172, 0.005], [0.0115, 0.01], [0.022, 0.0]],
    [0, 1, 0, 1],
)
LARGE = (
    [[6.0, 2.0], [9.0, 1.0], [-7.0, 8.0], [8.0, -1.0], [5.5, -2.0], [-9.0, 6.0]],
    [1, 0, 2, 0, 1, 2],
    [[7.5, 0.5], [6.8, -0.5], [9.0, 0.0], [-6.0, 7.0], [5.0, 1.0], [8.5, 0.0]],
    [0, 1, 0, 1, 1, 0],
)


def _probe_cases(rng: np.random.Generator) -> list[Case]:
    fixed = [(np.array(a), np.array(b), np.array(x), np.array(y)) for a, b, x, y in (SMALL, LARGE)]
    return fixed + until_refused(_draw_probes, rng, _probe, RIVALS)


def _draw_probes(rng: np.random.Generator) -> list[Case]:
    """Features away from the origin, classes of unequal size; every wrong way differs."""
    wrong = (_dot_product, _nearest_sample, _city_block, _unshifted, _sums)
    cases: list[Case] = []
    while len(cases) < 4:
        c, d = 3 + len(cases) % 2, int(rng.integers(3, 6))
        centres = rng.normal(0, 1.0, (c, d)) + rng.normal(0, 1.5, d)
        parts = []
        for n in (int(rng.integers(40, 70)), int(rng.integers(150, 220))):
            y = np.concatenate([np.arange(c), rng.choice(c, n - c, p=rng.dirichlet(np.full(c, 6)))])
            parts += [centres[y] + rng.normal(0, 1.0, (n, d)), y]
        case = (parts[0], parts[1], parts[2], parts[3])
        right = _probe(*case)
        others = [f(*case) for f in wrong] + [_probe(*case[:2], *case[:2])]
        if min(abs(right - other) for other in others) > 0.002 and not _in_the_middle(*case):
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
            "medians",
            _medians,
            "You took medians as centres. A class's centre is here the mean of its features.",
        ),
        Misconception(
            "means of both splits",
            _of_both_splits,
            "Test rows are in your class means, so the probe has seen answers. Training only.",
        ),
        Misconception(
            "cosine",
            _cosine,
            "The smallest angle is not the smallest distance. Use the Euclidean distance.",
        ),
        Misconception(
            "mean over classes",
            _per_class,
            "You average the accuracies of the classes. Every test row counts the same.",
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
