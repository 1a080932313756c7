"""The methods benchmark: equal budgets, honest choices, nothing lost, the same on a cluster."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from coursekit import balancing
from coursekit.__main__ import app
from coursekit.compare import cells
from coursekit.compare import protocol as methods
from coursekit.compare.protocol import (
    NO_FUSION,
    entries,
    read_trial,
    trials,
    write_trial,
)
from coursekit.compare.tuning import SEEDS, TUNING_SEEDS

PLACE = ("starve", "film", "joint")
ALL = pytest.mark.parametrize("method", balancing.names())


# ---- trials and places -----------------------------------------------------------------------


@ALL
def test_every_method_tries_six_settings(method):
    tried = trials(method)
    assert len(tried) == 6
    assert len({write_trial(t) for t in tried}) == 6
    for trial in tried:
        own = {k: v for k, v in trial.items() if k != "lr"}
        balancing.build(method, **own)


@ALL
def test_given_rates_are_tried_by_all_alike(method):
    assert trials(method, [0.1, 0.8]) == [{"lr": 0.1}, {"lr": 0.8}]


@ALL
def test_a_trial_is_read_as_it_was_written(method):
    for trial in trials(method):
        again = read_trial(write_trial(trial))
        assert again == trial and {k: type(v) for k, v in again.items()} == {
            k: type(v) for k, v in trial.items()
        }


@pytest.mark.parametrize(
    ("trial", "text"),
    [
        ({"lr": 0.12345678}, "lr=0.12345678"),
        ({"lr": 0.1, "epochs": 1_000_000}, "lr=0.1 epochs=1000000"),
        ({"lr": 0.1, "warm_up": 2.0}, "lr=0.1 warm_up=2"),
        ({"lr": np.float64(0.1), "strength": 1e-10}, "lr=0.1 strength=1e-10"),
    ],
)
def test_no_digit_of_a_trial_is_lost(trial, text):
    assert write_trial(trial) == text and read_trial(text) == trial


def test_two_rates_that_are_nearly_the_same_are_two_cells():
    keys = [cells.key_of(c) for c in cells.tuning_cells([PLACE], [0.1, 0.10000001])]
    assert len(set(keys)) == len(keys)


def test_a_method_that_brings_its_own_answer_stands_once():
    places, left_out = cells.places(
        ["starve"], ["late-linear", "film"], ["ensemble", "unimodal", "ogm"]
    )
    assert left_out == []
    assert places == [
        ("starve", NO_FUSION, "ensemble"),
        ("starve", NO_FUSION, "unimodal A"),
        ("starve", NO_FUSION, "unimodal B"),
        ("starve", "late-linear", "ogm"),
        ("starve", "film", "ogm"),
    ]


def test_what_a_method_is_not_for_is_said():
    places, left_out = cells.places(["starve"], ["film", "late-linear"], ["mmcosine"])
    assert places == [("starve", "late-linear", "mmcosine")]
    assert left_out == ["mmcosine is not defined for film: left out there."]


def test_each_modality_alone_is_an_entry_of_its_own():
    assert entries("av_digits", "unimodal") == [
        ("unimodal image", {"modality": "image"}),
        ("unimodal audio", {"modality": "audio"}),
    ]
    assert entries("starve", "mlb") == [("mlb", {})]


@pytest.mark.parametrize("data", [n for n in methods.data_sets() if "speaker" not in n])
def test_modalities_are_those_of_the_data(data):
    assert methods.modalities_of(data) == methods.data_of(data, 0).modalities


def no_data(**options):
    raise AssertionError("the recordings need not be here")


def test_modalities_of_a_new_data_set_are_its_own_and_known_without_it(monkeypatch):
    every = methods.data_sets() | {"faces": methods.DataSet(("face", "voice", "text"), no_data)}
    monkeypatch.setattr(methods, "data_sets", lambda: every)
    assert methods.modalities_of("faces") == ("face", "voice", "text")
    assert [label for label, _ in entries("faces", "unimodal")] == [
        "unimodal face", "unimodal voice", "unimodal text",
    ]  # fmt: skip


def test_an_entry_with_other_modalities_than_the_data_is_refused():
    wrong = methods.DataSet(("image", "audio"), methods.data_sets()["starve"].draw)
    with pytest.raises(
        ValueError, match=r"has the modalities \('A', 'B'\).*states \('image', 'audio'"
    ):
        wrong(seed=0)


def test_results_come_from_seeds_that_tuned_nothing():
    tuning = cells.tuning_cells([("starve", "film", "joint")])
    assert {cell[4] for cell in tuning} == {0, 1, 2} and len(tuning) == 18
    assert max(TUNING_SEEDS) < min(SEEDS)


# ---- choosing --------------------------------------------------------------------------------


def tuned(rows):
    columns = ["data", "fusion", "method", "trial", "seed", "valid"]
    return pd.DataFrame([("d", "f", "joint", *row) for row in rows], columns=columns)


def test_the_best_mean_on_validation_is_chosen():
    rates = [t["lr"] for t in trials("joint")]
    rows = [(f"lr={lr:g}", s, 0.5) for lr in rates for s in (0, 1, 2)]
    rows += [("lr=0.07", 0, 0.9), ("lr=0.05", 100, 9.0)]  # a row of a result seed counts nothing
    assert cells.chosen_trial(tuned(rows), ("d", "f", "joint")) == {"lr": 0.07}


def test_of_equals_the_first_is_chosen():
    rows = [(write_trial(t), s, 0.5) for t in reversed(trials("joint")) for s in (0, 1, 2)]
    assert cells.chosen_trial(tuned(rows), ("d", "f", "joint")) == trials("joint")[0]


def test_a_trial_with_one_lucky_seed_is_not_compared_with_whole_ones():
    rows = [(write_trial(t), s, 0.5) for t in trials("joint") for s in (0, 1, 2)]
    lucky = [(t, s, 0.9) if t == "lr=0.14" else (t, s, v) for t, s, v in rows]
    one = [row for row in lucky if row[0] != "lr=0.14" or row[1] == 0]
    sentence = r"tuning lacks accuracies of d f joint, lr=0.14; one on each of the seeds \[0, 1, 2"
    with pytest.raises(ValueError, match=sentence):
        cells.chosen_trial(tuned(one), ("d", "f", "joint"))
    unknown = [(t, s, math.nan if (t, s) == ("lr=0.14", 1) else v) for t, s, v in lucky]
    with pytest.raises(ValueError, match=sentence):
        cells.chosen_trial(tuned(unknown), ("d", "f", "joint"))
    with pytest.raises(ValueError, match=r"tuning lacks .* of d f joint, lr=0.02, lr=0.035"):
        cells.chosen_trial(tuned([]), ("d", "f", "joint"))
    assert cells.chosen_trial(tuned(lucky), ("d", "f", "joint")) == {"lr": 0.14}


def test_tuning_never_looks_at_the_test_rows(monkeypatch):
    clean = methods.data_of("starve", 0)
    spoilt = {m: x.clone() for m, x in clean.inputs.items()}
    for x in spoilt.values():
        x[clean.splits["test"]] = math.nan
    row = methods.tuning_row("starve", "late-linear", "joint", {"lr": 0.1}, 0)
    monkeypatch.setattr(methods, "data_of", lambda name, seed: replace(clean, inputs=spoilt))
    assert methods.tuning_row("starve", "late-linear", "joint", {"lr": 0.1}, 0) == row


# ---- one training ----------------------------------------------------------------------------


def test_groups_add_up_to_the_accuracy():
    row = methods.result_row("starve", "late-linear", "joint", {"lr": 0.1}, 100)
    assert tuple(row)[4:-2] == methods.FIGURES
    parts = [row[f"share_{g}"] * row[f"right_{g}"] for g in methods.GROUPS]
    assert sum(parts) == pytest.approx(row["test"], abs=1e-5)
    assert sum(row[f"share_{g}"] for g in methods.GROUPS) == pytest.approx(1, abs=1e-5)


def test_a_training_that_diverges_is_wrong_and_has_every_column():
    whole = methods.result_row("starve", "film", "joint", {"lr": 0.1}, 100)
    row = methods.result_row("starve", "film", "joint", {"lr": 1e9}, 100)
    assert list(row) == list(whole)
    assert row["test"] == row["valid"] == 0 and math.isnan(row["ece"])
    assert methods.tuning_row("starve", "film", "joint", {"lr": 1e9}, 100)["valid"] == 0


def test_a_first_row_that_diverged_has_the_columns_of_all_modalities(monkeypatch):
    """A table goes on with the columns of its first row."""
    every = methods.data_sets() | {"faces": methods.DataSet(("face", "voice", "text"), no_data)}
    monkeypatch.setattr(methods, "data_sets", lambda: every)
    names = methods.figures_of(3)
    assert {"probe_3", "share_3", "right_3"} <= set(names)
    assert methods.figures_of(2) == methods.FIGURES

    def diverges(*cell):
        raise FloatingPointError("the loss is nan")

    monkeypatch.setattr(methods, "train", diverges)
    row = methods.result_row("faces", "film", "joint", {"lr": 1e9}, 100)
    assert tuple(row)[4:-2] == names and row["test"] == 0 and math.isnan(row["probe_3"])


def test_one_modality_alone_leaves_the_other_untouched():
    model, _ = methods.train("starve", NO_FUSION, "unimodal A", {"lr": 0.1}, 0)
    fresh, _ = methods.train("starve", NO_FUSION, "unimodal B", {"lr": 0.1}, 0)
    parts = [dict(m.encoders["B"].named_parameters()) for m in (model, fresh)]
    assert not torch.equal(parts[0]["layers.0.weight"], parts[1]["layers.0.weight"])
    test = methods.data_of("starve", 0).test
    with torch.no_grad():
        prediction = model(test.inputs)
        head = model.heads["A"](prediction.features["A"]).log_softmax(1)
    torch.testing.assert_close(prediction.joint, head)


def test_a_modality_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"modality is 'C'"):
        methods.train("starve", NO_FUSION, "unimodal C", {"lr": 0.1}, 0)


# ---- the sweep -------------------------------------------------------------------------------


def fake_row(data, fusion, method, trial, seed):
    head = {"data": data, "fusion": fusion, "method": method, "trial": write_trial(trial)}
    return {**head, "seed": seed, "valid": round(trial["lr"] + seed / 100, 6)}


CELLS = cells.tuning_cells([("starve", "film", "joint"), ("starve", "film", "mlb")])


def test_a_sweep_of_nothing_is_a_table_without_rows(tmp_path):
    for out in (tmp_path / "new.csv", tmp_path / "t.csv"):
        assert list(cells.work(fake_row, [], out, 1, "")[cells.KEY].columns) == cells.KEY
        assert len(cells.tidy(cells.work(fake_row, [], out, 1, ""))) == 0
        cells.work(fake_row, CELLS[:1], tmp_path / "t.csv", 1, "")


def test_what_is_there_is_not_trained_again(tmp_path):
    out, trained = tmp_path / "t.csv", []

    def counted(*cell):
        trained.append(cell)
        return fake_row(*cell)

    first = cells.work(counted, CELLS[:20], out, 1, "half")
    assert len(trained) == 20 and len(first) == 20
    whole = cells.work(counted, CELLS, out, 1, "whole")
    assert len(trained) == len(CELLS) == len(whole)
    assert cells.work(counted, CELLS[:3], out, 1, "few")["seed"].tolist() == [0, 0, 0]
    assert len(trained) == len(CELLS)


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_line_that_was_cut_short_is_trained_again(tmp_path, cut):
    out, once = tmp_path / "t.csv", tmp_path / "once.csv"
    cells.work(fake_row, CELLS, once, 1, "once")
    cells.work(fake_row, CELLS[:20], out, 1, "half")
    text = out.read_text(encoding="utf-8")
    out.write_text(text[:-cut], encoding="utf-8")  # as a kill leaves it
    cells.work(fake_row, CELLS, out, 1, "rest")
    pd.testing.assert_frame_equal(cells.tidy(cells.read(out)), cells.tidy(cells.read(once)))


def test_processes_make_the_same_table(tmp_path):
    few = [c for c in CELLS if c[4] == 0]
    one = cells.work(fake_row, few, tmp_path / "one.csv", 1, "one")
    two = cells.work(fake_row, few, tmp_path / "two.csv", 2, "two")
    pd.testing.assert_frame_equal(cells.tidy(one), cells.tidy(two))


@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_makes_the_same_table(tmp_path):
    from distributed import LocalCluster

    few = [c for c in CELLS if c[4] == 0][:3]
    here = cells.work(methods.tuning_row, few, tmp_path / "here.csv", 1, "here")
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        there = cells.work(methods.tuning_row, few, tmp_path / "there.csv", 1, "there", address)
    pd.testing.assert_frame_equal(cells.tidy(here), cells.tidy(there))


# ---- the command -----------------------------------------------------------------------------


def run(*options):
    return CliRunner().invoke(app, ["bench", "methods", "--jobs", "1", *options])


def test_the_command_makes_both_tables(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "trials", lambda method, rates: trials(method)[3:5])
    out = tmp_path / "m.csv"
    chosen = ("--method", "joint,ensemble,mmcosine", "--fusion", "film", "--seeds", "2")
    result = run(*chosen, "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "mmcosine is not defined for film" in result.output
    table, tuning = pd.read_csv(out), pd.read_csv(tmp_path / "m_trials.csv")
    assert len(table) == 2 * 2 and len(tuning) == 2 * 2 * 3
    assert set(table["seed"]) == {100, 101} and set(tuning["seed"]) == {0, 1, 2}
    before = out.read_bytes()
    assert run(*chosen, "--out", str(out)).exit_code == 0
    assert out.read_bytes() == before  # nothing is trained twice, seconds included
    more = run("--method", "joint", "--fusion", "late-linear", "--seeds", "2", "--out", str(out))
    assert more.exit_code == 0 and len(pd.read_csv(out)) == 6  # other rows stay


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--data", "starv"), "Did you mean 'starve'?"),
        (("--fusion", "flim"), "Did you mean 'film'?"),
        (("--method", "mbl"), "Did you mean 'mlb'?"),
        (("--rates", "0.1,fast"), "rates is '0.1,fast'"),
        (("--rates", "0.1,-1"), "positive numbers"),
    ],
)
def test_a_mistake_ends_in_a_sentence(options, words, tmp_path):
    result = run(*options, "--out", str(tmp_path / "m.csv"))
    assert result.exit_code == 2 and words in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "m.csv").exists()


def test_intervals_need_two_seeds(tmp_path):
    assert run("--seeds", "1", "--out", str(tmp_path / "m.csv")).exit_code == 2


def test_ties_do_not_hang_on_rounding():
    rows = [(f"lr={lr:g}", s, v) for lr in (0.02, 0.05) for s, v in enumerate((0.1, 0.2, 0.3))]
    values = np.array([v for *_, v in rows])
    values[3:] = [0.3, 0.2, 0.1]  # the same mean, added in another order
    both = [(t, s, v) for (t, s, _), v in zip(rows, values, strict=True)]
    worse = [(write_trial(t), s, 0.0) for t in trials("joint") for s in (0, 1, 2)]
    table = tuned([*both, *(row for row in worse if row[0] not in ("lr=0.02", "lr=0.05"))])
    assert cells.chosen_trial(table, ("d", "f", "joint")) == {"lr": 0.02}
