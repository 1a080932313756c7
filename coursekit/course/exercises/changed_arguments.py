"""Which of its arguments a function has written into."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from coursekit.course.exercises.same_value import is_tensor

KINDS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("number", (int, float, Real, np.generic)),  # the most frequent ones first
    ("text", (str, bytes)),
    ("array", (np.ndarray,)),
    ("table", (pd.DataFrame, pd.Series, pd.Index)),
    ("mapping", (dict, Mapping)),
    ("list", (list, tuple)),
)


def changed_names(
    function: Callable[..., Any], before: tuple[Any, ...], after: tuple[Any, ...]
) -> Iterator[str]:
    """Names of the arguments that differ after the call, as ``function`` calls them.

    Numbers, texts, arrays, tensors, tables, lists and dicts are compared by their values. What is
    there to move is not compared: a module's weights, a generator's state, a tensor's ``grad``.
    """
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        if differ(old, new):
            names = _names(function)
            yield names[place] if place < len(names) else f"argument {place + 1}"


def differ(old: Any, new: Any) -> bool:
    """Whether two values, one of them once a copy of the other, hold different contents.

    The order in a list counts, that in a dict does not. Something of another kind in its place is
    another content. Of types unknown here: False.
    """
    if _kind(old) != _kind(new):
        return True
    if isinstance(old, Real | str | bytes | np.generic):
        return bool(old != new) and not (old != old and new != new)  # NaN stays NaN
    if is_tensor(old):
        return differ(old.detach().cpu().numpy(), new.detach().cpu().numpy())
    if isinstance(old, np.ndarray):
        if old.dtype == object:
            return old.shape != new.shape or differ(old.tolist(), new.tolist())
        numeric = old.dtype.kind in "fc"
        return not np.array_equal(old, new, equal_nan=numeric and new.dtype.kind in "fc")
    if isinstance(old, pd.DataFrame | pd.Series | pd.Index):
        return not old.equals(new)
    if isinstance(old, Mapping):
        return set(old) != set(new) or any(differ(old[key], new[key]) for key in old)
    if isinstance(old, list | tuple):
        return len(old) != len(new) or any(map(differ, old, new))
    if isinstance(old, set | bytearray):
        return bool(old != new)
    return False


def _kind(value: Any) -> str:
    """What a value is compared as; numbers are numbers, whatever library they are from."""
    if is_tensor(value):
        return "tensor"
    for name, types in KINDS:
        if isinstance(value, types):
            return name
    return type(value).__name__


def _names(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some built-in functions have none
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in positional]
