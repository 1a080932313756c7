"""How many rows are a share of them."""

import math

from coursekit.utils.checks import require_count, require_share


def count_of(share: float, rows: int) -> int:
    """⌊share · rows⌋, whole numbers exact: 29 % of 100 are 29, though 0.29 · 100 is 28.999….

    Errors: as `require_share`; ValueError for rows below 1.
    """
    require_share("share", share)
    require_count("rows", rows, 1)
    return math.floor(share * rows + 1e-9)
