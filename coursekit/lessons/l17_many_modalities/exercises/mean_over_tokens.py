"""Lesson 17, the exercise about the mean over tokens: padding has no vote, a modality has one."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, Array]


def _pooled(tokens: Array, whose: Array, padding: Array) -> Array:
    means = [tokens[(whose == m) & ~padding].mean(0) for m in _present(whose, padding)]
    return np.mean(means, axis=0)


def _present(whose: Array, padding: Array) -> Array:
    return np.unique(whose[~padding])


def _zeros_vote(tokens: Array, whose: Array, padding: Array) -> Array:
    shown = np.where(padding[:, None], 0.0, tokens)
    return np.mean([shown[whose == m].mean(0) for m in _present(whose, padding)], axis=0)


def _missing_votes(tokens: Array, whose: Array, padding: Array) -> Array:
    every = np.unique(whose)
    total = sum(tokens[(whose == m) & ~padding].mean(0) for m in _present(whose, padding))
    return np.asarray(total) / len(every)


def _by_tokens(tokens: Array, whose: Array, padding: Array) -> Array:
    return tokens[~padding].mean(0)


def _all_tokens(tokens: Array, whose: Array, padding: Array) -> Array:
    return tokens.mean(0)


def _sum(tokens: Array, whose: Array, padding: Array) -> Array:
    return _pooled(tokens, whose, padding) * len(_present(whose, padding))


def _sums_first(tokens: Array, whose: Array, padding: Array) -> Array:
    sums = [tokens[(whose == m) & ~padding].sum(0) for m in _present(whose, padding)]
    return np.mean(sums, axis=0)


def _padding_kept(tokens: Array, whose: Array, padding: Array) -> Array:
    return np.mean([tokens[whose == m].mean(0) for m in np.unique(whose)], axis=0)


def _turned(tokens: Array, whose: Array, padding: Array) -> Array:
    return _pooled(tokens, whose, ~padding) if padding.any() else _pooled(tokens, whose, padding)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Fixed ones: one token, no padding, a modality that is all padding; and drawn ones."""
    x = np.arange(12.0).reshape(6, 2)
    fixed: list[Case] = [
        (np.array([[2.0, -1.0]]), np.array([0]), np.array([False])),
        (x, np.array([0, 0, 0, 0, 1, 2]), np.zeros(6, bool)),
        (x, np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 1], bool)),
        (x[::-1] + 100, np.array([5, 3, 5, 3, 5, 5]), np.array([0, 0, 1, 0, 0, 1], bool)),
        (x / 7, np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 0, 0], bool)),
        (1e-3 * x, np.array([1, 1, 1, 0, 0, 0]), np.array([1, 1, 1, 0, 1, 0], bool)),
    ]

    def draw(generator: np.random.Generator) -> list[Case]:
        drawn: list[Case] = []
        for size in (9, 15):
            whose = generator.permutation(np.resize([0, 0, 0, 1, 2], size))
            padding = generator.random(size) < 0.3
            padding[whose == 2] = size == 15
            padding[np.argmax(whose == 0)] = False
            drawn.append((generator.normal(1.0, 2.0, (size, 3)).round(2), whose, padding))
        return drawn

    def rivals() -> list[Callable[..., Array]]:
        return [m.function for m in pooling.misconceptions]

    return fixed + until_refused(draw, rng, _pooled, rivals())


pooling = Exercise(
    key="17-pooling",
    points=2,
    task="Return the mean over modalities of the mean over each one's tokens, padding left out.",
    reference=_pooled,
    cases=_cases,
    misconceptions=(
        Misconception(
            "one vote per token",
            _by_tokens,
            "Every token has one vote here, so that the longest modality decides. First take the "
            "mean of each modality.",
        ),
        Misconception(
            "padding and tokens alike",
            _all_tokens,
            "That is the mean over everything: padding is no token, and long modalities have more "
            "votes.",
        ),
        Misconception(
            "padding votes",
            _padding_kept,
            "Padding has a vote here. Leave those tokens out before you take a mean.",
        ),
        Misconception(
            "zeros vote",
            _zeros_vote,
            "Padding is zero here but still counted: divide by the tokens that are none of it.",
        ),
        Misconception(
            "the absent vote",
            _missing_votes,
            "A modality that is all padding is absent: divide by those that are present.",
        ),
        Misconception(
            "a sum over modalities",
            _sum,
            "That is a sum over modalities: with one more present it would grow. Take the mean.",
        ),
        Misconception(
            "sums of tokens",
            _sums_first,
            "You add up each modality's tokens; the longer one still weighs more. Take their mean.",
        ),
        Misconception(
            "the mask turned round",
            _turned,
            "padding is True where a token is none: those are left out, not kept.",
        ),
    ),
    hints=(
        "Two means: over the tokens of a modality, then over the modalities.",
        "tokens[(whose == m) & ~padding].mean(0) is one modality's.",
        "Which m? Those that have a token left: np.unique(whose[~padding]).",
    ),
)
