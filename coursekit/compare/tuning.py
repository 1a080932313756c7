"""The course's protocol: a rate is chosen on some seeds, and what it reaches is told of others.

`tune_and_report` carries it out for a study whose models have nothing but a learning rate to
choose; `best_rates` and `results` read the table that it makes. Studies with more to choose
share its fresh seeds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pandas as pd
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from coursekit.utils.checks import require, require_columns, require_count

TUNING_SEEDS = range(3)
FIRST_SEED = 100  # of those that are reported
SEEDS = range(FIRST_SEED, FIRST_SEED + 10)
Result = TypeVar("Result")
Place = TypeVar("Place", bound=tuple[str, ...])  # what gets a rate of its own, such as an operator
Row = dict[str, object]


def fresh_seeds(count: int) -> range:
    """The first ``count`` of the seeds on which nothing was chosen: 100, 101, …"""
    require_count("seeds", count, 1)
    return range(FIRST_SEED, FIRST_SEED + count)


def tune_and_report(
    train: Callable[..., Sequence[Row]],
    rates: Mapping[Place, Sequence[float]],
    by: Sequence[str],
    score: str,
    *,
    jobs: int,
    label: str,
) -> pd.DataFrame:
    """Every rate of every place on the tuning seeds, then each place's best one on the others.

    train: (*place, rate, seed) → rows with the columns ``by``, rate, seed and ``score``, as many
    for every seed.  rates: those that each place may try; a place holds the values of ``by``.
    score: by whose mean a rate is chosen, see `best_rates`.  jobs: processes; the table does not
    depend on it.  label: names the bar of the second part.
    Returns the rows of both parts.
    """
    trials = [(place, rate) for place, tried in rates.items() for rate in tried]
    tuning = _trained(train, trials, TUNING_SEEDS, jobs, "choosing rates")
    best = best_rates(tuning, by, score)[[*by, "rate"]].to_numpy()
    chosen = [(tuple(map(str, place)), float(rate)) for *place, rate in best]
    reported = _trained(train, chosen, SEEDS, jobs, label)
    return pd.concat([tuning, reported], ignore_index=True)


def _trained(
    train: Callable[..., Sequence[Row]],
    trials: Sequence[tuple[tuple[str, ...], float]],
    seeds: Sequence[int],
    jobs: int,
    label: str,
) -> pd.DataFrame:
    """Rows of each place and rate; the first rows of all its seeds, then the second ones, …"""
    plan = [(*place, rate, seed) for place, rate in trials for seed in seeds]
    parts = iter(run_all(train, plan, jobs, label))
    rows: list[Row] = []
    for _ in trials:
        by_seed = [next(parts) for _ in seeds]
        rows += [row for alike in zip(*by_seed, strict=True) for row in alike]
    return pd.DataFrame(rows)


def run_all(
    train: Callable[..., Result], plan: Sequence[Iterable[Any]], jobs: int, label: str
) -> list[Result]:
    """``train(*arguments)`` for every entry of ``plan``, in its order; ``label`` names the bar."""
    work = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(train)(*arguments) for arguments in plan
    )
    return list(tqdm(work, total=len(plan), desc=label, leave=False))


def best_rates(table: pd.DataFrame, by: Sequence[str], score: str) -> pd.DataFrame:
    """The rate with the best mean ``score`` on the tuning seeds, for every group of ``by``.

    table: columns by, rate, seed, score.  Returns columns by and rate; a tie goes to the smaller.
    """
    require_columns("table", table, (*by, "rate", "seed", score))
    tuning = table[table["seed"].isin(TUNING_SEEDS)]
    require(len(tuning) > 0, f"table has no rows of the tuning seeds {list(TUNING_SEEDS)}.")
    means = tuning.groupby([*by, "rate"], as_index=False)[score].mean()
    best = means.groupby(list(by))[score].idxmax()
    return pd.DataFrame(means.loc[best.to_list(), [*by, "rate"]]).reset_index(drop=True)


def results(table: pd.DataFrame, by: Sequence[str], score: str) -> pd.DataFrame:
    """The rows of the seeds that count, each group at the rate chosen for it."""
    reported = table[table["seed"].isin(SEEDS)]
    return reported.merge(best_rates(table, by, score), on=[*by, "rate"])
