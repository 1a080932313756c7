"""A first look at a data set: how many rows there are, and which of them cannot be read."""

from dataclasses import replace
from typing import Any, cast

import pandas as pd
import torch

from coursekit.data.files import DataFileError
from coursekit.data.lazy_split import LazyData, LazySplit
from coursekit.data.multimodal import SPLIT_NAMES, MultimodalData
from coursekit.data.research.decode import Scale
from coursekit.utils.checks import require, require_count, require_instance


def report(data: LazyData | MultimodalData) -> pd.DataFrame:
    """Rows, groups and classes of each split, and how many samples were left out.

    One line per split, and "left out". fewest, most: rows of the rarest and the commonest class,
    0 where the split lacks a class. ``data.missing`` says for each sample why it was left out.
    """
    require_instance("data", data, LazyData | MultimodalData)
    lines: dict[str, dict[str, int]] = {}
    for split in SPLIT_NAMES:
        rows = data.splits[split]
        counts = torch.bincount(data.labels[rows].long(), minlength=data.num_classes)
        lines[split] = {
            "rows": len(rows),
            "groups": len(data.group[rows].unique()),
            "classes": int((counts > 0).sum()),
            "fewest": int(counts.min()),
            "most": int(counts.max()),
        }
    if isinstance(data, LazyData):
        lines["left out"] = {"rows": len(data.missing)}
    return pd.DataFrame.from_dict(lines, orient="index").astype("Int64").rename_axis("split")


def check(data: LazyData, limit: int | None = None) -> pd.DataFrame:
    """Read the rows of train, valid and test, ``limit`` of each at most; a line for each bad one.

    Columns split, row (its number in the whole data set), problem. A row is bad when a file cannot
    be decoded, or numbers come out that are not finite. Empty = all is well.
    Errors: TypeError for data that are in memory already, or a limit that is no number.
    """
    require_instance("data", data, LazyData)
    if limit is not None:
        require_count("limit", limit, 1)
    problems = []
    for split in SPLIT_NAMES:
        for row in data.splits[split][:limit].tolist():
            if problem := _problem(data, row):
                problems.append((split, row, problem))
    return pd.DataFrame(problems, columns=["split", "row", "problem"])


def _problem(data: LazyData, row: int) -> str:
    try:
        sample = data.read(row)
    except DataFileError as error:
        return str(error)
    bad = [m for m, x in sample.items() if not bool(torch.isfinite(x).all())]
    return f"{' and '.join(bad)} contain NaN or infinite values" if bad else ""


def scale_of(train: LazySplit, limit: int = 500) -> Scale:
    """Mean and deviation of training rows, for the loaders' ``scale``; of data opened without one.

    ``limit`` rows are read, evenly spread over the split. audio: over all cells;
    video: of each colour.  Errors: ValueError for another data set's modalities or a split without
    variation; what reading raises.
    """
    require_instance("train", train, LazySplit)
    require_count("limit", limit, 1)
    kinds = set(train.modalities)
    require(kinds == {"audio", "video"}, f"train has {sorted(kinds)}; audio and video expected.")
    rows = torch.linspace(0, len(train) - 1, min(limit, len(train))).round().long()
    sums = {m: torch.zeros(3, 1 if m == "audio" else 3, dtype=torch.float64) for m in kinds}
    for batch in train.batches(rows.split(8)):
        sound = batch["audio"].double().reshape(-1, 1)
        pixels = batch["video"].double().movedim(-3, -1).reshape(-1, 3)
        for m, x in (("audio", sound), ("video", pixels)):
            sums[m] += torch.stack([torch.full((x.shape[1],), len(x)), x.sum(0), x.square().sum(0)])
    loudness, colours = (_moments(sums[m]) for m in ("audio", "video"))
    mean, deviation = ((r, g, b) for r, g, b in (x.tolist() for x in colours))
    return Scale((loudness[0].item(), loudness[1].item()), (mean, deviation))


def standardised(data: LazyData) -> LazyData:
    """The same data with the scale of its own training rows; see `scale_of`.

    Data without sound and video, such as features, stay as they are.
    """
    require_instance("data", data, LazyData)
    if not hasattr(data.read, "scale"):
        return data
    read = replace(cast("Any", data.read), scale=scale_of(data.train))
    return replace(data, read=read)


def _moments(sums: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Count, Σx and Σx² (3, C) → mean and standard deviation (C,)."""
    count, total, squares = sums
    mean = total / count
    return mean, (squares / count - mean.square()).clamp(min=0).sqrt()
