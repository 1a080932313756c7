"""Weights and sampling that make a label and a group independent in the training data."""

from collections.abc import Hashable
from itertools import product

from numpy.typing import NDArray

from coursekit.data.sampling_weights import group_sizes
from coursekit.utils.checks import require, require_share
from coursekit.utils.row_values import Values, names_of

Cell = tuple[Hashable, Hashable]


def reweighing_weights(groups: Values, labels: Values) -> NDArray:
    """A weight per row, n_group · n_label / (n · n_group_and_label), (N,) float64.

    groups, labels: (N,), any values.  With these weights every group has the same share of each
    label, and groups and labels are as frequent as before; the weights sum to N.
    Source: Kamiran and Calders (2012), https://doi.org/10.1007/s10115-011-0463-8, section 4.1.3.
    Errors: ValueError for unequal lengths, for none, for a group that lacks a label: what is not
    there cannot be weighed up.
    """
    cells = _cells(groups, labels)
    of_group, of_label = (_sizes(list(names)) for names in zip(*cells, strict=True))
    return of_group * of_label / (len(cells) * _sizes(list(cells)))


def balancing_weights(groups: Values, labels: Values, gamma: float = 1.0) -> NDArray:
    """How often to draw each row, relative to the others: n_group_and_label^−γ, (N,) float64.

    gamma: 0 draws as the data are; 1 makes every cell of group and label equally frequent, and so
    changes how frequent groups and labels are, too.
    Errors: as in `reweighing_weights`; ValueError for a gamma outside [0, 1].
    """
    require_share("gamma", gamma)
    return _sizes(list(_cells(groups, labels))) ** -gamma


def _cells(groups: Values, labels: Values) -> list[Cell]:
    """Group and label of each row.  Errors: ValueError where a group lacks a label."""
    members, classes = names_of("groups", groups), names_of("labels", labels)
    require(
        len(members) == len(classes),
        f"labels has {len(classes)} rows; {len(members)}, as groups, were expected.",
    )
    cells = list(zip(members, classes, strict=True))
    there = set(cells)
    for group, label in product(dict.fromkeys(members), dict.fromkeys(classes)):
        require(
            (group, label) in there,
            f"groups and labels have no row of group {group!r} with label {label!r}; weights "
            "cannot repair an empty cell, one row or more was expected.",
        )
    return cells


def _sizes(names: list[Hashable]) -> NDArray:
    """How many rows have each row's name, (N,) float64."""
    return group_sizes(names).double().numpy()
