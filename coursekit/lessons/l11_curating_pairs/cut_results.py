"""What a cut does: how many wrong pairs it finds, how many right ones it drops, and whose."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from coursekit.analysis.similarity_filter import keep_share
from coursekit.utils.checks import require

CURVE = np.linspace(0, 1, 101)  # shares of right pairs dropped, at which curves over seeds meet


def dropped_by_score(scores: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Share of the wrong pairs dropped where `CURVE` of the right ones is, (101,): a ROC curve.

    scores: (N,), high stays.  wrong: (N,) bool; some are, some are not.  Pairs with equal scores
    are dropped together, and the curve is straight between.
    Errors: ValueError where all pairs are right or all wrong.
    """
    require(bool(wrong.any()) and not bool(wrong.all()), "wrong holds one kind only; right and "
            "wrong pairs were expected.")  # fmt: skip
    levels, place = np.unique(scores, return_inverse=True)
    right_at = np.bincount(place, ~wrong, len(levels)).cumsum() / (~wrong).sum()
    wrong_at = np.bincount(place, wrong, len(levels)).cumsum() / wrong.sum()
    return np.interp(CURVE, np.append(0, right_at), np.append(0, wrong_at))


def kept_by_score(scores: np.ndarray, share: float) -> np.ndarray:
    """Which open pairs a cut keeps, (seeds, N) bool, each seed for itself."""
    return np.stack([keep_share(torch.from_numpy(one), share).numpy() for one in scores])


def survivors(
    kept: np.ndarray, wrong: np.ndarray, group: np.ndarray, groups: Sequence[str]
) -> pd.DataFrame:
    """Of the right pairs of each group, how many there are per seed and which share is kept.

    kept, wrong, group: (seeds, N).  Returns a row per group and seed: group, seed (a place),
    right, kept; a group without a right pair has no share and no row.
    """
    rows = []
    for seed in range(len(kept)):
        for number, name in enumerate(groups):
            mine = (group[seed] == number) & ~wrong[seed]
            if mine.any():
                share = float(kept[seed][mine].mean())
                rows.append({"group": name, "seed": seed, "right": int(mine.sum()), "kept": share})
    return pd.DataFrame(rows)
