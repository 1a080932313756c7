"""Labels that a training cannot learn from, or that say nothing of it: told before it begins."""

import warnings
from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.utils.checks import require, require_instance

FEW = 5  # classes that a sentence names


class OneSided(UserWarning):
    """A split has one class only, or a class that no row of train has."""


def require_classes(train: Tensor, others: Mapping[str, Tensor]) -> None:
    """Refuse labels of train that are all the same; warn of what measures nothing.

    train: (N,) int64.  others: labels (n,) of further splits, by name. `OneSided` warns of one that
    has a single class, whose accuracy tells nothing, and of classes that train lacks, whose rows
    cannot be right.
    Errors: ValueError for fewer than two classes in train.
    """
    require_instance("train", train, Tensor)
    require_instance("others", others, Mapping)
    known = train.unique()
    only = "" if len(known) > 1 else f"the labels of train are all {int(known[0])}"
    require(not only, f"{only}; two classes or more were expected.")
    for name, labels in others.items():
        there = labels.unique()
        if len(there) == 1 and len(labels) > 1:
            warnings.warn(
                f"The labels of {name} are all {int(there[0])}: its accuracy says nothing of the "
                "other classes.",
                OneSided,
                stacklevel=3,
            )
        new = there[~torch.isin(there, known.to(there.device))]
        if len(new):
            count = int(torch.isin(labels, new).sum())
            few = ", ".join(map(str, new[:FEW].tolist())) + (" …" if len(new) > FEW else "")
            warnings.warn(
                f"No row of train has the classes {few}, which {count} of {len(labels)} rows of "
                f"{name} have: these cannot be learnt.",
                OneSided,
                stacklevel=3,
            )
