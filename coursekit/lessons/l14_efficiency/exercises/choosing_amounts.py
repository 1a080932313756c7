"""Lesson 14, the exercise about an amount per modality, by what it costs on validation."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, Array, tuple[int, int], int]
Cost = Callable[[float, float, float, float], float]


def _best(
    cost: Cost = lambda a, b, i, j: a + b,
    removed: Callable[[float, float, tuple[int, int]], float] = (
        lambda i, j, sizes: i * sizes[0] + j * sizes[1]
    ),
    allowed: Callable[[float, float, float], bool] = lambda gone, need, most: gone >= need - 1e-9,
    pairs: Callable[[float, float], bool] = lambda i, j: True,
) -> Callable[..., list[float]]:
    """The pair of shares that is allowed and has the lowest cost.

    cost: of both losses and both shares.  removed: weights, of the shares.
    """

    def answer(
        shares: Array, image: Array, audio: Array, sizes: tuple[int, int], need: int
    ) -> list[float]:
        best: tuple[float, list[float]] | None = None
        for i, a in zip(shares, image, strict=True):
            for j, b in zip(shares, audio, strict=True):
                gone = removed(i, j, sizes)
                if not pairs(i, j) or not allowed(gone, need, sum(sizes)):
                    continue
                key = cost(a, b, i, j)
                if best is None or key < best[0]:
                    best = key, [float(i), float(j)]
        return best[1] if best else [0.0, 0.0]

    return answer


_amounts = _best()


def _greedy(
    shares: Array, image: Array, audio: Array, sizes: tuple[int, int], need: int
) -> list[float]:
    """Step by step, always the step that costs least now."""
    at = [0, 0]
    losses = (image, audio)
    while shares[at[0]] * sizes[0] + shares[at[1]] * sizes[1] < need - 1e-9:
        steps = [
            (losses[m][at[m] + 1] - losses[m][at[m]], m) for m in (0, 1) if at[m] + 1 < len(shares)
        ]
        at[min(steps)[1]] += 1
    return [float(shares[at[0]]), float(shares[at[1]])]


def _nearest(
    shares: Array, image: Array, audio: Array, sizes: tuple[int, int], need: int
) -> list[float]:
    grid = [(i, j) for i in shares for j in shares]
    enough = [p for p in grid if p[0] * sizes[0] + p[1] * sizes[1] >= need - 1e-9]
    least = min(enough, key=lambda p: p[0] * sizes[0] + p[1] * sizes[1])
    return [float(x) for x in least]


def _curve(rng: np.random.Generator, count: int, knee: float) -> Array:
    """Accuracy lost by share: little before the knee, then much; noise as on validation rows."""
    x = np.linspace(0, 1, count)
    lost = 0.6 * np.clip(x - knee, 0, None) ** 1.5 + 0.02 * x + rng.normal(0, 0.004, count)
    lost[0] = 0.0
    return np.round(lost, 6)


# What shares 0, ½ and 1 of 100 weights each cost, and how many shall go: just enough is enough; the
# last share is a choice; losses below zero, and such as differ in the fourth digit.
FIXED = (
    ((0.0, 0.1, 0.3), (0.0, 0.1, 0.3), 100),
    ((0.0, 0.2, 0.21), (0.0, 0.5, 0.9), 100),
    ((0.0, 0.5, 0.9), (0.0, 0.2, 0.21), 100),
    ((0.0, -0.05, 0.02), (0.0, 0.01, -0.03), 0),
    ((0.0, 0.01, -0.03), (0.0, -0.05, 0.02), 50),
    ((0.0, 0.1004, 0.4), (0.0, 0.1003, 0.4), 50),
    ((0.0, 0.1003, 0.4), (0.0, 0.1004, 0.4), 50),
    ((0.0, 0.011, 0.03), (0.0, 0.012, 0.013), 100),
    ((0.0, 0.012, 0.013), (0.0, 0.011, 0.03), 100),
    ((0.0, 6.0, 9.0), (0.0, 7.0, 8.0), 100),
    ((0.0, 7.0, 8.0), (0.0, 6.0, 9.0), 100),
    ((0.0, 0.3, 0.35), (0.0, 0.1, 0.6), 100),
)


# Shares, losses, sizes, need: shares of more than three digits, where the rounded ones remove too
# few; a share below .02; a pair that removes one weight too few and costs less; losses times shares
# have another lowest sum than the larger losses.
FINE: tuple[Case, ...] = tuple(
    (np.array(shares), np.array(image), np.array(audio), sizes, need)
    for shares, image, audio, sizes, need in (
        ((0.0, 0.33344, 0.66672), (0.0, 0.02, 0.3), (0.0, 0.9, 1.2), (3000, 100), 1000),
        ((0.0, 0.012, 0.5), (0.0, 0.01, 0.2), (0.0, 0.3, 0.6), (1000, 1000), 11),
        ((0.0, 0.33, 0.66), (0.0, 0.1, 0.12), (0.0, 0.1, 0.3), (100, 100), 100),
        ((0.0, 0.4, 0.8), (0.0, 0.25, 0.31), (0.0, 0.05, 0.24), (100, 100), 80),
    )
)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Two encoders of several sizes that bear more or less."""
    fixed: list[Case] = [
        (np.array([0.0, 0.5, 1.0]), np.array(image), np.array(audio), (100, 100), need)
        for image, audio, need in FIXED
    ]
    plan = (
        (6, 0.7, 0.2, (100, 100), 0.5), (6, 0.2, 0.7, (100, 100), 0.5),
        (11, 0.5, 0.4, (900, 100), 0.45), (11, 0.3, 0.6, (200, 700), 0.6),
        (6, 0.5, 0.5, (300, 500), 0.75), (5, 0.1, 0.3, (50, 150), 0.4),
    )  # fmt: skip

    def draw(generator: np.random.Generator) -> list[Case]:
        cases: list[Case] = []
        for count, first, second, sizes, part in plan:
            shares = np.linspace(0, 0.95 if count == 6 else 1.0, count)
            image, audio = (_curve(generator, count, knee) for knee in (first, second))
            cases.append((shares, image, audio, sizes, round(part * sum(sizes))))
        return [*cases, *fixed, *FINE]

    rivals = [m.function for m in amounts.misconceptions]
    return until_refused(draw, rng, _amounts, rivals)


amounts = Exercise(
    key="14-amounts",
    points=2,
    task="Return the share to prune in each encoder: enough weights, the least validation lost.",
    reference=_amounts,
    cases=_cases,
    misconceptions=(
        Misconception(
            "one share for both",
            _best(pairs=lambda i, j: i == j),
            "You prune both alike. Try every pair of shares.",
        ),
        Misconception(
            "weights not counted",
            _best(removed=lambda i, j, sizes: (i + j) / 2 * sum(sizes)),
            "You take the mean of the shares. A share of a large encoder is more weights.",
        ),
        Misconception(
            "nothing required",
            _best(allowed=lambda gone, need, most: True),
            "At least `need` weights have to go; yours are too few in some case.",
        ),
        Misconception(
            "just enough weights",
            _nearest,
            "You take the pair that removes the fewest above `need`. Of all that remove enough, "
            "the one that loses least is asked.",
        ),
        Misconception(
            "worst modality",
            _best(cost=lambda a, b, i, j: max(a, b)),
            "You compare the larger of both losses. Add them up.",
        ),
        Misconception(
            "loss per weight",
            _best(cost=lambda a, b, i, j: (a + b) / max(i + j, 1e-9)),
            "You divide the loss by what is removed. Once enough is removed, only the loss counts.",
        ),
        Misconception(
            "most lost",
            _best(cost=lambda a, b, i, j: -(a + b)),
            "You take the pair that loses most.",
        ),
        Misconception(
            "step by step",
            _greedy,
            "You take the cheapest step each time. A cheap step may lead before a dear one: look "
            "at all pairs.",
        ),
    ),
    hints=(
        "Two loops: every share of the image encoder with every share of the audio encoder.",
        "It counts where shares[i] · sizes[0] + shares[j] · sizes[1] ≥ need.",
        "Of those the smallest image[i] + audio[j].",
    ),
)
