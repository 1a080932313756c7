"""May a table of results be ranked? Conditions on how it was made, checked on the table itself."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from coursekit.compare.protocol import UNIMODAL, read_trial
from coursekit.compare.race import ENSEMBLE
from coursekit.utils.checks import choose, require_columns

SEEDS = 10  # that every row of a ranking needs
CELL = ["data", "fusion", "method"]
COSTS = ("seconds", "multiply_adds", "parameters")
NO_TRIALS = "no table of trials was given, so nobody can tell"
NAMED = 3  # offenders that a sentence names; of the others the number


class Unreliable(ValueError):
    """A ranking was asked of a table that does not carry one."""


@dataclass(frozen=True)
class Evidence:
    """A results table, and the trials that its settings were chosen by, if they are known."""

    results: pd.DataFrame
    trials: pd.DataFrame | None


def checklist(results: pd.DataFrame, trials: pd.DataFrame | None = None) -> pd.DataFrame:
    """Which of the conditions for a ranking hold: a row each, columns condition, holds, why.

    results: columns data, fusion, method, test, and what is known of seed, trial and costs
    (seconds, multiply_adds or parameters); a row per training, or one per method where a
    publication gives no more. The ensemble is called "ensemble", single models "unimodal NAME".
    trials: columns data, fusion, method, trial, seed, valid; None where they are not known, and
    then what they would show does not hold: nobody can tell.
    Errors: ValueError when columns are missing or there are no rows.
    Source: the conditions are those that
    [2512.22991](https://arxiv.org/abs/2512.22991) asks of comparisons, stated as checks by us.
    """
    require_columns("results", results, (*CELL, "test"))
    if len(results) == 0:
        raise ValueError("results has no rows; one per training was expected.")
    if trials is not None:
        require_columns("trials", trials, (*CELL, "trial", "seed"))
    evidence = Evidence(results, trials)
    rows = [(name, *_verdict(check(evidence))) for name, check in CONDITIONS.items()]
    return pd.DataFrame(rows, columns=["condition", "holds", "why"])


def require_reliable(
    results: pd.DataFrame, trials: pd.DataFrame | None = None, excused: Sequence[str] = ()
) -> None:
    """Refuse a table that does not carry a ranking, with every condition that fails and why.

    excused: conditions whose failure is known and accepted; who ranks anyway has to name them.
    Errors: `Unreliable`; ValueError for an unknown condition.
    """
    for name in excused:
        choose("a condition in excused", name, CONDITIONS)
    verdicts = checklist(results, trials)
    failed = verdicts[~verdicts["holds"] & ~verdicts["condition"].isin(list(excused))]
    if len(failed):
        reasons = "; ".join(f"{row.condition}: {row.why}" for row in failed.itertuples())
        raise Unreliable(f"This table does not carry a ranking. {reasons}.")


def _verdict(problems: list[str]) -> tuple[bool, str]:
    if not problems:
        return True, "seen in the tables"
    more = f" and {len(problems) - NAMED} more" if len(problems) > NAMED else ""
    return False, "; ".join(problems[:NAMED]) + more


def _label(place: Sequence[object]) -> str:
    return " ".join(map(str, place))


def _single(results: pd.DataFrame) -> pd.DataFrame:
    return results[results["method"].str.startswith(f"{UNIMODAL} ")]


def same_rivals(e: Evidence) -> list[str]:
    """Every method on every data set, at most once per seed."""
    by_data = e.results.groupby("data")["method"].agg(set)
    # A data set has single models of its own, called by its own modalities.
    free = by_data.map(lambda names: {n for n in names if not n.startswith(UNIMODAL)})
    every = set().union(*free)
    problems = [
        f"{data} lacks {', '.join(sorted(every - names))}"
        for data, names in free.items()
        if every - names
    ]
    key = [*CELL, *(["seed"] if "seed" in e.results else [])]
    twice = e.results[e.results.duplicated(key)]
    rows = twice[key].itertuples(index=False, name=None)
    return problems + sorted({f"{_label(row)} stands there twice" for row in rows})


def equal_budget(e: Evidence) -> list[str]:
    """The same number of different trials per method, each on the same seeds."""
    if e.trials is None:
        return [NO_TRIALS]
    tuned = set(_places(e.trials))
    lacking = [f"{_label(p)} has no trials" for p in _places(e.results) if p not in tuned]
    counts = e.trials.groupby(CELL)["trial"].nunique().reset_index()
    usual = int(counts["trial"].mode().iloc[0])
    odd = counts[counts["trial"] != usual].itertuples(index=False, name=None)
    problems = [f"{_label(place)} had {n} trials, most others {usual}" for *place, n in odd]
    seeds = e.trials.groupby([*CELL, "trial"], as_index=False)["seed"].agg(_seeds)
    same_seeds = seeds["seed"].mode().iloc[0]
    other = {_label(place) for place in _places(seeds[seeds["seed"] != same_seeds])}
    return lacking + problems + [f"{place} was tuned on other seeds" for place in sorted(other)]


def _seeds(column: pd.Series) -> str:
    return " ".join(map(str, sorted(column)))


def _places(table: pd.DataFrame, *more: str) -> list[tuple[Any, ...]]:
    """Each data set, fusion and method of a table once, with the columns ``more``."""
    return list(table[[*CELL, *more]].drop_duplicates().itertuples(index=False, name=None))


def tuned_single_models(e: Evidence) -> list[str]:
    """Two or more models of one modality on every data set, tuned as the others are."""
    single = _single(e.results)
    counts = single.groupby("data")["method"].nunique()
    few = [
        f"{data} has {counts.get(data, 0)} single models"
        for data in e.results["data"].unique()
        if counts.get(data, 0) < 2
    ]
    if few or e.trials is None:
        return few or [NO_TRIALS]
    trials = e.trials.groupby(CELL)["trial"].nunique()
    return [f"{_label(p)} was not tuned" for p in _places(single) if trials.get(p, 0) < 2]


def ensemble_row(e: Evidence) -> list[str]:
    """The ensemble of the single models on every data set."""
    have = set(e.results.loc[e.results["method"] == ENSEMBLE, "data"])
    return [f"{data} has no ensemble" for data in e.results["data"].unique() if data not in have]


def ten_seeds(e: Evidence) -> list[str]:
    """Ten seeds or more behind every mean."""
    if "seed" not in e.results:
        return ["the table has no seeds"]
    counted = e.results.dropna(subset=["test"]).groupby(CELL, dropna=False)["seed"].nunique()
    few = {place: int(counted.get(place, 0)) for place in _places(e.results)}
    return [f"{_label(place)} has {n} seeds" for place, n in few.items() if n < SEEDS]


def not_chosen_on_test(e: Evidence) -> list[str]:
    """Settings chosen by validation, on seeds that are not reported."""
    if e.trials is None:
        return [NO_TRIALS]
    if "test" in e.trials:
        return ["the table of trials has test figures"]
    if not {"seed", "trial"} <= set(e.results) or "valid" not in e.trials:
        return ["the tables do not say which trial was chosen, or by what"]
    both = sorted(set(e.trials["seed"]) & set(e.results["seed"]))
    problems = [f"seeds {both} chose, and are reported too"] if both else []
    best = e.trials.groupby([*CELL, "trial"])["valid"].mean().round(9)
    top = best.groupby(CELL).max()
    for *place, trial in _places(e.results, "trial"):
        key = tuple(place)
        if key in top.index and not best.get((*key, trial), -1.0) >= top[key]:
            problems.append(f"{_label(key)} reports a trial that validation did not choose")
    return problems


def _rate(trial: str) -> float:
    return read_trial(trial).get("lr", math.nan)


def rate_inside_the_range(e: Evidence) -> list[str]:
    """No chosen learning rate is the smallest or the largest that was tried."""
    if e.trials is None or "trial" not in e.results:
        return [NO_TRIALS]
    tried = e.trials.assign(lr=[_rate(t) for t in e.trials["trial"]])
    ends = tried.groupby(CELL)["lr"].agg(["min", "max"])
    problems = []
    for *place, trial in _places(e.results, "trial"):
        key, rate = tuple(place), _rate(trial)
        if key in ends.index and rate in tuple(ends.loc[key]):
            problems.append(f"{_label(key)} chose {rate:g}, an end of its range")
    return problems


def cost_column(e: Evidence) -> list[str]:
    """What each row cost."""
    known = [name for name in COSTS if name in e.results]
    if not known:
        return [f"the table has none of {', '.join(COSTS)}"]
    without = e.results[e.results[known].isna().all(axis=1)]
    return [f"{_label(place)} has no cost" for place in _places(without)]


CONDITIONS: dict[str, Callable[[Evidence], list[str]]] = {
    "the same rivals everywhere": same_rivals,
    "equal budget": equal_budget,
    "tuned single models": tuned_single_models,
    "ensemble row": ensemble_row,
    "ten seeds": ten_seeds,
    "choice not on test": not_chosen_on_test,
    "edge of the range not chosen": rate_inside_the_range,
    "cost column": cost_column,
}
