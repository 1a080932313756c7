"""Tables of results and of trials as the checklist reads them, and what nobody could read.

A table may come from a file or be typed by hand, so seeds may be text and trials spelled in many
ways. What has one meaning is read; what has none, or two, is refused with table, column and row.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import pandas as pd

from coursekit.compare.protocol import NO_FUSION, is_single
from coursekit.compare.race import ENSEMBLE
from coursekit.compare.trial_text import rate_in, same_settings
from coursekit.utils.checks import require, require_columns

CELL = ["data", "fusion", "method"]
Place = tuple[Any, ...]  # what stands in these
SETTINGS, RATE = "settings as read", "rate as read"  # columns that reading adds
NAMED = 3  # rows that a sentence names
TRIAL = "settings such as 'lr=0.1' were expected"


@dataclass(frozen=True)
class Evidence:
    """A results table, and the trials that its settings were chosen by, if they are known.

    Both as `read_tables` gives them: seeds are whole numbers, accuracies are numbers or NaN. Where
    a table has a column trial, `SETTINGS` has what two spellings of the same trial share (NaN where
    none is named), and `RATE` its learning rate (NaN where it names none).
    """

    results: pd.DataFrame
    trials: pd.DataFrame | None


def read_tables(results: pd.DataFrame, trials: pd.DataFrame | None = None) -> Evidence:
    """Both tables as the conditions need them; of the trials those of places that have results.

    Arguments and errors: as of `coursekit.compare.reliability.checklist`.
    """
    results = named("results", results, ("test",))
    require(len(results) > 0, "results has no rows; one per training was expected.")
    if trials is not None:
        trials = named("trials", trials, ("trial", "seed"))
    _require_one_spelling(results, trials)
    results = results.assign(test=_numbers("results", results, "test"))
    _require_one_scale(results)
    if trials is not None:
        have = set(results[CELL].itertuples(index=False, name=None))
        own = [place in have for place in trials[CELL].itertuples(index=False, name=None)]
        trials = trials[pd.Series(own, index=trials.index, dtype=bool)]
        trials = _read("trials", trials)
        _refuse("trials", trials, "trial", trials["trial"].isna(), TRIAL)
    return Evidence(_read("results", results), trials)


def named(name: str, table: pd.DataFrame, columns: Sequence[str] = ()) -> pd.DataFrame:
    """A table with ``columns``, whose data sets, fusions and methods have names, and whose index
    names each row once.

    Ensemble and single models have no fusion: they get "none", whatever stands there.
    name: of the argument, for sentences.
    Errors: TypeError for what is no table; ValueError where columns are missing or stand there
    twice, or a name is missing or no text.
    """
    require_columns(name, table, (*CELL, *columns))
    twice = sorted({str(c) for c in table.columns[table.columns.duplicated()]})
    require(not twice, f"{name} has the columns {twice} twice; each was expected once.")
    if not (table.index.is_unique and pd.api.types.is_integer_dtype(table.index)):
        table = table.reset_index(drop=True)
    for column in CELL:
        wrong = table[column].map(lambda x: not (isinstance(x, str) and x.strip())).astype(bool)
        hint = "a name was expected (pandas reads the words None and NA as missing)"
        _refuse(name, table, column, wrong, hint)
    texts = {column: table[column].astype(object) for column in CELL}  # a category has groups
    alone = texts["method"].map(brings_its_own_answer).astype(bool)
    texts["fusion"] = texts["fusion"].mask(alone, NO_FUSION)
    return table.assign(**texts)


def brings_its_own_answer(method: str) -> bool:
    """Whether a method has no fusion: the ensemble and single models."""
    return method == ENSEMBLE or is_single(method)


def places(table: pd.DataFrame, *more: str) -> list[Place]:
    """Each data set, fusion and method of a table once, with the columns ``more``."""
    return list(table[[*CELL, *more]].drop_duplicates().itertuples(index=False, name=None))


def number_of(count: int, what: str) -> str:
    """As in "1 seed" and "2 seeds"."""
    return f"{count} {what}" + ("" if count == 1 else "s")


def label(place: Iterable[object]) -> str:
    """A place in a sentence."""
    return " ".join(map(str, place))


def _read(name: str, table: pd.DataFrame) -> pd.DataFrame:
    if "seed" in table:
        table = table.assign(seed=_seeds(name, table))
    if "valid" in table:
        table = table.assign(valid=_numbers(name, table, "valid"))
    if "trial" in table:
        text = table["trial"].astype(object)
        wrong = text.map(lambda x: not (isinstance(x, str) or _missing(x))).astype(bool)
        _refuse(name, table, "trial", wrong, TRIAL)
        unlike = text.dropna().unique()
        settings = text.map({t: same_settings(t) for t in unlike})
        rates = text.map({t: rate_in(t) for t in unlike}).astype(float)
        table = table.assign(**{SETTINGS: settings, RATE: rates})
    return table


def _seeds(name: str, table: pd.DataFrame) -> "pd.Series[int]":
    read = table["seed"].map(_whole).astype(object)
    _refuse(name, table, "seed", read.isna(), "a whole number was expected")
    return read.astype(int)


def _whole(value: Any) -> int | None:
    """Of 100, 100.0, "100" and "100.0" the number 100; None for all else."""
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+(\.0*)?\s*", value):
        return int(value.partition(".")[0])
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        return None
    number = float(value)
    return int(number) if number.is_integer() else None


def _numbers(name: str, table: pd.DataFrame, column: str) -> "pd.Series[float]":
    """Finite numbers and NaN."""
    values = table[column].astype(object)
    wrong = values.map(lambda x: not (_fits(x) or _missing(x))).astype(bool)
    # One "-" makes text of all numbers of a column: it is to be named, not they.
    strange = wrong & pd.to_numeric(values, errors="coerce").isna()
    expected = "a finite number was expected"
    _refuse(name, table, column, strange if strange.any() else wrong, expected)
    return values.where(~values.map(_missing).astype(bool), math.nan).astype(float)


def _fits(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value


def _require_one_scale(results: pd.DataFrame) -> None:
    """All figures of a data set are shares, or all are percent."""
    for data, part in results.groupby("data", sort=False):
        test = part["test"]
        expected = "an accuracy, as a share or as percent, was expected"
        _refuse("results", part, "test", (test < 0) | (test > 100), expected)
        if (test > 1).any():
            shares = (test > 0) & (test <= 1)
            fewer = shares if shares.sum() <= (test > 1).sum() else test > 1
            mixed = f"shares and percent are mixed in {data!r}; one of them was expected"
            _refuse("results", part, "test", fewer & bool(shares.any()), mixed)


def _require_one_spelling(results: pd.DataFrame, trials: pd.DataFrame | None) -> None:
    tables = [results] if trials is None else [results, trials]
    for column in CELL:
        ways: dict[str, str] = {}
        for name in (str(n) for table in tables for n in table[column].unique()):
            first = ways.setdefault(" ".join(name.split()).lower(), name)
            sentence = f"results and trials have {first!r} and {name!r} as {column}"
            require(first == name, f"{sentence}; one way to spell a name was expected.")


def _refuse(
    name: str,
    table: pd.DataFrame,
    column: str,
    wrong: "pd.Series[bool]",
    expected: str,
) -> None:
    """Refuse the rows that are ``wrong``, with their values.  expected: the end of the sentence."""
    if not wrong.any():
        return
    rows = table.loc[wrong, column]
    shown = ", ".join(f"{value!r} in row {row}" for row, value in rows.head(NAMED).items())
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    raise ValueError(f"{name} has, in the column {column}, {shown}{more}; {expected}.")
