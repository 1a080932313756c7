"""A difference is said by sign and size, and explorers say nothing else beside their numbers."""

import re
from dataclasses import replace

import pytest

from coursekit.course.plots.leads import EQUAL, lead, place, signed
from coursekit.course.widgets.gallery import EXPLORERS


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (0.25, "0.250 ahead of B"),
        (-0.287, "0.287 behind B"),
        (EQUAL, "0.020 ahead of B"),
        (-EQUAL, "0.020 behind B"),
        (0.006, "about equal to B on this seed (+0.006)"),
        (-0.0194, "about equal to B on this seed (−0.019)"),
        (0.0, "about equal to B on this seed (±0.000)"),
        (-0.0004, "about equal to B on this seed (±0.000)"),
    ],
)
def test_a_difference_is_said_by_sign_and_size(difference, words):
    assert place("B", difference) == words
    assert lead("A", "B", difference) == f"A is {words}"
    assert "-" not in signed(difference)


def shown(key, **state):
    explorer = EXPLORERS[key]()
    explorer.set(**state)
    return explorer


BRIEF = {"n": 250, "epochs": 5}


def headline(explorer):
    return explorer._view._title.get_text()


def test_where_no_sample_shows_its_class_there_is_no_illness_but_nothing_to_learn():
    explorer = shown("imbalance", **BRIEF, both=0.0, only_a=0.0, only_b=0.0)
    assert headline(explorer) == "Nothing to learn"
    assert "Nothing to learn" in explorer.alt and "Illness" not in explorer.alt
    assert "ahead" not in explorer.alt and "behind" not in explorer.alt


def test_where_nothing_was_learnt_there_is_no_illness_either():
    explorer = shown(
        "imbalance", n=250, epochs=5, both=0.0, only_a=0.0, only_b=0.2, signal=1.0, noise_b=300
    )
    assert headline(explorer) == "Nothing was learnt" and "Illness" not in explorer.alt


def test_shares_that_were_scaled_are_shown_and_others_are_not():
    explorer = shown("imbalance", **BRIEF, both=1.0, only_a=0.4, only_b=0.6)
    assert "these are used: both 0.500, only A 0.200, only B 0.300" in explorer.alt
    assert "both 0.500" in explorer._view._subtitle.get_text()
    assert list(explorer.tables()["Shares used"]["value"]) == pytest.approx([0.5, 0.2, 0.3])
    explorer.set(both=0.4, only_a=0.3, only_b=0.3)
    assert "are used" not in explorer.alt and "Shares used" not in explorer.tables()


def test_a_joint_model_that_does_not_lose_is_still_held_against_the_ensemble():
    explorer = shown("imbalance", **BRIEF)
    data, view = explorer.data, explorer._view
    for joint, ensemble, words in (
        (0.75, 0.89, "0.050 ahead of A alone, yet 0.140 behind the ensemble"),
        (0.60, 0.89, "0.100 behind A alone, and 0.290 behind the ensemble"),
        (0.75, 0.76, "0.050 ahead of A alone, and about equal to the ensemble on this seed"),
    ):
        table = data.results.accuracy.assign(accuracy=[0.7, 0.6, ensemble, joint])
        assert list(table["model"]) == ["A", "B", "ensemble", "joint"]
        probes = data.results.probes.assign(accuracy=0.6)
        changed = replace(data.results, accuracy=table, probes=probes)
        changed = replace(data, results=changed)
        assert words in view.describe(changed)
        if joint > 0.7:
            but = ", but the joint model is 0.140 behind the ensemble" if ensemble == 0.89 else ""
            assert changed.headline == f"Illness: none{but}"


@pytest.mark.parametrize("key", ["emap", "depth", "imbalance"])
def test_no_explorer_says_that_something_is_ahead_by_less_than_nothing(key):
    explorer = EXPLORERS[key]()
    for values in explorer.presets.values():
        explorer.set(**values)
        text = f"{explorer.alt} {explorer._view._title.get_text()}"
        assert not re.search(r"[-−+]\d\.\d+ (ahead|behind)", text)
        for number in re.findall(r"(\d\.\d+) (?:ahead|behind)", text):
            assert float(number) >= EQUAL


@pytest.mark.parametrize("key", ["pace", "film"])
def test_means_over_batches_are_called_so(key):
    explorer = EXPLORERS[key]()
    assert "means over" in explorer.alt
