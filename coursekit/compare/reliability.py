"""May a table of results be ranked? Conditions on how it was made, checked on the table itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from coursekit.compare.conditions import cost_column, ensemble_row, same_rivals, ten_seeds
from coursekit.compare.result_tables import Evidence, read_tables
from coursekit.compare.trial_conditions import (
    equal_budget,
    not_chosen_on_test,
    rate_inside_the_range,
    tuned_single_models,
)
from coursekit.utils.checks import choose

NAMED = 3  # offenders that a sentence names; of the others the number
CONDITIONS: Mapping[str, Callable[[Evidence], list[str]]] = MappingProxyType(
    {
        "the same rivals everywhere": same_rivals,
        "equal budget": equal_budget,
        "tuned single models": tuned_single_models,
        "ensemble row": ensemble_row,
        "ten seeds": ten_seeds,
        "choice not on test": not_chosen_on_test,
        "edge of the range not chosen": rate_inside_the_range,
        "cost column": cost_column,
    }
)


class Unreliable(ValueError):
    """A ranking was asked of a table that does not carry one."""


def checklist(results: pd.DataFrame, trials: pd.DataFrame | None = None) -> pd.DataFrame:
    """Which of the conditions for a ranking hold: a row each, columns condition, holds, why.

    results: columns data, fusion, method, test, and what is known of seed, valid, trial and costs
    (seconds, multiply_adds or parameters); a row per training, or one per method where a
    publication gives no more. The ensemble is called "ensemble", single models "unimodal NAME",
    joint training "joint"; what is compared stands in one fusion. test: accuracies, of a data set
    all as shares or all as percent.
    trials: columns data, fusion, method, trial, seed, valid; None where they are not known, and
    then what they would show does not hold: nobody can tell. Trials of what has no results are not
    looked at. A trial is text such as "lr=0.1 alpha=2", in whatever order and digits.
    What the tables do not show is not checked: whether a method was built right, or whether its
    trials were wisely placed. Budgets are equal where their numbers are: one method may have
    searched its own settings while another only had rates.
    Errors: TypeError for what is no table; ValueError, with table, column and row, when columns are
    missing or stand there twice, results has no rows, a name is missing or spelled in two ways, a
    seed is not whole, an accuracy is no number, or shares and percent are mixed.
    Source: the conditions are those that
    [2512.22991](https://arxiv.org/abs/2512.22991) asks of comparisons, stated as checks by us.
    """
    evidence = read_tables(results, trials)
    rows = [(name, *_verdict(check(evidence))) for name, check in CONDITIONS.items()]
    return pd.DataFrame(rows, columns=["condition", "holds", "why"])


def require_reliable(
    results: pd.DataFrame, trials: pd.DataFrame | None = None, excused: Sequence[str] = ()
) -> None:
    """Refuse a table that does not carry a ranking, with every condition that fails and why.

    excused: conditions whose failure is known and accepted; who ranks anyway has to name them.
    Errors: `Unreliable`; those of `checklist`; TypeError where ``excused`` is no list, ValueError
    for an unknown condition in it.
    """
    if isinstance(excused, str) or not isinstance(excused, Iterable):
        raise TypeError(f"excused is {excused!r}; conditions in a list were expected.")
    names = [choose("a condition in excused", name, CONDITIONS) for name in excused]
    verdicts = checklist(results, trials)
    failed = verdicts[~verdicts["holds"] & ~verdicts["condition"].isin(names)]
    if len(failed):
        reasons = "; ".join(f"{row.condition}: {row.why}" for row in failed.itertuples())
        raise Unreliable(f"This table does not carry a ranking. {reasons}.")


def _verdict(problems: list[str]) -> tuple[bool, str]:
    if not problems:
        return True, "seen in the tables"
    more = f" and {len(problems) - NAMED} more" if len(problems) > NAMED else ""
    return False, "; ".join(problems[:NAMED]) + more
