"""One's own data: arrays by modality and labels, checked, split and scaled."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.data.multimodal import SPLIT_NAMES, MultimodalData
from coursekit.data.standardise import standardise_whole
from coursekit.utils.checks import (
    require,
    require_count,
    require_flag,
    require_mapping,
    require_modality,
    require_share,
)

SHARES: tuple[float, float, float] = (0.6, 0.2, 0.2)
FEWEST = 3  # rows of a class: one for each split
SHOWN = 3  # offenders that a sentence names
BOTH = "A row belongs to one split, or the test is no test"


def from_arrays(
    inputs: Mapping[str, Any],
    labels: Any,
    *,
    group: Any = None,
    shares: Sequence[float] = SHARES,
    scale: bool = True,
    seed: int = 0,
    name: str = "own data",
) -> MultimodalData:
    """Data of your own as the course's data object.

    inputs: modality → (N, …) numbers, arrays or tensors.  labels: (N,) classes, as whole numbers or
    text; they are numbered in sorted order.
    group: (N,) what must not straddle the splits, such as a speaker or a patient; None: every row
    stands alone.  shares: of train, valid and test; drawn with ``seed``, group by group.
    scale: subtract the training mean and divide by the training deviation, one for each modality.
    Errors: TypeError or ValueError in a sentence for: no dictionary, a modality's name, text or
    objects instead of numbers, other numbers of rows, NaN or infinite values (where the first
    stands), a modality that never changes, labels that are no classes, are missing, or all the
    same, a class with fewer than three rows or none in train, rows that stand there twice (unless
    they share a group), fewer than three groups, shares that are none or leave a split empty.
    """
    require_mapping("inputs", inputs, "arrays")
    for m in inputs:
        require_modality("inputs", m)
    require_flag("scale", scale)
    require_count("seed", seed)
    x = {m: _numbers(f"inputs[{m!r}]", values) for m, values in inputs.items()}
    classes, y = _classes(labels)
    for m, values in x.items():
        agree = f"inputs[{m!r}] has {len(values)} rows, labels has {len(y)}; they must agree."
        require(len(values) == len(y), agree)
    groups = _groups(group, len(y))
    _require_no_copies(x, groups)
    splits = _drawn(groups, shares, seed)
    _require_every_class(y, splits, classes)
    if scale:
        x = {m: standardise_whole(values, splits["train"]) for m, values in x.items()}
    kept = torch.zeros(len(y), dtype=torch.int64) if group is None else groups
    return MultimodalData(str(name), x, y, kept, splits, classes)


def _numbers(name: str, values: Any) -> Tensor:
    """(N, …) float32, finite, of more than one value."""
    array = np.asarray(values.detach().cpu() if isinstance(values, Tensor) else values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} holds {array.dtype.name}; real numbers were expected.")
    fits = array.ndim >= 1 and array.size > 0
    require(fits, f"{name} has shape {array.shape}; (N, …) with one or more rows was expected.")
    bad = np.argwhere(~np.isfinite(array))
    where = tuple(int(i) for i in bad[0]) if len(bad) else ()
    require(
        len(bad) == 0,
        f"{name} has NaN or infinite values, {len(bad)} in all, the first at {where}; fill them "
        "in, or leave the rows out.",
    )
    constant = f"{name} is {array.flat[0]} everywhere; numbers that differ were expected."
    require(bool((array != array.flat[0]).any()), constant)
    flat = array[:, None] if array.ndim == 1 else array
    return torch.from_numpy(np.ascontiguousarray(flat, dtype=np.float32))


def _classes(labels: Any) -> tuple[tuple[str, ...], Tensor]:
    """Names of the classes, and (N,) their numbers."""
    array = np.asarray(labels.detach().cpu() if isinstance(labels, Tensor) else labels)
    shape = f"labels has shape {array.shape}; (N,), a class per row, was expected."
    require(array.ndim == 1 and array.size > 0, shape)
    if array.dtype == object:
        odd = [value for value in array if not isinstance(value, str)]
        require(not odd, f"labels holds {odd[:SHOWN]!r} beside text; a class per row was expected.")
        array = array.astype(str)
    if array.dtype.kind == "f":
        whole = np.isfinite(array) & (array == np.round(array))
        first = array[~whole][:1].tolist()
        require(not first, f"labels holds {first[0] if first else 0:g}; classes, as whole numbers "
                "or text, were expected (scores are not classified).")  # fmt: skip
        array = array.astype(np.int64)
    if array.dtype.kind not in "biuU":
        raise TypeError(f"labels holds {array.dtype.name}; whole numbers or text were expected.")
    values, numbers = np.unique(array, return_inverse=True)
    one = f"labels is {values[0]!s} everywhere; two classes or more were expected."
    require(len(values) > 1, one)
    return tuple(str(v) for v in values), torch.from_numpy(numbers.astype(np.int64))


def _groups(group: Any, n: int) -> Tensor:
    """(N,) int64: the number of each row's group."""
    if group is None:
        return torch.arange(n)
    array = np.asarray(group.detach().cpu() if isinstance(group, Tensor) else group)
    shape = f"group has shape {array.shape}; ({n},), one per row, was expected."
    require(array.shape == (n,), shape)
    if array.dtype.kind not in "biuUO" or any(value is None for value in array):
        raise TypeError(f"group holds {array.dtype.name}; whole numbers or text were expected.")
    _, numbers = np.unique(array.astype(str), return_inverse=True)
    return torch.from_numpy(numbers.astype(np.int64))


def _require_no_copies(x: Mapping[str, Tensor], groups: Tensor) -> None:
    """Refuse rows that are the same in all modalities, and not of one group."""
    rows = torch.cat([values.flatten(1) for values in x.values()], dim=1).numpy()
    first: dict[bytes, int] = {}
    for place, row in enumerate(rows):
        other = first.setdefault(row.tobytes(), place)
        same = other == place or int(groups[other]) == int(groups[place])
        copies = f"inputs has rows {other} and {place} that are the same in all modalities"
        require(same, f"{copies}. {BOTH}: leave one out, or give both one group.")


def _drawn(groups: Tensor, shares: Sequence[float], seed: int) -> dict[str, Tensor]:
    """Row numbers of each split; whole groups, drawn."""
    three = f"shares is {shares!r}; three numbers, of train, valid and test, were expected."
    if isinstance(shares, str) or not isinstance(shares, Sequence):
        raise TypeError(three)
    require(len(shares) == len(SPLIT_NAMES), three)
    for share in shares:
        require_share("a number in shares", share)
    total = sum(shares)
    require(abs(total - 1) < 1e-6, f"shares sum to {total:.3g}; 1 was expected.")
    known = groups.unique()
    require(len(known) >= len(SPLIT_NAMES), f"group has {len(known)} values; three or more were "
            "expected, one for each split.")  # fmt: skip
    order = known[torch.randperm(len(known), generator=torch.Generator().manual_seed(seed))]
    ends = [round(sum(shares[: i + 1]) * len(known)) for i in range(len(shares))]
    parts = [order[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    splits = {}
    for split, part in zip(SPLIT_NAMES, parts, strict=True):
        rows = torch.isin(groups, part).nonzero()[:, 0]
        empty = f"shares is {tuple(shares)}, which leaves {split} without rows; more were expected."
        require(len(rows) > 0, empty)
        splits[split] = rows
    return splits


def _require_every_class(y: Tensor, splits: Mapping[str, Tensor], classes: Sequence[str]) -> None:
    """Refuse classes that are too rare to be learnt and asked for."""
    counts = Counter(y.tolist())
    rare = [f"{classes[k]!r} ({n})" for k, n in sorted(counts.items()) if n < FEWEST]
    few = f"labels has classes with fewer than {FEWEST} rows: {', '.join(rare[:SHOWN])}"
    require(not rare, f"{few}; leave them out, or join them to others.")
    there = set(y[splits["train"]].tolist())
    lost = [repr(classes[k]) for k in sorted(counts) if k not in there]
    none = f"train has no row of {', '.join(lost[:SHOWN])}"
    require(not lost, f"{none}; another seed, or larger shares, were expected.")
