"""Calibration by group: of those given a probability of .7, is a share of .7 positive in each?"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coursekit.analysis.group_rates import Groups, group_rates
from coursekit.utils.checks import require, require_count


def group_calibration(
    labels: ArrayLike, probabilities: ArrayLike, groups: Groups, bins: int = 5
) -> pd.DataFrame:
    """A row per group and bin with somebody in it: group, low, high, n, probability, share.

    labels: (N,), 0 or 1.  probabilities: (N,), of label 1, from 0 to 1.  bins: so many of equal
    width, (low, high], the first one with its lower end.  probability: their mean; share: of those
    labelled 1.
    Errors: TypeError or ValueError for other numbers, unequal lengths, none at all.
    """
    require_count("bins", bins, 1)
    try:
        numbers = np.asarray(probabilities, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"probabilities is {probabilities!r}; numbers were expected.") from None
    fits = numbers.ndim == 1 and bool(((numbers >= 0) & (numbers <= 1)).all())
    require(fits, "probabilities is no row of numbers from 0 to 1, as was expected.")
    group_rates(labels, np.asarray(labels), groups)  # refuses labels and groups that do not fit
    want = len(np.asarray(labels))
    require(len(numbers) == want, f"probabilities has {len(numbers)} rows; {want} were expected.")
    edges = np.linspace(0, 1, bins + 1)
    cell = np.searchsorted(edges[1:-1], numbers, side="left")
    rows = pd.DataFrame(
        {
            "group": list(groups),
            "low": edges[cell],
            "high": edges[cell + 1],
            "probability": numbers,
            "share": np.asarray(labels, dtype=float),
        }
    )
    table = rows.groupby(["group", "low", "high"], sort=True).agg(
        n=("share", "size"), probability=("probability", "mean"), share=("share", "mean")
    )
    return table.reset_index()
