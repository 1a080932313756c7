"""Lesson 08, how results are read: calibration, and where a model is right."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _gaps(sure: Array, right: Array, bins: int, side: str = "left") -> tuple[Array, Array, Array]:
    """Count, accuracy and confidence of the bins that are not empty."""
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    place = np.searchsorted(inner, sure, side="left" if side == "left" else "right")
    used = np.unique(place)
    rows = [place == b for b in used]
    count = np.array([r.sum() for r in rows])
    return (
        count,
        np.array([right[r].mean() for r in rows]),
        np.array([sure[r].mean() for r in rows]),
    )


def _ece(sure: Array, right: Array, bins: int) -> float:
    n, acc, conf = _gaps(sure, right, bins)
    return float((n * np.abs(acc - conf)).sum() / n.sum())


def _left_closed(sure: Array, right: Array, bins: int) -> float:
    n, acc, conf = _gaps(sure, right, bins, "right")
    return float((n * np.abs(acc - conf)).sum() / n.sum())


def _by(combine: Callable[[Array, Array, Array], float]) -> Callable[[Array, Array, int], float]:
    return lambda sure, right, bins: float(combine(*_gaps(sure, right, bins)))


def _middles(sure: Array, right: Array, bins: int) -> float:
    place = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], sure)
    n, acc, _ = _gaps(sure, right, bins)
    middle = (np.unique(place) + 0.5) / bins
    return float((n * np.abs(acc - middle)).sum() / n.sum())


def _merged(sure: Array, right: Array, bins: int, low: int, high: int) -> float:
    """A wrong answer: the bins up to ``low`` are one, and those from ``high`` on."""
    place = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], sure).clip(low, high)
    return _placed(sure, right, place)


def _placed(sure: Array, right: Array, place: Array) -> float:
    """With the bin of each prediction, ``place``."""
    gaps = [abs((right - sure)[place == b].sum()) for b in np.unique(place)]
    return float(np.sum(gaps) / len(sure))


def _ece_cases(rng: np.random.Generator) -> list[tuple[Array, Array, int]]:
    rivals = (
        lambda sure, right, bins: _merged(sure, right, bins, 1, bins - 1),
        lambda sure, right, bins: _merged(sure, right, bins, 0, bins - 2),
    )
    return until_refused(_draw_predictions, rng, _ece, rivals)


def _draw_predictions(rng: np.random.Generator) -> list[tuple[Array, Array, int]]:
    """Some predictions lie on the edges of 4, 8, 16 bins, which are exact, or a hair above others.

    None of the bins is always empty, and somebody is entirely sure.
    """
    cases: list[tuple[Array, Array, int]] = []
    while len(cases) < 6:
        bins = (4, 8, 16, 3, 5, 10)[len(cases)]
        above = 0 if bins in (4, 8, 16) else HAIR
        n = int(rng.integers(18, 30))
        sure = rng.uniform(0.02, 0.99, n)
        edges = rng.choice(np.arange(1, bins + 1) / bins, n // 3)
        sure[: n // 3] = np.minimum(edges + above, 1)
        sure[0], sure[-1] = 1.0, 0.5 / bins  # somebody in the last bin's end, and in the first bin
        right = rng.random(n) < rng.choice([0.3, 0.6, 0.95]) * np.sqrt(sure)
        case = (rng.permutation(sure), right.astype(int), bins)
        lowered = case[0] - 2 * above, *case[1:]
        other = _ece(*lowered) if above else _left_closed(*case)
        if abs(_ece(*case) - other) > 0.01:
            cases.append(case)
    sure, right = np.array(ALMOST_CALIBRATED).T
    return [*cases, *((sure, right.astype(int), bins) for bins in (4, 1))]


HAIR = 1e-4
# Confidence, and right or not: an error below .01, and an empty bin.
ALMOST_CALIBRATED = (
    *((0.01, 0), (0.24, 0), (0.24, 1), (0.24, 0), (0.24, 0), (0.51, 0)),
    *((0.51, 1), (0.76, 1), (0.76, 0), (0.76, 1), (0.76, 1)),
)


LEFT_CLOSED = (
    "Your bins are [low, high). A prediction on an edge belongs to the bin below it: (low, high]."
)

calibration_error = Exercise(
    key="08-ece",
    points=2,
    task="Return the expected calibration error with right-closed bins.",
    reference=_ece,
    cases=_ece_cases,
    misconceptions=(
        Misconception(
            "left-closed bins",
            _left_closed,
            LEFT_CLOSED,
        ),
        Misconception(
            "left-closed bins, 1 left out",
            lambda sure, right, bins: _left_closed(sure[sure < 1], right[sure < 1], bins),
            LEFT_CLOSED,
        ),
        Misconception(
            "left-closed bins, 1 in none",
            lambda sure, right, bins: (
                _left_closed(sure[sure < 1], right[sure < 1], bins) * np.mean(sure < 1)
            ),
            LEFT_CLOSED,
        ),
        Misconception(
            "left-closed bins, 1 in a bin of its own",
            lambda sure, right, bins: _placed(sure, right, np.floor(sure * bins)),
            LEFT_CLOSED,
        ),
        Misconception(
            "bins weigh the same",
            _by(lambda n, acc, conf: np.abs(acc - conf).mean()),
            "Every bin counts the same in your mean. A bin weighs as much as it has predictions.",
        ),
        Misconception(
            "signed gaps",
            _by(lambda n, acc, conf: abs((n * (acc - conf)).sum()) / n.sum()),
            "Gaps of different sign cancel. Take the absolute value in every bin, before the sum.",
        ),
        Misconception(
            "signed, not absolute at all",
            _by(lambda n, acc, conf: (n * (conf - acc)).sum() / n.sum()),
            "Gaps of different sign cancel. Take the absolute value in every bin, before the sum.",
        ),
        Misconception(
            "largest gap",
            _by(lambda n, acc, conf: np.abs(acc - conf).max()),
            "That is the largest gap, the maximum calibration error. ECE is the mean over "
            "predictions.",
        ),
        Misconception(
            "squared gaps",
            _by(lambda n, acc, conf: (n * (acc - conf) ** 2).sum() / n.sum()),
            "You squared the gaps; ECE takes their absolute value.",
        ),
        Misconception(
            "middle of the bin",
            _middles,
            "You compare with the middle of the bin. Take the mean confidence of the predictions "
            "in it.",
        ),
        Misconception(
            "sum over predictions",
            _by(lambda n, acc, conf: (n * np.abs(acc - conf)).sum()),
            "Divide by the number of predictions.",
        ),
        Misconception(
            "sample by sample",
            lambda sure, right, bins: float(np.abs(right - sure).mean()),
            "You compare every prediction with itself. A single one is right or wrong, never 70 %: "
            "accuracy needs a bin.",
        ),
        Misconception(
            "errors instead of accuracy",
            _by(lambda n, acc, conf: (n * np.abs(1 - acc - conf)).sum() / n.sum()),
            "You compare the confidence with the share of errors; take the share that is right.",
        ),
    ),
    hints=(
        "For every bin: which predictions lie in it, how many are right, how sure are they on "
        "average?",
        "The rows of a bin are (low < confidence) & (confidence <= high); skip it if there are "
        "none.",
        "Add count / N * abs(mean of right − mean of confidence) over the bins.",
    ),
)


def _groups(a: Array, b: Array) -> tuple[Array, Array, Array, Array]:
    return a & b, a & ~b, ~a & b, ~a & ~b


def _right_where(answers: Array, first: Array, second: Array, labels: Array) -> Array:
    right = answers == labels
    return np.array([right[g].mean() for g in _groups(first == labels, second == labels)])


def _same_answer(answers: Array, first: Array, second: Array, labels: Array) -> Array:
    right = answers == labels
    a, b, same = first == labels, second == labels, first == second
    return np.array([right[same].mean(), right[a & ~b].mean(), right[b & ~a].mean(),
                     right[~same].mean()])  # fmt: skip


def _answers_of(rng: np.random.Generator, labels: Array, right: Array) -> Array:
    shift = rng.integers(1, 4, len(labels))
    return np.where(right, labels, (labels + shift) % 4)


def _right_where_cases(rng: np.random.Generator) -> list[tuple[Array, ...]]:
    cases: list[tuple[Array, ...]] = []
    for _ in range(5):
        labels = rng.integers(0, 4, 160)
        a, b = rng.random(160) < 0.65, rng.random(160) < 0.45
        middle = rng.uniform(0.6, 0.8), rng.uniform(0.35, 0.5)
        chance = np.select(list(_groups(a, b))[:3], [0.95, *middle], 0.2)
        right = rng.random(160) < chance
        cases.append((*(_answers_of(rng, labels, x) for x in (right, a, b)), labels))
    return cases


right_where = Exercise(
    key="08-right-where",
    points=2,
    task="Return a model's accuracy where both unimodal models are right, one of them, or none.",
    reference=_right_where,
    cases=_right_where_cases,
    misconceptions=(
        Misconception(
            "shares of all samples",
            lambda x, a, b, y: np.array([np.mean((x == y) & g) for g in _groups(a == y, b == y)]),
            "You divided by all samples. Divide by the samples of the group: how often is the "
            "model right *there*?",
        ),
        Misconception(
            "size of the groups",
            lambda x, a, b, y: np.array([np.mean(g) for g in _groups(a == y, b == y)]),
            "That is how large each group is. The question is how often the model is right in it.",
        ),
        Misconception(
            "only is not only",
            lambda x, a, b, y: np.array(
                [
                    (x == y)[g].mean()
                    for g in ((a == y) & (b == y), a == y, b == y, (a != y) & (b != y))
                ]
            ),
            "“Only A” means that A is right and B is not; yours contains the samples that both "
            "answer right.",
        ),
        Misconception(
            "order",
            lambda x, a, b, y: _right_where(x, b, a, y),
            "Only-first and only-second have changed places.",
        ),
        Misconception(
            "agreement instead of being right",
            _same_answer,
            "Two models may agree and both be wrong. The groups are about being right.",
        ),
        Misconception(
            "both agree instead of both right",
            lambda x, a, b, y: np.array([(x == y)[a == b].mean(), *_right_where(x, a, b, y)[1:]]),
            "Two models may agree and both be wrong. The groups are about being right.",
        ),
        Misconception(
            "errors",
            lambda x, a, b, y: 1 - _right_where(x, a, b, y),
            "Those are the shares of errors; the accuracy is the rest.",
        ),
        Misconception(
            "counts",
            lambda x, a, b, y: np.array([((x == y) & g).sum() for g in _groups(a == y, b == y)]),
            "Those are counts. Divide each by the size of its group.",
        ),
    ),
    hints=(
        "Three arrays of True and False first: is the model right, is the first, is the second?",
        "The groups are a & b, a & ~b, ~a & b, ~a & ~b.",
        "right[group].mean() is the accuracy in a group.",
    ),
)
