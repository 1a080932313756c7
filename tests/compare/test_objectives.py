"""Objectives that align, from the command line and in a sweep, beside balancing methods."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from coursekit import balancing
from coursekit.__main__ import app
from coursekit.compare import all_methods
from coursekit.compare.plan import Plan, read_plan
from coursekit.compare.run import described, measured, run
from coursekit.compare.sweep import compare, defined_for, places
from coursekit.training import Settings
from coursekit.training.alignment import OBJECTIVES
from coursekit.training.alignment.common_space import CommonSpace
from coursekit.training.engine import Engine

KINDS = {"picture": "strided-cnn", "text": "bag"}
QUICK = Settings(epochs=1, batch_size=512, optimizer="adam", lr=3e-3, clip=5.0, threads=1,
                 measure_train=False)  # fmt: skip


def plan(**changes):
    return Plan(**{"data": "emoji", "method": "contrastive", "encoder": KINDS, "widths": (32,),
                   "settings": QUICK, **changes})  # fmt: skip


def test_a_name_is_that_of_one_method():
    assert not set(balancing.registry()) & set(OBJECTIVES)
    assert all_methods.names() == [*balancing.names(), *OBJECTIVES]
    assert {"contrastive", "correspondence"} <= set(all_methods.names())
    for name in all_methods.names():
        assert all_methods.registry()[name].name == name
        assert all_methods.is_objective(name) == (name in OBJECTIVES)
    with pytest.raises(ValueError, match="Did you mean 'contrastive'"):
        all_methods.build("contrastiv")


def test_a_name_of_both_is_refused(monkeypatch):
    monkeypatch.setattr(all_methods, "OBJECTIVES", {"mlb": OBJECTIVES["contrastive"]})
    with pytest.raises(ValueError, match=r"\['mlb'\] are names of balancing methods and of"):
        all_methods.registry()


def test_the_command_aligns_and_reports_a_probe_and_retrieval(tmp_path):
    call = ["train", "--data", "emoji", "--method", "contrastive", "--set", "shift=2",
            "--encoder", "picture=strided-cnn,text=bag", "--widths", "32", "--epochs", "2",
            "--batch-size", "256", "--optimizer", "adam", "--lr", "0.003", "--clip", "5",
            "--threads", "1", "--out", str(tmp_path), "--probes"]  # fmt: skip
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    assert re.search(r"accuracy of +a linear probe", done.output)
    result = json.loads((tmp_path / "result.json").read_text())
    assert {"valid", "test", "probe_picture", "probe_text"} <= set(result)
    assert {"test_loss", "test_ece", "fusion"} & set(result) == set()
    assert result["test_pool"] == 403
    assert result["test_recall@10"] > 2 * 10 / 403
    kept = read_plan(tmp_path)
    assert kept.method == "contrastive" and kept.own == {"shift": 2} and kept.encoder == KINDS


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"own": {"temprature": 1}}, "a setting of contrastive is 'temprature'.*'temperature'"),
        ({"own": {"temperature": -1.0}}, "temperature is -1"),
        ({"method": "contrastiv"}, "method is 'contrastiv'.*Did you mean 'contrastive'"),
        ({"encoder": {"picture": "strided", "text": "bag"}}, "encoder is 'strided'.*strided-cnn"),
    ],
)
def test_a_plan_refuses_what_an_objective_does_not_know(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        plan(**changes)


def test_a_dry_run_says_that_the_fusion_is_replaced():
    text = described(plan())
    assert "text: (1199,) a sample" in text and "contrastive: " in text
    assert "late-linear" not in text


def test_a_stopped_run_goes_on_and_its_figures_are_the_same(tmp_path):
    two = Settings(**{**vars(QUICK), "epochs": 2})
    straight = run(plan(settings=two), tmp_path / "straight")
    run(plan(), tmp_path / "parts")
    parts = run(plan(settings=two), tmp_path / "parts")
    assert {**straight, "seconds": 0} == {**parts, "seconds": 0}


def test_a_pool_that_is_too_large_has_no_recall(monkeypatch):
    from coursekit.compare import run as module

    one = plan()
    data = one.open_data()
    model = one.build_model(data)
    model.fusion = CommonSpace(model.fusion.widths, data.num_classes)
    for largest, more in ((403, {"test_recall@1", "test_recall@10", "test_pool"}), (402, set())):
        monkeypatch.setattr(module, "LARGEST_POOL", largest)
        figures = measured(model, data, Engine(QUICK), 512, ("test",), False, aligned=True)
        assert set(figures) == {"test", *more}


def test_a_sweep_takes_them_beside_the_balancing_methods(tmp_path):
    one = plan(method="joint")
    wanted = places(one, ["joint", "contrastive"], ["late-linear"])
    assert ("emoji", "none", "contrastive") in [(d, f, m) for d, f, m in wanted]
    table = compare(one, ["joint", "contrastive"], ["late-linear"], tmp_path, seeds=2)
    rows = table[table["method"] == "contrastive"]
    assert len(rows) == 2 and rows["test"].between(0.05, 1).all()
    assert rows[["test_loss", "test_ece"]].isna().all(axis=None)
    others = table[table["method"] != "contrastive"]
    assert np.isfinite(others[["test", "test_loss", "test_ece"]].to_numpy()).all()
    again = compare(one, ["joint", "contrastive"], ["late-linear"], tmp_path, seeds=2)
    pd.testing.assert_frame_equal(table, again)


def test_all_means_all_that_balance():
    assert not set(defined_for(["late-linear"])) & set(OBJECTIVES)


def test_a_sweep_of_sequences_trains_what_reads_them(tmp_path):
    """Joint training and the ensemble read one vector per row."""
    kinds = {"picture": "patches", "text": "words"}
    one = plan(data="scenes", method="single-stream", encoder=kinds, widths=(8,),
               options={"train": 32, "valid": 8, "test": 8})  # fmt: skip
    methods = ["align-before-fuse", "single-stream"]
    assert [m for _, _, m in places(one, methods, ["late-linear"])] == methods
    table = compare(one, methods, ["late-linear"], tmp_path, seeds=2)
    assert sorted(table["method"]) == sorted(2 * methods)
    assert table["test"].between(0, 1).all()
