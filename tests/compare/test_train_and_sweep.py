"""The commands train and sweep: on any data, stopped and gone on with, killed workers and all."""

import json
import os
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import research_folders
import torch
from killed_work import deadly
from typer.testing import CliRunner

from coursekit.__main__ import app
from coursekit.compare import cells
from coursekit.compare.commands import summary_of
from coursekit.compare.plan import Plan, read_plan
from coursekit.compare.run import done as done_
from coursekit.compare.run import run
from coursekit.compare.sweep import compare, places, row
from coursekit.data import load_preset
from coursekit.data.files import extra_folder
from coursekit.models import build_classifier
from coursekit.training import Settings, accuracy, predict

SMALL = ["--data", "starve", "--option", "train=120", "--option", "test=200", "--epochs", "3"]
HERE = Path(__file__).parents[1]


def call(*options):
    return CliRunner().invoke(app, [str(o) for o in options])


def small(**changes):
    settings = Settings(epochs=3, batch_size=32)
    return replace(
        Plan("starve", options={"train": 120, "test": 200}, settings=settings), **changes
    )


# ---- train ---------------------------------------------------------------------------------


def test_what_comes_out(tmp_path):
    done = call("train", *SMALL, "--method", "mlb", "--set", "alpha=1", "--fusion", "mid-mlp",
                "--out", tmp_path, "--probes")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert re.search(r"epoch 3 of 3: train loss \d\.\d{4} accuracy", done.output)
    result = json.loads((tmp_path / "result.json").read_text())
    assert {"valid", "test", "test_loss", "test_ece", "probe_A", "probe_B", "seconds"} <= set(
        result
    )
    data = load_preset("starve", 0, train=120, test=200)
    model = build_classifier(data.train.inputs, 6, fusion="mid-mlp")
    model.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    again = accuracy(predict(model, data.test.inputs).joint, data.test.labels)
    assert again == pytest.approx(result["test"], abs=1e-6)
    history = pd.read_csv(tmp_path / "history.csv")
    valid = history[history["split"] == "valid"]["accuracy"]
    assert valid.max() == pytest.approx(result["valid"], abs=1e-6)  # the best epoch was kept
    plan = read_plan(tmp_path / "plan.json")
    assert plan.method == "mlb" and plan.own == {"alpha": 1} and plan.settings.epochs == 3
    assert plan.text() == (tmp_path / "plan.json").read_text()


def test_it_is_the_training_that_the_package_would_do(tmp_path):
    from coursekit import balancing
    from coursekit.training import fit

    result = run(small(method="mlb"), tmp_path)
    data = load_preset("starve", 0, train=120, test=200)
    model = build_classifier(data.train.inputs, 6)
    how = Settings(epochs=3, batch_size=32)
    history = fit(model, data.train, data.valid, how, method=balancing.build("mlb"))
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "history.csv"), history)
    by_package = accuracy(predict(model, data.test.inputs).joint, data.test.labels)
    assert result["test"] == pytest.approx(by_package, abs=1e-6)


@pytest.mark.parametrize(("options", "sentence"), [
    (["--data", "starv"], "data is 'starv'.*Did you mean 'starve'"),
    ([*SMALL, "--method", "mbl"], "method is 'mbl'.*Did you mean 'mlb'"),
    ([*SMALL, "--fusion", "midmlp"], "fusion is 'midmlp'.*Did you mean 'mid-mlp'"),
    ([*SMALL, "--encoder", "resnet"], "encoder is 'resnet'.*Did you mean 'resnet18'"),
    ([*SMALL, "--option", "trian=3"], "Did you mean 'train'"),
    ([*SMALL, "--option", "train"], "option is 'train'; NAME=VALUE"),
    ([*SMALL, "--method", "mlb", "--set", "alhpa=3"], "'alhpa'.*Did you mean 'alpha'"),
    ([*SMALL, "--set", "alpha=3"], "joint has no settings; 'alpha' came"),
    ([*SMALL, "--method", "mlb", "--set", "alpha=-1"], "alpha is -1"),
    ([*SMALL, "--lr", "-1"], "lr is -1"),
    ([*SMALL, "--precision", "bf16"], "precision is 'bf16'; it can be '32-true', 'bf16-mixed'"),
    ([*SMALL, "--device", "cuda:7"], "device is 'cuda:7', which this machine does not have"),
    ([*SMALL, "--root", "/tmp"], "starve does not lie in a folder"),
    (["--data", "tux_paint", "--root", "/none"], "root is /none, which is no folder"),
    ([*SMALL, "--widths", "64,x"], "widths is '64,x'"),
    (["--data", "cremad"], "root is None; cremad needs its folder"),
    (["--data", "cremad", "--root", "/nowhere"], "/nowhere"),
    ([*SMALL, "--method", "mmcosine", "--fusion", "film"], "MMCosine needs 'late-linear'"),
])  # fmt: skip
def test_what_it_refuses(tmp_path, options, sentence):
    done = call("train", *options, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert re.search(sentence, done.output), done.output
    assert "Traceback" not in done.output


def test_dry_says_what_would_be_trained(tmp_path):
    done = call("train", *SMALL, "--method", "mlb", "--dry", "--out", tmp_path / "out")
    assert done.exit_code == 0
    for words in ("train: 120 rows", "A: (20,) a sample", "mlb on late-linear: 9,042 parameters"):
        assert words in done.output
    assert not (tmp_path / "out").exists()


def test_it_says_where_it_goes_on_and_counts_the_seconds_of_all_attempts(tmp_path):
    command = ["train", *SMALL, "--out", tmp_path]
    first = call(*command)
    assert "Going on" not in first.output and "done before" not in first.output
    spent = json.loads((tmp_path / "result.json").read_text())["seconds"]
    again = call(*command)
    assert "All 3 epochs were done before." in again.output and "epoch 1" not in again.output
    seconds = json.loads((tmp_path / "result.json").read_text())["seconds"]
    assert seconds == pytest.approx(spent, abs=0.05)
    (tmp_path / "seconds.txt").write_text("100\n")
    more = call(*command, "--epochs", "5")
    assert re.findall(r"Going on behind epoch \d|epoch \d of \d", more.output) == [
        "Going on behind epoch 3", "epoch 4 of 5", "epoch 5 of 5",
    ]  # fmt: skip
    assert 100 < json.loads((tmp_path / "result.json").read_text())["seconds"] < 130


def test_help_names_what_there_is_to_choose_from():
    text = call("train", "--help").output
    for name in ("starve", "cremad", "mslr", "film", "resnet18"):
        assert name in text


def test_another_training_s_folder_stays_as_it_was(tmp_path):
    first = ("train", *SMALL, "--out", tmp_path)
    assert call(*first).exit_code == 0
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    done = call(*first, "--lr", "0.05")
    assert done.exit_code == 2 and "another training: lr 0.1 and not 0.05" in done.output
    assert before == {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}


def test_a_result_is_never_that_of_fewer_epochs(tmp_path, monkeypatch):
    from coursekit.compare import run as running

    few, more = (small(settings=Settings(epochs=n, batch_size=32)) for n in (2, 3))
    run(few, tmp_path)
    assert done_(few, tmp_path) is not None

    def fails(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "measured", fails)
    with pytest.raises(KeyboardInterrupt):
        run(more, tmp_path)
    assert done_(more, tmp_path) is None


def test_a_loss_that_is_not_finite_ends_it_with_a_sentence(tmp_path):
    done = call("train", *SMALL, "--clip", "0", "--lr", "1e25", "--out", tmp_path)
    assert done.exit_code == 2 and "method 'joint'" in done.output


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_and_started_again_the_command_ends_the_same(tmp_path):
    command = ["train", *SMALL[:-1], "24", "--batch-size", "8", "--method", "pmr", "--out"]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen(
        [sys.executable, "-m", "coursekit", *command, str(killed)], stdout=subprocess.PIPE
    )
    while b"epoch 8" not in process.stdout.readline():
        assert process.poll() is None
    process.kill()
    process.wait()
    done = len(list(killed.glob("checkpoints/*.ckpt")))
    assert done == 2 and not (killed / "history.csv").exists()
    for folder in (killed, whole):
        assert "epoch 24 of 24" in call(*command, folder).output
    assert (killed / "history.csv").read_bytes() == (whole / "history.csv").read_bytes()


# ---- research data -------------------------------------------------------------------------


def bring(name, root):
    """A tiny folder of the data set's layout, and the options that suit it."""
    root.mkdir()
    if name == "cremad":
        research_folders.make_cremad(root)
        return ["--option", "size=32", "--option", "workers=2", "--encoder",
                "video=resnet18,audio=cnn"]  # fmt: skip
    if name == "ave":
        research_folders.make_ave(root)
        return ["--option", "size=32", "--encoder", "video=mlp,audio=cnn"]
    if name == "ucf101":
        research_folders.make_ucf101(root)
        return ["--option", "size=32", "--encoder", "video=mlp,audio=conformer"]
    parts = research_folders.multibench_parts()
    (root / "mosi.pkl").write_bytes(pickle.dumps(parts))
    return ["--option", "unpickle=restricted", "--encoder", "conformer", "--widths", "16"]


@pytest.mark.parametrize("name", ["cremad", "ave", "ucf101", "multibench"])
def test_research_data_train_under_every_method_of_the_paper(tmp_path, name):
    options = bring(name, tmp_path / "root")
    out = tmp_path / "out"
    done = call("train", "--data", name, "--root", tmp_path / "root", "--method", "mlb",
                "--fusion", "mid-mlp", "--batch-size", "4", "--lr", "0.01", "--epochs", "2",
                *options, "--out", out)  # fmt: skip
    assert done.exit_code == 0, done.output
    result = json.loads((out / "result.json").read_text())
    assert 0 <= result["test"] <= 1 and result["test_loss"] > 0
    assert len(pd.read_csv(out / "history.csv")) == 4
    missing = out / "missing.txt"
    if name in ("ave", "ucf101"):  # what was left out of them is told
        assert missing.read_text().count("\n") > 0


def test_pickles_are_refused_unless_they_are_read_without_code(tmp_path):
    bring("multibench", tmp_path / "root")
    done = call("train", "--data", "multibench", "--root", tmp_path / "root", "--out", tmp_path)
    assert done.exit_code == 2 and "Loading a pickle runs code" in done.output


def test_a_broken_file_ends_the_training_with_its_name(tmp_path):
    options = bring("cremad", tmp_path / "root")
    wave = sorted((tmp_path / "root" / "AudioWAV").iterdir())[-1]
    wave.write_bytes(wave.read_bytes()[:100])
    for workers in ("0", "2"):
        done = call("train", "--data", "cremad", "--root", tmp_path / "root", *options,
                    "--option", f"workers={workers}", "--out", tmp_path / "out")  # fmt: skip
        assert done.exit_code == 2 and str(wave) in done.output
        assert "Traceback" not in done.output, done.output


@pytest.mark.skipif(extra_folder() is None, reason="COURSEKIT_DATA names no recordings")
def test_recorded_digits_train_in_the_paper_s_setting(tmp_path):
    done = call("train", "--data", "fsdd", "--root", extra_folder() / "fsdd", "--method", "mlb",
                "--fusion", "mid-mlp", "--lr", "0.06", "--epochs", "12", "--option",
                "train_speakers=4", "--option", "n=600", "--out", tmp_path)  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "result.json").read_text())["test"] > 0.5  # a tenth is chance


# ---- sweep ---------------------------------------------------------------------------------


def test_the_ensemble_and_each_modality_are_always_there():
    all_places = places(small(), ["mlb"], ["late-linear", "film"])
    assert [p[1:] for p in all_places] == [
        ("late-linear", "joint"), ("film", "joint"), ("none", "ensemble"),
        ("none", "unimodal A"), ("none", "unimodal B"), ("late-linear", "mlb"), ("film", "mlb"),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="method 'mmcosine' is for the fusions"):
        places(small(), ["mmcosine"], ["film"])


def test_the_command_chooses_on_valid_and_reports_on_other_seeds(tmp_path):
    assert call("train", *SMALL, "--out", tmp_path / "one").exit_code == 0
    options = ("--rates", "0.001,0.2", "--seeds", "2", "--out", tmp_path / "all")
    done = call("sweep", tmp_path / "one" / "plan.json", "--method", "mlb", *options)
    assert done.exit_code == 0, done.output
    trials, results = (pd.read_csv(tmp_path / "all" / f"{n}.csv") for n in ("trials", "results"))
    assert len(trials) == 5 * 2 * 3 and "test" not in trials
    assert len(results) == 5 * 2 and set(results["seed"]) == {100, 101}
    means = trials.pivot_table("valid", "method", "trial")
    best = means.idxmax(axis=1).to_dict()
    assert dict(zip(results["method"], results["trial"], strict=True)) == best
    assert set(best.values()) == {"lr=0.2"}  # 0.001 learns nothing in three epochs
    assert not list((tmp_path / "all").rglob("*.ckpt"))  # what is done needs no checkpoint
    before = (tmp_path / "all" / "results.csv").read_text()
    made = {p: p.stat().st_mtime_ns for p in (tmp_path / "all").rglob("result.json")}
    call("sweep", tmp_path / "one" / "plan.json", "--method", "mlb", *options)
    assert (tmp_path / "all" / "results.csv").read_text() == before
    assert made  # it reads what it finds and trains nothing
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "all").rglob("result.json")} == made


def test_rows_of_another_plan_are_not_taken_for_this_one_s(tmp_path):
    compare(small(), [], ["late-linear"], tmp_path, seeds=2)
    before = (tmp_path / "results.csv").read_bytes()
    other = small(settings=Settings(epochs=4, batch_size=32))
    with pytest.raises(ValueError, match="a sweep of another plan stands"):
        compare(other, [], ["late-linear"], tmp_path, seeds=2)
    assert (tmp_path / "results.csv").read_bytes() == before


@pytest.mark.parametrize(("options", "sentence"), [
    (["nowhere.json"], "nowhere.json holds no plan"),
    (["FOLDER", "--method", "mbl"], "Did you mean 'mlb'"),
    (["PLAN", "--method", "mbl"], "Did you mean 'mlb'"),
    (["PLAN", "--rates", "0.1,x"], "rates is '0.1,x'"),
])  # fmt: skip
def test_what_a_sweep_refuses(tmp_path, options, sentence):
    (tmp_path / "plan.json").write_text(small().text())
    known = {"PLAN": str(tmp_path / "plan.json"), "FOLDER": str(tmp_path)}
    given = [known.get(o, o) for o in options]
    done = call("sweep", *given, "--out", tmp_path / "out")
    assert done.exit_code == 2 and sentence in done.output


def test_a_cluster_that_is_not_there_is_named(tmp_path):
    import dask
    import distributed  # noqa: F401 (it brings the settings that are changed here)

    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(OSError, match=r"dask is '127\.0\.0\.1:1', where no scheduler answers"),
    ):
        compare(small(), ["mlb"], ["late-linear"], tmp_path, seeds=2, dask="127.0.0.1:1")


def test_the_table_says_what_it_shows_and_when_seeds_are_few():
    table = pd.DataFrame({"fusion": "film", "method": "mlb", "seed": range(5), "test": 0.5})
    assert summary_of(table).startswith("Test accuracy over 5 seeds: mean and 95 % interval")
    assert "take 5 or more" not in summary_of(table)
    assert "With 2 seeds these say little" in summary_of(table[:2])


def test_a_stopped_cell_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    plan = small(settings=Settings(epochs=6, batch_size=32))
    cell = ("starve", "late-linear", "mlb", {"lr": 0.1}, 100)
    whole = row(plan, tmp_path / "whole", ("valid", "test"), *cell)

    class Stop(Exception):
        pass

    done = []

    def epoch(state):
        if len(done) == 4:
            raise Stop
        done.append(1)
        return real(state)

    from coursekit.training import loop

    real = loop.one_epoch
    monkeypatch.setattr(loop, "one_epoch", epoch)
    with pytest.raises(Stop):
        row(plan, tmp_path / "cut", ("valid", "test"), *cell)
    monkeypatch.setattr(loop, "one_epoch", lambda state: (done.append(1), real(state))[1])
    again = row(plan, tmp_path / "cut", ("valid", "test"), *cell)
    assert len(done) == 6
    assert {**again, "seconds": 0} == {**whole, "seconds": 0}


# ---- killed workers ------------------------------------------------------------------------

CELLS = [("starve", "late-linear", "joint", {"lr": 0.1}, seed) for seed in range(8)]


def trained(folder):
    return {int(p.name): p.stat().st_size for p in folder.iterdir()}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_worker_loses_what_it_was_training_and_nothing_else(tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    table = cells.work(partial(deadly, notes, 1), CELLS, tmp_path / "t.csv", 2, "test")
    assert sorted(table["seed"]) == list(range(8))
    count = trained(notes)
    # Two processes were busy, and two rows may have been on their way.
    assert count[3] == 2 and sum(count.values()) <= 8 + 4


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_training_that_always_kills_its_worker_is_named(tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    with pytest.raises(RuntimeError, match=r"killed 3 times in a row.*late-linear joint 3 lr=0\.1"):
        cells.work(partial(deadly, notes, 99), CELLS, tmp_path / "t.csv", 2, "test")
    assert set(cells.read(tmp_path / "t.csv")["seed"]) >= {0, 1, 2}  # what was done is there


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_of_a_cluster_does_not_either(tmp_path):
    from distributed import LocalCluster

    notes = tmp_path / "notes"
    notes.mkdir()
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        row_of = partial(deadly, notes, 1)
        table = cells.work(row_of, CELLS, tmp_path / "t.csv", 1, "test", address)
    assert sorted(table["seed"]) == list(range(8))
    count = trained(notes)  # a row that was on its way when the worker died is made again, too
    assert count[3] == 2 and sum(count.values()) <= 8 + 2


def test_a_cluster_trains_the_same_plan(tmp_path):
    from distributed import LocalCluster

    here = compare(small(), ["mlb"], ["mid-mlp"], tmp_path / "here", seeds=2)
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        there = compare(small(), ["mlb"], ["mid-mlp"], tmp_path / "there", seeds=2,
                        dask=cluster.scheduler_address)  # fmt: skip
    pd.testing.assert_frame_equal(here.drop(columns="seconds"), there.drop(columns="seconds"))
