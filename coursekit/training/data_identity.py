"""What data a training is of: little enough to be stored with it, enough to know them again.

Paths play no part: the same content in another folder is the same data. Nor does rounding: another
processor standardises to other last bits, and may go on with the training all the same.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.data.multimodal import Split
from coursekit.training.engine import AnySplit
from coursekit.utils.checks import require_instance
from coursekit.utils.random_generators import global_states, set_global_states

PARTS = 64  # stretches of rows, each told by two numbers
LOOKED_AT = 8  # rows of a split whose rows are read one by one: to read all takes an epoch
CLOSE = 2e-6  # share of the sum of magnitudes by which rounding may move a sum
AT_ONCE = 1024  # rows
Facts = dict[str, Any]


def facts_of(split: AnySplit) -> Facts:
    """Of each modality type, mean, deviation, digest and sums of stretches of rows; rows, labels.

    All rows of a split in memory are looked at, `LOOKED_AT` of one that is read row by row; there
    nothing is said of inputs where reading a row twice gives two different ones. Random generators
    that everybody shares are left where they are.  Plain numbers and text, as a checkpoint stores.
    Errors: what reading raises.
    """
    require_instance("split", split, AnySplit)
    if isinstance(split, Split):
        inputs, rows = split.inputs, ""
    else:
        with _undisturbed():
            inputs, rows = _some_rows(split), _digest(split.rows)
    by_modality = {m: _facts(x) for m, x in inputs.items()}
    return {"inputs": by_modality, "rows": rows, "labels": _digest(split.labels)}


def differences(split: str, there: Facts, here: Facts) -> list[str]:
    """What `facts_of` two data tells apart, in words: what was stored, what came.

    split: its name, for the words.  there, here: of the stored data, and of those that came.
    """
    require_instance("there", there, Mapping)
    require_instance("here", here, Mapping)
    words = [
        f"the {what} of {split} {there[what]} and not {here[what]}"
        for what in ("rows", "labels")
        if there[what] != here[what]
    ]
    for m in here["inputs"].keys() & there["inputs"].keys():
        was, came = there["inputs"][m], here["inputs"][m]
        if not _alike(was, came):
            words.append(f"the {m} of {split} {_told(was)} and not {_told(came)}")
    return sorted(words)


def _facts(x: Tensor) -> Facts:
    count, total, squares, sums = 0, 0.0, 0.0, []
    whole = hashlib.sha256()
    for part in x.split(AT_ONCE):
        numbers = part.detach().cpu().contiguous()
        whole.update(numbers.view(torch.uint8).numpy().tobytes() if numbers.numel() else b"")
        wide = numbers.flatten(1).double() if numbers.ndim > 1 else numbers[:, None].double()
        signs = torch.cos(torch.arange(wide.shape[1], dtype=torch.float64))
        sums.append(torch.stack([wide @ signs, wide.abs() @ signs.abs()], dim=1))
        count, total = count + wide.numel(), total + float(wide.sum())
        squares += float(wide.square().sum())
    by_row = torch.cat(sums)
    # A row's own factor: two rows that change places change the sum.
    by_row[:, 0] *= 1 + torch.cos(torch.arange(len(by_row), dtype=torch.float64)) / 2
    mean = total / max(count, 1)
    return {
        "type": f"{str(x.dtype).removeprefix('torch.')} {tuple(x.shape)}",
        "mean": mean,
        "deviation": max(squares / max(count, 1) - mean**2, 0.0) ** 0.5,
        "digest": whole.hexdigest()[:8],
        "sums": [part.sum(0).tolist() for part in by_row.tensor_split(PARTS)],
    }


def _alike(was: Facts, came: Facts) -> bool:
    if was["type"] != came["type"]:
        return False
    if was["digest"] == came["digest"]:
        return True
    (a, size), (b, other) = (np.array(facts["sums"]).T for facts in (was, came))
    room = CLOSE * np.maximum(size, other)
    return bool((np.abs(a - b) <= room).all() and (np.abs(size - other) <= room).all())


def _told(facts: Facts) -> str:
    numbers = f"mean {facts['mean']:.3g}, deviation {facts['deviation']:.3g}"
    return f"({facts['type']}, {numbers}, digest {facts['digest']})"


def _some_rows(split: AnySplit) -> dict[str, Tensor]:
    """Some rows, evenly spread over those of a split that are read; none if they are random."""
    places = torch.linspace(0, len(split) - 1, min(LOOKED_AT, len(split))).round().long()
    rows = split.rows[places].tolist()  # type: ignore[union-attr]
    samples = [_read(split, row) for row in rows]
    again = _read(split, rows[0])
    if not all(torch.equal(x, again[m]) for m, x in samples[0].items()):
        return {}
    alike = [
        m for m in split.modalities if len({s[m].shape for s in samples}) == 1
    ]  # others cannot be a batch, and the training says so
    return {m: torch.stack([s[m] for s in samples]) for m in alike}


def _read(split: AnySplit, row: int) -> dict[str, Tensor]:
    """One row, read as with the seed 0: whatever it draws of the shared generators is the same."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)
    with torch.no_grad():
        return split.read(row)  # type: ignore[union-attr]


@contextmanager
def _undisturbed() -> Iterator[None]:
    states = global_states("cpu")
    try:
        yield
    finally:
        set_global_states(states, "cpu")


def _digest(numbers: Tensor) -> str:
    return hashlib.sha256(numbers.cpu().numpy().tobytes()).hexdigest()[:8]
