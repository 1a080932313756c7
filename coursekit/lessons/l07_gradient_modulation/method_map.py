"""The map of the field: what each balancing method touches, read from its code."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import pandas as pd
from matplotlib.axes import Axes

from coursekit.balancing.taxonomy import EPOCHS, FUSION, LISTENS, YES
from coursekit.course.plots.style import INK, MUTED, STYLE
from coursekit.course.plots.tidy_tables import require_columns
from coursekit.utils.checks import require

CERTAIN = "certain fusions only"
# Part of a training step → columns of the table of methods, in the order of a step.
PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "data": ("data",),
        "forward pass": ("forward pass", CERTAIN),
        "loss": ("loss weights w", "terms of the loss"),
        "gradients and steps": ("gradients", "scales k"),
        "parameters": ("parameters",),
        "stages": ("turns", "trains before"),
    }
)
MARKS = (YES, "")
ROLES = ("A", "B", "joint")  # looks of the parts, in turn


def method_map(table: pd.DataFrame, ax: Axes) -> str:
    """Draw a row per method and a column per thing it may touch; return the alt text.

    table: of `coursekit.balancing.taxonomy.lineup`.  Methods stand in the order of the first thing
    that they touch, so that relatives are neighbours; colour and marker go with the part of a step.
    "certain fusions only" is ticked for those that bring their own, too.
    Errors: ValueError where columns are missing, the rows are not called by one name each, or an
    entry is neither a tick nor empty.
    """
    columns = [c for part in PARTS.values() for c in part]
    require_columns(table, (*(c for c in columns if c != CERTAIN), LISTENS, EPOCHS, FUSION))
    _require_ticks(table, [c for c in columns if c != CERTAIN])
    touched = table.assign(**{CERTAIN: table[FUSION].map(_own)})[columns] == YES
    places = {str(n): _place(row) for n, row in zip(touched.index, touched.to_numpy(), strict=True)}
    rows = touched.loc[sorted(places, key=lambda name: (places[name], name))]
    x = 0
    for role, (part, own) in zip(ROLES * 2, PARTS.items(), strict=True):
        look = STYLE[role]
        for column in own:
            at = [y for y, yes in enumerate(rows[column]) if yes]
            marks = {"color": look["color"], "marker": look["marker"], "linestyle": ""}
            ax.plot([x] * len(at), at, markersize=7, **marks)
            x += 1
        ax.axvline(x - 0.5, color=MUTED, linewidth=0.8)
        middle = x - 0.5 - len(own) / 2
        ax.text(middle, -1.1, part.replace(" and ", "\n& "), ha="center", va="bottom", color=INK)
    ax.set_xticks(range(len(columns)), [c.replace(" of the ", "\nof the ") for c in columns])
    ax.tick_params(axis="x", labelrotation=90)
    ax.set_yticks(range(len(rows)), list(rows.index))
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_ylim(len(rows) - 0.5, -0.7)
    ax.tick_params(length=0)
    return _sentence(touched)


def _require_ticks(table: pd.DataFrame, columns: Sequence[str]) -> None:
    named = table.index.is_unique and all(isinstance(name, str) for name in table.index)
    sentence = f"table has rows called {', '.join(map(repr, table.index[:3]))}"
    require(named, f"{sentence}; the name of one method each was expected as index.")
    for column in columns:
        other = [
            value for value in table[column] if not isinstance(value, str) or value not in MARKS
        ]
        require(not other, f"table has {other[:1]} as {column}; {YES!r} or '' was expected.")


def _own(fusion: str) -> str:
    return "" if fusion == "any" else YES


def _place(row: Iterable[bool]) -> list[bool]:
    """Those that touch the first column come first; nothing touched at all: before everybody."""
    untouched = [not yes for yes in row]
    return [] if all(untouched) else untouched


def _sentence(touched: pd.DataFrame) -> str:
    parts = []
    for part, columns in PARTS.items():
        names = [name for name, row in touched.iterrows() if row[list(columns)].any()]
        named = f" ({', '.join(map(str, names))})" if names else ""
        parts.append(f"{part} {len(names)}{named}")
    return f"What {len(touched)} methods touch, by part of a training step: {'; '.join(parts)}."
