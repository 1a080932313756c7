"""One's own data: arrays by modality and labels, checked, split and scaled."""

from collections import Counter
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from coursekit.data.multimodal import SPLIT_NAMES, MultimodalData
from coursekit.data.standardise import standardise_whole
from coursekit.utils.checks import (
    require,
    require_count,
    require_flag,
    require_instance,
    require_mapping,
    require_modality,
    require_share,
)

SHARES: tuple[float, float, float] = (0.6, 0.2, 0.2)
FEWEST = 3  # rows of a class: one for each split
SHOWN = 3  # offenders that a sentence names
LARGEST = 2**53  # of whole numbers that a decimal number still tells apart
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
    The arrays are copied, in order; an index of pandas is not read.
    Errors: TypeError or ValueError in a sentence for: no dictionary, a modality's name, text or
    objects instead of numbers, other numbers of rows, masked, NaN or infinite values (where the
    first stands), tables in another order than their labels, a modality that never changes, or not
    in train, or only by what 32 bits cannot hold, labels that are no classes, are missing, or all
    the same, a class with fewer than three rows or none in train, rows that stand there twice
    (unless they share a group), fewer than three groups, shares that are none or leave a split
    empty.
    """
    require_mapping("inputs", inputs, "arrays")
    for m in inputs:
        require_modality("inputs", m)
    require_flag("scale", scale)
    require_count("seed", seed, 0, 2**63 - 1)
    require_instance("name", name, str)
    x = {m: _numbers(f"inputs[{m!r}]", values) for m, values in inputs.items()}
    classes, y = _classes(labels)
    for m, values in x.items():
        agree = f"inputs[{m!r}] has {len(values)} rows, labels has {len(y)}; they must agree."
        require(len(values) == len(y), agree)
        _require_same_order(f"inputs[{m!r}]", inputs[m], labels)
    groups = _groups(group, len(y))
    _require_same_order("group", group, labels)
    _require_no_copies(x, groups)
    splits = _drawn(groups, shares, int(seed))
    _require_every_class(y, splits, classes)
    kept = torch.zeros(len(y), dtype=torch.int64) if group is None else groups
    ready = {m: _in_32_bits(m, values, splits["train"], scale) for m, values in x.items()}
    return MultimodalData(name, ready, y, kept, splits, classes)


def _array(name: str, values: Any, wanted: str) -> np.ndarray:
    """What came, as an array of NumPy's."""
    if np.ma.is_masked(values):
        count = int(np.ma.getmaskarray(values).sum())
        raise ValueError(f"{name} has {count} masked values; fill them in, or leave the rows out.")
    try:
        if not isinstance(values, Tensor):
            return np.asarray(values)
        kept = values.detach().cpu().resolve_conj().resolve_neg()
        decimals = kept.is_floating_point() and kept.dtype.itemsize < torch.float32.itemsize
        return np.asarray((kept.float() if decimals else kept).numpy())
    except (TypeError, ValueError, RuntimeError) as error:
        kind = f"{name} is a {type(values).__name__} that cannot be read as an array"
        raise TypeError(f"{kind} ({error}); {wanted} were expected.") from error


def _numbers(name: str, values: Any) -> np.ndarray:
    """(N, …) finite numbers of more than one value; not the caller's memory."""
    array = _array(name, values, "real numbers, as many in each row,")
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
    exact = array.astype(np.float64) if array.dtype.kind == "f" else array.copy()
    return exact[:, None] if exact.ndim == 1 else exact


def _in_32_bits(m: str, values: np.ndarray, train: Tensor, scale: bool) -> Tensor:
    """(N, …) float32, scaled if asked for, if that keeps finite what is and apart what differs."""
    name, exact = f"inputs[{m!r}]", torch.from_numpy(values.astype(np.float64))
    own = exact[train]
    same = f"{name} is {float(own.flatten()[0]):g} in all rows of train; numbers that differ were"
    require(not scale or bool((own != own.flatten()[0]).any()), f"{same} expected.")
    ready = standardise_whole(exact, train) if scale else exact.float()
    held = bool(torch.isfinite(ready).all()) and bool((ready != ready.flatten()[0]).any())
    low, high = float(exact.min()), float(exact.max())
    span = f"{name} goes from {low:.9g} to {high:.9g}, which 32 bits cannot hold or tell apart"
    require(held, f"{span}; another unit or origin was expected.")
    return ready


def _classes(labels: Any) -> tuple[tuple[str, ...], Tensor]:
    """Names of the classes, and (N,) their numbers."""
    array = _array_of_words("labels", labels)
    shape = f"labels has shape {array.shape}; (N,), a class per row, was expected."
    require(array.ndim == 1 and array.size > 0, shape)
    array = _of_one_kind("labels", array, "a class per row was expected")
    if array.dtype.kind == "f":
        whole = np.isfinite(array) & (array == np.round(array)) & (np.abs(array) <= LARGEST)
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


def _array_of_words(name: str, values: Any) -> np.ndarray:
    """Whole numbers or text as an array; of a list, with what NumPy would turn into text."""
    if not isinstance(values, list | tuple):
        return _array(name, values, "whole numbers or text")
    own = [v.item() if isinstance(v, Tensor | np.generic) and v.ndim == 0 else v for v in values]
    return _array(name, np.asarray(own, dtype=object), "whole numbers or text")


def _of_one_kind(name: str, array: np.ndarray, wanted: str) -> np.ndarray:
    """Objects that are all text, all whole numbers or all numbers, as such; others are refused."""
    if array.dtype != object:
        return array
    text = [value for value in array if isinstance(value, str)]
    odd = [value for value in array if not isinstance(value, str)]
    require(not (text and odd), f"{name} holds {odd[:SHOWN]!r} beside text; {wanted}.")
    if not odd:
        return array.astype(str)
    if all(isinstance(value, bool | np.bool_) for value in odd):
        return array.astype(bool)
    none = [v for v in odd if isinstance(v, bool | np.bool_) or not isinstance(v, Real)]
    if none:
        raise TypeError(f"{name} holds {none[:SHOWN]!r:.80}; whole numbers or text were expected.")
    small = all(isinstance(v, Integral) and abs(int(v)) < 2**63 for v in odd)
    return array.astype(np.int64 if small else np.float64)


def _require_same_order(name: str, values: Any, labels: Any) -> None:
    """Refuse tables of pandas whose rows are named like those of labels, in another order."""
    own, other = getattr(values, "index", None), getattr(labels, "index", None)
    if isinstance(own, pd.Index) and isinstance(other, pd.Index) and not own.equals(other):
        require(set(own) != set(other), f"{name} has the index of labels in another order; the "
                "same order was expected (or arrays, which have no index).")  # fmt: skip


def _groups(group: Any, n: int) -> Tensor:
    """(N,) int64: the number of each row's group."""
    if group is None:
        return torch.arange(n)
    array = _array_of_words("group", group)
    shape = f"group has shape {array.shape}; ({n},), one per row, was expected."
    require(array.shape == (n,), shape)
    array = _of_one_kind("group", array, "one kind of name was expected")
    if array.dtype.kind not in "biuU":
        raise TypeError(f"group holds {array.dtype.name}; whole numbers or text were expected.")
    _, numbers = np.unique(array, return_inverse=True)
    return torch.from_numpy(numbers.astype(np.int64))


def _require_no_copies(x: Mapping[str, np.ndarray], groups: Tensor) -> None:
    """Refuse rows that are the same in all modalities, and not of one group."""
    signless = [values + values.dtype.type(0) for values in x.values()]  # −0 is 0
    first: dict[bytes, int] = {}
    for place, row in enumerate(zip(*signless, strict=True)):
        other = first.setdefault(b"".join(part.tobytes() for part in row), place)
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
    require(abs(total - 1) < 1e-6, f"shares sum to {total:.9g}; 1 was expected.")
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
