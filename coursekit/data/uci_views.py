"""Six sets of measurements of the same 2000 handwritten digits: modalities that really belong."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from coursekit.data.files import open_checked
from coursekit.data.multimodal import MultimodalData
from coursekit.data.standardise import standardise_features
from coursekit.utils.checks import choose, require, require_count, require_list

VIEWS = ("fou", "fac", "kar", "pix", "zer", "mor")
PER_DIGIT = {"train": 100, "valid": 40, "test": 60}


def stratified_splits(labels: Tensor, seed: int) -> dict[str, Tensor]:
    """Shuffled train, valid and test rows, 100, 40 and 60 of each digit.

    Digits take turns (0, 1, …, 9, 0, …), so the first rows of a split are balanced as well.
    """
    generator = torch.Generator().manual_seed(seed)
    of_digit = []
    for digit in range(10):
        rows = (labels == digit).nonzero().flatten()
        of_digit.append(rows[torch.randperm(len(rows), generator=generator)])
    turns = torch.stack(of_digit, dim=1)  # (200, 10): row i holds the i-th sample of every digit
    parts = turns.split(list(PER_DIGIT.values()))
    return {name: part.flatten() for name, part in zip(PER_DIGIT, parts, strict=True)}


def load_uci_views(
    views: Sequence[str] = ("pix", "fou"), seed: int = 0, n_train: int = 1000
) -> MultimodalData:
    """Digits 0–9 as (2000, D) views: fou 76, fac 216, kar 64, pix 240, zer 47, mor 6 numbers.

    ``seed`` draws the split: 1000 train, 400 valid, 600 test, the digits equally often. A smaller
    ``n_train`` keeps the first rows of the same training split (rows left over belong to none), so
    valid and test stay. Every feature is standardised on the training rows used.
    Errors: ValueError for unknown or repeated views, or n_train outside 10 to 1000.
    """
    require_list("views", views, "names")
    for view in views:
        choose("views", view, VIEWS)
    require(
        len(set(views)) == len(views),
        f"views is {tuple(views)!r}; different views were expected.",
    )
    require_count("seed", seed)
    require_count("n_train", n_train, 10, 1000)
    file = open_checked("uci_views.npz")
    with np.load(file) as arrays:
        labels = torch.from_numpy(arrays["digit"].astype(np.int64))
        raw = {view: torch.from_numpy(arrays[view].astype(np.float64)) for view in views}
    splits = stratified_splits(labels, seed)
    splits["train"] = splits["train"][:n_train]
    return MultimodalData(
        name="uci_views",
        inputs={view: standardise_features(x, splits["train"]) for view, x in raw.items()},
        labels=labels,
        group=torch.zeros(len(labels), dtype=torch.int64),
        splits=splits,
        classes=tuple(map(str, range(10))),
        files=(file,),
    )
