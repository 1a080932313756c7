"""The stored table of cures under priors of several strengths, read as accuracies of any test."""

from functools import lru_cache

import pandas as pd

from coursekit.analysis.intervals import Interval, interval
from coursekit.data.easy_vqa import TYPES
from coursekit.data.files import open_checked
from coursekit.data.shifted_priors import TESTS
from coursekit.lessons.l12_unimodal_bias.answer_roles import ALL
from coursekit.lessons.l12_unimodal_bias.prior_strengths import (
    METHODS,
    STRENGTHS,
    accuracy_under,
)
from coursekit.utils.checks import choose, require, require_share

FILE = "priors_by_strength.csv"
Accuracies = dict[str, dict[str, Interval]]  # type → test → interval over seeds


@lru_cache(maxsize=1)
def stored_table() -> dict[tuple[str, float], pd.DataFrame]:
    """Rows of each method and strength.  Errors: DataFileError for a missing or damaged file."""
    table = pd.read_csv(open_checked(FILE))
    return {
        (method, strength): table[(table["method"] == method) & (table["strength"] == strength)]
        for method in METHODS
        for strength in STRENGTHS
    }


@lru_cache(maxsize=512)
def accuracies(method: str, trained: float, tested: float) -> Accuracies:
    """Accuracy by type and test, intervals over seeds; "all" is the mean of the types.

    method: one of `METHODS`.  trained: share of the preferred answer in training, one of
    `STRENGTHS`.  tested: in the tests that have a prior.
    Errors: ValueError for others; DataFileError.
    """
    choose("method", method, METHODS)
    require(trained in STRENGTHS, f"trained is {trained}; one of {STRENGTHS} was expected.")
    require_share("tested", tested)
    rows = stored_table()[method, trained]
    result: Accuracies = {kind: {} for kind in (ALL, *TYPES)}
    for test in TESTS:
        by_type = {kind: accuracy_under(rows, kind, test, tested) for kind in TYPES}
        every = pd.DataFrame(by_type).mean(axis=1)
        result[ALL][test] = interval(every)
        for kind, values in by_type.items():
            result[kind][test] = interval(values)
    return result
