"""One value per row, given in a list, an array, a column of a table or a tensor."""

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from coursekit.utils.checks import require, require_list

Values = Sequence[Hashable] | NDArray | pd.Series | Tensor


def names_of(name: str, values: Values) -> list[Hashable]:
    """The values, such as names of groups, in a list; name: of the argument, for sentences.

    Errors: TypeError for no row of values; as `require_names`.
    """
    entries = values.tolist() if hasattr(values, "tolist") else values
    require_list(name, entries, "one value per row")
    require_names(name, entries)
    return list(entries)


def require_names(name: str, entries: Sequence[Hashable]) -> None:
    """Refuse entries that name nothing: lists, with TypeError, and a row without a value."""
    for entry in entries:
        try:
            hash(entry)
        except TypeError:
            raise TypeError(
                f"{name} holds {entry!r}; a text, number or tuple per row was expected."
            ) from None
    missing = pd.Series(list(entries), dtype=object).isna().any()
    require(not missing, f"{name} has a row without a value; each needs one.")


def numbers_of(name: str, values: ArrayLike | Tensor) -> NDArray:
    """The values in float64, as they are shaped; name: of the argument, for sentences.

    Of a tensor that wants a gradient, or has a type that NumPy does not know, too.
    Errors: TypeError for what are no numbers.
    """
    if isinstance(values, Tensor):
        return values.detach().cpu().double().numpy()
    try:
        numbers = np.asarray(values)
    except ValueError:  # rows of unequal length
        raise TypeError(f"{name} is {values!r}; numbers were expected.") from None
    if numbers.dtype.kind not in "biuf" and numbers.size:
        raise TypeError(f"{name} is {values!r}; numbers were expected.")
    return numbers.astype(float)
