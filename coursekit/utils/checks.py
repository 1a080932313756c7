"""Input checks that answer in a sentence: the argument, what came, what was expected."""

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Integral, Real
from types import UnionType
from typing import Any, get_args

# Tables list these beside the modalities: the model and the head of all modalities, and the mean of
# the models of one each.
RESERVED = ("joint", "ensemble")


def require(condition: bool, sentence: str) -> None:
    """Raise ValueError with ``sentence`` unless ``condition`` holds."""
    if not condition:
        raise ValueError(sentence)


def require_count(name: str, value: Any, least: int = 0, most: int | None = None) -> None:
    """Refuse ``value`` unless it is a whole number, ``least`` or more and at most ``most``.

    Errors: TypeError for 3.0, "3" or True, ValueError outside the range.
    """
    span = f"{least} or more" if most is None else f"{least} to {most}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} is {value!r}; a whole number, {span}, was expected.")
    fits = least <= int(value) and (most is None or int(value) <= most)
    require(fits, f"{name} is {value}; a whole number, {span}, was expected.")


def require_finite(name: str, value: Any) -> None:
    """Refuse ``value`` unless it is a finite number.

    Errors: TypeError for what is no number, ValueError for NaN or infinity.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}; a number was expected.")
    require(math.isfinite(value), f"{name} is {value}; a finite number was expected.")


def require_positive(name: str, value: Any) -> None:
    """Refuse ``value`` unless it is a finite number above zero; errors as in `require_finite`."""
    require_finite(name, value)
    require(value > 0, f"{name} is {value}; a positive number was expected.")


def require_not_negative(name: str, value: Any) -> None:
    """Refuse ``value`` unless it is a finite number, 0 or more; errors as in `require_finite`."""
    require_finite(name, value)
    require(value >= 0, f"{name} is {value}; zero or a positive number was expected.")


def require_share(name: str, value: Any) -> None:
    """Refuse ``value`` unless it is a number in [0, 1]; errors as in `require_finite`."""
    require_finite(name, value)
    require(0 <= value <= 1, f"{name} is {value}; a number from 0 to 1 was expected.")


def require_instance(name: str, value: Any, kind: type | UnionType) -> None:
    """Refuse, with TypeError, what is no object of the class ``kind``, or of one of A | B."""
    if not isinstance(value, kind):
        want = " or ".join(each.__name__ for each in get_args(kind) or (kind,))
        raise TypeError(f"{name} is a {type(value).__name__}; a {want} was expected.")


def require_callable(name: str, value: Any) -> None:
    """Refuse, with TypeError, what cannot be called."""
    if not callable(value):
        raise TypeError(f"{name} is {value!r}; a function was expected.")


def require_flag(name: str, value: Any) -> None:
    """Refuse, with TypeError, what is neither True nor False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}; True or False was expected.")


def require_mapping(name: str, value: Any, what: str) -> None:
    """Refuse what is no dictionary, with TypeError, or holds nothing; ``what``: of its entries."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} is a {type(value).__name__}; {what} by name were expected.")
    require(len(value) > 0, f"{name} is empty; {what} by name were expected.")


def require_list(name: str, value: Any, what: str) -> None:
    """Refuse what is no list or tuple, with TypeError, or holds nothing; ``what``: of its entries.

    Text, whose entries are letters, is no list.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"{name} is {value!r}; {what} in a list were expected.")
    require(len(value) > 0, f"{name} is empty; {what} in a list were expected.")


def require_seeds(seeds: Any) -> list[int]:
    """The seeds as a list, each a whole number, 0 or more.

    Errors: TypeError for what is no row of whole numbers, ValueError for none or one below 0.
    """
    if isinstance(seeds, str) or not isinstance(seeds, Iterable):
        raise TypeError(f"seeds is {seeds!r}; whole numbers in a list were expected.")
    todo = list(seeds)
    for seed in todo:
        require_count("a seed in seeds", seed)
    require(len(todo) > 0, "seeds is empty; at least one was expected.")
    return todo


def require_columns(name: str, table: Any, columns: Iterable[str]) -> None:
    """Refuse what is no pandas table, with TypeError, or lacks one of ``columns``."""
    if not hasattr(table, "columns"):
        raise TypeError(f"{name} is a {type(table).__name__}; a table of pandas was expected.")
    missing = [c for c in columns if c not in table.columns]
    require(not missing, f"{name} has the columns {list(table.columns)}; {missing} are missing.")


def choose(name: str, value: str, options: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``options``; else refuse and offer the nearest name."""
    known = list(options)
    if value in known:
        return value
    near = get_close_matches(str(value), known, n=1)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"{name} is {value!r}; it can be {', '.join(map(repr, known))}.{guess}")


def require_by_modality(name: str, value: Any) -> None:
    """Refuse, with TypeError, what is no dictionary."""
    if not isinstance(value, Mapping):
        what = type(value).__name__
        raise TypeError(f"{name} is a {what}; a dictionary by modality was expected.")


def require_present(
    name: str, value: Container[str], wanted: Iterable[str], reader: str = "the model reads"
) -> None:
    """Refuse ``value`` where it lacks one of the modalities ``wanted``.

    reader: what wants them, with its verb, for the sentence.
    """
    names = list(wanted)
    missing = [m for m in names if m not in value]
    require(not missing, f"{name} lacks {missing}; {reader} {names}.")


def require_modality(name: str, modality: Any) -> None:
    """Refuse what cannot name a modality: a name is text, not empty, without dots, not reserved."""
    named = isinstance(modality, str) and modality != "" and "." not in modality
    require(named, f"{name} names a modality {modality!r}; a name without dots was expected.")
    taken = f"{name} names a modality {modality!r}, which tables call a model of several modalities"
    require(modality not in RESERVED, f"{taken}; another name was expected.")
