"""Is the learner's value the reference's, whatever library it was computed with?"""

import copy
import sys
from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

FEW, MANY = 2, 24  # columns and rows of a table that is shown as a whole


class WrongForm(Exception):
    """The value has a type or shape that cannot be the answer; the message says which."""


class NotFinite(WrongForm):
    """There are NaN or infinite values in it: the case says where they come from."""


def fresh(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """A deep copy, so that code which writes into its arguments changes nobody else's."""
    return copy.deepcopy(arguments)


def is_missing(value: Any) -> bool:
    """True for what an untouched stub leaves: None or Ellipsis, also several of them."""
    if isinstance(value, tuple | list) and len(value) > 0:
        return all(is_missing(item) for item in value)
    return value is None or value is Ellipsis


def is_tensor(value: Any) -> bool:
    """Whether it is torch's; where nobody has imported torch, nothing is, and it is not loaded."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def as_array(value: Any) -> np.ndarray:
    """``value`` as a float64 array: from real numbers, numpy, torch, pandas, lists or tuples.

    Errors: WrongForm for bool, text, complex numbers, ragged lists and everything else.
    """
    if is_tensor(value):
        value = value.detach().cpu()
        value = value.double().numpy() if value.is_floating_point() else value.numpy()
    elif isinstance(value, pd.Series | pd.DataFrame | pd.Index):
        value = value.to_numpy()
    elif isinstance(value, list | tuple):
        parts = [as_array(item) for item in value]
        if len({part.shape for part in parts}) > 1:
            raise WrongForm("The parts of the answer have different shapes.")
        return np.stack(parts) if parts else np.zeros(0)
    if isinstance(value, bool | np.bool_):
        raise WrongForm(f"{bool(value)} was returned; a number was expected.")
    if isinstance(value, np.number):
        value = np.asarray(value)
    elif isinstance(value, Real | Decimal):  # int, float, Fraction
        value = np.asarray(float(value))
    if not isinstance(value, np.ndarray):
        raise WrongForm(f"{_described(value)} was returned; a number or an array was expected.")
    if value.dtype == object:
        return as_array(value.tolist())
    if value.dtype.kind not in "iuf":
        raise WrongForm(f"Values of type {value.dtype} were returned; numbers were expected.")
    return value.astype(np.float64)


def _only(value: Any) -> Any:
    """What a container of one element holds, else ``value`` itself."""
    if is_tensor(value):
        value = value.detach().cpu().numpy()
    elif isinstance(value, pd.Series | pd.DataFrame | pd.Index):
        value = value.to_numpy()
    if isinstance(value, np.ndarray) and value.size == 1:
        return _only(value.item())
    if isinstance(value, list | tuple) and len(value) == 1:
        return _only(value[0])
    return value


def as_truth(value: Any) -> bool:
    """``value`` as True or False, also alone in a container.  Errors: WrongForm otherwise."""
    value = _only(value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise WrongForm(f"{_described(value)} was returned; True or False was expected.")


def as_word(value: Any, options: tuple[str, ...]) -> str:
    """``value`` as one of ``options``, capitals and outer blanks aside.  Errors: WrongForm."""
    value = _only(value)
    word = value.strip().lower() if isinstance(value, str) else None
    matches = [option for option in options if option.lower() == word]
    if matches:
        return matches[0]
    known = ", ".join(map(repr, options))
    raise WrongForm(f"{_described(value)} was given; one of {known} was expected.")


def same_form(value: Any, expected: Any, options: tuple[str, ...] = ()) -> Any:
    """``value`` in the form of ``expected``: a word, a truth value, or an array of its shape.

    A single number may come in an array of one element.  Errors: WrongForm, with a sentence.
    """
    if options:
        return as_word(value, options)
    if isinstance(expected, bool | np.bool_):
        return as_truth(value)
    numbers, wanted = as_array(value), as_array(expected)
    if wanted.ndim == 0 and numbers.size == 1:
        numbers = numbers.reshape(())
    if numbers.shape != wanted.shape:
        shape, wanted_shape = _shape(numbers), _shape(wanted)
        raise WrongForm(f"{shape.capitalize()} was returned; {wanted_shape} was expected.")
    if not np.isfinite(numbers).all():
        raise NotFinite(
            "The answer contains NaN or infinite values. They come from a division by zero, a mean "
            "of nothing, or a logarithm of what is not positive."
        )
    return numbers


def agree(value: Any, expected: Any, tolerance: float, absolute: float = 0.0) -> bool:
    """True when two values of the same form agree.

    Numbers may differ by ``tolerance`` times the largest expected, or by ``absolute``.
    """
    if isinstance(expected, str | bool | np.bool_):
        return bool(value == expected)
    a, b = as_array(value), as_array(expected)
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return False
    scale = float(np.abs(b).max(initial=0)) or 1.0
    return bool((np.abs(a - b) <= max(tolerance * scale, absolute)).all())


def alike(
    value: Any, theirs: Any, tolerance: float, absolute: float = 0.0, options: tuple[str, ...] = ()
) -> bool:
    """Whether the answer is what a misconception gives; `agree` for what may be wrong in form.

    NaN and infinities may stand where the misconception has them: 0/0 is a known mistake too.
    """
    if is_missing(value):
        return False
    try:
        if isinstance(theirs, str) and not options:
            return bool(value == theirs)
        if options or isinstance(theirs, bool | np.bool_):
            return bool(same_form(value, theirs, options) == theirs)
        a, b = as_array(value), as_array(theirs)
    except WrongForm:
        return False
    if b.ndim == 0 and a.size == 1:
        a = a.reshape(())
    finite = np.isfinite(b)
    if a.shape != b.shape or not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    return bool(np.isfinite(a[finite]).all()) and agree(a[finite], b[finite], tolerance, absolute)


def show(value: Any) -> str:
    """``value`` on a line or two, for the box."""
    if is_tensor(value):
        value = value.detach().cpu().numpy()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k!r}: {show(x)}" for k, x in value.items()) + "}"
    if isinstance(value, tuple) and len(value) <= 4:
        return "(" + ", ".join(show(x) for x in value) + ")"
    if isinstance(value, np.ndarray):
        all_of_it = value.ndim == 2 and value.shape[1] <= FEW and len(value) <= MANY
        threshold = value.size if all_of_it else 8
        return np.array2string(value, precision=4, threshold=threshold, edgeitems=3)
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + " …"


def _described(value: Any) -> str:
    if isinstance(value, str):
        return f"The text {value[:40]!r}"
    if isinstance(value, int | float | bool | np.generic):
        return f"{value}"
    if value is None or value is Ellipsis:
        return "Nothing"
    name = type(value).__name__
    return f"A{'n' if name[0] in 'aeiouAEIOU' else ''} {name}"


def _shape(array: np.ndarray) -> str:
    return "one number" if array.ndim == 0 else f"an array of shape {array.shape}"
