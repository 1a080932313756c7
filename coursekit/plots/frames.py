"""What the plots need from tidy tables: the columns they name, and a mean with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from coursekit.checks import choose, require
from coursekit.plots.style import STYLE


@dataclass(frozen=True)
class Interval:
    """A mean over ``n`` seeds and its Student t interval; with one seed low and high are NaN."""

    mean: float
    low: float
    high: float
    n: int


def interval(values: Sequence[float] | np.ndarray | pd.Series, level: float = 0.95) -> Interval:
    """Mean of ``values`` (n,) and the ``level`` interval of that mean."""
    x = np.asarray(values, dtype=float)
    require(x.size > 0, "values is empty; a mean needs at least one number.")
    require(bool(np.isfinite(x).all()), "values contains NaN or infinite numbers.")
    if x.size == 1:
        return Interval(float(x[0]), float("nan"), float("nan"), 1)
    half = stats.t.ppf((1 + level) / 2, x.size - 1) * x.std(ddof=1) / np.sqrt(x.size)
    mean = x.mean()
    return Interval(float(mean), float(mean - half), float(mean + half), int(x.size))


def require_columns(table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a table that is empty or lacks one of ``columns``, in a sentence."""
    missing = [c for c in columns if c not in table.columns]
    require(
        not missing,
        f"table has the columns {list(table.columns)}; {', '.join(missing)} is missing.",
    )
    require(len(table) > 0, "table has no rows; there is nothing to draw.")


def roles_of(names: Sequence[str], roles: Mapping[str, str] | None) -> dict[str, str]:
    """The role of every name: as given in ``roles``, else one role each in the palette's order.

    Errors: ValueError when a name has no role, or there are more names than roles.
    """
    if roles is not None:
        missing = [name for name in names if name not in roles]
        require(not missing, f"roles gives no role to {missing}; it names {sorted(roles)}.")
        return {name: choose(f"roles[{name!r}]", roles[name], STYLE) for name in names}
    require(
        len(names) <= len(STYLE),
        f"table has {len(names)} names, {len(STYLE)} can be told apart; draw fewer at a time.",
    )
    return dict(zip(names, STYLE, strict=False))


def percent(share: float) -> str:
    """A share in [0, 1] as a percentage with one decimal."""
    return f"{100 * share:.1f} %"
