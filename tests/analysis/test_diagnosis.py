"""The two illnesses: arithmetic by seed, thresholds, sentences."""

import numpy as np
import pandas as pd
import pytest

from coursekit.analysis.diagnosis import (
    ILLNESSES,
    PARADOX,
    STARVED,
    diagnose,
    drop_by_seed,
    probe_change_by_seed,
)


def tables(drop, change, seeds=(0, 1, 2)):
    """Accuracies and probes in which joint − best is ``drop`` and A's probe moves by ``change``."""
    accuracy, probes = [], []
    for seed in seeds:
        base = 0.7 + 0.01 * seed
        accuracy += [
            {"seed": seed, "model": "A", "accuracy": base if seed % 2 else base - 0.2},
            {"seed": seed, "model": "B", "accuracy": base - 0.2 if seed % 2 else base},
            {"seed": seed, "model": "joint", "accuracy": base + drop},
            {"seed": seed, "model": "ensemble", "accuracy": 0.99},
        ]
        probes += [
            {"seed": seed, "modality": "A", "trained": "alone", "accuracy": base},
            {"seed": seed, "modality": "B", "trained": "alone", "accuracy": 0.5},
            {"seed": seed, "modality": "A", "trained": "joint", "accuracy": base + change},
            {"seed": seed, "modality": "B", "trained": "joint", "accuracy": 0.5 + seed / 100},
        ]
    shuffled = pd.DataFrame(accuracy).sample(frac=1, random_state=0)
    return shuffled, pd.DataFrame(probes).sample(frac=1, random_state=0)


def test_the_drop_is_from_the_best_single_model_of_each_seed():
    """The better modality changes from seed to seed, and the ensemble is not a single model."""
    accuracy, _ = tables(-0.05, 0)
    drops = drop_by_seed(accuracy, ["A", "B"])
    assert drops.index.tolist() == [0, 1, 2]
    assert drops.tolist() == pytest.approx([-0.05] * 3)


def test_the_probe_change_is_joint_minus_alone():
    _, probes = tables(0, -0.3)
    changes = probe_change_by_seed(probes)
    assert changes["A"].tolist() == pytest.approx([-0.3] * 3)
    assert changes["B"].tolist() == pytest.approx([0, 0.01, 0.02])


@pytest.mark.parametrize(
    ("drop", "change", "words"),
    [
        (-0.06, -0.4, "the joint model pays for it"),
        (+0.06, -0.4, "hidden"),
        (-0.06, -0.05, "unclear"),
        (+0.06, -0.05, "a little less than alone"),
        (-0.06, 0.0, "overfitting of the fusion head"),
        (+0.06, 0.0, "none"),
    ],
)
def test_two_by_two(drop, change, words):
    diagnosis = diagnose(*tables(drop, change))
    assert words in diagnosis.illness
    assert diagnosis.drop == pytest.approx(drop)
    assert diagnosis.probe_change == pytest.approx({"A": change, "B": 0.01})
    assert diagnosis.starved == (("A",) if change < STARVED else ())


def test_all_sentences_differ():
    assert len(set(ILLNESSES.values())) == 6


@pytest.mark.parametrize(("off", "expected"), [(-0.001, True), (0.001, False)])
def test_thresholds(off, expected):
    assert bool(diagnose(*tables(0, STARVED + off)).starved) is expected
    ill = diagnose(*tables(PARADOX + off, 0)).illness != "none"
    assert ill is expected


def test_tables_of_one_seed_need_no_seed_column():
    accuracy, probes = (t.drop(columns="seed") for t in tables(-0.06, -0.4, seeds=(0,)))
    diagnosis = diagnose(accuracy, probes)
    assert diagnosis.drop == pytest.approx(-0.06)
    assert diagnosis.starved == ("A",)


def test_more_variants_do_not_change_the_diagnosis():
    accuracy, probes = tables(-0.06, 0.0)
    better = accuracy[accuracy["model"] == "joint"].assign(model="dropout", accuracy=0.95)
    diagnosis = diagnose(pd.concat([accuracy, better]), probes)
    assert diagnosis.drop == pytest.approx(-0.06)


def test_tables_of_single_rows_need_no_means(monkeypatch):
    chance = np.random.default_rng(0)
    for _ in range(50):
        accuracy = pd.DataFrame(
            {"model": ["A", "B", "joint", "ensemble"], "accuracy": chance.random(4)}
        )
        probes = pd.DataFrame(
            {
                "modality": ["B", "B", "A", "A"],
                "trained": ["alone", "joint"] * 2,
                "accuracy": chance.random(4),
            }
        )
        with_means = diagnose(accuracy.assign(seed=0), probes.assign(seed=0))
        with monkeypatch.context() as patched:
            patched.setattr(pd.DataFrame, "groupby", None)
            at_once = diagnose(accuracy, probes)
        assert at_once == with_means
        assert list(at_once.probe_change) == list(with_means.probe_change)
        assert at_once.starved == with_means.starved
    twice = pd.concat([accuracy, accuracy.assign(accuracy=0.0)])
    assert diagnose(twice, probes).drop == pytest.approx(at_once.drop / 2)
