"""What a method answers about an epoch, its batches and its turns, refused where none can follow.

A method without batches or turns would train nothing, and nobody would see it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.training.method import Method, Run
from coursekit.utils.checks import require


def batches_of(method: Method, run: Run, order: torch.Generator) -> list[Tensor]:
    """The rows of each batch of an epoch, on the device of the labels.

    Errors: TypeError where ``method`` answers with something else than tensors of whole numbers
    (B,) in a list, ValueError for no batches, or one without rows; both name it.
    """
    parts = method.batches(run, order)
    sentence = f"batches of method {method.name!r}"
    if isinstance(parts, str) or not isinstance(parts, Sequence):
        raise TypeError(f"{sentence} is a {type(parts).__name__}; a list of rows was expected.")
    require(len(parts) > 0, f"{sentence} is empty in epoch {run.epoch}; one or more were expected.")
    for number, rows in enumerate(parts, 1):
        if not isinstance(rows, Tensor) or rows.dtype != torch.int64 or rows.ndim != 1:
            what = f"{rows!r:.60}"
            raise TypeError(f"{sentence} has {what}; the rows (B,) as int64 were expected.")
        require(len(rows) > 0, f"{sentence} has no rows in batch {number}; one was expected.")
    return [rows.to(run.train.labels.device) for rows in parts]


def turns_of(method: Method, run: Run) -> Sequence[str | None]:
    """For what a batch takes a step; None is everything.

    Errors: TypeError where ``method`` answers with no list, ValueError for none; both name it.
    """
    turns = method.turns(run)
    sentence = f"turns of method {method.name!r}"
    if isinstance(turns, str) or not isinstance(turns, Sequence):
        raise TypeError(f"{sentence} is {turns!r}; names, or None, in a list were expected.")
    where = f"in epoch {run.epoch}, batch {run.batch}"
    require(len(turns) > 0, f"{sentence} is empty {where}; one or more were expected.")
    return turns
