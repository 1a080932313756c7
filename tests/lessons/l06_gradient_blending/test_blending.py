"""Lesson 06: estimates from heads trained alone, their pictures, the explorer, the stored study."""

import random
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from coursekit.__main__ import app
from coursekit.balancing import gblend
from coursekit.balancing.gblend import GBlendOffline
from coursekit.compare.stored_tables import machine
from coursekit.compare.tuning import SEEDS, TUNING_SEEDS
from coursekit.course.plots import new_figure
from coursekit.course.widgets import EXPLORERS
from coursekit.data.files import DATA_FOLDER, open_checked
from coursekit.data.preset_recipes import load_preset
from coursekit.lessons.l06_gradient_blending import study as study
from coursekit.lessons.l06_gradient_blending.explorer_view import (
    WEIGHTS,
    Blended,
    BlendView,
    doubts,
    short,
)
from coursekit.lessons.l06_gradient_blending.head_losses import (
    RULES,
    divide,
    estimate,
    estimates,
    head_losses,
    preset_losses,
)
from coursekit.lessons.l06_gradient_blending.plots import (
    BLENDS,
    failure_shares,
    gains_by,
    ratio_curve,
    weight_cloud,
    weight_lines,
)
from coursekit.models import build_classifier
from coursekit.training import Settings
from coursekit.training.loop import begin
from coursekit.utils.stepwise import drive

HEADS = ["A", "B", "joint"]
FEW = Settings(epochs=3, batch_size=64)


@pytest.fixture(scope="module")
def small():
    return load_preset("starve", 3, train=240, valid=60, test=60)


@pytest.fixture(scope="module")
def losses(small):
    return drive(head_losses(small, FEW, seed=3, outside=small.valid))


# Estimates


def test_heads_trained_at_once_lose_the_same(small, losses):
    at_once = drive(head_losses(small, FEW, seed=3, outside=small.valid, together=True))
    pd.testing.assert_frame_equal(at_once, losses, rtol=0, atol=2e-4)  # single precision


def started(method, run):
    """As the loop does it before the first epoch."""
    method.begin(run)
    method.start(run)


def test_head_losses_are_those_of_the_offline_blend(small, losses):
    """Same division, first weights, batches: at N epochs the package's method has these weights."""
    for n, rule in ((2, "paper"), (3, "safe")):
        method = GBlendOffline(epochs=n, held=0.25, rule=rule)
        model = build_classifier(small.train.inputs, small.num_classes, seed=3)
        started(method, begin(model, small.train, small.valid, FEW, 3))
        weights = estimate(losses, n, rule).set_index("head")["w"]
        assert weights.to_dict() == pytest.approx(method.blend, abs=1e-12)


def test_a_head_is_measured_on_all_rows(small, losses):
    assert list(losses["head"].unique()) == HEADS
    assert list(losses.columns) == ["head", "epoch", "train", "valid", "outside"]
    fitted, held = divide(small.train, 0.25, 3)
    assert (len(fitted), len(held)) == (180, 60)
    model = build_classifier(small.train.inputs, small.num_classes, seed=3)
    first = losses[losses["epoch"] == 0].set_index("head")
    for head in HEADS:
        for column, rows in (("train", fitted), ("valid", held), ("outside", small.valid)):
            expected = gblend.head_loss(model, rows, head)
            assert first.loc[head, column] == pytest.approx(expected, abs=1e-12)


def test_a_generator_may_be_abandoned_after_any_epoch(small):
    work = head_losses(small, FEW, seed=3)
    assert [next(work) for _ in range(4)] == [None] * 4
    work.close()


def table(train_before, valid_before, train_after, valid_after):
    rows = zip(HEADS, train_before, valid_before, train_after, valid_after, strict=True)
    losses = []
    for head, tb, vb, ta, va in rows:
        losses += [
            {"head": head, "epoch": 0, "train": tb, "valid": vb},
            {"head": head, "epoch": 1, "train": ta, "valid": va},
        ]
    return pd.DataFrame(losses)


def test_an_estimate_by_hand():
    # G = .4, -.2, .6 and O = .2, .4, .3: G/O² = 10, -1.25, 20/3
    losses = table([2.0, 2.0, 2.0], [2.0, 2.0, 2.0], [1.4, 1.8, 1.1], [1.6, 2.2, 1.4])
    by_head = estimate(losses, 1)
    assert by_head["G"].to_numpy() == pytest.approx([0.4, -0.2, 0.6])
    assert by_head["O"].to_numpy() == pytest.approx([0.2, 0.4, 0.3])
    raw = np.array([10, -1.25, 20 / 3])
    assert by_head["w"].to_numpy() == pytest.approx(raw / raw.sum(), abs=1e-12)
    absolute = estimate(losses, 1, "absolute")["w"].to_numpy()
    assert absolute == pytest.approx(abs(raw) / abs(raw).sum(), abs=1e-12)
    assert estimate(losses, 1, "safe")["w"].min() == pytest.approx(gblend.LEAST_WEIGHT, abs=1e-4)


def test_estimates_cover_every_seed_span_and_rule(losses):
    both = pd.concat([losses.assign(seed=1), losses.assign(seed=2)])
    every = estimates(both, [(0, 2), (1, 2)])
    assert len(every) == 2 * 2 * len(RULES) * len(HEADS)
    assert np.allclose(every.groupby(["seed", "start", "rule"])["w"].sum(), 1)
    late = every.query("start == 1 and rule == 'paper' and seed == 2").set_index("head")
    rows = losses.set_index(["head", "epoch"])["valid"]
    assert late.loc["B", "G"] == pytest.approx(rows["B", 1] - rows["B", 3])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda x: estimate(x, 9), "epochs from 0 to 3 were expected"),
        (lambda x: estimate(x, 0), "start is 0, window 0"),
        (lambda x: estimate(x, 2, start=-1), "start is -1"),
        (lambda x: estimate(x, 2, "papr"), "Did you mean 'paper'"),
        (lambda x: estimate(x.drop(columns="valid"), 2), "'valid'"),
        (lambda x: estimates(x, [(0, 2)]), "'seed'"),
    ],
)
def test_what_cannot_be_estimated_is_refused(losses, call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(losses)


def test_a_share_of_everything_cannot_be_held(small):
    with pytest.raises(ValueError, match="held is 1"):
        drive(head_losses(small, FEW, held=1.0))


def test_too_short_a_window_favours_the_fast_head():
    """The finding of the lesson, on seeds that it does not use."""
    every = estimates(preset_losses("starve", range(110, 114), 12, jobs=1), [(0, 2), (0, 12)])
    safe = every[every["rule"] == "safe"].groupby(["N", "head"])["w"].mean()
    assert safe[2, "A"] < 0.25 < 0.5 < safe[12, "A"]


# Pictures


@pytest.fixture
def weights(losses):
    both = pd.concat([losses.assign(seed=s) for s in (1, 2)])
    return estimates(both, [(0, n) for n in (1, 2, 3)], ("paper",))


def test_pictures_of_weights_say_what_they_show(weights):
    _, axes = new_figure(9, 4, columns=3)
    lines = weight_lines(weights, axes[0])
    cloud = weight_cloud(weights, axes[1])
    shares = failure_shares(weights, axes[2])
    shortest = weights[weights["N"] == 1]
    first = shortest[shortest["head"] == "A"]["w"].mean()
    assert f"A {first:.2f} at 1" in lines
    assert f"from {shortest['w'].min():.2f}" in cloud
    small = (shortest["O"].abs() < 0.02).mean()
    assert f"|O| < 0.02: {small:.0%} at 1" in shares
    assert axes[1].get_yscale() == "symlog" and "logarithmic" in axes[1].get_ylabel()
    markers = {line.get_marker() for line in axes[1].lines}
    assert len(markers) == 3  # heads differ by shape as well


def test_the_curve_has_its_lowest_point_where_the_closed_form_says():
    _, (ax,) = new_figure()
    g, o = np.array([0.4, 0.9]), np.array([0.2, 0.5])
    alt = ratio_curve(ax, g, o, ("A", "B"))
    curve = ax.lines[0]
    lowest = curve.get_xdata()[np.argmin(curve.get_ydata())]
    raw = g / o**2
    assert lowest == pytest.approx(raw[0] / raw.sum(), abs=0.005)
    assert f"lowest point {1 / np.sum((g / o) ** 2):.3f}" in alt


def test_gains_are_drawn_for_every_method_and_unknown_ones_refused():
    rows = [
        {"optimizer": o, "method": m, "gain": 0.01 * i + 0.001 * s}
        for o in ("sgd", "adam")
        for i, m in enumerate(BLENDS)
        for s in range(3)
    ]
    _, (ax,) = new_figure()
    ax.set_title("starve")
    alt = gains_by(pd.DataFrame(rows), ax)
    assert alt.startswith("starve, test accuracy minus") and "ensemble +0.051" in alt
    with pytest.raises(ValueError, match="ensemble"):
        gains_by(pd.DataFrame(rows).replace("ensemble", "ensembel"), ax)


# Explorer


def blended(w, gain=(0.4, 0.4, 0.4), overfitting=(0.2, 0.2, 0.2)):
    losses = table([2.0] * 3, [2.0] * 3, [1.4] * 3, [1.6] * 3)
    columns = {"G": gain, "O": overfitting, "w": w}
    return Blended(losses, pd.DataFrame({"head": HEADS, **columns}), 1, "paper")


def test_a_weight_beyond_the_axis_is_cut_and_says_so():
    view = BlendView()
    view.update(blended((7.5, -9.0, 2.5)))
    heights = [bar.get_height() for bar in view._bars]
    assert heights == [WEIGHTS[1], WEIGHTS[0], 2.5]
    assert [label.get_text() for label in view._labels] == ["↑7.50", "↓−9.00", "2.50"]
    assert "weight 7.500" in view.describe(blended((7.5, -9.0, 2.5)))


def test_a_doubtful_weight_is_hatched_and_named():
    view = BlendView()
    data = blended((0.5, -0.1, 0.6), gain=(0.4, -0.1, 0.4), overfitting=(0.001, 0.2, 0.2))
    view.update(data)
    assert [bool(bar.get_hatch()) for bar in view._bars] == [True, True, False]
    assert view._labels[0].get_text() == "0.50\nO ≈ 0"
    assert "not to be trusted: G ≤ 0" in view.describe(data)
    view.update(blended((0.4, 0.3, 0.3)))  # and it goes away again
    assert not any(bar.get_hatch() for bar in view._bars)
    assert doubts(0.0, 0.0) == "G ≤ 0, O ≈ 0" and doubts(0.1, -0.3) == ""
    assert short(-0.0038) == "−0.0038" and short(1234.5) == "1234"


def load_double(*arguments, **options):
    data = load_preset(*arguments, **options)
    return replace(data, inputs={m: x.double() for m, x in data.inputs.items()})


def test_the_explorer_shows_the_package_s_weights(monkeypatch):
    e = EXPLORERS["blend"]()
    monkeypatch.setattr("coursekit.lessons.l06_gradient_blending.explorer.load_preset", load_double)
    torch.set_default_dtype(torch.float64)
    try:
        e.set(data="starve", samples=250, window=4, rule="safe", seed=5)
        data = load_double("starve", 5, train=250)
        method = GBlendOffline(epochs=4, held=0.25)
        model = build_classifier(data.train.inputs, data.num_classes, seed=5)
        started(method, begin(model, data.train, data.valid, Settings(), 5))
    finally:
        torch.set_default_dtype(torch.float32)
    shown = e.table().set_index("head")["w"].to_dict()
    assert shown == pytest.approx(method.blend, rel=1e-9, abs=1e-9)
    assert "rule safe" in e.alt


def test_the_presets_show_what_they_are_named_for():
    e = EXPLORERS["blend"]()
    assert e.table().set_index("head")["w"].idxmax() == "A"
    e.preset("too short")
    assert e.table().set_index("head")["w"].idxmax() != "A"
    assert "O ≈ 0" in e.alt
    e.preset("no gain")
    assert e.table().set_index("head").loc["B", "G"] < 0
    e.preset("no overfitting")
    assert e.alt.count("O ≈ 0") >= 2


# The stored study


@pytest.fixture(scope="module")
def stored():
    return pd.read_csv(open_checked("blend_optimizers.csv"))


def test_every_method_had_the_same_budget(stored):
    place = ["data", "optimizer", "method"]
    tuning = stored[stored["seed"].isin(TUNING_SEEDS)]
    results = stored[stored["seed"].isin(SEEDS)]
    assert len(tuning) + len(results) == len(stored)
    for (_, optimizer, _), rows in tuning.groupby(place):
        assert sorted(rows["rate"].unique()) == sorted(study.RATES[optimizer])
        assert set(rows.groupby("rate")["seed"].apply(tuple)) == {tuple(TUNING_SEEDS)}
    assert (results.groupby(place)["seed"].apply(tuple) == tuple(SEEDS)).all()
    assert len(results[[*place, "rate"]].drop_duplicates()) == len(results) / len(SEEDS)
    places = {(d, o, m) for d in study.DATA for o in study.RATES for m in study.methods()}
    assert set(map(tuple, tuning[place].drop_duplicates().to_numpy())) == places
    assert "ensemble" in study.methods()


def test_the_choice_looks_at_validation_only(stored):
    spoilt = stored.assign(test=stored["test"].where(stored["seed"] >= 100, 1 - stored["test"]))
    pd.testing.assert_frame_equal(study.gains_over_joint(stored), study.gains_over_joint(spoilt))


def test_gains_are_paired_by_seed(stored):
    gains = study.gains_over_joint(stored)
    assert list(gains["data"].unique()) == list(study.DATA)
    assert "joint" not in set(gains["method"])
    place = "data == 'starve' and optimizer == 'adam'"
    ensemble = gains.query(f"{place} and method == 'ensemble'")
    rows = stored.query(f"{place} and seed == 104")
    rate = stored.query("seed >= 100").groupby(["data", "optimizer", "method"])["rate"].first()
    test = {
        m: rows[(rows["method"] == m) & (rows["rate"] == rate["starve", "adam", m])]["test"].item()
        for m in ("ensemble", "joint")
    }
    expected = test["ensemble"] - test["joint"]
    assert ensemble.set_index("seed").loc[104, "gain"] == pytest.approx(expected)


def test_a_blend_feeds_the_starved_under_every_optimiser(stored):
    gains = study.gains_over_joint(stored)
    means = gains.groupby(["data", "optimizer", "method"])["gain"].mean()
    for optimizer in study.RATES:
        assert means["starve", optimizer, "online, safe"] >= 0.03


def test_a_row_drawn_at_random_is_measured_again(stored):
    """On the machine of the card to the last digit; elsewhere rounding may lead training astray."""
    draw = random.SystemRandom().randrange(10**6)
    print(f"The row is drawn with seed {draw}.")
    rows = stored[stored["method"].str.endswith("safe") & (stored["seed"] >= 100)]
    old = rows.iloc[draw % len(rows)].to_dict()
    again = study.row(*(old[k] for k in ("data", "optimizer", "method", "rate", "seed")))
    card = (DATA_FOLDER / "blend_optimizers.md").read_text(encoding="utf-8")
    same = f"- Made with: {machine()}\n" in card
    for name in ("valid", "test"):
        assert again[name] == pytest.approx(old[name], abs=1e-9 if same else 0.1), (draw, old)


def test_the_command_writes_what_the_study_gives(tmp_path, monkeypatch, stored):
    monkeypatch.setattr(study, "optimizer_study", lambda: stored)
    out = tmp_path / "blend_optimizers.csv"
    command = CliRunner().invoke(app, ["optimizers", "--out", str(out)])
    assert command.exit_code == 0, command.output
    assert out.read_bytes() == (DATA_FOLDER / "blend_optimizers.csv").read_bytes()


def test_a_training_that_diverges_is_a_zero(monkeypatch):
    def diverge(*_, **__):
        raise FloatingPointError("nan")

    monkeypatch.setattr(study, "fit", diverge)
    row = study.row("starve", "sgd", "joint", 0.1, 0)
    assert (row["valid"], row["test"]) == (0.0, 0.0)
    with pytest.raises(ValueError, match="Did you mean 'adagrad'"):
        study.row("starve", "adagrd", "joint", 0.1, 0)


def test_adam_does_not_feel_a_single_loss_s_weight():
    """What the lesson shows: a part fed by one loss moves as far, whatever that loss weighs."""

    def moved(optimizer, weight):
        torch.manual_seed(0)
        p = torch.nn.Parameter(torch.randn(40))
        start = p.detach().clone()
        made = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[optimizer]([p], lr=0.01)
        target = torch.randn(40)
        for _ in range(5):
            made.zero_grad()
            (weight * (p - target).square().sum()).backward()
            made.step()
        return float((p.detach() - start).norm())

    assert moved("adam", 0.05) == pytest.approx(moved("adam", 1.0), rel=0.05)
    assert moved("sgd", 0.05) < 0.1 * moved("sgd", 1.0)


def test_settings_of_the_study_are_the_preset_s_but_for_rate_and_optimiser(monkeypatch):
    settings = []
    monkeypatch.setattr(study, "fit", lambda *a, **k: settings.append(a[3]))
    study.row("overfit", "sgd", "joint", 0.3, 0)
    expected = Settings(epochs=30, batch_size=64, optimizer="sgd", lr=0.3, keep_best=True)
    assert settings == [expected]
