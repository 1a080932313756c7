"""Lesson 14, the exercise about one ranking of two encoders: which share does each lose?"""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, float]


def _gone(
    score: Callable[[Array], Array] = np.abs,
    count: Callable[[float], int] = round,
    last: bool = False,
) -> Callable[[Array, Array, float], tuple[Array, Array]]:
    """True for every weight of either that goes: the lowest of one ranking, or the highest."""

    def answer(image: Array, audio: Array, share: float) -> tuple[Array, Array]:
        every = score(np.concatenate([image.ravel(), audio.ravel()]))
        order = np.argsort(-every if last else every)
        gone = np.zeros(len(every), dtype=bool)
        gone[order[: count(share * len(every))]] = True
        return gone[: image.size], gone[image.size :]

    return answer


def _shares(
    gone: Callable[[Array, Array, float], tuple[Array, Array]],
) -> Callable[[Array, Array, float], list[float]]:
    return lambda image, audio, share: [float(g.mean()) for g in gone(image, audio, share)]


_removed = _shares(_gone())


def _counts(image: Array, audio: Array, share: float) -> list[float]:
    return [float(g.sum()) for g in _gone()(image, audio, share)]


def _of_all(image: Array, audio: Array, share: float) -> list[float]:
    return [g.sum() / (image.size + audio.size) for g in _gone()(image, audio, share)]


def _of_removed(image: Array, audio: Array, share: float) -> list[float]:
    counts = np.array(_counts(image, audio, share))
    return [float(x) for x in counts / max(1.0, counts.sum())]


def _each(image: Array, audio: Array, share: float) -> list[float]:
    """Each encoder in a ranking of its own."""
    return [round(share * w.size) / w.size for w in (image, audio)]


def _relative(image: Array, audio: Array, share: float) -> list[float]:
    return _removed(image / np.linalg.norm(image), audio / np.linalg.norm(audio), share)


def _threshold(image: Array, audio: Array, share: float) -> list[float]:
    """All below a share of the largest one."""
    most = max(abs(image).max(), abs(audio).max())
    return [float((abs(w) < share * most).mean()) for w in (image, audio)]


# Image, audio, share: one of each pair of smallest weights goes. They differ in the third digit, or
# are above 1, or above 5, or have other signs; norms of encoders of unequal size rank otherwise
# than their mean squares.
CLOSE: tuple[tuple[tuple[float, ...], tuple[float, ...], float], ...] = (
    ((0.0102, 0.7, -0.9, 0.8), (0.0101, 0.6, 0.5, -0.4), 0.125),
    ((0.0101, 0.7, -0.9, 0.8), (0.6, 0.0102, 0.5, -0.4), 0.125),
    ((1.2, 3.0), (1.4, 2.0), 0.25),
    ((1.4, 2.0), (1.2, 3.0), 0.25),
    ((7.0, -8.0), (-6.0, 9.0), 0.25),
    ((6.0, -8.0), (-7.0, 9.0), 0.25),
    ((-0.3, 0.5, 0.4), (0.2, -0.6, 0.7), 1 / 3),
    ((0.2, 0.35, 0.5, 0.6, 0.8, 0.9, 1.0, 1.1), (0.1, 0.4), 0.3),
)
# Of 100 weights one goes, the image's: its share is below .02, and the third digit counts (.0146).
ONE_OF_HUNDRED = (np.linspace(0.1, 0.9, 60).reshape(10, 6), np.linspace(-1.9, -0.95, 40), 0.0146)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Encoders of several shapes and scales; whole, and empty, are asked for too."""
    close = [(np.array(image), np.array(audio), share) for image, audio, share in CLOSE]
    plan = (
        ((4, 5), (4, 5), 1.0, 0.5), ((4, 5), (4, 5), 10.0, 0.5), ((3, 2, 2), (7, 4), 0.5, 0.3),
        ((6,), (3, 3), 2.0, 0.84), ((2, 8), (5, 5), 0.3, 0.712), ((9, 4), (6, 2), 1.5, 0.18),
    )  # fmt: skip

    def draw(generator: np.random.Generator) -> list[Case]:
        cases: list[Case] = []
        for first, second, factor, share in plan:
            image = factor * generator.normal(0.1, 1, first)
            cases.append((image, generator.normal(-0.1, 1, second), share))
        image, audio = generator.normal(size=(3, 4)), generator.normal(size=(5, 2))
        whole = [(image, audio, 0.0), (image, audio, 1.0)]
        return [*cases, *close, ONE_OF_HUNDRED, *whole]

    rivals = [m.function for m in removed_shares.misconceptions]
    return until_refused(draw, rng, _removed, rivals)


removed_shares = Exercise(
    key="14-shares",
    points=1,
    task="Return which share of each encoder's weights one ranking of both removes.",
    reference=_removed,
    cases=_cases,
    misconceptions=(
        Misconception(
            "a ranking each",
            _each,
            "You prune each encoder by the share. Here both stand in one ranking, and what each "
            "loses is what is asked.",
        ),
        Misconception(
            "sign kept",
            _shares(_gone(score=lambda w: w)),
            "You rank by w: the most negative go first. What counts is |w|.",
        ),
        Misconception(
            "largest first",
            _shares(_gone(last=True)),
            "You remove the largest. The smallest |w| go.",
        ),
        Misconception(
            "counts",
            _counts,
            "These are counts. Divide each by the encoder's own number of weights.",
        ),
        Misconception(
            "share of all weights",
            _of_all,
            "You divide by the weights of both. Each encoder has its own number.",
        ),
        Misconception(
            "share of what is removed",
            _of_removed,
            "You divide by what is removed. Which share of each *encoder* is gone?",
        ),
        Misconception(
            "relative to the norm",
            _relative,
            "You rank |w| / ‖w‖, which is the cure. Here the plain |w| of both is ranked.",
        ),
        Misconception(
            "below a share of the largest",
            _threshold,
            "You remove what is below share · max |w|. The share is one of the number of weights.",
        ),
        Misconception(
            "cut off instead of rounded",
            _shares(_gone(count=int)),
            "int(…) cuts off. Round share · n to the nearest whole number.",
        ),
    ),
    hints=(
        "np.abs of both, flattened, in one array: how many are there, and how many go?",
        "Sort it: round(share · n) go; the last of them is the threshold.",
        "Of each encoder: the share whose |w| is at or below the threshold (none at share 0).",
    ),
)
