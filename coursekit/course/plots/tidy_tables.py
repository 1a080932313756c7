"""What the plots need from tidy tables: columns, an interval over seeds, a role for every name."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from coursekit.analysis import intervals as stats
from coursekit.course.plots.style import STYLE
from coursekit.utils import checks
from coursekit.utils.checks import choose, require


def interval(values: ArrayLike) -> stats.Interval:
    """Mean and 95 % interval of ``values`` (n,); one seed may be drawn too, without an interval."""
    return stats.interval(values, one=True)


def require_columns(table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a table that is empty or lacks one of ``columns``, and what is no table."""
    checks.require_columns("table", table, columns)
    require(len(table) > 0, "table has no rows; there is nothing to draw.")


def require_axes(axes: Sequence[Axes], name: str, panels: Sequence[str]) -> None:
    """Refuse ``axes`` unless there is one per panel of the argument ``name``."""
    fits = len(panels) == len(axes) > 0
    require(fits, f"{name} has {len(panels)} panels, {panels}; {len(axes)} axes came.")


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


def curves(
    table: pd.DataFrame, names: Sequence[str], value: str
) -> dict[tuple[str, ...], tuple[list[int], list[float]]]:
    """A tidy table of curves: the cells of ``names`` → epochs, values.

    Row by row: with tables of an explorer's size pandas' groups take many times as long.
    """
    by_name: dict[tuple[str, ...], tuple[list[int], list[float]]] = {}
    for *key, epoch, y in zip(*(table[n] for n in (*names, "epoch", value)), strict=True):
        epochs, values = by_name.setdefault(tuple(key), ([], []))
        epochs.append(epoch)
        values.append(y)
    return by_name


def by_epoch(table: pd.DataFrame, names: str | Sequence[str], value: str) -> pd.DataFrame:
    """A tidy table of curves with a row per epoch and a column per curve, named by ``names``."""
    wide = table.pivot_table(index="epoch", columns=names, values=value, sort=False)
    return wide.rename_axis(columns=None).reset_index()


def listed(values: Mapping[str, float]) -> pd.DataFrame:
    """Single numbers of a picture as a table: what, value."""
    return pd.DataFrame({"what": list(values), "value": list(values.values())})


def percent(share: float) -> str:
    """A share in [0, 1] as a percentage with one decimal."""
    return f"{100 * share:.1f} %"
