"""Reading the methods table: every rival in every fusion, and differences paired by seed."""

import pandas as pd

from coursekit.analysis.intervals import interval
from coursekit.compare.protocol import FUSIONS, NO_FUSION, UNIMODAL
from coursekit.compare.race import ENSEMBLE
from coursekit.training.method import JOINT
from coursekit.utils.checks import choose, require, require_columns

BEST = f"best {UNIMODAL}"
RIVALS = (ENSEMBLE, BEST)
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
    Errors: ValueError when columns, the ensemble or the unimodal models are missing.
    """
    require_columns("table", table, COLUMNS)
    alone = table[table["method"].str.startswith(UNIMODAL)]
    chosen = alone.loc[alone.groupby(["data", "seed"])["valid"].idxmax()].assign(method=BEST)
    every = pd.concat([table, chosen], ignore_index=True)
    free = every[every["fusion"] == NO_FUSION]
    fused = every[every["fusion"] != NO_FUSION]
    for data in fused["data"].unique():
        lacking = set(RIVALS) - set(free.loc[free["data"] == data, "method"])
        require(not lacking, f"table has no {sorted(lacking)} for {data}: never leave them out.")
    places = fused[["data", "fusion"]].drop_duplicates()
    repeated = free.drop(columns="fusion").merge(places, on="data")
    late = fused[(fused["fusion"] == "transformer") & (fused["method"] == JOINT)]
    others = places[places["fusion"] != "transformer"]
    late = late.assign(method=LATE_TRANSFORMER).drop(columns="fusion").merge(others, on="data")
    everywhere = set(late["data"]) == set(fused.loc[fused["fusion"] != "transformer", "data"])
    both = pd.concat([fused, repeated, late if everywhere else late[:0]], ignore_index=True)[
        table.columns
    ]
    known = {name: place for place, name in enumerate(FUSIONS)}
    return both.sort_values("fusion", key=lambda f: f.map(known), kind="stable", ignore_index=True)


def differences(table: pd.DataFrame, method: str, base: str, value: str = "test") -> pd.DataFrame:
    """``method`` minus ``base`` in ``value``, paired by seed: a row per data set and fusion.

    table: of `standings`.  Columns data, fusion, mean, low, high (95 %), n. Seeds in which one of
    the two has no value (NaN) are left out, and n says how many are left.
    """
    require_columns("table", table, [*PLACE, "seed", value])
    for label, name in (("method", method), ("base", base)):
        choose(label, name, table["method"].unique())
    wide = table[table["method"].isin([method, base])].pivot_table(
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
