"""What an axes' two axes say: their labels, and what stands at a place."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.axes import Axes

Ticks = tuple[str, np.ndarray, list[str]]  # scale, places, what stands there


def labels_of(ax: Axes, places: Sequence[Sequence[float | str]]) -> tuple[str, str]:
    """What the columns of x and y are called."""
    across, up = (
        label_of(ax, i) or ("name" if are_names(places[i]) else ("across", "up")[i]) for i in (0, 1)
    )
    return across, f"{up} (up)" if across == up else up


def label_of(ax: Axes, along: int) -> str:
    """The label of x (0) or y (1), the neighbour's where its own is left out."""
    texts = ((one.get_xlabel(), one.get_ylabel())[along] for one in (ax, *_beside(ax, along)))
    return " ".join(next(filter(None, texts), "").split())


def _beside(ax: Axes, along: int) -> list[Axes]:
    """Other axes of the same row (for y) or column (for x) with the same scale and ticks."""
    return [
        other
        for other in ax.figure.axes
        if other is not ax and other.get_visible() and _frame(other, along) == _frame(ax, along)
    ]


def _frame(ax: Axes, along: int) -> tuple[Any, ...]:
    """What two axes have alike that share an axis: the grid's row or column, limits, ticks."""
    place = ax.get_subplotspec()
    if place is None:
        return (id(ax),)
    cells = place.colspan if along == 0 else place.rowspan
    axis, limits = ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim()))[along]
    return (*cells, *limits, *axis.get_majorticklocs())


def are_names(places: Sequence[float | str]) -> bool:
    """Whether what `called` gave are the names that ticks have."""
    return any(isinstance(place, str) for place in places)


def has_names(ax: Axes, along: int) -> bool:
    """Whether the ticks of x (0) or y (1) say something else than numbers."""
    _, _, texts = ticks_of(ax, along)
    return any(text and number_in(text) is None for text in texts)


def tick_names(ax: Axes, along: int) -> dict[float, str]:
    """Place → what the tick there says."""
    _, ticks, texts = ticks_of(ax, along)
    named = zip(np.round(ticks, 6), texts, strict=True)
    return {float(place): text for place, text in named if text}


def ticks_of(ax: Axes, along: int) -> Ticks:
    """The ticks of x (0) or y (1); what a neighbour's say where its own say nothing."""
    axes = [ax, *_beside(ax, along)]
    for one in axes:
        axis = one.xaxis if along == 0 else one.yaxis
        at = [float(t) for t in axis.get_majorticklocs()]
        texts = [t.replace("\n", " ") for t in axis.get_major_formatter().format_ticks(at)]
        if any(texts):
            break
    return axis.get_scale(), np.array(at), texts


def called(ticks: Ticks, at: np.ndarray) -> list[float | str]:
    """Places as what the ticks say: numbers, numbers on a scale of their own, or names."""
    scale, places, texts = ticks
    if scale != "linear" or not any(texts):
        return at.tolist()
    numbers = [number_in(text) for text in texts]
    if None in numbers:
        return [_nearest(texts, places, p) for p in at]
    values = np.array(numbers, dtype=float)
    if np.allclose(values, places, atol=1e-3 * np.ptp(places)):
        return at.tolist()
    if np.allclose(values, 100 * places, atol=0.1 * np.ptp(places)):  # percent
        return (100 * at).tolist()
    if len(places) > 1 and (values > 0).all():  # logarithms may have been drawn
        straight = np.polyfit(places, np.log(values), 1)
        if np.allclose(np.polyval(straight, places), np.log(values), atol=0.01):
            return np.exp(np.polyval(straight, at)).tolist()
    return [_nearest(texts, places, p) for p in at]


def _nearest(texts: Sequence[str], places: np.ndarray, at: float) -> str:
    return texts[int(np.abs(places - at).argmin())] if np.isfinite(at) else ""


def number_in(text: str) -> float | None:
    """What a tick says, if it is a number: 0.5, −1, 1/4, 50 %."""
    try:
        return float(Fraction(text.replace("−", "-").replace("%", "").replace(" ", "")))
    except (ValueError, ZeroDivisionError):
        return None
