"""The stored mysteries: what was measured of each, what was true, and how a threshold fares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from coursekit.data.files import open_checked
from coursekit.lessons.l18_capstone.hidden_recipe import MODALITIES, NOBODY
from coursekit.utils.checks import choose, require_finite

MYSTERIES, MARKS = "mysteries.csv", "judged_mysteries.csv"
CHOOSE_ON, REPORT_ON = "the sixty to choose on", "the two hundred to report on"
FIRST_REPORTED = 3000
# Symptom → the truth that it is about; each is so turned that more of it speaks for it.
TRUTHS: Mapping[str, str] = MappingProxyType(
    {
        "probe lost": "starves",
        "behind the other": "weak",
        "interaction gap": "interaction",
        "disagreement": "wrong_labels",
        "type skew": "biased",
        "rows without": "missing",
    }
)


@dataclass(frozen=True)
class Fares:
    """Of a threshold: mysteries, how many have it, are missed, or are suspected without cause."""

    rows: int
    have: int
    missed: int
    suspected: int

    @property
    def right(self) -> float:
        """Share of mysteries of which the threshold says what is true."""
        return 1 - (self.missed + self.suspected) / self.rows

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of `right`, as Wilson has it: it stays within 0 and 1."""
        right = self.rows - self.missed - self.suspected
        interval = binomtest(right, self.rows).proportion_ci(method="wilson")
        return float(interval.low), float(interval.high)


@lru_cache(maxsize=1)
def _table() -> pd.DataFrame:
    return pd.read_csv(open_checked(MYSTERIES), keep_default_na=False)  # "none" is a word here


def mysteries(which: str = REPORT_ON) -> pd.DataFrame:
    """A row per mystery: seed, ``true …`` for the recipe, symptoms, ``test …`` for rivals."""
    table = _table()
    late = table["seed"] >= FIRST_REPORTED
    return table[late if choose("which", which, (CHOOSE_ON, REPORT_ON)) == REPORT_ON else ~late]


def marks() -> pd.DataFrame:
    """A row per judged mystery and strategy: marks by part, total, accuracy on test rows."""
    return pd.read_csv(open_checked(MARKS))


def strength(table: pd.DataFrame, symptom: str) -> pd.Series:
    """How strong a symptom is in each mystery; more of it speaks for its truth."""
    choose("symptom", symptom, TRUTHS)
    if symptom == "probe lost":
        return -table[[f"probe {m}" for m in MODALITIES]].min(axis=1)
    if symptom == "behind the other":
        return (table["alone A"] - table["alone B"]).abs()
    if symptom == "rows without":
        return table[[f"lacks {m}" for m in MODALITIES]].max(axis=1)
    column = {"interaction gap": "interaction", "disagreement": "wrong labels"}
    return table[column.get(symptom, symptom)]


def has(table: pd.DataFrame, symptom: str) -> pd.Series:
    """Whether what a symptom speaks for is true of each mystery."""
    truth = table[f"true {TRUTHS[choose('symptom', symptom, TRUTHS)]}"]
    if truth.dtype == bool:
        return truth
    return truth > 0 if truth.dtype.kind == "f" else truth != NOBODY


def fares(table: pd.DataFrame, symptom: str, threshold: float) -> Fares:
    """What comes of saying that a mystery has it where the symptom is above the threshold."""
    return fares_at(table, symptom, [threshold])[0]


def fares_at(table: pd.DataFrame, symptom: str, thresholds: Sequence[float]) -> list[Fares]:
    """`fares` of several thresholds."""
    for threshold in thresholds:
        require_finite("threshold", threshold)
    size, true = strength(table, symptom).to_numpy(), has(table, symptom).to_numpy()
    says = size > np.asarray(thresholds, dtype=float)[:, None]
    missed, suspected = (true & ~says).sum(1), (says & ~true).sum(1)
    return [
        Fares(len(table), int(true.sum()), int(m), int(s))
        for m, s in zip(missed, suspected, strict=True)
    ]
