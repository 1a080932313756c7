"""Calibration by group: of those given a probability of .7, is a share of .7 positive in each?"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coursekit.analysis.group_rates import group_rates, zeros_and_ones
from coursekit.utils.checks import require, require_count
from coursekit.utils.row_values import Values, names_of, numbers_of


def group_calibration(
    labels: ArrayLike, probabilities: ArrayLike, groups: Values, bins: int = 5
) -> pd.DataFrame:
    """A row per group and bin with somebody in it: group, low, high, n, probability, share.

    labels: (N,), 0 or 1.  probabilities: (N,), of label 1, from 0 to 1.  bins: so many of equal
    width, (low, high], the first one with its lower end.  probability: their mean; share: of those
    labelled 1.
    Errors: TypeError or ValueError for other numbers, unequal lengths, none at all.
    """
    require_count("bins", bins, 1)
    numbers = numbers_of("probabilities", probabilities)
    fits = numbers.ndim == 1 and bool(((numbers >= 0) & (numbers <= 1)).all())
    require(fits, "probabilities is no row of numbers from 0 to 1, as was expected.")
    truth = zeros_and_ones("labels", labels)
    group_rates(truth, truth, groups)  # refuses groups that do not fit
    want = len(truth)
    require(len(numbers) == want, f"probabilities has {len(numbers)} rows; {want} were expected.")
    edges = np.linspace(0, 1, bins + 1)
    cell = np.searchsorted(edges[1:-1], numbers, side="left")
    rows = pd.DataFrame(
        {
            "group": names_of("groups", groups),
            "low": edges[cell],
            "high": edges[cell + 1],
            "probability": numbers,
            "share": truth.astype(float),
        }
    )
    table = rows.groupby(["group", "low", "high"], sort=True).agg(
        n=("share", "size"), probability=("probability", "mean"), share=("share", "mean")
    )
    return table.reset_index()
