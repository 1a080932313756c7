"""Lesson 05, the exercises about results: the rival and the ensemble."""

from collections.abc import Mapping

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.softmax import softmax

Array = np.ndarray
Scores = Mapping[str, float]
NAMES = ("audio", "depth", "text", "touch", "video")


def _best(scores: Scores) -> str:
    return max(scores, key=lambda name: scores[name])


def _fair_gap(valid: Scores, test: Scores, joint: float) -> float:
    return joint - test[_best(valid)]


# Rank of each modality on validation and on test. Each wrong choice lands on another modality.
RANKS = {"first": (1, 2), "worst": (0, 1), "chosen": (4, 3), "best on test": (3, 4), "low": (2, 0)}


# Validation, test, joint. Two that differ in the fourth digit, and a small gap; then the best on
# validation, on test and on both together are three different ones; in the last one, unlike those,
# the largest number of all stands in validation.
CLOSE: list[tuple[Scores, Scores, float]] = [
    ({"audio": 0.6123, "video": 0.6124}, {"audio": 0.59, "video": 0.640625}, 0.65625),
    (
        {"text": 0.6, "audio": 0.62, "depth": 0.5, "touch": 0.2},
        {"text": 0.7, "depth": 0.75, "touch": 0.4, "audio": 0.5},
        0.45,
    ),
    ({"depth": 0.6, "touch": 0.9}, {"depth": 0.7, "touch": 0.55}, 0.6),
]


def _fair_gap_cases(rng: np.random.Generator) -> list[tuple[Scores, Scores, float]]:
    cases = list(CLOSE)
    for case in range(6):
        names = [str(n) for n in rng.permutation(NAMES)]
        roles = ["first", *rng.permutation(list(RANKS)[1:])]
        tables = []
        for split in (0, 1):
            grid = np.sort(rng.choice(np.arange(40, 90, 3), len(names), replace=False)) / 100
            grid += rng.uniform(0, 0.009, len(names))
            ranks = RANKS if case % 2 else RANKS | {"best on test": (2, 4), "low": (3, 0)}
            table = {n: float(grid[ranks[r][split]]) for n, r in zip(names, roles, strict=True)}
            tables.append({n: table[n] for n in (names, names[1:] + names[:1])[split]})
        joint = rng.uniform(0.91, 0.99) if case % 3 else rng.uniform(0.2, 0.35)
        cases.append((tables[0], tables[1], float(joint)))
    return cases


fair_gap = Exercise(
    key="05-fair-gap",
    points=1,
    task="Return the joint model's test accuracy minus that of the modality you would have chosen.",
    reference=_fair_gap,
    cases=_fair_gap_cases,
    absolute=1e-7,  # accuracies of single precision
    misconceptions=(
        Misconception(
            "rival chosen on test",
            lambda valid, test, joint: joint - max(test.values()),
            "You chose the rival on the test split. Choose it on validation, then report its test "
            "accuracy: test data are never used to choose.",
        ),
        Misconception(
            "rival chosen on both splits",
            lambda valid, test, joint: joint - test[max(valid, key=lambda m: valid[m] + test[m])],
            "You chose the rival on both splits together. Test data are never used to choose: "
            "validation alone.",
        ),
        Misconception(
            "validation accuracy reported",
            lambda valid, test, joint: joint - max(valid.values()),
            "You chose well, but then compared a test accuracy with a validation accuracy. Report "
            "the chosen modality's accuracy on the test split.",
        ),
        Misconception(
            "sign turned round",
            lambda valid, test, joint: -_fair_gap(valid, test, joint),
            "Look at the sign: positive should mean that the joint model is better.",
        ),
        Misconception(
            "distance",
            lambda valid, test, joint: abs(_fair_gap(valid, test, joint)),
            "Keep the sign. A negative gap is the finding of this lesson.",
        ),
        Misconception(
            "mean of the modalities",
            lambda valid, test, joint: joint - np.mean(list(test.values())),
            "The rival is one modality, not the average of all.",
        ),
        Misconception(
            "worst on validation",
            lambda valid, test, joint: joint - test[min(valid, key=lambda m: valid[m])],
            "You took the weakest modality on validation. The rival is the strongest.",
        ),
        Misconception(
            "worst on test",
            lambda valid, test, joint: joint - min(test.values()),
            "You took the weakest modality. Beating it is easy; the rival is the strongest.",
        ),
        Misconception(
            "first modality",
            lambda valid, test, joint: joint - next(iter(test.values())),
            "The order in the dict means nothing; look for the best on validation.",
        ),
        Misconception(
            "first modality of the other dict",
            lambda valid, test, joint: joint - test[next(iter(valid))],
            "The order in the dict means nothing; look for the best on validation.",
        ),
        Misconception(
            "same place in both",
            lambda valid, test, joint: (
                joint - list(test.values())[int(np.argmax(list(valid.values())))]
            ),
            "You look the rival up by its place. The two dicts need not have the same order: by "
            "name.",
        ),
        Misconception(
            "name instead of number",
            lambda valid, test, joint: test[_best(valid)],
            "That is the rival's test accuracy. Now subtract it from the joint one.",
        ),
    ),
    hints=(
        "If you could use only one modality, on which split would you choose it?",
        "best = max(valid_alone, key=valid_alone.get) is the name of the rival.",
        "Subtract test_alone[best] from test_joint.",
    ),
)


def _hits(scores: Array, labels: Array) -> float:
    return float(np.mean(scores.argmax(axis=1) == labels))


def _ensemble(a: Array, b: Array, labels: Array) -> float:
    return _hits(softmax(a) + softmax(b), labels)


def _unshifted(a: Array, b: Array, labels: Array) -> float:
    p, q = (np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for x in (a, b))
    return _hits(p + q, labels)


def _confidence_choice(a: Array, b: Array, labels: Array) -> float:
    p, q = softmax(a), softmax(b)
    return _hits(np.where((p.max(1) >= q.max(1))[:, None], p, q), labels)


# Logits of both models, and labels. In the first two rows the fourth digit decides; in the last two
# one model has large logits, whose difference counts.
EDGE = (
    [[0.012, 0.0], [0.0, 0.0123], [0.03, -0.04], [-0.01, 0.0], [9.0, 6.0], [-0.5, 0.5]],
    [[0.0, 0.0123], [0.012, 0.0], [-0.01, 0.02], [0.03, 0.01], [-0.5, 0.5], [9.0, 6.0]],
    [1, 1, 0, 0, 0, 0],
)


# Neither exp of such logits can be had, nor that of a row less the largest of another one; cut off
# at 50, those of the first row still lead to its class.
VERY_LARGE = (
    [[800.0, 803.0, 760.0], [-803.0, -800.0, -799.0]],
    [[-1.0, 0.5, 0.0], [795.0, 800.0, 790.0]],
    [1, 1],
)
# In two rows the mean probability, the mean logit and exp(logit − largest) are for three different
# classes; in the last one the squares of the probabilities are for another class than their mean.
RIVALS = (
    [[-3.0, -0.25, 0.0], [-3.0, -0.25, 0.0], [0.0, -0.85, -9.0]],
    [[0.0, -1.5, -2.0], [0.0, -1.5, -2.0], [-9.0, 0.0, -0.4]],
    [0, 1, 1],
)


def _ensemble_cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array]]:
    cases: list[tuple[Array, Array, Array]] = []
    for edge in (EDGE, VERY_LARGE, RIVALS):
        a, b, labels = map(np.array, edge)
        cases.append((a, b, labels))
    while len(cases) < 7:
        n, c = int(rng.integers(150, 260)), 8 if len(cases) == 3 else int(rng.integers(3, 6))
        labels = rng.integers(0, c, n)
        signal = np.eye(c)[labels]
        # One timid model, one that is sometimes very sure: logits and probabilities then disagree.
        a = 1.2 * signal + rng.normal(0, 1, (n, c))
        b = (2.0 * signal + rng.normal(0, 1, (n, c))) * rng.choice([0.3, 4.0], (n, 1))
        case = (b, a, labels) if len(cases) % 2 else (a, b, labels)
        rivals = [
            _hits(softmax(softmax(a)) + softmax(softmax(b)), labels),
            _hits(a + b, labels),
            _confidence_choice(*case),
            _hits(softmax(a, None) + softmax(b, None), labels),
            _hits(softmax(a) * softmax(b), labels),
            (_hits(a, labels) + _hits(b, labels)) / 2,
            max(_hits(a, labels), _hits(b, labels)),
        ]
        sums = np.sort(softmax(a) + softmax(b), axis=1)
        close = (sums[:, -1] - sums[:, -2]).min() < 1e-5  # rounding decides
        if min(abs(_ensemble(*case) - r) for r in rivals) > 0.003 and not close:
            cases.append(case)
    return cases


ensemble_accuracy = Exercise(
    key="05-ensemble",
    points=2,
    task="Return the accuracy of the mean of two models' probabilities, given their logits.",
    reference=_ensemble,
    cases=_ensemble_cases,
    misconceptions=(
        Misconception(
            "logits averaged",
            lambda a, b, y: _hits(a + b, y),
            "You averaged logits, or multiplied probabilities, which gives the same answers. One "
            "over-sure model then outvotes the other; average the probabilities.",
        ),
        Misconception(
            "accuracies averaged",
            lambda a, b, y: (_hits(a, y) + _hits(b, y)) / 2,
            "That is the mean of two accuracies. The ensemble is one model: average the "
            "predictions, then measure once.",
        ),
        Misconception(
            "better of the two",
            lambda a, b, y: max(_hits(a, y), _hits(b, y)),
            "That is the better single model. The ensemble combines both on every sample.",
        ),
        Misconception(
            "surer model answers",
            _confidence_choice,
            "You let the surer model answer alone. The mean of the probabilities lets both speak.",
        ),
        Misconception(
            "softmax over the whole table",
            lambda a, b, y: _hits(softmax(a, None) + softmax(b, None), y),
            "Your probabilities sum to one over the whole table. Each row, one sample, must sum to "
            "one by itself.",
        ),
        Misconception(
            "softmax twice",
            lambda a, b, y: _hits(softmax(softmax(a)) + softmax(softmax(b)), y),
            "You took the softmax of the softmax, which makes all classes nearly alike. Once.",
        ),
        Misconception(
            "keepdims forgotten",
            lambda a, b, y: _hits(np.exp(a) / np.exp(a).sum(axis=1), y),
            "The sums of the rows, (N,), cannot divide a table (N, C): keepdims=True keeps them as "
            "a column, (N, 1).",
        ),
        Misconception(
            "exp of the logits as they are",
            _unshifted,
            "exp(800) is infinite and exp(−800) is zero; 0/0 is NaN, for which argmax takes class "
            "0. Subtract each row's own maximum first: no probability changes.",
        ),
        Misconception(
            "sigmoid",
            lambda a, b, y: _hits(1 / (1 + np.exp(-a)) + 1 / (1 + np.exp(-b)), y),
            "A sigmoid looks at one class at a time. Softmax makes the classes of a row share one.",
        ),
        Misconception(
            "softmax over samples",
            lambda a, b, y: _hits(softmax(a.T).T + softmax(b.T).T, y),
            "The softmax runs over the wrong axis: each row, one sample, must sum to one.",
        ),
        Misconception(
            "only the first",
            lambda a, b, y: _hits(a, y),
            "Only the first model is used.",
        ),
        Misconception(
            "only the second",
            lambda a, b, y: _hits(b, y),
            "Only the second model is used.",
        ),
        Misconception(
            "either is right",
            lambda a, b, y: float(np.mean((a.argmax(1) == y) | (b.argmax(1) == y))),
            "You count a sample when either model is right. Nobody tells the ensemble which one.",
        ),
        Misconception(
            "both are right",
            lambda a, b, y: float(np.mean((a.argmax(1) == y) & (b.argmax(1) == y))),
            "You count a sample only when both models are right. The ensemble needs just the "
            "larger mean probability.",
        ),
        Misconception(
            "error rate",
            lambda a, b, y: 1 - _ensemble(a, b, y),
            "That is the share of errors; the accuracy is the rest.",
        ),
    ),
    hints=(
        "Softmax each model's logits along the classes.",
        "Add the two probability tables; the class with the largest sum is the answer.",
        "Compare argmax along axis 1 with the labels and take the mean.",
    ),
)
