"""Block matching: where each block of a frame came from in the frame before, as codecs do it.

A block's vector (dy, dx) points to where its content CAME FROM; its motion is minus the vector.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor
from torch.nn.functional import pad

from coursekit.utils.checks import choose, require, require_count, require_instance

COSTS = ("absolute", "squares")


@dataclass(frozen=True)
class MotionField:
    """What a search came to, per block; R × C whole blocks, in front the dimensions of the frames.

    vectors: (…, R, C, 2), (dy, dx) in pixels.  costs: (…, R, C) of these vectors.
    zero_costs: (…, R, C) of not moving.  evaluated: (…, R, C), how many vectors were tried.
    """

    vectors: Tensor
    costs: Tensor
    zero_costs: Tensor
    evaluated: Tensor

    @property
    def confidence(self) -> Tensor:
        """What moving gains over not moving, (…, R, C), at least 0: nearly 0 where all is flat."""
        return self.zero_costs - self.costs


def full_search(
    previous: Tensor, current: Tensor, block: int, search_range: int, cost: str = "absolute"
) -> MotionField:
    """Every vector up to ``search_range`` in either direction: (2r + 1)² of them.

    previous, current: frames (…, H, W), whole numbers of any type (computed in int64) or decimals.
    block: its side in pixels; what is left of the frame below and on the right has no vector.
    cost: sum of "absolute" or of "squares" of the differences.  Only vectors inside the previous
    frame are tried, (0, 0) first; another one takes its place if it costs strictly less, so that
    ties go to it and then to the first in raster order.
    Errors: ValueError, TypeError for frames of different shape or type, NaN, no whole block.
    """
    previous, current = _frames(previous, current, block, search_range)
    best = _Best(previous, current, block, cost, search_range)
    steps = range(-search_range, search_range + 1)
    for dy, dx in product(steps, steps):
        if (dy, dx) != (0, 0):
            best.compare_for_all(dy, dx)
    return best.field()


def three_step_search(
    previous: Tensor, current: Tensor, block: int, search_range: int, cost: str = "absolute"
) -> MotionField:
    """Eight vectors around the best one, at a step that is halved: 25 at r = 7 instead of 225.

    Arguments, ties and errors as in ``full_search``. The first step is 2^(⌊log₂(r + 1)⌋ − 1), or 1
    where that is less. A motion that no large step comes near is missed.
    Source: Koga and colleagues (1981), as in scikit-video 1.1.11,
    https://github.com/scikit-video/scikit-video/blob/master/skvideo/motion/block.py, ``_3SS``.
    """
    require_count("search_range", search_range, 1)
    previous, current = _frames(previous, current, block, search_range)
    best = _Best(previous, current, block, cost)
    step = max(1, 2 ** ((int(search_range) + 1).bit_length() - 2))
    while step:
        centres = best.vectors
        for offset in _around(step):
            best.compare(centres + offset)
        step //= 2
    return best.field()


def compensated(previous: Tensor, vectors: Tensor, block: int) -> Tensor:
    """The next frame as the vectors make it from the previous one, (…, H, W).

    vectors: (…, R, C, 2) of a search with this ``block``. Below and on the right of the last whole
    block the previous frame stays as it is. Current minus this is the residual that codecs store.
    Errors: ValueError for vectors that lead out of the frame or do not fit it, TypeError for what
    are no whole numbers.
    """
    require_instance("previous", previous, Tensor)
    require_instance("vectors", vectors, Tensor)
    require_count("block", block, 1)
    shape = tuple(previous.shape)
    require(previous.ndim >= 2, f"previous has shape {shape}; (…, H, W) was expected.")
    if vectors.dtype not in (torch.int64, torch.int32):
        raise TypeError(f"vectors is {vectors.dtype}; int64, as a search gives, was expected.")
    *front, height, width = shape
    wanted = (*front, height // block, width // block, 2)
    given = f"vectors has shape {tuple(vectors.shape)}; {wanted} was expected."
    require(tuple(vectors.shape) == wanted, given)
    rows, columns, inside = _sources(previous, vectors, block)
    require(bool(inside.all()), "vectors leads out of the previous frame.")
    made = previous.clone()
    blocks = _at(previous, rows, columns)
    whole = blocks.transpose(-3, -2).flatten(-4, -3).flatten(-2, -1)
    made[..., : whole.shape[-2], : whole.shape[-1]] = whole
    return made


class _Best:
    """The cheapest vector per block until now."""

    def __init__(
        self, previous: Tensor, current: Tensor, block: int, cost: str, reach: int | None = None
    ) -> None:
        """reach: how far vectors go that are tried for all blocks at once, if any are."""
        self.previous, self.current, self.block = previous, current, block
        self.squares = choose("cost", cost, COSTS) == "squares"
        zero = torch.zeros(*_blocks_of(current, block), 2, dtype=torch.int64)
        rows, columns, _ = _sources(current, zero, block)
        self.own = _at(current, rows, columns)
        self.vectors, self.evaluated = zero, torch.ones(zero.shape[:-1], dtype=torch.int64)
        if reach is None:
            self.zero_costs, _ = self._costs(zero)
        else:  # as the others are computed, so that rounding breaks no tie
            self.reach, self.whole = int(reach), pad(previous, [int(reach)] * 4)
            self.zero_costs, _ = self._costs_for_all(0, 0)
        self.costs = self.zero_costs

    def compare(self, vectors: Tensor) -> None:
        """Take each block's vector of these that costs strictly less and stays in the frame."""
        self._keep(vectors, *self._costs(vectors))

    def compare_for_all(self, dy: int, dx: int) -> None:
        """The same with one vector for every block."""
        self._keep(torch.tensor([dy, dx]), *self._costs_for_all(dy, dx))

    def _keep(self, vectors: Tensor, costs: Tensor, inside: Tensor) -> None:
        better = inside & (costs < self.costs)
        self.costs = torch.where(better, costs, self.costs)
        self.vectors = torch.where(better[..., None], vectors, self.vectors)
        self.evaluated = self.evaluated + inside

    def field(self) -> MotionField:
        return MotionField(self.vectors, self.costs, self.zero_costs, self.evaluated)

    def _costs(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        rows, columns, inside = _sources(self.previous, vectors, self.block)
        apart = self._apart(self.own, _at(self.previous, rows, columns))
        return apart.sum((-2, -1)), inside

    def _costs_for_all(self, dy: int, dx: int) -> tuple[Tensor, Tensor]:
        """One window of the frame, with a margin of zeros that counts nowhere."""
        height, width = (n * self.block for n in self.vectors.shape[-3:-1])
        top, left = self.reach + dy, self.reach + dx
        window = self.whole[..., top : top + height, left : left + width]
        apart = self._apart(self.current[..., :height, :width], window)
        columns = apart.unflatten(-2, (-1, self.block)).sum(-2)
        costs = columns.unflatten(-1, (-1, self.block)).sum(-1)
        inside = self._stay(dy, height, -2)[:, None] & self._stay(dx, width, -1)
        return costs, inside.expand_as(costs)

    def _stay(self, step: int, length: int, axis: int) -> Tensor:
        """Which blocks along an axis come from inside the frame."""
        begin = torch.arange(0, length, self.block) + step
        return (begin >= 0) & (begin + self.block <= self.previous.shape[axis])

    def _apart(self, one: Tensor, other: Tensor) -> Tensor:
        return (one - other).square() if self.squares else (one - other).abs()


def _around(step: int) -> Iterator[Tensor]:
    """The eight neighbours at this distance, in raster order."""
    for dy, dx in product((-step, 0, step), repeat=2):
        if (dy, dx) != (0, 0):
            yield torch.tensor([dy, dx])


def _blocks_of(frames: Tensor, block: int) -> tuple[int, ...]:
    """The dimensions in front, and how many whole blocks stand below and beside each other."""
    *front, height, width = frames.shape
    return (*front, height // block, width // block)


def _sources(frames: Tensor, vectors: Tensor, block: int) -> tuple[Tensor, Tensor, Tensor]:
    """Rows and columns (…, R, C, b) that the blocks come from, cut to the frame, and (…, R, C):
    whether all of them are in it.
    """
    height, width = frames.shape[-2:]
    pixels = torch.arange(block)
    top = torch.arange(vectors.shape[-3])[:, None] * block + vectors[..., 0]
    left = torch.arange(vectors.shape[-2]) * block + vectors[..., 1]
    inside = (top >= 0) & (top + block <= height) & (left >= 0) & (left + block <= width)
    rows = (top[..., None] + pixels).clamp(0, height - 1)
    return rows, (left[..., None] + pixels).clamp(0, width - 1), inside


def _at(frames: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The blocks at these rows and columns, (…, R, C, b, b)."""
    places = rows[..., :, None] * frames.shape[-1] + columns[..., None, :]
    front = frames.shape[:-2]
    return frames.flatten(-2).gather(-1, places.reshape(*front, -1)).reshape(places.shape)


def _frames(
    previous: Tensor, current: Tensor, block: int, search_range: int
) -> tuple[Tensor, Tensor]:
    """Both frames in a type whose differences cannot wrap around."""
    for name, frame in (("previous", previous), ("current", current)):
        require_instance(name, frame, Tensor)
        require(frame.ndim >= 2, f"{name} has shape {tuple(frame.shape)}; (…, H, W) was expected.")
        kind = f"{name} is {frame.dtype}; whole numbers or decimals were expected."
        require(not (frame.is_complex() or frame.dtype == torch.bool), kind)
        finite = bool(torch.isfinite(frame).all())
        require(finite, f"{name} contains NaN or infinite values.")
    require_count("block", block, 1)
    require_count("search_range", search_range, 0)
    shapes = f"previous has shape {tuple(previous.shape)}, current {tuple(current.shape)}"
    require(previous.shape == current.shape, f"{shapes}; they must agree.")
    types = f"previous is {previous.dtype}, current {current.dtype}; they must agree."
    require(previous.dtype == current.dtype, types)
    small = f"block is {block}; the frames are {tuple(current.shape[-2:])}, so that none is whole."
    require(min(current.shape[-2:]) >= block, small)
    exact = torch.float64 if current.is_floating_point() else torch.int64
    return previous.to(exact), current.to(exact)
