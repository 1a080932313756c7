"""Lists that stand in one argument of a command."""

import math

from coursekit.checks import require


def rates_of(text: str) -> list[float]:
    """Positive numbers from a text such as 0.1,0.2; none from an empty one."""
    try:
        rates = [float(part) for part in text.split(",")] if text else []
    except ValueError:
        rates = [0.0]
    fits = all(0 < rate < math.inf for rate in rates)
    require(fits, f"rates is {text!r}; positive numbers with commas between them were expected.")
    return rates
