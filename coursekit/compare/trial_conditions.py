"""Conditions for a ranking that only the trials can show: budgets, choices, ranges."""

import math
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from coursekit.compare.protocol import is_single
from coursekit.compare.result_tables import (
    CELL,
    RATE,
    SETTINGS,
    Evidence,
    Place,
    label,
    number_of,
    places,
)

NO_TRIALS = "no table of trials was given, so nobody can tell"
NONE_HERE = "has no trials, so nobody can tell"


def equal_budget(e: Evidence) -> list[str]:
    """The same number of different trials per method, each once and on the same seeds.

    Only the number is compared: which settings a method tried, and how far apart, is not.
    """
    if e.trials is None:
        return [NO_TRIALS]
    tuned = set(places(e.trials))
    lacking = [f"{label(p)} has no trials" for p in places(e.results) if p not in tuned]
    counts = e.trials.groupby(CELL, sort=False)[SETTINGS].nunique().to_dict()
    problems = _unlike({p: number_of(n, "trial") for p, n in counts.items()}, "had")
    seeds = e.trials.groupby([*CELL, SETTINGS], sort=False)["seed"].agg(_seeds)
    of_place = seeds.groupby(CELL, sort=False).agg(lambda s: " and ".join(sorted(set(s))))
    problems += _unlike(of_place.to_dict(), "was tuned on the seeds")
    twice = e.trials[e.trials.duplicated([*CELL, SETTINGS, "seed"])]
    again = [f"{label(p)} has {t} on seed {s} twice" for *p, t, s in places(twice, "trial", "seed")]
    return lacking + problems + again


def _unlike(values: Mapping[Any, Hashable], had: str) -> list[str]:
    """Who differs from most others; where there are no most, an example of each."""
    ranked = Counter(values.values()).most_common()
    if len(ranked) < 2:
        return []
    usual, most = ranked[0]
    if ranked[1][1] < most:
        return [
            f"{label(place)} {had} {value}, most others {usual}"
            for place, value in values.items()
            if value != usual
        ]
    first: dict[Hashable, Any] = {}
    for place, value in values.items():
        first.setdefault(value, place)
    examples = (f"{label(first[value])} {had} {value}" for value, _ in ranked)
    return [" but ".join(examples)]


def _seeds(column: "pd.Series[int]") -> str:
    return " ".join(map(str, sorted(set(column))))


def tuned_single_models(e: Evidence) -> list[str]:
    """Two or more models of one modality on every data set, each with two trials or more, and with
    the validation accuracy by which the best of them is chosen.
    """
    single = e.results[e.results["method"].map(is_single).astype(bool)]
    counts = single.groupby("data")["method"].nunique()
    problems = [
        f"{data} has {number_of(counts.get(data, 0), 'single model')}"
        for data in e.results["data"].unique()
        if counts.get(data, 0) < 2
    ]
    if not problems and e.trials is None:
        problems = [NO_TRIALS]
    elif not problems and e.trials is not None:
        trials = e.trials.groupby(CELL)[SETTINGS].nunique()
        problems = [f"{label(p)} was not tuned" for p in places(single) if trials.get(p, 0) < 2]
    return problems + _without_valid(single)


def _without_valid(single: pd.DataFrame) -> list[str]:
    if "valid" not in single:
        return ["results has no column valid, by which the best single model is chosen"]
    return [
        f"{label(place)} has no valid on {valid.isna().sum()} of {len(valid)} seeds"
        for place, valid in single.groupby(CELL, sort=False)["valid"]
        if valid.isna().any()
    ]


def not_chosen_on_test(e: Evidence) -> list[str]:
    """Settings chosen by validation, one trial per method, on seeds that are not reported."""
    if e.trials is None:
        return [NO_TRIALS]
    looked = [c for c in e.trials.columns if str(c).strip().lower().startswith("test")]
    if looked:
        return [f"the table of trials has test figures, {', '.join(map(repr, looked))}"]
    lacks = [f"results has no column {c}" for c in ("seed", "trial") if c not in e.results]
    lacks += [] if "valid" in e.trials else ["trials has no column valid"]
    if lacks:
        return [f"{lack}, so nobody can tell" for lack in lacks]
    both = sorted(set(e.trials["seed"]) & set(e.results["seed"]))
    problems = [f"seeds {both} chose, and are reported too"] if both else []
    reported, choices = _named(e.results, SETTINGS), _choices(e.trials)
    for place, named in reported.items():
        why = _wrong_choice(named, choices.get(place))
        problems += [f"{label(place)} {why}"] if why else []
    return problems


def _named(table: pd.DataFrame, column: str) -> dict[Place, dict[Any, Any]]:
    """Of each place the values of ``column`` that it names, each with a trial that has it."""
    named: dict[Place, dict[Any, Any]] = {}
    for *place, value, trial in places(table, column, "trial"):
        named.setdefault(tuple(place), {}).setdefault(value, trial)
    return named


@dataclass
class _Choice:
    """Of one place's trials.  means: accuracy on validation by settings.  unknown: why some of them
    have none that counts; empty if all have.
    """

    means: dict[str, float]
    unknown: str = ""


def _choices(trials: pd.DataFrame) -> dict[Place, _Choice]:
    choices: dict[Place, _Choice] = {}
    grouped = trials.groupby([*CELL, SETTINGS], sort=False, as_index=False)["valid"]
    means = grouped.mean().round(9).itertuples(index=False, name=None)
    for *place, settings, mean in means:
        choices.setdefault(tuple(place), _Choice({})).means[settings] = mean
    values = trials.groupby([*CELL, SETTINGS, "seed"], sort=False)["valid"].nunique()
    for *place, _, _ in values[values > 1].index:
        choices[tuple(place)].unknown = "has two validation accuracies of one trial and seed"
    for *place, trial in places(trials[trials["valid"].isna()], "trial"):
        choices[tuple(place)].unknown = f"has a trial without accuracy on validation, {trial}"
    return choices


def _wrong_choice(named: Mapping[Any, Any], choice: _Choice | None) -> str:
    """What is wrong with the trial that a place reports; empty if nothing is."""
    if choice is None:
        return NONE_HERE
    if any(pd.isna(settings) for settings in named):
        return "does not name its trial everywhere"
    if len(named) > 1:
        return f"reports {len(named)} trials, {', '.join(named.values())}; one was expected"
    if choice.unknown:
        return choice.unknown
    settings, trial = next(iter(named.items()))
    if settings not in choice.means:
        return f"reports a trial that is not in trials, {trial}"
    if choice.means[settings] < max(choice.means.values()):
        return f"reports a trial that validation did not choose, {trial}"
    return ""


def rate_inside_the_range(e: Evidence) -> list[str]:
    """Every chosen learning rate lies between the smallest and the largest that was measured."""
    if e.trials is None:
        return [NO_TRIALS]
    if "trial" not in e.results:
        return ["results has no column trial, so nobody can tell"]
    measured = e.trials if "valid" not in e.trials else e.trials.dropna(subset=["valid"])
    ranges, tried = _named(measured, RATE), _named(e.trials, RATE)
    problems = []
    for place, chosen in _named(e.results, RATE).items():
        why = _at_an_end(chosen, tried.get(place, {}), ranges.get(place, {}))
        problems += [f"{label(place)} {why}"] if why else []
    return problems


def _at_an_end(
    chosen: Mapping[float, Any], tried: Mapping[float, Any], measured: Mapping[float, Any]
) -> str:
    """What is wrong with the rate that a place chose; empty if nothing is.  Each: rate → trial."""
    if not tried:
        return NONE_HERE
    nameless = [trial for rate, trial in [*chosen.items(), *tried.items()] if math.isnan(rate)]
    if nameless:
        where = repr(nameless[0]) if isinstance(nameless[0], str) else "its trial"
        return f"names no learning rate lr in {where}, so nobody can tell"
    if not measured:
        return "has no trial that was measured, so nobody can tell"
    low, high = min(measured), max(measured)
    few = {1: " (only one rate was tried)", 2: " (only two rates were tried)"}
    for rate in sorted(chosen):
        if rate in (low, high):
            return f"chose {rate:g}, an end of its range{few.get(len(measured), '')}"
        if not low < rate < high:
            return f"chose {rate:g}, outside of what was measured, {low:g} to {high:g}"
    return ""
