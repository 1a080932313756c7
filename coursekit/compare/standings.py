"""Reading the methods table: every rival in every fusion, and differences paired by seed."""

import pandas as pd

from coursekit.analysis.intervals import interval
from coursekit.compare.protocol import FUSIONS, NO_FUSION, UNIMODAL, is_single
from coursekit.compare.race import ENSEMBLE
from coursekit.training.method import JOINT
from coursekit.utils.checks import choose, require, require_columns

BEST = f"best {UNIMODAL}"
RIVALS = (ENSEMBLE, BEST)
TRANSFORMER = "transformer"
LATE_TRANSFORMER = "late transformer"  # joint training of a transformer over the features
COLUMNS = ("data", "fusion", "method", "seed", "valid", "test")
PLACE = ["data", "fusion", "method"]
FIGURES = ["mean", "low", "high", "n"]


def standings(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the methods table with both rivals in every fusion, ready to be compared.

    table: rows as ``python -m coursekit bench methods`` writes them.  What has no fusion (ensemble,
    unimodal models) is repeated for every fusion of its data. "best unimodal" is added: for each
    seed the single model that is best on *validation*, with its test figures. So is, where the
    table has it of every data set, "late transformer": joint training with the fusion
    "transformer", as a rival of all that is done with another fusion. Fusions come in the order of
    the benchmark.
    Errors: ValueError when columns, the ensemble or the unimodal models are missing, or a unimodal
    model has no accuracy on validation.
    """
    require_columns("table", table, COLUMNS)
    table = table.reset_index(drop=True)  # parts that were put together may share their index
    every = pd.concat([table, _best_unimodal(table)], ignore_index=True)
    free = every[every["fusion"] == NO_FUSION]
    fused = every[every["fusion"] != NO_FUSION]
    for data in fused["data"].unique():
        lacking = set(RIVALS) - set(free.loc[free["data"] == data, "method"])
        require(not lacking, f"table has no {sorted(lacking)} for {data}: never leave them out.")
    places = fused[["data", "fusion"]].drop_duplicates()
    repeated = free.drop(columns="fusion").merge(places, on="data")
    others = places[places["fusion"] != TRANSFORMER]
    late = late_transformer(fused).assign(method=LATE_TRANSFORMER)
    late = late.drop(columns="fusion").merge(others, on="data")
    both = pd.concat([fused, repeated, late], ignore_index=True)[table.columns]
    known = {name: place for place, name in enumerate(FUSIONS)}
    return both.sort_values("fusion", key=lambda f: f.map(known), kind="stable", ignore_index=True)


def late_transformer(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of joint training with the fusion "transformer", which is a rival of all other fusions.

    table: columns data, fusion, method.  No rows where one of the data sets that have another
    fusion lacks it: a rival here and there is none.
    """
    require_columns("table", table, PLACE)
    late = table[(table["fusion"] == TRANSFORMER) & (table["method"] == JOINT)]
    others = table.loc[~table["fusion"].isin([TRANSFORMER, NO_FUSION]), "data"]
    return late if set(late["data"]) == set(others) else late[:0]


def _best_unimodal(table: pd.DataFrame) -> pd.DataFrame:
    alone = table[table["method"].map(is_single).astype(bool)]
    require_numbers("table", alone, "valid")
    unknown = sorted({f"{d} {m}" for d, m in alone.loc[alone["valid"].isna(), ["data", "method"]]
                      .itertuples(index=False)})  # fmt: skip
    sentence = f"table has no valid for {', '.join(unknown)}; the best single model is chosen by it"
    require(not unknown, f"{sentence}.")
    return alone.loc[alone.groupby(["data", "seed"])["valid"].idxmax()].assign(method=BEST)


def require_numbers(name: str, table: pd.DataFrame, column: str) -> None:
    """Refuse a column that is no column of numbers, with its first entry that is none."""
    require_columns(name, table, (column,))
    if pd.api.types.is_numeric_dtype(table[column]):
        return
    wrong = table[column][pd.to_numeric(table[column], errors="coerce").isna()]
    first = (wrong if len(wrong) else table[column]).head(1).tolist()
    require(not first, f"{name} has {first} in the column {column}; numbers were expected.")


def differences(table: pd.DataFrame, method: str, base: str, value: str = "test") -> pd.DataFrame:
    """``method`` minus ``base`` in ``value``, paired by seed: a row per data set and fusion.

    table: of `standings`.  Columns data, fusion, mean, low, high (95 %), n. Seeds in which one of
    the two has no value (NaN) are left out, and n says how many are left; where none is left there
    is no row.
    Errors: ValueError for unknown names, a value that is no number or that one of the two has
    nowhere, and a training that stands there twice.
    """
    require_columns("table", table, [*PLACE, "seed", value])
    for label, name in (("method", method), ("base", base)):
        choose(label, name, table["method"].unique())
    both = table[table["method"].isin([method, base])]
    require_numbers("table", both, value)
    for name in (method, base):
        has = bool(both.loc[both["method"] == name, value].notna().any())
        require(has, f"table has no {value} of {name!r} on any seed; numbers were expected.")
    twice = both[both.duplicated([*PLACE, "seed"])][[*PLACE, "seed"]].head(1)
    again = " ".join(map(str, twice.to_numpy().ravel()))
    require(not again, f"table has {again} twice; each training was expected once.")
    wide = both.pivot_table(
        index=["data", "fusion", "seed"], columns="method", values=value, sort=False
    )
    paired = (wide[method] - wide[base]).rename(value).reset_index()
    return _intervals(paired, ["data", "fusion"], value)


def gains(table: pd.DataFrame, base: str = "joint", value: str = "test") -> pd.DataFrame:
    """`differences` of every method of ``table`` against ``base``, with a column method."""
    require_columns("table", table, [*PLACE, "seed", value])
    choose("base", base, table["method"].unique())
    parts = [
        differences(table, name, base, value).assign(method=name)
        for name in table["method"].unique()
        if name != base
    ]
    return pd.concat(parts, ignore_index=True)[[*PLACE, *FIGURES]]


def means(table: pd.DataFrame, value: str = "test") -> pd.DataFrame:
    """Mean of ``value`` and its 95 % interval over seeds: data, fusion, method, mean, low, high, n.

    table: of `standings`. Seeds without a value (NaN) are left out.
    """
    require_columns("table", table, [*PLACE, value])
    require_numbers("table", table, value)
    return _intervals(table, PLACE, value)


def _intervals(table: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """Interval of ``value`` over the rows of every group; a single row has a mean only."""
    places, rows = [], []
    for place, part in table.dropna(subset=[value]).groupby(by, sort=False):
        i = interval(part[value], one=True)
        places.append(place)
        rows.append((i.mean, i.low, i.high, i.n))
    head = pd.DataFrame(places, columns=by)
    return pd.concat([head, pd.DataFrame(rows, columns=FIGURES)], axis=1)
