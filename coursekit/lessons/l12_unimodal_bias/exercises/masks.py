"""Lesson 12, the exercise about a mask for several words: one *or* another."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import pandas as pd

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.outcome import Incorrect, Outcome

Array = np.ndarray
Case = tuple[Array, list[int], Array]

FIRST_ONLY = "Your mask knows the first word only."
LAST_ONLY = "Your mask knows the last word only. Each word adds its positions to those before."
OF_TRUTH_VALUES = re.compile("^((True|False) was|Values of type bool were) returned")


def _inside(targets: Array, lengths: Array) -> Array:
    return np.asarray(np.arange(targets.shape[1]) < np.asarray(lengths)[:, None])


def _mask(targets: Array, words: list[int], lengths: Array) -> Array:
    return (np.isin(targets, words) & _inside(targets, lengths)).astype(float)


def _all_at_once(targets: Array, words: list[int], lengths: Array) -> Array:
    """Keep where it is this word, and of these where it is that one."""
    there = _inside(targets, lengths)
    for word in words:
        there = there & (targets == word)
    return there.astype(float)


def _one_of(targets: Array, words: list[int], lengths: Array, place: int) -> Array:
    """Looks one word up, which is an error where there is none."""
    return _mask(targets, [words[place]], lengths)


def _overwritten(targets: Array, words: list[int], lengths: Array) -> Array:
    """A loop that forgets; without a word it has nothing to return."""
    for word in words:
        mask = _mask(targets, [word], lengths)
    return mask


def _whole_captions(targets: Array, words: list[int], lengths: Array) -> Array:
    some = _mask(targets, words, lengths).max(axis=1, keepdims=True)
    return np.asarray(_inside(targets, lengths) * some)


def _first_only(targets: Array, words: list[int], lengths: Array) -> Array:
    mask = _mask(targets, words, lengths)
    return np.asarray(mask * (mask.cumsum(axis=1) == 1))


# Targets, words, lengths: one word; two; padding that is one of the words; a caption without any;
# the word at both ends; a caption of length 0; three words, twice in one caption; four
# words, lengths that occur twice; the padding's word inside a caption; numbers whose digits are in
# another word's; more captions than positions, and long ones; many words. The last asks for none,
# which stops those that look for a first one; what they do with words has shown by then.
FIXED: tuple[tuple[list, list[int], list[int]], ...] = (
    ([[0, 1, 3], [4, 2, 0]], [1], [3, 3]),
    ([[0, 1, 3], [4, 2, 0]], [1, 2], [3, 3]),
    ([[5, 2, 0, 0], [1, 0, 0, 0]], [0, 2], [2, 1]),
    ([[3, 4, 5], [5, 4, 3]], [6, 7], [3, 3]),
    ([[7, 1, 2, 7]], [7], [4]),
    ([[1, 1], [1, 2]], [1, 2], [0, 2]),
    ([[2, 5, 2], [5, 1, 2]], [2, 5, 2], [3, 2]),
    ([[2, 9, 4, 9, 6], [4, 4, 6, 1, 2]], [2, 4, 6], [5, 4]),
    ([[7, 3, 5], [3, 7, 3], [5, 9, 7]], [9, 5, 3, 7], [2, 1, 2]),
    ([[3, 0, 2, 0], [0, 1, 0, 0]], [0, 2], [3, 2]),
    ([[12, 1, 2, 105, 10, 0], [25, 250, 5, 0, 10, 12]], [12, 250, 105, 10], [5, 6]),
    (
        [[4, 1, 3], [2, 4, 1], [1, 1, 1], [3, 2, 4], [4, 4, 4], [1, 4, 2], [2, 3, 1], [4, 2, 0]],
        [4, 1],
        [3, 1, 2, 3, 0, 2, 3, 1],
    ),
    (
        [[3, 5, 1, 2, 6, 4, 3, 5, 3, 2, 3, 5], [5, 1, 5, 3, 2, 4, 6, 1, 2, 5, 3, 3]],
        [3, 5],
        [12, 11],
    ),
    ([[1, 2, 3, 4, 5, 6, 7, 8], [8, 7, 6, 5, 4, 3, 2, 1]], [2, 3, 4, 6, 7, 8, 9], [8, 7]),
)
NO_WORDS: Case = (np.array([[0, 1, 3], [4, 2, 0]]), [], np.array([3, 2]))


def _cases(rng: np.random.Generator) -> list[Case]:
    """The fixed ones, and captions of other lengths, padded with a word that may be asked for."""
    cases: list[Case] = [(np.array(t), list(w), np.array(n)) for t, w, n in FIXED]
    for rows, longest in ((3, 6), (5, 7)):
        targets = rng.integers(0, 8, (rows, longest))
        lengths = rng.integers(1, longest, rows)
        targets[np.arange(longest) >= lengths[:, None]] = 0
        words = [0, *(int(w) for w in rng.permutation(np.arange(1, 8))[:2])]
        targets[0, 0] = words[1]
        cases.append((targets, words, lengths))
    return [*cases, NO_WORDS]


def _numbers(mask: Any) -> Any:
    """An array or a list with 1 for True and 0 for False; what is neither as it is."""
    if isinstance(mask, pd.DataFrame):
        mask = mask.to_numpy()
    if getattr(mask, "ndim", 0) > 0:
        mask = mask.tolist()
    if not isinstance(mask, list | tuple):
        return mask
    items = [item.item() if getattr(item, "ndim", 1) == 0 else item for item in mask]
    return [int(item) if isinstance(item, bool) else _numbers(item) for item in items]


def _in_numbers(answer: Callable[..., Any]) -> Callable[..., Any]:
    return wraps(answer)(lambda *arguments: _numbers(answer(*arguments)))


class _MaskExercise(Exercise):
    """An exercise whose ones and zeros may be truth values, as masks mostly are."""

    def evaluate(self, answer: Any, *given: Any, seed: int | None = None) -> Outcome:
        outcome = super().evaluate(answer, *given, seed=seed)
        if isinstance(outcome, Incorrect) and OF_TRUTH_VALUES.match(outcome.sentence):
            return super().evaluate(_in_numbers(answer), *given, seed=seed)
        return outcome


word_mask = _MaskExercise(
    key="12-mask",
    points=2,
    task="Return 1 where a target is one of the words and belongs to its caption, else 0.",
    reference=_mask,
    cases=_cases,
    misconceptions=(
        Misconception(
            "all words at once",
            _all_at_once,
            "No position is two words at once, so with two words your mask is empty: the released "
            "code's mistake. A position counts that is one word *or* another.",
        ),
        Misconception(
            "padding counts",
            lambda t, w, n: np.isin(t, w).astype(float),
            "You count what stands behind a caption's end.",
        ),
        Misconception(
            "the last word",
            lambda t, w, n: _mask(t, w[-1:], n),
            LAST_ONLY,
        ),
        Misconception("the last word looked up", lambda t, w, n: _one_of(t, w, n, -1), LAST_ONLY),
        Misconception("overwritten", _overwritten, LAST_ONLY),
        Misconception(
            "the first word",
            lambda t, w, n: _mask(t, w[:1], n),
            FIRST_ONLY,
        ),
        Misconception("the first word looked up", lambda t, w, n: _one_of(t, w, n, 0), FIRST_ONLY),
        Misconception(
            "the other words",
            lambda t, w, n: (~np.isin(t, w) & _inside(t, n)).astype(float),
            "You marked all words but these.",
        ),
        Misconception(
            "every word",
            lambda t, w, n: _inside(t, n).astype(float),
            "You marked every position of a caption, whatever its word.",
        ),
        Misconception(
            "one position too many",
            lambda t, w, n: _mask(t, w, np.asarray(n) + 1),
            "Positions count from 0: a caption of length n ends at position n − 1.",
        ),
        Misconception(
            "one position too few",
            lambda t, w, n: _mask(t, w, np.asarray(n) - 1),
            "You leave out each caption's last position.",
        ),
        Misconception(
            "whole captions",
            _whole_captions,
            "You mark the whole caption in which a word occurs. Asked are the positions.",
        ),
        Misconception(
            "once per caption",
            _first_only,
            "You mark the first such word of a caption only.",
        ),
        Misconception(
            "how many",
            lambda t, w, n: _mask(t, w, n).sum(axis=1),
            "You count per caption. Asked is a number per position.",
        ),
    ),
    hints=(
        "Begin with nothing marked and add, word by word.",
        "np.isin(targets, words) is True where a target is one of them.",
        "inside = np.arange(T) < lengths[:, None]; (np.isin(targets, words) & inside) * 1.0",
    ),
)
