"""Weights and sampling that make a label and a group independent in the training data."""

from collections.abc import Hashable, Sequence

import pandas as pd
from numpy.typing import NDArray

from coursekit.data.sampling_weights import group_sizes
from coursekit.utils.checks import require, require_list, require_share

Values = Sequence[Hashable] | NDArray | pd.Series


def reweighing_weights(groups: Values, labels: Values) -> NDArray:
    """A weight per row, n_group · n_label / (n · n_group_and_label), (N,) float64.

    groups, labels: (N,), any values.  With these weights every group has the same share of each
    label, and groups and labels are as frequent as before; the weights sum to N.
    Source: Kamiran and Calders (2012), https://doi.org/10.1007/s10115-011-0463-8, section 4.1.3.
    Errors: ValueError for unequal lengths, for none, for a group that lacks a label: what is not
    there cannot be weighed up.
    """
    table = _cells(groups, labels)
    _refuse_empty_cells(table)
    sizes = {key: table.groupby(list(key))["group"].transform("size").to_numpy(float)
             for key in (("group",), ("label",), ("group", "label"))}  # fmt: skip
    return sizes[("group",)] * sizes[("label",)] / (len(table) * sizes[("group", "label")])


def balancing_weights(groups: Values, labels: Values, gamma: float = 1.0) -> NDArray:
    """How often to draw each row, relative to the others: n_group_and_label^−γ, (N,) float64.

    gamma: 0 draws as the data are; 1 makes every cell of group and label equally frequent, and so
    changes how frequent groups and labels are, too.
    Errors: as in `reweighing_weights`; ValueError for a gamma outside [0, 1].
    """
    require_share("gamma", gamma)
    table = _cells(groups, labels)
    _refuse_empty_cells(table)
    cells = list(table.itertuples(index=False, name=None))
    return group_sizes(cells).double().numpy() ** -gamma


def _cells(groups: Values, labels: Values) -> pd.DataFrame:
    """A row per sample, with group and label as numbers."""
    columns = {}
    for name, values in (("groups", groups), ("labels", labels)):
        entries = values.tolist() if hasattr(values, "tolist") else values
        require_list(name, entries, "one value per row")
        columns[name] = list(entries)
    require(
        len(columns["groups"]) == len(columns["labels"]),
        f"labels has {len(columns['labels'])} rows; {len(columns['groups'])}, as groups, were "
        "expected.",
    )
    table = pd.DataFrame({"group": columns["groups"], "label": columns["labels"]})
    for name, column in (("groups", "group"), ("labels", "label")):
        require(
            not table[column].isna().any(), f"{name} has a row without a value; each needs one."
        )
    return table


def _refuse_empty_cells(table: pd.DataFrame) -> None:
    counts = pd.crosstab(table["group"], table["label"])
    for group, row in counts.iterrows():
        for label, count in row.items():
            require(
                count > 0,
                f"groups and labels have no row of group {group!r} with label {label!r}; weights "
                "cannot repair an empty cell, one row or more was expected.",
            )
