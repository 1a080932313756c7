"""Every preset shows what it says, on seeds that were not used to choose it."""

from functools import partial

import pytest

from coursekit.analysis.diagnosis import diagnose, drop_by_seed, probe_change_by_seed
from coursekit.analysis.intervals import interval
from coursekit.compare.seeds import Variant, over_seeds
from coursekit.compare.seeds_at_once import seeds_at_once
from coursekit.data import Recipe, load, load_preset, preset, presets
from coursekit.training import Settings

SEEDS = range(100, 110)
MODALITIES = ("A", "B")
VARIANTS = {"synergy": {"joint": Variant(), "mid-mlp": Variant(fusion="mid-mlp")}}


@pytest.fixture(scope="module")
def results():
    """For every preset a comparison over ten seeds."""

    def compared(name):
        what = partial(load_preset, name), Settings(**preset(name).training), SEEDS
        if name in VARIANTS:
            return over_seeds(*what, variants=VARIANTS[name])
        return seeds_at_once(*what)

    return {name: compared(name) for name in presets()}


def drop(results, name):
    """Joint minus best single test accuracy, one value a seed."""
    drops = drop_by_seed(results[name].accuracy, MODALITIES)
    assert list(drops.index) == list(SEEDS)
    return drops


def probe_of_a(results, name):
    return probe_change_by_seed(results[name].probes)["A"].mean()


def test_starve(results):
    drops = drop(results, "starve")
    assert drops.mean() <= -0.04
    assert interval(drops).high < 0
    assert (drops < 0).sum() >= 9
    assert probe_of_a(results, "starve") <= -0.30


def test_imbalance(results):
    assert drop(results, "imbalance").mean() >= 0.02
    assert probe_of_a(results, "imbalance") <= -0.08


def test_overfit(results):
    drops = drop(results, "overfit")
    assert drops.mean() <= -0.05
    assert interval(drops).high < 0
    assert abs(probe_of_a(results, "overfit")) <= 0.03


def test_balanced(results):
    assert drop(results, "balanced").mean() >= 0.12
    assert abs(probe_of_a(results, "balanced")) <= 0.04


def test_synergy_is_beyond_an_additive_head(results):
    means = results["synergy"].accuracy.groupby("model")["accuracy"].mean()
    assert means["joint"] <= 0.70
    assert means["mid-mlp"] >= means["joint"] + 0.15


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("starve", "starvation: an encoder hardly learnt, and the joint model pays for it"),
        ("imbalance", "hidden starvation: the joint model does not lose, yet an encoder lies idle"),
        ("overfit", "overfitting of the fusion head: both encoders are intact"),
        ("balanced", "none"),
    ],
)
def test_the_diagnosis_says_which_illness_it_is(results, name, sentence):
    diagnosis = diagnose(results[name].accuracy, results[name].probes)
    assert diagnosis.illness == sentence
    assert diagnosis.starved == (("A",) if "starvation" in sentence else ())


def test_a_preset_loads_by_name_with_changes():
    data = load_preset("starve", seed=3, train=70, label_noise=0.5)
    assert data.name == "starve"
    assert len(data.train) == 70
    assert len(data.test) == Recipe.test
    assert all(p.shows.endswith(".") for p in presets().values())


def test_unknown_presets_and_fields_are_refused():
    with pytest.raises(ValueError, match=r"preset is 'strave'.* Did you mean 'starve'"):
        load_preset("strave")
    with pytest.raises(ValueError, match=r"an option of .* is 'n_train'"):
        load_preset("starve", n_train=4000)
    with pytest.raises(
        ValueError, match=r"preset of the generator; load_preset\('starve'\) makes its data"
    ):
        load("starve")
