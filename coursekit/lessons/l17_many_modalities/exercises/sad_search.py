"""Lesson 17, the exercise about block matching: where did this block come from?"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, int, int, int, int]
Cost = Callable[[Array, Array], float]
HEIGHT, WIDTH = 11, 14


def _search(previous: Array, current: Array, top: int, left: int, block: int, reach: int) -> Array:
    """The rule: least cost; of equal ones zero, then the first in the order of rows."""
    own = current[top : top + block, left : left + block].astype(int)
    costs = {}
    for dy, dx in product(range(-reach, reach + 1), repeat=2):
        y, x = top + dy, left + dx
        if 0 <= y <= previous.shape[0] - block and 0 <= x <= previous.shape[1] - block:
            there = previous[y : y + block, x : x + block].astype(int)
            costs[dy, dx] = np.abs(own - there).sum()
    if costs[0, 0] == min(costs.values()):
        return np.array((0, 0))
    return np.array(min(costs, key=lambda vector: costs[vector]))


def _absolute(one: Array, other: Array) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).sum())


def _vectors(reach: int) -> Iterator[tuple[int, int]]:
    yield 0, 0
    yield from (vector for vector in _raster(reach) if vector != (0, 0))


def _otherwise(
    previous: Array, current: Array, top: int, left: int, block: int, reach: int,
    cost: Cost = _absolute,
    better: Callable[[float, float], bool] = lambda new, old: new < old,
    order: Callable[[int], Iterator[tuple[int, int]]] = _vectors,
    swap: bool = False,
    margin: int = 0,
) -> Array:  # fmt: skip
    """The same, and the places where answers go wrong."""
    if swap:
        previous, current = current, previous
    own = current[top : top + block, left : left + block]
    if margin:  # zeros around the frame, that vectors may lead to
        previous = np.pad(previous, margin * reach)
        top, left = top + margin * reach, left + margin * reach
    best, lowest = (0, 0), np.inf
    height, width = previous.shape
    for dy, dx in order(reach):
        y, x = top + dy, left + dx
        if not (0 <= y <= height - block and 0 <= x <= width - block):
            continue
        new = cost(own, previous[y : y + block, x : x + block])
        if better(new, lowest):
            best, lowest = (dy, dx), new
    return np.array(best)


def _but(**other: object) -> Callable[..., Array]:
    return lambda *case: _otherwise(*case, **other)  # type: ignore[arg-type]


def _raster(reach: int) -> Iterator[tuple[int, int]]:
    steps = range(-reach, reach + 1)
    return product(steps, steps)


def _columns_first(reach: int) -> Iterator[tuple[int, int]]:
    return ((dy, dx) for dx, dy in _vectors(reach))


def _wrapped(one: Array, other: Array) -> float:
    return float(np.abs(one - other).astype(int).sum())


def _squares(one: Array, other: Array) -> float:
    return float(((one.astype(int) - other.astype(int)) ** 2).sum())


def _signed(one: Array, other: Array) -> float:
    return abs(float((one.astype(int) - other.astype(int)).sum()))


def _frames() -> Array:
    return np.zeros((2, HEIGHT, WIDTH), np.uint8)


def _placed(
    before: Sequence[tuple[int, int]], now: tuple[int, int], block: int
) -> tuple[Array, Array]:
    """A pattern at some places of the previous frame, and at one of the current frame."""
    pattern = 100 + 10 * np.arange(block * block, dtype=np.uint8).reshape(block, block)
    previous, current = _frames()
    for y, x in before:
        previous[y : y + block, x : x + block] = pattern
    current[now[0] : now[0] + block, now[1] : now[1] + block] = pattern
    return previous, current


def _at_the_border() -> list[Case]:
    """Copies at each edge, just beyond the range, and cut in two at opposite edges."""
    current, bright = _frames()
    bright += 90
    wrapped = bright.copy()
    wrapped[-3:] = 0
    made: list[Case] = [(bright, current, 0, 4, 4, 3), (wrapped, current, 0, 4, 4, 3)]
    low, right = HEIGHT - 4, WIDTH - 4
    for place, now in (((0, 5), (3, 5)), ((low, 5), (low - 3, 5)), ((5, 0), (5, 3)),
                       ((5, right), (5, right - 3))):  # fmt: skip
        made.append((*_placed([place], now, 4), *now, 4, 3))
    for place, now in (((5, 1), (5, 4)), ((5, 7), (5, 4)), ((1, 5), (4, 5)), ((7, 5), (4, 5))):
        made.append((*_placed([place], now, 4), *now, 4, 2))
    for axis, now in ((0, (2, 5)), (1, (5, 2))):
        start = (0, 5) if axis == 0 else (5, 0)
        previous, current = _placed([start], now, 4)
        made.append((np.roll(previous, -1, axis), current, *now, 4, 3))
    made.append((*_placed([(9, 2)], (3, 8), 2), 3, 8, 2, 6))
    return made


def _nearly_still() -> tuple[Array, Array]:
    """Not moving costs 1, a copy further down nothing."""
    previous, current = _frames() + 50
    current[4:8, 4:8] = 60
    previous[4:8, 4:8] = 60
    previous[6:10, 4:8] = 60
    previous[4, 4] = 61
    return previous, current


def _in_another_light() -> list[Case]:
    """A copy with a little noise; and a perfect one that is brighter, or of twice the contrast."""
    pattern = 20 + 6 * np.arange(16).reshape(4, 4)
    current = np.zeros((12, 12), np.uint8)
    current[5:9, 5:9] = pattern
    made: list[Case] = []
    for light in (pattern + 60, 2 * pattern):
        previous = np.zeros((12, 12), np.uint8)
        previous[2:6, 2:6] = light
        previous[8:12, 8:12] = pattern + 5 * (-1) ** np.arange(4)
        made.append((previous, current, 5, 5, 4, 3))
    return made


def _one_pixel_or_all() -> Case:
    """A copy with one pixel far off, and one with all a little off."""
    pattern = 20 + 6 * np.arange(16).reshape(4, 4)
    previous, current = _frames()
    current[5:9, 5:9] = previous[2:6, 2:6] = pattern
    previous[3, 3] += 60
    previous[7:11, 8:12] = pattern + 10
    return previous, current, 5, 5, 4, 3


def _cases(rng: np.random.Generator) -> list[Case]:
    """Fixed ones: flat, stripes, ties, edges; and drawn ones."""
    flat = np.full((12, 12), 7, np.uint8)
    stripes = np.tile(np.array([0, 200, 200, 0], np.uint8), (12, 3))
    fixed: list[Case] = [
        (flat, flat, 4, 4, 4, 2),
        (stripes, stripes, 4, 4, 4, 3),
        (np.roll(stripes, 1, 1), stripes, 4, 4, 4, 2),
        (*_placed([(3, 7), (7, 3)], (5, 5), 2), 5, 5, 2, 3),  # a tie of two that are not zero
        _one_pixel_or_all(),
        *_at_the_border(),
        (*_nearly_still(), 4, 4, 4, 2),
        *_in_another_light(),
    ]

    def draw(generator: np.random.Generator) -> list[Case]:
        drawn: list[Case] = []
        for place in ((4, 4), (0, 9), (7, 0)):
            previous = generator.integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8)
            dy, dx = (int(v) for v in generator.integers(-2, 3, 2))
            moved = np.roll(previous, (-dy, -dx), (0, 1)).astype(int)
            noisy = moved + generator.integers(-25, 26, moved.shape)
            drawn.append((previous, noisy.clip(0, 255).astype(np.uint8), *place, 4, 3))
        few = generator.integers(0, 2, (HEIGHT, WIDTH)).astype(np.uint8) * 255
        other = generator.integers(0, 2, (HEIGHT, WIDTH)).astype(np.uint8) * 255
        rough = generator.integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8)
        drawn += [(few, other, 4, 4, 2, 3), (other, few, 5, 3, 2, 2), (rough, few, 4, 4, 3, 3)]
        return drawn

    rivals = [m.function for m in matching.misconceptions]
    return fixed + until_refused(draw, rng, _search, rivals)


matching = Exercise(
    key="17-matching",
    points=2,
    task="Return the vector (dy, dx) to where a block of the current frame came from.",
    reference=_search,
    cases=_cases,
    misconceptions=(
        Misconception(
            "wraps around",
            _but(cost=_wrapped),
            "The frames are uint8: 3 − 5 is 254 there. Make them whole numbers with a sign first.",
        ),
        Misconception(
            "motion",
            lambda *case: -_search(*case),
            "That is the motion. The vector points to where the block came from, the other way.",
        ),
        Misconception(
            "columns first",
            lambda *case: _search(*case)[::-1],
            "Rows come first: (dy, dx).",
        ),
        Misconception(
            "frames exchanged",
            _but(swap=True),
            "The block is one of the current frame; what it is compared with is the previous one.",
        ),
        Misconception(
            "no first zero",
            _but(order=_raster),
            "Of equal costs the zero vector wins: try it first. On flat ground nothing moves.",
        ),
        Misconception(
            "last of equals",
            _but(better=lambda new, old: new <= old),
            "Another vector takes its place only if it costs strictly less.",
        ),
        Misconception(
            "last of equals, zero among them",
            _but(better=lambda new, old: new <= old, order=_raster),
            "Another vector takes its place only if it costs strictly less.",
        ),
        Misconception(
            "ties by columns",
            _but(order=_columns_first),
            "Of equal costs the first in the order of rows wins: dy outside, dx inside.",
        ),
        Misconception(
            "zeros outside",
            _but(margin=1),
            "A vector that leads out of the previous frame is not tried, not filled up with zeros.",
        ),
        Misconception(
            "squares",
            _but(cost=_squares),
            "You take squares of the differences. The cost is the sum of their absolute values.",
        ),
        Misconception(
            "signs cancel",
            _but(cost=_signed),
            "Differences of opposite sign cancel: take the absolute value of each first.",
        ),
        Misconception(
            "range one short",
            lambda p, c, t, l, b, r: _search(p, c, t, l, b, r - 1),
            "The range counts on both sides, its ends included: −r … r.",
        ),
        Misconception(
            "worst",
            _but(better=lambda new, old: new > old or old == np.inf),
            "That is the dearest vector. Take the cheapest.",
        ),
    ),
    hints=(
        "Two loops over −r … r; leave out vectors that lead out of the previous frame.",
        "np.abs(own.astype(int) − there.astype(int)).sum() is the cost.",
        "Begin with the cost of (0, 0) as the lowest; replace it only by something smaller.",
    ),
)
