"""What an axes' two axes say: their labels, and what stands at a place."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain
from types import NoneType
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.category import StrCategoryConverter, StrCategoryFormatter
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter

BESIDE = 0.4  # of the way to the next name: what belongs to a name
Ticks = tuple[bool, np.ndarray, list[str]]  # whether they may be names, places, what stands there


def labels_of(ax: Axes, places: Sequence[Sequence[float | str]]) -> tuple[str, str]:
    """What the columns of x and y are called."""
    across, up = (
        label_of(ax, i) or ("name" if are_names(places[i]) else ("across", "up")[i]) for i in (0, 1)
    )
    return across, f"{up} (up)" if across == up else up


def label_of(ax: Axes, along: int) -> str:
    """The label of x (0) or y (1), the neighbour's where its own is left out."""
    axes = chain([ax], _beside(ax, along))
    texts = ((one.get_xlabel(), one.get_ylabel())[along] for one in axes)
    return " ".join(next(filter(None, texts), "").split())


def _beside(ax: Axes, along: int) -> Iterator[Axes]:
    """Other axes of the same row (for y) or column (for x) with the same scale and ticks."""
    own = _frame(ax, along)
    for other in ax.figure.axes:
        if other is not ax and other.get_visible() and _frame(other, along) == own:
            yield other


def _frame(ax: Axes, along: int) -> tuple[Any, ...]:
    """What two axes have alike that share an axis: the grid's row or column, limits, ticks."""
    place = ax.get_subplotspec()
    if place is None:
        return (id(ax),)
    cells = place.colspan if along == 0 else place.rowspan
    axis, limits = ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim()))[along]
    return (*cells, *limits, *axis.get_majorticklocs())


def has_dates(ax: Axes) -> bool:
    """Whether places along x or y stand for something else than numbers and names."""
    converters = [axis.get_converter() for axis in (ax.xaxis, ax.yaxis)]
    return any(not isinstance(one, NoneType | StrCategoryConverter) for one in converters)


def are_names(places: Sequence[float | str]) -> bool:
    """Whether what `called` gave are the names that ticks have."""
    return any(isinstance(place, str) for place in places)


def has_names(ax: Axes, along: int) -> bool:
    """Whether the ticks of x (0) or y (1) say something else than numbers."""
    named, _, texts = ticks_of(ax, along)
    return named and any(text and number_in(text) is None for text in texts)


def tick_names(ax: Axes, along: int) -> dict[float, str]:
    """Place → what the tick there says."""
    _, ticks, texts = ticks_of(ax, along)
    named = zip(np.round(ticks, 6), texts, strict=True)
    return {float(place): text for place, text in named if text}


def ticks_of(ax: Axes, along: int) -> Ticks:
    """The ticks of x (0) or y (1); what a neighbour's say where its own say nothing.

    Names are texts written for places; what a formatter computes only rounds a place.
    """
    for one in chain([ax], _beside(ax, along)):
        axis = one.xaxis if along == 0 else one.yaxis
        at = [float(t) for t in axis.get_majorticklocs()]
        formatter = axis.get_major_formatter()
        texts = [str(t).replace("\n", " ") for t in formatter.format_ticks(at)]
        if any(texts):
            break
    by_hand = isinstance(axis.get_major_locator(), FixedLocator)
    written = by_hand and isinstance(formatter, FixedFormatter | FuncFormatter)
    named = written or isinstance(formatter, StrCategoryFormatter)
    return named and axis.get_scale() == "linear", np.array(at), texts


def called(ticks: Ticks, at: np.ndarray) -> list[float | str]:
    """Places as what the ticks say: numbers, numbers on a scale of their own, or names.

    Places between names have none; then all are numbers.
    """
    named, places, texts = ticks
    if not named or not any(texts):
        return at.tolist()
    numbers = [number_in(text) for text in texts]
    if None in numbers:
        return _nearest(texts, places, at)
    values = np.array(numbers, dtype=float)
    if np.allclose(values, places, atol=1e-3 * np.ptp(places)):
        return at.tolist()
    if np.allclose(values, 100 * places, atol=0.1 * np.ptp(places)):  # percent
        return (100 * at).tolist()
    if len(places) > 1 and (values > 0).all():  # logarithms may have been drawn
        straight = np.polyfit(places, np.log(values), 1)
        if np.allclose(np.polyval(straight, places), np.log(values), atol=0.01):
            return np.exp(np.polyval(straight, at)).tolist()
    return _nearest(texts, places, at)


def _nearest(texts: Sequence[str], places: np.ndarray, at: np.ndarray) -> list[float | str]:
    rows = [int(np.abs(places - p).argmin()) for p in at]
    reach = BESIDE * np.diff(np.sort(places)).min(initial=np.inf)
    if (np.abs(places[rows] - at) > reach).any():
        return at.tolist()
    return [texts[row] if np.isfinite(p) else "" for row, p in zip(rows, at, strict=True)]


def number_in(text: str) -> float | None:
    """What a tick says, if it is a number: 0.5, −1, 1/4, 50 %, 1,000."""
    try:
        return float(Fraction(text.replace("−", "-").translate(dict.fromkeys(map(ord, "%, ")))))
    except (ValueError, ZeroDivisionError):
        return None
