"""Conditions for a ranking that the results alone can meet: rivals, ensemble, seeds, costs."""

from collections import Counter

import numpy as np
import pandas as pd

from coursekit.compare.protocol import NO_FUSION, is_single
from coursekit.compare.race import ENSEMBLE
from coursekit.compare.result_tables import CELL, Evidence, Place, label, number_of
from coursekit.training.method import JOINT

SEEDS = 10  # that every row of a ranking needs
COSTS = ("seconds", "multiply_adds", "parameters")


def same_rivals(e: Evidence) -> list[str]:
    """Every method of a fusion on all data sets that have it, joint training among them; two data
    sets or more, and each training once.
    """
    data = list(e.results["data"].unique())
    one = [f"{data[0]} is the only data set, two or more were expected"] if len(data) == 1 else []
    fused = set(e.results.loc[e.results["fusion"] != NO_FUSION, "data"])
    bare = [f"{d} has nothing but the ensemble and single models" for d in data if d not in fused]
    return one + bare + _lacking(e.results) + _twice(e.results)


def _lacking(results: pd.DataFrame) -> list[str]:
    # A data set has single models of its own, called by its own modalities.
    together = results[~results["method"].map(is_single).astype(bool)]
    without = together[together["fusion"] == NO_FUSION]
    free = without.groupby("data")["method"].agg(set).to_dict()
    problems = []
    for fusion, part in together.groupby("fusion", sort=False):
        if fusion == NO_FUSION:
            continue
        have = part.groupby("data", sort=False)["method"].agg(set).to_dict()
        have = {data: names | free.get(data, set()) for data, names in have.items()}
        every = {JOINT}.union(*have.values())
        problems += [
            f"{data} with {fusion} lacks {', '.join(sorted(every - names))}"
            for data, names in have.items()
            if every - names
        ]
    return problems


def _twice(results: pd.DataFrame) -> list[str]:
    key = [*CELL, *(["seed"] if "seed" in results else [])]
    twice = results.loc[results.duplicated(key), key].itertuples(index=False, name=None)
    return sorted({f"{label(row)} stands there twice" for row in twice})


def ensemble_row(e: Evidence) -> list[str]:
    """The ensemble of the single models on every data set."""
    have = set(e.results.loc[e.results["method"] == ENSEMBLE, "data"])
    return [f"{data} has no ensemble" for data in e.results["data"].unique() if data not in have]


def ten_seeds(e: Evidence) -> list[str]:
    """Ten seeds or more behind every mean, all of them with a figure of their own, and the same
    ones for all that is compared: within a data set and fusion.
    """
    if "seed" not in e.results:
        return ["the table has no seeds"]
    problems, enough = [], set()
    for place, part in e.results.groupby(CELL, sort=False):
        seeds, empty = part["seed"].nunique(), int(part["test"].isna().sum())
        if seeds >= SEEDS:
            enough.add(place)
        if seeds - empty < SEEDS:
            problems.append(f"{label(place)} has {number_of(max(seeds - empty, 0), 'seed')}")
        elif empty:
            problems.append(f"{label(place)} has no test on {empty} of {len(part)} seeds")
        elif _copied(part["test"]):
            same = f"{part['test'].iloc[0]:g} on all {len(part)} seeds"
            problems.append(f"{label(place)} has {same}, as if one figure had been copied")
    return problems + [why for place, why in _other_seeds(e.results) if place in enough]


def _copied(test: pd.Series) -> bool:
    """Equal to the last digit on all seeds; nothing right, or everything, may well be so."""
    first = test.iloc[0]
    return bool((test == first).all()) and first not in (0, 1, 100)


def _other_seeds(results: pd.DataFrame) -> list[tuple[Place, str]]:
    """Places on other seeds than most of what they are compared with, and a sentence of each."""
    seeds: dict[Place, frozenset[int]] = {
        place: frozenset(own) for place, own in results.groupby(CELL, sort=False)["seed"]
    }
    problems: dict[Place, str] = {}
    for data, fusion in dict.fromkeys((place[0], place[1]) for place in seeds):
        own = {p: s for p, s in seeds.items() if p[0] == data and p[1] in (fusion, NO_FUSION)}
        usual = Counter(own.values()).most_common(1)[0][0]
        for place in (p for p, s in own.items() if s != usual):
            why = f"{label(place)} has other seeds than its rivals with {fusion}"
            problems.setdefault(place, why)
    return list(problems.items())


def cost_column(e: Evidence) -> list[str]:
    """What each training cost, all in one column: finite and above zero."""
    columns = [name for name in COSTS if name in e.results]
    if not columns:
        return [f"the table has none of {', '.join(COSTS)}"]
    figures = e.results[columns].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    lacking = ~(np.isfinite(figures) & (figures > 0))
    fullest = int(lacking.sum(0).argmin())
    grouped = e.results.assign(lacks=lacking[:, fullest]).groupby(CELL, sort=False)["lacks"]
    return [
        f"{label(place)} has no {columns[fullest]} on {lacks.sum()} of {len(lacks)} seeds"
        for place, lacks in grouped
        if lacks.any()
    ]
