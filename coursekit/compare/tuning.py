"""A learning rate for each model, chosen on some seeds; its results, on others.

`run_all` shares the trainings between processes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pandas as pd
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from coursekit.utils.checks import choose, require

TUNING_SEEDS = range(3)
SEEDS = range(100, 110)
Result = TypeVar("Result")
Place = TypeVar("Place", bound=tuple[str, ...])


def run_all(
    train: Callable[..., Result], plan: Sequence[Iterable[Any]], jobs: int, label: str
) -> list[Result]:
    """``train(*arguments)`` for every entry of ``plan``, in its order; ``label`` names the bar."""
    work = Parallel(n_jobs=jobs, return_as="generator")(delayed(train)(*each) for each in plan)
    return list(tqdm(work, total=len(plan), desc=label, leave=False))


def best_rates(table: pd.DataFrame, by: Sequence[str], score: str) -> pd.DataFrame:
    """The rate with the best mean ``score`` on the tuning seeds, for every group of ``by``.

    table: columns by, rate, seed, score.  Returns columns by and rate; a tie goes to the smaller.
    """
    for column in (*by, "rate", "seed", score):
        choose("column", column, table.columns)
    tuning = table[table["seed"].isin(TUNING_SEEDS)]
    require(len(tuning) > 0, f"table has no rows of the tuning seeds {list(TUNING_SEEDS)}.")
    means = tuning.groupby([*by, "rate"], as_index=False)[score].mean()
    best = means.groupby(list(by))[score].idxmax()
    return pd.DataFrame(means.loc[best.to_list(), [*by, "rate"]]).reset_index(drop=True)


def results(table: pd.DataFrame, by: Sequence[str], score: str) -> pd.DataFrame:
    """The rows of the seeds that count, each group at the rate chosen for it."""
    reported = table[table["seed"].isin(SEEDS)]
    return reported.merge(best_rates(table, by, score), on=[*by, "rate"])


def tune_and_train(
    train: Callable[..., dict[str, object]],
    rates: Mapping[Place, Sequence[float]],
    by: Sequence[str],
    score: str,
    jobs: int,
    label: str,
) -> pd.DataFrame:
    """Every rate on the tuning seeds, then the best one of each place on the seeds that count.

    train(*place, rate, seed) → a row with the columns by, rate, seed and score.  rates: place, one
    name per column of ``by`` → the rates to try there.  label: names the second progress bar.
    """
    trials = [(*p, rate, seed) for p, tried in rates.items() for rate in tried
              for seed in TUNING_SEEDS]  # fmt: skip
    table = pd.DataFrame(run_all(train, trials, jobs, "choosing rates"))
    best = best_rates(table, by, score)[[*by, "rate"]].to_numpy()
    final = [(*map(str, place), float(rate), seed) for *place, rate in best for seed in SEEDS]
    parts = (table, pd.DataFrame(run_all(train, final, jobs, label)))
    return pd.concat(parts, ignore_index=True)
