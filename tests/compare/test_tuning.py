"""The course's protocol: every rate on the tuning seeds, the best one on the seeds that count."""

import pandas as pd
import pytest

from coursekit.compare import tuning

BY = ["operator", "head"]


def rows(operator, head, rate, seed):
    """Two targets of one training; "film" is best at 0.1, on the tuning seeds at least."""
    good = rate == (0.1 if operator == "film" else 0.2)
    place = {"operator": operator, "head": head, "rate": rate, "seed": seed}
    return [{**place, "target": t, "score": float(good) + seed / 1e4} for t in ("a", "b")]


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_rates_are_tuned_and_the_best_is_reported(jobs):
    rates = {("film", "x"): (0.1, 0.2), ("additive", "x"): (0.1, 0.2, 0.3)}
    table = tuning.tune_and_report(rows, rates, BY, "score", jobs=jobs, label="")
    tuned = table[table["seed"].isin(tuning.TUNING_SEEDS)]
    counts = tuned.groupby(["operator", "rate"]).size()
    assert len(counts) == 5 and set(counts) == {2 * len(tuning.TUNING_SEEDS)}
    reported = table[table["seed"].isin(tuning.SEEDS)]
    assert len(table) == len(tuned) + len(reported) == 5 * 2 * 3 + 2 * 2 * 10
    best = reported.groupby("operator")["rate"].unique().explode().to_dict()
    assert best == {"film": 0.1, "additive": 0.2}
    pd.testing.assert_frame_equal(
        tuning.results(table, BY, "score"), reported[list(table)].reset_index(drop=True)
    )


def test_rows_of_one_target_stand_together_over_the_seeds():
    table = tuning.tune_and_report(rows, {("film", "x"): (0.1,)}, BY, "score", jobs=1, label="")
    first = [(t, s) for t in ("a", "b") for s in tuning.TUNING_SEEDS]
    then = [(t, s) for t in ("a", "b") for s in tuning.SEEDS]
    assert list(zip(table["target"], table["seed"], strict=True)) == first + then


def test_fresh_seeds_are_no_tuning_seeds():
    assert list(tuning.fresh_seeds(3)) == [100, 101, 102]
    assert not set(tuning.fresh_seeds(50)) & set(tuning.TUNING_SEEDS)
    with pytest.raises(ValueError, match="seeds is 0"):
        tuning.fresh_seeds(0)


def test_a_table_without_a_column_is_refused():
    table = pd.DataFrame({"operator": ["film"], "rate": [0.1], "score": [1.0]})
    with pytest.raises(ValueError, match=r"\['head', 'seed'\] are missing"):
        tuning.best_rates(table, BY, "score")
