"""Does a metric order captions, and the systems that wrote them, as people do?"""

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from coursekit.utils.checks import choose, require, require_columns
from coursekit.utils.row_values import names_of, numbers_of


def metric_human_correlation(
    table: pd.DataFrame, metric: str = "metric", human: str = "human", system: str = "system"
) -> pd.DataFrame:
    """Kendall's τ between a metric and people's ratings, per caption and per system.

    table: a row per caption.  metric, human: columns with its score and its mean rating; where
    more is worse, change the sign first.  system: the column that says who wrote it.
    Returns two rows, level "caption" and "system", with n, how many are compared, and tau: over all
    captions, and over the systems' means. They answer different questions: errors that cancel in a
    mean leave a metric that orders systems well and captions badly. With few systems τ has few
    values; with two it is 1 or −1.
    τ counts pairs in the same order minus pairs in the opposite order, with ties in either taken
    off (variant b; published tables also have c, which is another number).
    Source: Kendall (1945), https://doi.org/10.1093/biomet/33.3.239.
    Errors: TypeError for no table or what are no numbers; ValueError for columns that are not
    there, NaN, fewer than two systems, and where a column is the same everywhere: no order.
    """
    require_columns("table", table, ())
    for name, column in (("metric", metric), ("human", human), ("system", system)):
        choose(f"{name}, a column of table,", column, list(table.columns))
    require(len(table) > 1, f"table has {len(table)} rows; two captions or more were expected.")
    rows = pd.DataFrame({
        "metric": _finite(metric, table), "human": _finite(human, table),
        "system": names_of(f"table[{system!r}]", table[system]),
    })  # fmt: skip
    # Means that are equal on paper may differ in their last digit, which would be an order.
    means = rows.groupby("system", sort=False).mean()
    means = (means / means.abs().max().replace(0, 1)).round(12)
    sentence = f"table[{system!r}] names {len(means)} system; two or more were expected."
    require(len(means) > 1, sentence)
    return pd.DataFrame([
        {"level": level, "n": len(part), "tau": _tau(level, part)}
        for level, part in (("caption", rows), ("system", means))
    ])  # fmt: skip


def _finite(column: str, table: pd.DataFrame) -> np.ndarray:
    """The numbers of a column."""
    numbers = numbers_of(f"table[{column!r}]", table[column])
    fits = bool(np.isfinite(numbers).all())
    require(
        fits, f"table[{column!r}] has NaN or an infinite number; a number per row was expected."
    )
    return numbers


def _tau(level: str, part: pd.DataFrame) -> float:
    for side in ("metric", "human"):
        sentence = f"table has the same {side} for every {level}, which is no order"
        require(
            part[side].min() < part[side].max(), f"{sentence}; different numbers were expected."
        )
    return float(kendalltau(part["metric"], part["human"]).statistic)
