"""Lesson 08, how results are read: is a model as sure as it should be?"""

import itertools
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


def _nan_where_empty(sure: Array, right: Array, bins: int) -> float:
    """A wrong answer: 0 · (0/0) of an empty bin is added."""
    counts, _, _ = _gaps(sure, right, bins)
    return _ece(sure, right, bins) if len(counts) == bins else float("nan")


def _raises_where_empty(sure: Array, right: Array, bins: int) -> float:
    """A wrong answer: a sum over nothing, divided by its length."""
    counts, _, _ = _gaps(sure, right, bins)
    return _ece(sure, right, bins) / (len(counts) == bins)


def _closed_twice(sure: Array, right: Array, bins: int) -> float:
    edges = np.linspace(0, 1, bins + 1)
    rows = [(low <= sure) & (sure <= high) for low, high in itertools.pairwise(edges)]
    return float(sum(abs((right - sure)[r].sum()) for r in rows) / len(sure))


def _between_extremes(
    sure: Array, right: Array, bins: int, left_out: bool, side: str = "left"
) -> float:
    """A wrong answer: bins from smallest to largest.  left_out: who lies on the low end."""
    inner = np.linspace(sure.min(), sure.max(), bins + 1)[1:-1]
    kept = sure > sure.min() if left_out else sure == sure
    place = np.searchsorted(inner, sure[kept], side="left" if side == "left" else "right")
    return _placed(sure[kept], right[kept], place) * float(kept.mean())


BETWEEN_EXTREMES: dict[str, Callable[[Array, Array, int], float]] = {
    "closed on the right": lambda sure, right, bins: _between_extremes(sure, right, bins, False),
    "without the smallest": lambda sure, right, bins: _between_extremes(sure, right, bins, True),
    "closed on the left": lambda sure, right, bins: _between_extremes(
        sure, right, bins, False, "right"
    ),
}
EMPTY = (
    "A bin may be empty: a mean of nothing is 0/0. Skip such bins; they have no weight in the sum."
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
            "signed the other way, not absolute at all",
            _by(lambda n, acc, conf: (n * (acc - conf)).sum() / n.sum()),
            "Gaps of different sign cancel. Take the absolute value in every bin, before the sum.",
        ),
        Misconception(
            "root of the mean square",
            _by(lambda n, acc, conf: np.sqrt((n * (acc - conf) ** 2).sum() / n.sum())),
            "That is the root of a mean of squares. ECE is the mean of the gaps' absolute values.",
        ),
        Misconception("mean of nothing", _nan_where_empty, EMPTY),
        Misconception("division by the count of nothing", _raises_where_empty, EMPTY),
        Misconception(
            "closed on both sides",
            _closed_twice,
            "A prediction on an edge is in two of your bins. (low, high] holds it once: low < "
            "confidence.",
        ),
        *(
            Misconception(
                f"bins between the extremes, {name}",
                wrong,
                "Your bins reach from the smallest confidence to the largest. They divide the "
                "whole of (0, 1], whatever the predictions are.",
            )
            for name, wrong in BETWEEN_EXTREMES.items()
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
