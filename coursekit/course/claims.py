"""A finding stated in prose, checked where it is stated."""

import math
from typing import Any

from coursekit.utils.checks import require, require_not_negative


class ClaimFailed(AssertionError):
    """The measured figure is not what the sentence says."""


def claim(
    sentence: str,
    value: Any,
    *,
    equals: float | None = None,
    within: float | None = None,
    below: float | None = None,
    above: float | None = None,
    between: tuple[float, float] | None = None,
) -> None:
    """Print ``sentence`` with the measured ``value`` in it, and fail if it does not hold.

    sentence: text with one field for the figure, such as ``"the slope is {value:.2f}"``.
    value: one number (a 0-d array or tensor will do). NaN never holds.
    Exactly one requirement: ``equals`` with ``within`` (absolute), ``below``, ``above`` (both
    strict) or ``between`` (ends included).
    Errors: ClaimFailed with figure and requirement; ValueError or TypeError for a bad call.
    """
    require("{value" in sentence, f"sentence is {sentence!r}; it needs a {{value}} for the figure.")
    figure = _number(value)
    required, holds = _requirement(figure, equals, within, below, above, between)
    text = f"{sentence.format(value=figure)} [measured {figure:.6g}, required {required}]"
    if not holds:
        raise ClaimFailed(f"This does not hold: {text}")
    print(f"✓ {text}")


def _number(value: Any) -> float:
    if hasattr(value, "item") and math.prod(value.shape) == 1:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"value is a {type(value).__name__}; one number was expected.")
    return float(value)


def _requirement(
    figure: float,
    equals: float | None,
    within: float | None,
    below: float | None,
    above: float | None,
    between: tuple[float, float] | None,
) -> tuple[str, bool]:
    options = {"equals": equals, "below": below, "above": above, "between": between}
    names = [name for name, x in options.items() if x is not None]
    require(
        len(names) == 1,
        f"the requirements given are {names or 'none'}; one of {', '.join(options)} was expected.",
    )
    require(
        (within is not None) == (equals is not None),
        "equals and within go together: the figure and how far it may be off.",
    )
    if equals is not None and within is not None:
        most = _number(within)
        require_not_negative("within", most)
        return f"{equals:.6g} ± {most:.6g}", abs(figure - equals) <= most
    if below is not None:
        return f"< {below:.6g}", figure < below
    if above is not None:
        return f"> {above:.6g}", figure > above
    assert between is not None
    low, high = _ends(between)
    require(low <= high, f"between is {between}; the lower end was expected first.")
    inside = not math.isnan(figure) and low <= figure <= high
    return f"{low:.6g} to {high:.6g}", inside


def _ends(between: Any) -> tuple[float, float]:
    fits = isinstance(between, tuple | list) and len(between) == 2
    if not fits or not all(isinstance(end, int | float) for end in between):
        raise TypeError(f"between is {between!r}; two numbers, (low, high), were expected.")
    return between[0], between[1]
