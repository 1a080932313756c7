"""A thousand credits of a German bank: the table on which fairness metrics are shown."""

import pandas as pd

from coursekit.data.files import open_checked
from coursekit.utils.checks import require_columns, require_count, require_flag

FILE = "german_credit.csv"
NUMBERS = (
    "months", "amount", "installment_rate", "resident_since", "age", "credits_here", "dependants",
)  # fmt: skip
# What says somebody's sex or age, or is nearly the same.
PROTECTED = ("age", "sex", "personal_status", "foreign_worker")
YOUNG = 25  # up to this age, as in Kamiran and Calders (2009)


def open_german_credit(young: int = YOUNG) -> pd.DataFrame:
    """The rows as published, with the columns good (0, 1), sex and age_group.

    sex is derived from the code personal_status by the list that was published with the data.
    Grömping (2019) found that list to be wrong: see ``data/german_credit.md`` before you conclude
    anything about women and men from it.  young: the last age in years that counts as "young".
    Errors: TypeError or ValueError for another age; DataFileError for a damaged file.
    """
    require_count("young", young, 1)
    table = pd.read_csv(open_checked(FILE))
    table["age_group"] = table["age"].le(young).map({True: "young", False: "older"})
    return table


def credit_features(table: pd.DataFrame, *, protected: bool = False) -> pd.DataFrame:
    """What a classifier may read: numbers as they are, codes as columns of 0 and 1, (N, F) float.

    table: rows of `open_german_credit`.  protected: with age, status, sex and foreign worker too.
    Leaving them out does not make a classifier blind: other columns go with them.  A code that no
    row of the table has gets no column: take the features of all rows first, then split them.
    Errors: TypeError or ValueError for a table without the columns.
    """
    require_columns("table", table, (*NUMBERS, *PROTECTED, "good"))
    require_flag("protected", protected)
    apart = ("good", "age_group", *(() if protected else PROTECTED))
    used = table[[column for column in table.columns if column not in apart]]
    codes = [column for column in used.columns if column not in NUMBERS]
    return pd.get_dummies(used, columns=codes, dtype=float).astype(float)
