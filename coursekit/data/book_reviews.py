"""The 300 constructed book reviews: a score explained by smiling and by being a critic."""

from pathlib import Path

import pandas as pd
import torch

from coursekit.data.files import open_checked
from coursekit.data.multimodal import MultimodalData

FILE = "book_reviews.csv"
COLUMNS = ["score", "smiling", "critic"]
TRAIN, VALID = 180, 60  # of the 300 rows, which the file holds in shuffled order


def table() -> pd.DataFrame:
    """The 300 rows as published: score (1 to 10), smiling (ten percentage points), critic (0, 1).

    ``smiling`` counts tens of per cent of the reading time, so 0.97 is 9.7 % of it.
    """
    return _read(open_checked(FILE))


def _read(file: Path) -> pd.DataFrame:
    return pd.read_csv(file)[COLUMNS]


def load_book_reviews() -> MultimodalData:
    """Modalities smiling (300, 1) and critic (300, 1), unscaled; labels are the scores (300,).

    Rows 1 to 180 of the file train, 60 validate, 60 test.
    """
    file = open_checked(FILE)
    rows = _read(file)
    inputs = {m: torch.tensor(rows[[m]].to_numpy(), dtype=torch.float32) for m in COLUMNS[1:]}
    numbers = torch.arange(len(rows))
    return MultimodalData(
        name="book_reviews",
        inputs=inputs,
        labels=torch.tensor(rows["score"].to_numpy(), dtype=torch.float32),
        group=torch.zeros(len(rows), dtype=torch.int64),
        splits={
            "train": numbers[:TRAIN],
            "valid": numbers[TRAIN : TRAIN + VALID],
            "test": numbers[TRAIN + VALID :],
        },
        files=(file,),
    )
