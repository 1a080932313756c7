"""The film: one training looked at from four sides, epoch by epoch."""

import math

import numpy as np
import pandas as pd
import pytest

from coursekit import balancing
from coursekit.analysis.agreement import agreement
from coursekit.analysis.probes import quick_probe
from coursekit.compare.replay import replay
from coursekit.course.plots.display import png
from coursekit.course.widgets import EXPLORERS
from coursekit.data import load_preset
from coursekit.lessons.l08_multi_loss_balanced.explorer_replay import (
    methods,
    shoot,
)
from coursekit.lessons.l08_multi_loss_balanced.explorer_replay_view import FilmView, at_epoch
from coursekit.models import build_classifier
from coursekit.training import Settings, fit, predict
from coursekit.training.method import Method
from coursekit.utils.stepwise import drive

FEW = Settings(epochs=3)


class Explodes(Method):
    """Is lost in the second epoch."""

    def scales(self, step):
        return dict.fromkeys(step.run.model.modalities, math.inf if step.run.epoch > 1 else 1.0)


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", seed=1, train=300, valid=100, test=200)


@pytest.fixture(scope="module")
def shot(data):
    return drive(replay(data, "mlb", balancing.build("mlb"), FEW, seed=4, together=False))


@pytest.mark.parametrize("name", ["mlb", "gradnorm"])
def test_trained_together_it_is_the_same_film(data, name):
    one, other = (
        drive(replay(data, name, balancing.build(name), FEW, seed=4, together=together))
        for together in (True, False)
    )
    pd.testing.assert_frame_equal(one.by_epoch, other.by_epoch, atol=0.021)
    for entry, right in one.right.items():
        assert (right != other.right[entry]).mean() < 0.01


def test_every_epoch_is_the_training_stopped_there(data, shot):
    for name, method in (("joint", Method()), ("mlb", balancing.build("mlb"))):
        model = build_classifier(data.train.inputs, data.num_classes, seed=4)
        two = Settings(epochs=2)
        history = fit(model, data.train, data.valid, two, seed=4, method=method)
        wide = shot.by_epoch
        valid = history.query("split == 'valid'")["accuracy"].tolist()
        assert wide[name].tolist()[:2] == pytest.approx(valid)
        prediction = predict(model, data.test.inputs)
        right = (prediction.joint.argmax(1) == data.test.labels).numpy()
        assert (shot.right[name][1] == right).all()
        before, after = (predict(model, s.inputs).features for s in (data.train, data.valid))
        for m in "AB":
            probe = quick_probe(before[m], data.train.labels, after[m], data.valid.labels)
            assert wide.loc[2, f"{name}, probe of {m}"] == pytest.approx(probe)


def test_groups_are_of_the_unimodal_models_and_shares_times_right_is_accuracy(data, shot):
    model = build_classifier(data.train.inputs, data.num_classes, seed=4)
    fit(model, data.train, data.valid, FEW, seed=4, method=balancing.build("ensemble"))
    alone = [x.argmax(1) for x in predict(model, data.test.inputs).unimodal.values()]
    expected = agreement(alone[0], alone, data.test.labels)
    table = shot.agreement(3)
    shares = table[table["entry"] == "joint"].set_index("group")["share"]
    for name, key in zip(shares.index, ("all", "1", "2", "none"), strict=True):
        assert shares[name] == pytest.approx(expected[f"share_{key}"])
    for entry, rows in table.groupby("entry"):
        total = (rows["share"] * rows["right"].fillna(0)).sum()
        assert total == pytest.approx(shot.right[entry][2].mean())
    with pytest.raises(ValueError, match="1 to 3"):
        shot.agreement(4)


def test_k_and_w_are_the_methods_means(shot):
    assert {"k of A", "k of B", "w of joint", "w of A"} <= set(shot.by_epoch)
    assert (shot.by_epoch["w of joint"] == 1).all()
    assert shot.by_epoch["k of A"].nunique() == 3


def test_it_can_be_watched_and_a_frame_never_lies_ahead(data):
    lengths = []
    for so_far in replay(data, "ogm", balancing.build("ogm"), FEW):
        lengths.append(so_far.epochs)
        assert at_epoch(so_far, 20).epoch == so_far.epochs
        assert np.isfinite(so_far.agreement(so_far.epochs)["share"]).all()
    assert lengths == [1, 2, 3]


def test_who_diverges_stops_and_is_said(data):
    stopped_replay = drive(replay(data, "explodes", Explodes(), FEW))
    assert set(stopped_replay.stopped) == {"explodes"} and stopped_replay.epochs == 3
    view, frame = FilmView(), at_epoch(stopped_replay, 3)
    view.update(frame)
    assert "explodes stopped: " in view.describe(frame) and "nan" not in view.describe(frame)
    assert view.table(frame).set_index("entry")["validation"].isna().tolist() == [0, 1, 0]
    assert len(png(view.figure)) > 1000


@pytest.mark.parametrize(
    ("name", "method", "error", "words"),
    [("joint", Method(), ValueError, "in every replay"), ("x", Method, TypeError, "a Method was")],
)
def test_what_is_no_rival_is_refused(data, name, method, error, words):
    with pytest.raises(error, match=words):
        next(replay(data, name, method, FEW))


def test_a_method_that_is_not_for_this_fusion_is_said():
    work = shoot("mmcosine", "starve", "film", 250, 0)
    _, sentence = next(work)
    work.close()
    assert sentence == "mmcosine is not defined for film: this is late-linear."
    assert not {"joint", "ensemble", "unimodal"} & set(methods())


def test_the_cursor_moves_through_what_was_trained_once():
    e = EXPLORERS["film"]()
    computed = e._computed._data
    e.set(epoch=3)
    assert e.alt.startswith("Epoch 3 of 20, mlb beside joint training.")
    assert e._computed._data is computed
    value = computed[0].by_epoch.loc[3, "mlb, probe of A"]
    assert f"mlb A {value:.3f}" in e.alt
    assert e.picture == e.render(**e.state)
    assert e.table().set_index("entry").loc["mlb", "probe of A"] == value
    with pytest.raises(ValueError, match="the picture itself writes out"):
        e.handout(hidden=["method"])
