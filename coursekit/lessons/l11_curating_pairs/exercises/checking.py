"""Lesson 11, the exercise about a budget: whose captions shall somebody look at?"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def _walk(
    order: Sequence[int] | Array, copies: Array, minutes: Array, budget: float, **rules: bool
) -> Array:
    """Who is looked at, in this order.

    rules: `stops` at the first that does not fit; `again` looks at copies too; `strict` must stay
    below the budget.
    """
    chosen: list[int] = []
    settled: set[Any] = set()
    spent = 0.0
    for i in order:
        if copies[i] in settled and not rules.get("again"):
            continue
        total = spent + minutes[i]
        if total > budget or (rules.get("strict") and total == budget):
            if rules.get("stops"):
                break
            continue
        chosen.append(int(i))
        settled.add(copies[i])
        spent = total
    return np.array(chosen, dtype=np.int64)


def _lowest(scores: Array) -> Array:
    return np.argsort(scores, kind="stable")


def _choose(scores: Array, copies: Array, minutes: Array, budget: float) -> Array:
    return _walk(_lowest(scores), copies, minutes, budget)


def _ruled(**rules: bool) -> Callable[..., Array]:
    return lambda s, c, m, b: _walk(_lowest(s), c, m, b, **rules)


def _ordered(order: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    return lambda s, c, m, b: _walk(order(s, m), c, m, b)


def _later(scores: Array, minutes: Array) -> Array:
    """Lowest first, of equal ones the later."""
    return len(scores) - 1 - np.argsort(scores[::-1], kind="stable")


def _settled_by_skipped(scores: Array, copies: Array, minutes: Array, budget: float) -> Array:
    """A copy counts as settled although the first of its kind was too dear."""
    kinds = set()
    first = []
    for i in _lowest(scores):
        if copies[i] not in kinds:
            kinds.add(copies[i])
            first.append(int(i))
    return _walk(first, copies, minutes, budget)


def _by_number(scores: Array, copies: Array, minutes: Array, budget: float) -> Array:
    """A budget in minutes taken for a number of pairs."""
    return _walk(_lowest(scores), copies, np.ones(len(scores)), budget)


# Scores, copies, minutes, budget: all alike dear; a copy of the lowest; a dear one that does not
# fit while a later one does; exactly the budget; a tie; nothing fits; all fit; a first of its kind
# that is too dear, while its copy is not; below zero; one pair; no budget; large
# and small numbers.
FIXED = (
    ([0.4, 0.1, 0.3, 0.2], [0, 1, 2, 3], [1, 1, 1, 1], 2),
    ([0.4, 0.1, 0.3, 0.2, 0.5], [0, 1, 2, 1, 4], [1, 1, 1, 1, 1], 3),
    ([0.2, 0.2, 0.1, 0.2], [5, 3, 4, 2], [3, 2, 1, 1], 7),  # equal scores, other minutes, numbers
    ([0.1, 0.2, 0.3, 0.4], [-1, 0, -1, 0], [1, 1, 1, 1], 4),  # copies have any number
    ([0.1, 0.2, 0.3], [0, 1, 2], [2, 1, 0], 2),  # a look that costs nothing
    ([0.1, 0.2, 0.3, 0.4, 0.5], [0, 1, 2, 3, 4], [1, 5, 5, 5, 1], 2),  # three that do not fit
    ([0.0, 0.3, 0.1], [2, 1, 0], [1, 1, 1], 2),
    ([0.1, 0.2, 0.3, 0.05], [0, 1, 2, 3], [3, 4, 1, 2], 6),
    ([0.5, 0.2, 0.2, 0.9, 0.2], [0, 1, 2, 3, 4], [2, 2, 2, 2, 2], 4),
    ([0.3, 0.1], [0, 1], [5, 7], 4),
    ([0.3, 0.1, 0.2], [7, 8, 9], [1, 2, 1], 10),
    ([0.1, 0.6, 0.2, 0.3], [4, 4, 5, 6], [9, 2, 2, 3], 5),
    ([-0.2, 0.3, -0.4, 0.0, -0.3], [0, 1, 2, 3, 2], [2, 1, 3, 2, 1], 6),
    ([0.2], [3], [2], 2),
    ([0.2, 0.1], [3, 2], [2, 1], 0),
    ([0.35, 0.05, 0.15, 0.25, 0.45, 0.55], [2, 1, 2, 1, 3, 4], [2, 3, 1, 1, 2, 1], 6),
    ([7, 6, 8, 1.5, 1.2, -7, 9, -6, 5.5], range(9), [1] * 9, 8),
    ([0.0104, 0.0101, 0.0103, 0.0102], [0, 1, 2, 3], [1, 1, 1, 1], 3),
    ([0.1, 0.2, 0.3], [0, 1, 2], [0.0104, 0.0104, 0.0101], 0.0206),
    ([0.1, 0.2, 0.3], [0, 1, 2], [0.0104, 0.0009, 0.0007], 0.0112),
)


def _drawn(rng: np.random.Generator) -> list[tuple[Array, Array, Array, float]]:
    cases = [(np.array(s), np.array(c), np.array(m, dtype=float), float(b)) for s, c, m, b in FIXED]
    scores = rng.permutation(60)[:9] / 100
    copies = rng.integers(0, 6, 9)
    minutes = rng.integers(1, 6, 9).astype(float)
    # So many ties that an order which is not stable shuffles them.
    alike = (np.tile([0.2, 0.4, 0.2, 0.1, 0.2], 40), np.arange(200), np.ones(200), 90.0)
    return [*cases, alike, (scores, copies, minutes, float(rng.integers(8, 16)))]


def _cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array, float]]:
    return until_refused(_drawn, rng, _choose, [_settled_by_skipped])


to_check = Exercise(
    key="11-check",
    points=2,
    task="Return the places of the pairs to look at, in the order of looking.",
    reference=_choose,
    cases=_cases,
    misconceptions=(
        Misconception(
            "the surest",
            _ordered(lambda s, m: np.argsort(-s, kind="stable")),
            "You begin with the highest scores, which are most probably right. Looking finds "
            "errors where scores are low.",
        ),
        Misconception(
            "copies again",
            _ruled(again=True),
            "You look at a copy of what has been settled already. One look settles all with its "
            "number.",
        ),
        Misconception(
            "stops at the first that is too dear",
            _ruled(stops=True),
            "You stop where a pair does not fit any more. Go on: a later one may cost less.",
        ),
        Misconception(
            "budget not reached",
            _ruled(strict=True),
            "A look that uses up the budget to the last minute can still be paid.",
        ),
        Misconception(
            "cheapest first",
            _ordered(lambda s, m: np.lexsort((s, m))),
            "You begin with what costs least. What looks most wrong comes first.",
        ),
        Misconception(
            "score per minute",
            _ordered(lambda s, m: np.argsort(s / m, kind="stable")),
            "You order by score per minute; a low score divided by many minutes is not more wrong. "
            "Order by the score.",
        ),
        Misconception(
            "pairs for minutes",
            _by_number,
            "The budget is one of minutes, and pairs take different numbers of them.",
        ),
        Misconception(
            "settled by what was too dear",
            _settled_by_skipped,
            "You leave out a pair that could still be paid. One that was too dear to look at "
            "settles nothing, and ends nothing: go on, its copy too may be looked at.",
        ),
        Misconception(
            "the later of equals",
            _ordered(_later),
            "Of equal scores the earlier pair comes first.",
        ),
        Misconception(
            "rising places",
            lambda s, c, m, b: np.sort(_choose(s, c, m, b)),
            "The right pairs, sorted by place. Asked is the order of looking, lowest score first.",
        ),
        Misconception(
            "in the order they stand",
            _ordered(lambda s, m: np.arange(len(s))),
            "You go through the pairs as they stand. Begin with what looks most wrong.",
        ),
        Misconception(
            "the budget does not count",
            lambda s, c, m, b: _walk(_lowest(s), c, np.zeros(len(s)), b),
            "You look at everything. What it costs in minutes must stay within the budget.",
        ),
    ),
    hints=(
        "Go through the pairs by rising score, and ask of each: is it settled, does it fit?",
        'for i in np.argsort(scores, kind="stable"): … with a set of numbers that are settled.',
        "if copies[i] not in settled and spent + minutes[i] <= budget: look, add, spend",
    ),
)
