"""The stored tables of the methods benchmark: whole, chosen fairly, measured again, and floors."""

import random

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coursekit import balancing
from coursekit.analysis.intervals import interval
from coursekit.compare import cells
from coursekit.compare import protocol as methods
from coursekit.compare.stored_tables import machine
from coursekit.compare.tuning import TUNING_SEEDS, fresh_seeds
from coursekit.data.files import DATA_FOLDER, DataFileError, open_checked
from coursekit.data.fsdd import find_recordings

SMALL = ["starve", "imbalance"]
MORE = ["overfit", "balanced", "uci_views", "av_digits", "av_one_speaker", "av_two_speakers"]
RECORDED = ["av_one_speaker", "av_two_speakers"]
OWN_FUSION = {"greedy": "cross-modal-gate", "tmc": "evidential"}
SEEDS = 10
PLACE = ["data", "fusion", "method"]


@pytest.fixture(scope="module")
def tuning():
    return pd.read_csv(open_checked("methods_trials.csv"))


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(open_checked("methods.csv"))


@pytest.fixture(scope="module")
def places():
    """What the commands of the card ask for: every method of the registry on all data."""
    everywhere = [*SMALL, *MORE]
    asked = [(everywhere, "late-linear", balancing.names())]
    asked += [(everywhere, fusion, ["joint", method]) for method, fusion in OWN_FUSION.items()]
    asked += [(everywhere, "transformer", ["joint"])]
    others = [name for name in balancing.names() if name not in OWN_FUSION]
    asked += [(SMALL, fusion, others) for fusion in methods.FUSIONS]
    return {
        place for data, fusion, names in asked for place in cells.places(data, [fusion], names)[0]
    }


def places_of(table):
    return set(table[PLACE].itertuples(index=False, name=None))


def test_every_method_had_the_same_trials(tuning, places):
    assert places_of(tuning) == places
    assert not tuning.duplicated(cells.KEY).any()
    assert set(tuning["seed"]) == set(TUNING_SEEDS)
    assert set(tuning.groupby(PLACE).size()) == {6 * len(TUNING_SEEDS)}
    for place, rows in tuning.groupby(PLACE):
        assert set(rows["trial"]) == set(map(methods.write_trial, methods.trials(place[2])))


def test_every_result_has_the_trial_that_validation_chose(table, tuning, places):
    assert places_of(table) == places
    fresh = set(fresh_seeds(SEEDS))
    for place, rows in table.groupby(PLACE):
        assert len(rows) == SEEDS and set(rows["seed"]) == fresh, place
        chosen = methods.write_trial(cells.chosen_trial(tuning, place))
        assert set(rows["trial"]) == {chosen}, place


def test_no_training_diverged(table):
    rest = table.drop(columns="shapley_imbalance")  # measured of late-linear, and without fusion
    assert rest.notna().all(axis=None) and (table["test"] > 0).all()
    late = table[table["fusion"].isin(["late-linear", "none", "cross-modal-gate"])]
    assert late["shapley_imbalance"].between(0, 1).all()


def test_groups_add_up_to_the_accuracy(table):
    parts = sum(table[f"share_{g}"] * table[f"right_{g}"] for g in methods.GROUPS)
    assert np.allclose(parts, table["test"], atol=1e-5)


def have_recordings():
    try:
        find_recordings()
    except DataFileError:
        return False
    return True


def measure_again(table, number, card_name):
    """Rows drawn by a printed seed: equal on the same machine, elsewhere as near as seeds are."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"The rows are drawn with seed {seed}.")
    card = (DATA_FOLDER / card_name).read_text(encoding="utf-8")
    same = f"- Made with: {machine()}\n" in card
    for i in random.Random(seed).sample(range(len(table)), number):
        stored = table.iloc[i]
        again = methods.result_row(
            *stored[PLACE], methods.read_trial(stored["trial"]), int(stored["seed"])
        )
        if same:
            figures = [f for f in methods.FIGURES if f in stored]  # a table may lack a new one
            off = {f: abs(again[f] - stored[f]) for f in figures}
            assert max(off.values()) <= 1.000001e-6, (dict(stored), off)
        else:  # rounding leads a training astray: as far as from one seed to the next, not further
            others = table[(table[PLACE] == stored[PLACE]).all(axis=1)]["test"]
            wide = stats.t.ppf(0.975, SEEDS - 1) * others.std(ddof=1) * np.sqrt(2)
            assert abs(again["test"] - stored["test"]) <= max(wide, 0.01), dict(stored)


def test_three_rows_drawn_at_random_are_measured_again(table):
    here = table if have_recordings() else table[~table["data"].isin(RECORDED)]
    measure_again(here, 3, "methods.md")


# ---- only the rate tuned, and far --------------------------------------------------------------

RATES = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6]


def test_every_method_had_the_same_rates_and_the_chosen_one(table):
    far = pd.read_csv(open_checked("methods_rates.csv"))
    tuning = pd.read_csv(open_checked("methods_rates_trials.csv"))
    assert places_of(far) == places_of(tuning) < places_of(table)
    tried = {methods.write_trial({"lr": rate}) for rate in RATES}
    for place, rows in tuning.groupby(PLACE):
        assert len(rows) == 18 and set(rows["trial"]) == tried, place
    for place, rows in far.groupby(PLACE):
        assert len(rows) == SEEDS, place
        chosen = methods.write_trial(cells.chosen_trial(tuning, place, RATES))
        assert set(rows["trial"]) == {chosen}, place


def test_a_far_row_drawn_at_random_is_measured_again():
    far = pd.read_csv(open_checked("methods_rates.csv"))
    measure_again(far[~far["data"].isin(RECORDED)], 1, "methods_rates.md")


# ---- the findings that hold ------------------------------------------------------------------


def gain(table, data, fusion, method, over, over_fusion=None):
    """Accuracy of a method over another's, paired by seed."""
    wide = table[table["data"] == data].pivot_table(
        index="seed", columns=["fusion", "method"], values="test"
    )
    return interval(wide[fusion, method] - wide[over_fusion or fusion, over])


@pytest.mark.parametrize("fusion", ["late-linear", "mid-mlp", "film"])
def test_mlb_beats_the_plain_multi_loss_on_starvation(table, fusion):
    difference = gain(table, "starve", fusion, "mlb", "multi-loss")
    assert difference.mean >= 0.015 and difference.low > 0, difference


@pytest.mark.parametrize("method", ["mlb", "gblend-offline", "gblend-online"])
def test_mlb_and_gradient_blending_cure_starvation(table, method):
    difference = gain(table, "starve", "late-linear", method, "joint")
    assert difference.mean >= 0.05 and difference.low > 0, difference


def test_the_ensemble_is_hardly_beaten_on_starvation(table):
    tested = table.query("data == 'starve'").groupby(["fusion", "method"])["test"].mean()
    assert tested.max() - tested["none", "ensemble"] < 0.01


@pytest.mark.parametrize("data", SMALL)
@pytest.mark.parametrize("fusion", methods.FUSIONS)
def test_joint_training_loses_to_the_ensemble_under_both_imbalances(table, data, fusion):
    difference = gain(table, data, "none", "ensemble", "joint", fusion)
    assert difference.low > 0, difference


def test_balancing_does_not_cure_overfitting(table):
    """Encoders are intact there; what speeds the noisy one up makes it worse."""
    for method in ("mlb", "gblend-offline", "gblend-online", "ogm"):
        difference = gain(table, "overfit", "late-linear", method, "joint")
        assert difference.high < 0, (method, difference)


def test_mla_is_ahead_of_the_ensemble_and_less_of_one_that_weighs_alike(table):
    over = {
        base: [gain(table, data, "none", "mla", base) for data in [*SMALL, *MORE]]
        for base in ("ensemble", "certainty-ensemble")
    }
    assert sum(g.low > 0 for g in over["ensemble"]) >= 4
    assert not any(g.high < 0 for g in over["ensemble"])
    assert np.mean([g.mean for g in over["certainty-ensemble"]]) < 0.015


def test_who_is_sped_up_decides(table):
    """PDMP gains where the best modality is the one left behind, and not on imbalance."""
    for data in ("starve", "overfit"):
        assert gain(table, data, "late-linear", "pdmp", "joint").low > 0.02
    assert gain(table, "imbalance", "late-linear", "pdmp", "joint").mean < 0.02


def test_the_teachers_of_g2d_help_and_its_freeze_does_not(table):
    for data in SMALL:
        difference = gain(table, data, "late-linear", "g2d", "umt")
        assert abs(difference.mean) < 0.03, (data, difference)
    rows = table[(table["data"] == "overfit") & (table["method"] == "g2d")]
    assert rows["test"].min() < 0.7 < rows["test"].max()


def test_tmc_gains_over_its_fusion_and_not_over_the_ensemble(table):
    for data in SMALL:
        assert gain(table, data, "evidential", "tmc", "joint").low > 0.03
    for data in [*SMALL, *MORE]:
        assert gain(table, data, "evidential", "tmc", "ensemble", "none").low <= 0


def test_the_late_transformer_is_behind_the_ensemble(table):
    behind = [gain(table, d, "transformer", "joint", "ensemble", "none") for d in [*SMALL, *MORE]]
    assert not any(difference.low > 0 for difference in behind)
    assert sum(difference.high < 0 for difference in behind) >= 5


def test_mcr_is_not_ahead_of_the_ensemble_here(table):
    for data in [*SMALL, *MORE]:
        difference = gain(table, data, "late-linear", "mcr", "ensemble", "none")
        assert difference.low <= 0, (data, difference)
