"""What a yes-or-no prediction does to each group: rates by group, each with its number of rows.

A rate of which a group has no case is NaN, "undefined".
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coursekit.utils.checks import require, require_list
from coursekit.utils.row_values import Values, names_of, numbers_of

RATES = (
    "selection_rate", "true_positive_rate", "false_positive_rate", "accuracy", "base_rate",
)  # fmt: skip
SEPARATOR = "|"
Groups = Values


def group_rates(
    labels: ArrayLike, predictions: ArrayLike, groups: Groups, weights: ArrayLike | None = None
) -> pd.DataFrame:
    """A row per group, sorted: n, positives, negatives, and the rates of `RATES`.

    labels, predictions: (N,), 0 or 1.  groups: (N,), any values; see `intersections` for several
    attributes.  weights: (N,), 0 or more, None = 1 each; n, positives, negatives count rows.
    selection_rate: share predicted 1.  true_positive_rate: the same of those labelled 1,
    false_positive_rate: of those labelled 0.  accuracy.  base_rate: share labelled 1.  NaN where
    there is no such row.
    Errors: TypeError or ValueError for other values, unequal lengths, none at all.
    """
    table = _checked(labels, predictions, groups, weights)
    by_group = {name: _rates(rows) for name, rows in table.groupby("group", sort=True)}
    rates = pd.DataFrame.from_dict(by_group, orient="index")
    rates.index.name = "group"
    return rates.astype({"n": int, "positives": int, "negatives": int})


def overall_rates(
    labels: ArrayLike, predictions: ArrayLike, weights: ArrayLike | None = None
) -> pd.Series:
    """The same numbers for all rows together; arguments and errors as in `group_rates`."""
    count = len(zeros_and_ones("labels", labels))
    return pd.Series(_rates(_checked(labels, predictions, [0] * count, weights)))


def intersections(attributes: Sequence[Groups]) -> list[str]:
    """One group per combination of several attributes' values: "woman|light", (N,).

    attributes: a list of lists, (N,) each.
    Errors: TypeError or ValueError for none, or of unequal lengths.
    """
    require_list("attributes", attributes, "attributes")
    columns = [names_of("an attribute in attributes", attribute) for attribute in attributes]
    lengths = {len(column) for column in columns}
    require(
        len(lengths) == 1, f"attributes have {sorted(lengths)} rows; equally many were expected."
    )
    for value in (str(value) for column in columns for value in column):
        require(
            SEPARATOR not in value,
            f"attributes has a value {value!r}; one without {SEPARATOR!r} was expected, or two "
            "combinations may get one name.",
        )
    return [SEPARATOR.join(map(str, row)) for row in zip(*columns, strict=True)]


def _rates(rows: pd.DataFrame) -> dict[str, float]:
    """The numbers of one group."""
    weight = rows["weight"].to_numpy()
    positive, chosen = rows["label"].to_numpy() == 1, rows["prediction"].to_numpy() == 1
    return {
        "n": len(rows),
        "positives": int(positive.sum()),
        "negatives": int((~positive).sum()),
        "selection_rate": _share(chosen, weight),
        "true_positive_rate": _share(chosen[positive], weight[positive]),
        "false_positive_rate": _share(chosen[~positive], weight[~positive]),
        "accuracy": _share(chosen == positive, weight),
        "base_rate": _share(positive, weight),
    }


def _share(yes: NDArray, weight: NDArray) -> float:
    """Weighted share of yes; NaN where nothing weighs anything."""
    total = weight.sum()
    return float((weight * yes).sum() / total) if total > 0 else math.nan


def _checked(
    labels: ArrayLike, predictions: ArrayLike, groups: Groups, weights: ArrayLike | None
) -> pd.DataFrame:
    """A row per sample with label, prediction, group and weight."""
    truth, answer = zeros_and_ones("labels", labels), zeros_and_ones("predictions", predictions)
    members = names_of("groups", groups)
    weight = np.ones(len(truth)) if weights is None else _weights(weights)
    for name, column in (("predictions", answer), ("groups", members), ("weights", weight)):
        require(
            len(column) == len(truth),
            f"{name} has {len(column)} rows; {len(truth)} were expected.",
        )
    columns = {"label": truth, "prediction": answer, "group": members, "weight": weight}
    return pd.DataFrame(columns)


def zeros_and_ones(name: str, values: ArrayLike) -> NDArray:
    """The values as whole numbers (N,); name: of the argument, for sentences.

    Errors: TypeError for what are no numbers, ValueError for others than 0 and 1, and for none.
    """
    numbers = numbers_of(name, values)
    fits = numbers.ndim == 1 and len(numbers) > 0
    require(fits, f"{name} has shape {numbers.shape}; one zero or one per row was expected.")
    other = numbers[(numbers != 0) & (numbers != 1)]
    require(not len(other), f"{name} holds {other[:1].tolist()}; zeros and ones were expected.")
    return numbers.astype(int)


def _weights(weights: ArrayLike) -> NDArray:
    numbers = numbers_of("weights", weights)
    require(numbers.ndim == 1, f"weights has shape {numbers.shape}; one per row was expected.")
    fits = bool(np.isfinite(numbers).all()) and bool((numbers >= 0).all())
    require(fits, "weights has a negative number, NaN or infinity; finite ones, 0 or more, were "
            "expected.")  # fmt: skip
    return numbers
