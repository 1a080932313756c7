"""Fewer points where a figure has more than a table should have rows."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from coursekit.course.plots.artist_series import Series

FEWEST = 8  # points that a long series keeps however many there are


def thinned(series: Sequence[Series], most: int) -> tuple[list[Series], str]:
    """The series with about ``most`` points in all, and a note on what is missing, "" for nothing.

    What is faint goes first. Then long series keep their first, last, lowest and highest point and
    evenly spread ones between; short ones stay whole.
    """
    total = sum(len(one.points) for one in series)
    clear = [one for one in series if not one.faint]
    if total <= most or not clear:
        clear = list(series)
    faint = total - sum(len(one.points) for one in clear)
    notes = [f"without {faint} faint points"] if faint else []
    share = _share([len(one.points) for one in clear], most)
    kept = [_thin(one, share) for one in clear]
    before, after = (sum(len(one.points) for one in some) for some in (clear, kept))
    notes += [f"{after} of {before} points"] if after < before else []
    return kept, ", ".join(notes)


def _share(counts: Sequence[int], most: int) -> int:
    """How many points each series may have so that there are ``most`` in all."""
    share, waiting = most, sorted(counts)
    for number, count in enumerate(waiting):
        share = most // (len(waiting) - number)
        if count > share:
            break
        most -= count
    return max(share, FEWEST)


def _thin(one: Series, share: int) -> Series:
    if len(one.points) <= share:
        return one
    rows = np.linspace(0, len(one.points) - 1, max(share - 2, 2)).round().astype(int).tolist()
    heights = one.points[:, 1]
    if np.isfinite(heights).any():
        rows += [int(np.nanargmin(heights)), int(np.nanargmax(heights))]
    keep = sorted(set(rows))
    return replace(one, points=one.points[keep], spans=one.spans[keep])
