"""Kendall's τ of several metrics with ratings, per caption and per system, with intervals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coursekit.analysis.metric_human_correlation import metric_human_correlation
from coursekit.utils.checks import require_columns, require_count


def tau_intervals(
    table: pd.DataFrame, metrics: Sequence[str], draws: int = 100, seed: int = 0
) -> pd.DataFrame:
    """A row per metric and level: metric, level, n, tau, low, high.

    table: a row per caption with columns scene, system, human and ``metrics``.  Scenes are drawn
    anew, each with the captions of all systems, which belong together; the systems stay, so the
    interval says nothing about other systems.
    """
    require_columns("table", table, ("scene", "system", "human", *metrics))
    require_count("draws", draws, 2)
    rng = np.random.default_rng(seed)
    groups = [part for _, part in table.groupby("scene", sort=True)]
    chosen = [rng.integers(len(groups), size=len(groups)) for _ in range(draws)]
    drawn = [pd.concat([groups[i] for i in rows]) for rows in chosen]
    tables = []
    for metric in metrics:
        own = metric_human_correlation(table, metric)
        again = np.array([metric_human_correlation(d, metric)["tau"] for d in drawn])
        low, high = np.quantile(again, [0.025, 0.975], axis=0)
        tables.append(own.assign(metric=metric, low=low, high=high))
    return pd.concat(tables, ignore_index=True)[["metric", "level", "n", "tau", "low", "high"]]
