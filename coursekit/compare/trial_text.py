"""The settings of a trial as text: lr=0.1 alpha=2, as it stands in the tables, and back."""

import math
from collections.abc import Mapping

from coursekit.utils.checks import require, require_count, require_finite, require_instance

WHOLE = frozenset({  # settings that count something
    "annealing", "boosting", "epochs", "every", "memory", "rectifying", "repeats", "warm_up",
})  # fmt: skip
RATE = "lr"
Trial = Mapping[str, float]


def write_trial(trial: Trial) -> str:
    """As it stands in the tables: lr=0.1 alpha=2; with all digits that a number needs.

    Errors: TypeError or ValueError for what is no number, is not finite, or counts something and
    is not whole.
    """
    require_instance("trial", trial, Mapping)
    return " ".join(f"{name}={_written(name, value)}" for name, value in trial.items())


def read_trial(text: str) -> dict[str, float]:
    """The reverse of `write_trial`; whole numbers are whole again.

    Errors: TypeError for what is no text; ValueError for a setting without a name or that comes
    twice, and for a value that is no finite number, or not whole where something is counted.
    """
    require_instance("text", text, str)
    trial: dict[str, float] = {}
    for part in text.split():
        name, value, *more = [*part.split("="), ""]
        fits = name != "" and value != "" and more == [""]
        require(fits, f"text is {text!r}; settings such as 'lr=0.1 alpha=2' were expected.")
        require(name not in trial, f"text is {text!r}; {name!r} was expected in it once.")
        number = _number(value)
        fits = number is not None and not (name in WHOLE and number % 1)
        kind = "whole" if name in WHOLE else "finite"
        require(fits, f"text is {text!r}; a {kind} number was expected as {name!r}.")
        assert number is not None
        trial[name] = int(number) if name in WHOLE else number
    return trial


def same_settings(text: str) -> str:
    """What two ways to write the same settings have in common, whoever wrote them.

    The order of the settings, spaces and the digits of a number count nothing: "alpha=2 lr=1e-1"
    and "lr=0.10 alpha=2" are the same.  What is no number stays as it is.
    """
    require_instance("text", text, str)
    parts = [(part.partition("="), part) for part in text.split()]
    return " ".join(sorted(_same(name, value, part) for (name, _, value), part in parts))


def rate_in(text: str) -> float:
    """The learning rate ``lr`` of settings, NaN where they do not name one, or more than one."""
    require_instance("text", text, str)
    values = [part.partition("=")[2] for part in text.split() if part.partition("=")[0] == RATE]
    number = _number(values[0]) if len(values) == 1 else None
    return math.nan if number is None else number


def _same(name: str, value: str, part: str) -> str:
    number = _number(value)
    return part if number is None else f"{name}={number!r}"


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _written(name: str, value: float) -> str:
    if name in WHOLE and isinstance(value, float) and value.is_integer():
        value = int(value)
    if name in WHOLE:
        require_count(f"trial[{name!r}]", value)
        return str(int(value))
    require_finite(f"trial[{name!r}]", value)
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))
