"""Slips in what is handed to an answer or comes out of it: cut off, rounded, a part of it only.

An exercise that does not notice one has cases that are too kind: no negative value, nothing large,
one row like the next.
"""

import tomllib
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from coursekit.course.exercises.same_value import is_tensor

Change = Callable[[np.ndarray], Any]

# For numbers of any form, in an argument or in a result.
OF_NUMBERS: dict[str, Change] = {
    "absolute value": np.abs,
    "negative values cut off": lambda x: np.maximum(x, 0),
    "cut off at 1": lambda x: np.minimum(x, 1),
    "cut off at -5 and 5": lambda x: np.clip(x, -5, 5),
    "never below .05": lambda x: np.where(np.abs(x) < 0.05, 0.05, x),
    "below .02 taken as zero": lambda x: np.where(np.abs(x) < 0.02, 0, x),
    "rounded to one digit": lambda x: np.round(x, 1),
    "rounded to three digits": lambda x: np.round(x, 3),
}
OF_RESULTS: dict[str, Change] = OF_NUMBERS | {
    "sign turned round": lambda x: -x,
    "rounded to four digits": lambda x: np.round(x, 4),
    "one added": lambda x: x + 1,
    "percent": lambda x: 100 * x,
    "one per mille more": lambda x: 1.001 * x,
    "half a thousandth less": lambda x: x - 0.0005,
}
# For rows: an array along its first axis, or a list.
OF_ROWS: dict[str, Change] = {
    "first row only": lambda x: x[:1],
    "first three rows only": lambda x: x[:3],
    "last row left out": lambda x: x[:-1],
    "smallest first": lambda x: np.sort(x, axis=0),
    "first value everywhere": lambda x: np.full_like(x, x.flat[0]),
}
OF_WHOLE_NUMBERS: dict[str, Change] = {
    "each value once": lambda x: np.array(list(dict.fromkeys(x.tolist()))) if x.ndim == 1 else x,
}
OF_RESULTING_ROWS: dict[str, Change] = {
    "order reversed": lambda x: x[::-1],
    "smallest first": OF_ROWS["smallest first"],
    "first value everywhere": OF_ROWS["first value everywhere"],
    "to shares": lambda x: x / x.sum(),
}
OF_ENTRIES: dict[str, Callable[[list], list]] = {
    "first entry only": lambda items: items[:1],
    "last entry left out": lambda items: items[:-1],
    "entries sorted": sorted,
    "entries reversed": lambda items: items[::-1],
}

# What values there can be, as ``domains.toml`` says of arguments and results → what cannot occur.
CANNOT_OCCUR: dict[str, frozenset[str]] = {
    "not negative": frozenset(["absolute value", "negative values cut off"]),
}
CANNOT_OCCUR["accuracy"] = CANNOT_OCCUR["not negative"] | {
    *("cut off at 1", "cut off at -5 and 5", "never below .05", "below .02 taken as zero"),
}
DOMAINS = tomllib.loads(Path(__file__).with_name("domains.toml").read_text(encoding="utf-8"))


def can_occur(key: str, place: str, text: str) -> bool:
    """Whether ``domains.toml`` lets this change alter the argument (1, 2, …) or the result."""
    domain = DOMAINS.get(key, {}).get(place)
    return domain is None or text not in CANNOT_OCCUR[domain]


def argument_changes(value: Any) -> dict[str, Callable[[Any], Any]]:
    """What a person may do wrongly to an argument like this one: text → changed copy."""
    changes: dict[str, Callable[[Any], Any]] = {}
    leaf = next(_leaves(value), None)
    if leaf is None:
        return changes
    if _of_floats(leaf):
        changes |= {text: _everywhere(change) for text, change in OF_NUMBERS.items()}
    elif leaf.dtype.kind in "iu" and np.ndim(leaf) == 1:
        changes |= {text: _everywhere(change) for text, change in OF_WHOLE_NUMBERS.items()}
    if np.ndim(leaf) > 0:
        changes |= {text: _everywhere(change) for text, change in OF_ROWS.items()}
    if isinstance(value, Mapping):
        changes |= {text: _of_entries(change) for text, change in OF_ENTRIES.items()}
    return changes


def result_changes(value: Any) -> dict[str, Change]:
    """What a person may do wrongly to a right result like this one, an array or a number."""
    changes = dict(OF_RESULTS)
    if np.ndim(value) >= 1:
        changes |= OF_RESULTING_ROWS
    if np.ndim(value) >= 2:
        changes["transposed"] = lambda x: x.T
    return changes


def _is_number(value: Any) -> bool:
    return isinstance(value, Real | np.number) and not isinstance(value, bool | np.bool_)


def _is_row(value: Any) -> bool:
    """A list that is one array of numbers, rather than a list of arrays."""
    return isinstance(value, list | tuple) and len(value) > 0 and all(map(_is_number, value))


def _leaves(value: Any):
    """The arrays, rows and numbers in it."""
    if is_tensor(value):
        yield value.detach().numpy()
    elif isinstance(value, np.ndarray) and value.dtype.kind in "iufb":
        yield value
    elif _is_number(value) or _is_row(value):
        yield np.asarray(value)
    elif isinstance(value, Mapping):
        yield from (leaf for item in value.values() for leaf in _leaves(item))
    elif isinstance(value, list | tuple):
        yield from (leaf for item in value for leaf in _leaves(item))


def _of_floats(leaf: np.ndarray) -> bool:
    return leaf.dtype.kind == "f"


def _everywhere(change: Change) -> Callable[[Any], Any]:
    def changed(value: Any) -> Any:
        if is_tensor(value):
            kept = value.detach()
            new = np.ascontiguousarray(change(kept.numpy()))
            return kept.new_tensor(new).requires_grad_(value.requires_grad)
        if isinstance(value, np.ndarray) and value.dtype.kind in "iufb":
            return np.asarray(change(value), dtype=value.dtype)
        if _is_number(value):
            return value if isinstance(value, Integral) else float(change(np.asarray(value)))
        if _is_row(value):
            new = np.asarray(change(np.asarray(value))).tolist()
            return type(value)(new)
        if isinstance(value, Mapping):
            return {key: changed(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(changed(item) for item in value)
        return value

    return changed


def _of_entries(change: Callable[[list], list]) -> Callable[[Mapping], dict]:
    return lambda value: {key: value[key] for key in change(list(value))}
