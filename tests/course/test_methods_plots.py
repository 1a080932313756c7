"""The methods table: rivals in every panel, differences paired by seed, pictures that say both."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coursekit.compare.standings import BEST, differences, gains, means, standings
from coursekit.course.plots import new_figure
from coursekit.course.plots.standings import method_gains, method_values

FUSED = {"joint": 0.80, "mlb": 0.88, "ogm": 0.83}


def stored(data="starve", fusions=("late-linear", "film"), seeds=range(100, 106)):
    """A small table in the benchmark's form, each method with a level of its own."""
    rng = np.random.default_rng(0)
    rows = []
    for seed in seeds:
        luck = rng.normal(0, 0.05)  # shared by all methods of a seed, so that pairing matters
        free = {"ensemble": 0.9, "unimodal A": 0.84, "unimodal B": 0.76}
        places = [("none", m, v) for m, v in free.items()]
        places += [(f, m, v) for f in fusions for m, v in FUSED.items()]
        for fusion, method, level in places:
            test = level + luck + rng.normal(0, 0.005)
            row = {"data": data, "fusion": fusion, "method": method, "seed": seed}
            rows.append({**row, "valid": test, "test": test, "ece": 1 - test})
    return pd.DataFrame(rows)


def test_rivals_stand_in_every_fusion():
    table = standings(stored())
    for fusion, part in table.groupby("fusion"):
        assert {"ensemble", BEST, "unimodal A"} <= set(part["method"]), fusion
        assert set(part.groupby("method")["seed"].nunique()) == {6}
    assert "none" not in set(table["fusion"])


def test_the_best_unimodal_model_is_chosen_on_validation():
    table = stored()
    of_b = (table["method"] == "unimodal B") & (table["seed"] == 103)
    table.loc[of_b, "valid"] = 0.99  # B looks best on validation, and is not on test
    chosen = standings(table)
    best = chosen[(chosen["method"] == BEST) & (chosen["fusion"] == "film")].set_index("seed")[
        "test"
    ]
    assert best[103] == table.loc[of_b, "test"].item()
    of_a = table[table["method"] == "unimodal A"].set_index("seed")["test"]
    assert best.drop(103).equals(of_a.drop(103))


@pytest.mark.parametrize("gone", ["ensemble", "unimodal A|unimodal B"])
def test_a_table_without_its_rivals_is_refused(gone):
    table = stored()
    with pytest.raises(ValueError, match="never leave them out"):
        standings(table[~table["method"].str.fullmatch(gone)])
    with pytest.raises(ValueError, match="are missing"):
        standings(table.drop(columns="valid"))


def test_differences_are_those_of_a_paired_test():
    table = stored()
    row = differences(standings(table), "mlb", "joint").set_index("fusion").loc["film"]
    wide = table[table["fusion"] == "film"].pivot_table(
        index="seed", columns="method", values="test"
    )
    want = stats.ttest_rel(wide["mlb"], wide["joint"]).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx(tuple(want), abs=1e-12)
    apart = stats.ttest_ind(wide["mlb"], wide["joint"]).confidence_interval(0.95)
    assert row["high"] - row["low"] < 0.5 * (apart.high - apart.low)  # pairing is what helps


def test_differences_leave_out_seeds_without_a_value():
    table = standings(stored())
    table.loc[(table["method"] == "mlb") & (table["seed"] == 100), "ece"] = np.nan
    assert set(differences(table, "mlb", "joint", "ece")["n"]) == {5}
    counts = means(table, "ece").set_index(["fusion", "method"])["n"]
    assert counts["film", "mlb"] == 5 and counts["film", "joint"] == 6
    with pytest.raises(ValueError, match="Did you mean 'mlb'"):
        differences(table, "mbl", "joint")


def test_differences_of_what_is_no_number_or_stands_there_twice_are_refused():
    table = standings(stored())
    with pytest.raises(ValueError, match="table has no test of 'mlb' on any seed"):
        differences(table.assign(test=np.nan), "mlb", "joint")
    with pytest.raises(ValueError, match=r"table has \['-'\] in the column test; numbers were"):
        texts = ["-" if i == 7 else str(x) for i, x in enumerate(table["test"])]
        of_all = table.assign(test=texts)
        differences(of_all, of_all["method"][7], "ensemble")
    with pytest.raises(ValueError, match="table has starve late-linear mlb 100 twice"):
        differences(pd.concat([table, table[table["method"] == "mlb"]]), "mlb", "joint")


def test_gains_have_a_row_for_everybody_but_the_base():
    gained = gains(standings(stored()))
    assert len(gained) == 2 * (len(FUSED) - 1 + 4)
    top = gained.sort_values("mean").groupby("fusion")["method"].last()
    assert set(top) == {"ensemble"}


@pytest.mark.parametrize("draw", [method_values, method_gains])
def test_every_panel_draws_the_rivals_hollow(draw):
    table = standings(stored())
    _, axes = new_figure(columns=2)
    alt = draw(table, axes)
    for ax in axes:
        hollow = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
        assert len({line.get_marker() for line in hollow}) == 2
        assert ax.get_title(loc="left") in alt
    assert [label.get_text() for label in axes[0].get_yticklabels()][:2] == ["ensemble", BEST]
    assert axes[0].get_xlim() == axes[1].get_xlim()
    assert alt.count("ensemble") == 2 and "mlb" in alt


def test_panels_that_do_not_fit_are_refused():
    both = pd.concat([stored(), stored(data="overfit")])
    _, axes = new_figure(columns=2)
    with pytest.raises(ValueError, match="one was expected by fusion"):
        method_values(standings(both), axes)
    with pytest.raises(ValueError, match="2 panels"):
        method_values(standings(stored()), axes[:1])
    with pytest.raises(ValueError, match="pass it through standings"):
        method_values(stored(), [*axes, axes[0]])
    one = standings(both)
    assert "overfit" in method_gains(one[one["fusion"] == "film"], axes, by="data")
