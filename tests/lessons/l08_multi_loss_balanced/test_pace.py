"""MLB's pace: what a run is recorded as, the curve, and the explorer that shows both."""

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.balancing import build
from coursekit.course.plots import new_figure
from coursekit.course.widgets import EXPLORERS
from coursekit.data import load_preset
from coursekit.data.synthetic import Modality, Recipe, generate
from coursekit.lessons.l08_multi_loss_balanced import explorer_pace
from coursekit.lessons.l08_multi_loss_balanced.explorer_pace_view import pace, pace_axes, pace_curve
from coursekit.lessons.l08_multi_loss_balanced.pace import paces, run_scores
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs

SHORT = Settings(epochs=2, batch_size=64)


def small():
    return load_preset("starve", seed=1, train=200, valid=40, test=40)


def test_the_record_has_every_batch_and_the_k_that_acted():
    data = small()
    table = paces(run_scores(data, SHORT, seed=3), 2.0, 8.0)
    assert len(table) == 2 * 4 * 2  # epochs, batches of 200 rows, modalities
    assert table["s"].between(0, 1).all()
    runs = []
    model = build_classifier(data.train.inputs, data.num_classes, seed=3)
    steps = epochs(
        model, data.train, data.valid, SHORT, seed=3, method=build("mlb"), watch=runs.append
    )
    list(steps)
    applied = [row["scale"] for row in runs[-1].trace if "scale" in row]
    assert table["k"].tolist() == pytest.approx(applied, abs=1e-5)  # the run computes in float32


def test_alpha_zero_is_a_multi_loss_run():
    data = small()
    model = build_classifier(data.train.inputs, data.num_classes, seed=3)
    scores = run_scores(data, SHORT, alpha=0.0, seed=3)
    list(epochs(model, data.train, data.valid, SHORT, seed=3, method=build("multi-loss")))
    again = run_scores(data, SHORT, alpha=0.0, seed=3)
    pd.testing.assert_frame_equal(scores, again)
    assert (paces(scores, 0.0, 8.0)["k"] == 1).all()


def test_three_modalities_have_three_columns():
    modalities = {m: Modality() for m in ("x", "y", "z")}
    data = generate(Recipe(modalities, redundant=0.8, train=130, valid=20, test=20))
    table = paces(run_scores(data, SHORT), 2.0, 8.0)
    assert list(table["modality"].unique()) == ["x", "y", "z"]
    batch = table[(table["epoch"] == 1) & (table["batch"] == 1)].set_index("modality")
    s = batch["s"]
    assert batch["r"]["y"] == pytest.approx((s["x"] + s["z"]) / 2 / s["y"])
    with pytest.raises(ValueError, match="two were expected"):
        paces(pd.DataFrame({"epoch": [1], "batch": [1], "rows": [1], "x": [0.5]}), 2.0, 8.0)


def test_the_curve_is_mlbs_equation():
    r = np.array([0.5, 1.0, 3.0])
    want = [1 + np.tanh(2 * (0.5 - 1)), 1.0, 1 + 7 * np.tanh(2 * (3.0 - 1))]
    assert pace(r, 2.0, 8.0) == pytest.approx(want, abs=1e-12)
    _, (ax,) = new_figure()
    pace_axes(ax)
    sentence = pace_curve(ax, 2.0, 8.0, color="k")
    x, y = ax.lines[-1].get_data()
    assert np.interp(0, x, y) == pytest.approx(0, abs=1e-9)  # log k = 0 at log r = 0
    assert f"{pace(np.array([0.2]), 2.0, 8.0)[0]:.2f}" in sentence


def test_the_explorer_moves_the_dots_with_the_curve_and_trains_nothing(monkeypatch):
    torch.set_num_threads(1)
    e = EXPLORERS["pace"]()
    before = e.table().set_index("modality")
    trained = []
    monkeypatch.setattr(
        "coursekit.lessons.l08_multi_loss_balanced.pace.fit", lambda *a, **k: trained.append(a)
    )
    e.preset("brake only")
    after = e.table().set_index("modality")
    assert after["s"].equals(before["s"]) and not trained
    assert before["k"]["A"] > 4 and after["k"]["A"] == 1  # A is behind: no brake for it
    assert after["k"]["B"] == before["k"]["B"] < 0.5
    e.set(epoch=20)
    late = e.table().set_index("modality")
    assert abs(late["r"]["A"] - 1) < abs(before["r"]["A"] - 1)
    assert f"k {late['k']['B']:.2f}" in e.alt


def test_another_epoch_asks_for_no_new_paces(monkeypatch):
    explorer = EXPLORERS["pace"]()
    explorer.set(epoch=3)
    run = explorer.data.run
    monkeypatch.setattr(explorer_pace, "paces", None)
    explorer.set(epoch=7)
    assert explorer.data.run is run
    assert explorer.data.epoch == 7
    assert set(explorer.data.shown("A")["epoch"]) == {7}
