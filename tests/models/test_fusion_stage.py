"""Early, intermediate and late fusion: built alike, counted alike, tuned alike, measured again."""

import math
import random
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits
from typer.testing import CliRunner

from coursekit.__main__ import app
from coursekit.analysis.intervals import interval
from coursekit.analysis.missing_modality import dropped, filled
from coursekit.compare.stored_tables import machine
from coursekit.data import load_preset
from coursekit.data.files import DATA_FOLDER, extra_folder, open_checked
from coursekit.data.timeline import moments, on_timeline
from coursekit.layers.initialise import initialise
from coursekit.lessons.l04_early_or_late import study as depth_study
from coursekit.lessons.l04_early_or_late.study import Tables, chosen, epochs_to, make, trials
from coursekit.lessons.l04_early_or_late.study_data import (
    TRANSFORMER,
    cases,
    flat,
    models_of,
    strips,
    views,
)
from coursekit.lessons.l04_early_or_late.study_tables import MORE, Reading, case_facts
from coursekit.models import build_classifier
from coursekit.models.fusion_stage import (
    PLACES,
    TOLERANCE,
    assemble,
    build_alone,
    build_depth,
    matched_widths,
    parameters,
)

SIZES = {"A": 5, "B": 3}
EACH = pytest.mark.parametrize("place", PLACES)


def network(place, w=4, v=3, classes=4, seed=1):
    model = assemble(place, SIZES, classes, w, v).double()
    initialise(model, seed)
    return model.eval()


def inputs(n=6, steps=None, seed=0):
    rng = torch.Generator().manual_seed(seed)
    shape = (n,) if steps is None else (n, steps)
    return {m: torch.randn(*shape, d, generator=rng, dtype=torch.float64) for m, d in SIZES.items()}


# ---- the three networks written out --------------------------------------------------------


def relu(layer, x):
    return [
        max(0.0, sum(w * v for w, v in zip(row, x, strict=True)) + b)
        for row, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
    ]


def through(layers, x):
    for layer in layers:
        x = relu(layer, x)
    return x


def mean_of(rows):
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def readout(layer, x):
    return [
        sum(w * v for w, v in zip(row, x, strict=True)) + b
        for row, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
    ]


@EACH
@pytest.mark.parametrize("steps", [None, 3])
def test_the_places_by_loops(place, steps):
    model, x = network(place), inputs(2, steps)
    joint = model(x).joint
    for i in range(2):
        rows = {m: z[i].tolist() if steps else [z[i].tolist()] for m, z in x.items()}
        if place == "early":
            branch = model.fusion.branch
            joined = [a + b for a, b in zip(rows["A"], rows["B"], strict=True)]
            features = mean_of([through(branch.each.layers, r) for r in joined])
            logits = readout(model.fusion.readout, through(branch.after.layers, features))
        else:
            parts = []
            for m, encoder in model.encoders.items():
                pooled = mean_of([through(encoder.each.layers, r) for r in rows[m]])
                parts += through(encoder.after.layers, pooled)
            if place == "intermediate":
                logits = readout(model.fusion.last, relu(model.fusion.first, parts))
            else:
                logits = readout(model.fusion.linear, parts)
        assert joint[i].tolist() == pytest.approx(logits, abs=1e-8)


def interaction(model):
    one, other = inputs(seed=1), inputs(seed=2)
    mixed = [{"A": x["A"], "B": y["B"]} for x in (one, other) for y in (one, other)]
    ab, ab_, a_b, a_b_ = (model(z).joint for z in mixed)
    return float((ab + a_b_ - ab_ - a_b).abs().max().detach())


def test_only_late_fusion_is_additive():
    assert interaction(network("late")) < 1e-10
    assert interaction(network("early")) > 1e-3 and interaction(network("intermediate")) > 1e-3


def test_one_step_is_the_same_as_a_vector():
    for place in PLACES:
        model, x = network(place), inputs()
        longer = {m: z[:, None] for m, z in x.items()}
        assert torch.allclose(model(x).joint, model(longer).joint, rtol=0, atol=1e-12)


def test_moving_one_modality_in_time_matters_to_early_fusion_alone():
    x = inputs(steps=4)
    moved = {**x, "B": x["B"].roll(1, dims=1)}
    for place in PLACES:
        same = torch.allclose(network(place)(x).joint, network(place)(moved).joint, atol=1e-10)
        assert same == (place != "early")


def test_early_fusion_refuses_unequal_numbers_of_steps():
    x = inputs(steps=4)
    with pytest.raises(ValueError, match=r"'A': \(6, 4\), 'B': \(6, 3\).*needs equal ones"):
        network("early")({**x, "B": x["B"][:, :3]})


# ---- parameters ----------------------------------------------------------------------------


@given(
    st.sampled_from(PLACES),
    st.integers(2, 300),
    st.integers(2, 300),
    st.integers(2, 12),
    st.integers(6000, 60_000),
)
@settings(max_examples=60)
def test_every_budget_is_met_within_three_percent(place, d_a, d_b, classes, budget):
    sizes = {"A": d_a, "B": d_b}
    w, v = matched_widths(place, sizes, classes, budget)
    model = assemble(place, sizes, classes, w, v)
    assert abs(parameters(model) / budget - 1) <= TOLERANCE
    assert parameters(assemble(place, sizes, classes, w + 1, w + 1)) > budget  # w is the widest


@EACH
def test_parameters_are_those_the_joint_loss_trains(place):
    model, x = network(place), inputs(20)
    model.train()(x).joint.square().sum().backward()
    reached = sum(p.numel() for p in model.parameters() if p.grad is not None)
    assert parameters(model) == reached


def test_parameters_by_algebra():
    d, c, w, v = 8, 4, 4, 3
    layer = lambda n, m: n * m + m  # noqa: E731
    assert parameters(network("early")) == layer(d, w) + layer(w, w) + layer(w, v) + layer(v, c)
    branches = layer(5, w) + layer(3, w) + 2 * layer(w, w)
    assert parameters(network("intermediate")) == branches + layer(2 * w, v) + layer(v, c)
    assert parameters(network("late")) == branches + 2 * layer(w, v) + layer(2 * v, c)


def test_the_ensemble_is_as_large_as_late_fusion():
    x = load_preset("balanced", 0).train.inputs
    late = parameters(build_depth("late", x, 6))
    alone = sum(parameters(build_alone(m, x, 6)) for m in x)
    assert alone == late + 6  # each member has an output bias of its own
    shapes = [p.shape for m in x for p in build_alone(m, x, 6).encoders.parameters()]
    assert shapes == [p.shape for p in build_depth("late", x, 6).encoders.parameters()]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: build_depth("erly", inputs(), 4), "Did you mean 'early'"),
        (
            lambda: build_depth("late", inputs(), 4, budget=20),
            "budget is 20; late fusion of .* nearer",
        ),
        (lambda: build_depth("late", inputs(), 4, budget=8e3), r"budget is 8000\.0"),
        (lambda: build_depth("late", {}, 4), "inputs is empty"),
        (lambda: build_depth("late", inputs(), 4, rate=1.5), r"rate is 1\.5"),
        (lambda: build_depth("late", {"A": torch.ones(2, 1, 4, 4)}, 4), r"\(N, D\) or \(N, T, D\)"),
        (lambda: build_alone("C", inputs(), 4), "modality is 'C'"),
    ],
)
def test_refusals_of_the_builders(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


# ---- modality dropout ----------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_an_empty_batch_is_named_whatever_the_rate(rate):
    model = build_depth("late", inputs(), 4, rate=rate).train()
    with pytest.raises(ValueError, match=r"inputs\['A'\] has shape \(0.*an empty batch"):
        model({m: x[:0].float() for m, x in inputs().items()})


def test_modality_dropout_takes_one_modality_of_a_share_of_the_samples():
    x = {m: torch.ones(4000, d) for m, d in SIZES.items()}
    model = build_depth("early", x, 4, rate=0.4, seed=3)
    kept = model.train().encode(x)
    gone = {m: (z == 0).all(dim=1) for m, z in kept.items()}
    assert not (gone["A"] & gone["B"]).any()
    for m in SIZES:
        assert float(gone[m].float().mean()) == pytest.approx(0.2, abs=0.03)
        assert ((kept[m] == 1).all(dim=1) | gone[m]).all()  # what stays is not scaled
    assert all(torch.equal(z, x[m]) for m, z in model.eval().encode(x).items())
    again = build_depth("early", x, 4, rate=0.4, seed=3).train().encode(x)
    assert all(torch.equal(again[m], kept[m]) for m in SIZES)


def test_modality_dropout_names_a_modality_that_is_not_there():
    x = {m: torch.ones(4, d) for m, d in SIZES.items()}
    model = build_depth("early", x, 4, rate=0.4).train()
    with pytest.raises(ValueError, match=r"inputs lacks \['B'\]; the model reads"):
        model.encode({"A": x["A"]})


# ---- a missing modality --------------------------------------------------------------------


def test_filled_and_dropped_by_hand():
    model, x = network("late"), inputs()
    train = {m: z + 1 for m, z in inputs(9, seed=5).items()}
    assert torch.equal(filled(x, "B", "zeros", train)["B"], torch.zeros(6, 3, dtype=torch.float64))
    mean = filled(x, "B", "mean", train)
    assert torch.allclose(mean["B"], train["B"].mean(0).expand(6, 3)) and mean["A"] is x["A"]
    z_a = model.encoders["A"](x["A"])
    by_hand = z_a @ model.fusion.linear.weight[:, :3].T + model.fusion.linear.bias
    without_b = dropped(model, {"A": x["A"]}, "B")  # B is not even read
    assert torch.allclose(without_b, by_hand, rtol=0, atol=1e-10)
    whole, other = model(x).joint, dropped(model, x, "A")
    assert torch.allclose(whole, without_b + other - model.fusion.linear.bias, atol=1e-10)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: filled(inputs(), "C", "zeros", inputs()), "lost is 'C'"),
        (lambda: filled(inputs(), "A", "noise", inputs()), "how is 'noise'"),
        (
            lambda: filled(inputs(), "A", "mean", {"A": torch.ones(4, 2)}),
            r"train\['A'\] has shape \(4, 2\); \(any, 5\) was expected",
        ),
        (
            lambda: dropped(network("early"), inputs(), "A"),
            "fuses by Joined, which is not additive",
        ),
        (lambda: dropped(network("intermediate"), inputs(), "A"), "fuses by MidMLP"),
        (
            lambda: dropped(build_classifier({"A": torch.ones(2, 3)}, 2), {}, "A"),
            "the model's only modality",
        ),
    ],
)
def test_refusals_of_missing(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---- timeline ------------------------------------------------------------------------------


@given(st.integers(2, 7), st.integers(1, 3), st.floats(0, 1))
@settings(max_examples=30)
def test_moments_lie_on_the_timeline_and_meet_as_often_as_asked(steps, modalities, alignment):
    when = moments(3000, modalities, steps, alignment, torch.Generator().manual_seed(4))
    assert when.shape == (3000, modalities) and when.min() >= 0 and when.max() < steps
    for other in when.T[1:]:
        together = float((other == when[:, 0]).double().mean())
        assert together == pytest.approx(alignment, abs=0.05)
    counts = torch.bincount(when[:, 0], minlength=steps) / 3000
    assert torch.allclose(counts, torch.full((steps,), 1 / steps), atol=0.05)


def test_a_timeline_holds_each_vector_once():
    data = load_preset("balanced", 3)
    timed = on_timeline(data, 4, alignment=0.0, seed=3)
    where = {}
    for m, x in data.inputs.items():
        hit = (timed.inputs[m] == x[:, None]).all(dim=2)
        assert (hit.sum(dim=1) == 1).all()
        where[m] = hit.int().argmax(dim=1)
        rest = timed.inputs[m][~hit]
        assert abs(float(rest.mean())) < 0.01 and float(rest.std()) == pytest.approx(1, abs=0.01)
    assert (where["A"] != where["B"]).all()
    assert torch.equal(timed.labels, data.labels) and timed.splits is data.splits
    again = on_timeline(data, 4, alignment=0.0, seed=3)
    assert all(torch.equal(again.inputs[m], timed.inputs[m]) for m in data.inputs)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 1}, "steps is 1"),
        ({"alignment": 1.2}, r"alignment is 1\.2"),
        ({"alignment": math.nan}, "alignment is nan"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_refusals_of_the_timeline(options, words):
    with pytest.raises(ValueError, match=words):
        on_timeline(load_preset("balanced", 0), **options)
    pictures = replace(load_preset("balanced", 0), inputs={"A": torch.ones(3500, 2, 2)})
    with pytest.raises(ValueError, match=r"inputs\['A'\] has shape \(3500, 2, 2\); vectors"):
        on_timeline(pictures)


# ---- the study's parts ---------------------------------------------------------------------


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=30), st.floats(0.05, 1))
def test_epochs_to_is_the_first_that_holds(curve, share):
    epoch = epochs_to(curve, share)
    level = share * max(curve)
    assert curve[epoch - 1] >= level and all(v < level for v in curve[: epoch - 1])


@pytest.mark.parametrize("curve", [[], [[0.5]], [0.5, math.nan]])
def test_a_curve_that_is_none_is_refused(curve):
    with pytest.raises(ValueError, match="curve has shape"):
        epochs_to(curve)
    with pytest.raises(ValueError, match="share is 0"):
        epochs_to([0.5], 0)


def test_strips_are_columns_in_time_order():
    picture = torch.arange(2 * 4 * 6.0).reshape(2, 1, 4, 6)
    data = load_preset("balanced", 0)
    few = replace(
        data,
        inputs={"image": picture.repeat(1750, 1, 1, 1)},
    )
    tokens = strips(few).inputs["image"]
    assert tokens.shape == (3500, 3, 8)
    assert tokens[1, 2].tolist() == [*picture[1, 0, :, 4].tolist(), *picture[1, 0, :, 5].tolist()]
    assert flat(few).inputs["image"].shape == (3500, 24)


def test_every_architecture_tries_the_same_settings_once():
    assert len({(s.lr, s.weight_decay) for s in trials()}) == depth_study.TRIALS
    assert trials() == trials()


def test_the_transformer_has_about_the_same_number_of_parameters():
    for name in ("same moment", "digits, synthesised"):
        case = cases()[name]
        data = views(case, 0)(TRANSFORMER)
        model = make(TRANSFORMER, data.train.inputs, data.num_classes, case.budget, 0)
        assert abs(parameters(model) / case.budget - 1) <= TOLERANCE


def test_the_best_trial_on_validation_is_chosen():
    table = pd.DataFrame(
        {"case": "x", "model": ["late"] * 3, "trial": [0, 1, 2], "accuracy": [0.4, 0.6, 0.6]}
    )
    assert chosen(table, "x") == {"late": trials()[1]}
    with pytest.raises(ValueError, match="no trial of 'y'"):
        chosen(table, "y")


# ---- the stored tables ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored():
    parts = (pd.read_csv(open_checked(f"depth_{n}.csv")) for n in ("trials", "results", "curves"))
    return Tables(*parts)


def available(name):
    extra = extra_folder()
    return "recorded" not in name or (extra is not None and (extra / "fsdd").is_dir())


def test_the_tables_hold_every_case_network_seed_and_trial(stored):
    known = cases()
    for table in (stored.trials, stored.results, stored.curves):
        assert list(dict.fromkeys(table["case"])) == list(known)
    for name, case in known.items():
        modalities = ("image", "audio") if "digits" in name else ("A", "B")
        models = set(models_of(case, modalities))
        tried = stored.trials[stored.trials["case"] == name]
        assert tried.groupby("model")["trial"].apply(list).to_dict() == {
            m: list(range(depth_study.TRIALS)) for m in models
        }
        lr = tried["trial"].map(dict(enumerate(s.lr for s in trials())))
        assert np.allclose(tried["lr"], lr)
        rows = stored.results[stored.results["case"] == name]
        thinned = {m + depth_study.THINNED for m in models - set(modalities)}
        assert set(rows["model"]) == models | thinned | {"ensemble"}
        reached = rows[rows["measure"] == "accuracy"]
        seeds = reached.groupby("model")["seed"].apply(tuple)
        assert set(seeds) == {tuple(case.seeds)} and len(case.seeds) >= 5
        curves = stored.curves[stored.curves["case"] == name]
        assert (curves.groupby(["model", "seed"]).size() == depth_study.EPOCHS).all()
        arrived = curves.groupby(["model", "seed"])["accuracy"].apply(epochs_to)
        epochs = rows[(rows["measure"] == "epochs") & rows["model"].isin(models)]
        # The stored curves are rounded, so a value on the very edge of 95 % may fall either side.
        same = epochs.set_index(["model", "seed"])["value"].sort_index() == arrived.sort_index()
        assert same.mean() > 0.97


def test_parameters_in_the_table_match_the_budgets(stored):
    rows = stored.results[stored.results["measure"] == "parameters"]
    for name, case in cases().items():
        mine = rows[(rows["case"] == name) & ~rows["model"].isin(["A", "B", "image", "audio"])]
        assert ((mine["value"] / case.budget - 1).abs() <= TOLERANCE).all()


def test_differences_by_loops(stored):
    """`Reading` pairs by seed, and by group of speakers on the digits."""
    reading = Reading(stored)
    for case, groups in (("starve", range(100, 110)), ("digits, recorded", range(6))):
        value = {
            (r.model, r.seed): r.value
            for r in stored.results.itertuples()
            if r.case == case and r.measure == "accuracy"
        }
        seeds = {s for _, s in value}
        differences = []
        for group in groups:
            mine = [s for s in seeds if group in (s, s % 6)]
            assert len(mine) == (1 if case == "starve" else 2)
            differences.append(np.mean([value["late", s] - value["early", s] for s in mine]))
        expected = interval(differences)
        difference = reading.minus(case, "late", "early")
        assert (difference.mean, difference.low) == pytest.approx(
            (expected.mean, expected.low), abs=1e-12
        )
        assert reading.reached(case)["late"] == pytest.approx(
            np.mean([value["late", s] for s in seeds]), abs=1e-12
        )
        assert reading.against("late").loc[case, "− early"].high == pytest.approx(expected.high)


def test_the_single_model_is_chosen_on_validation(stored):
    reading = Reading(stored)
    best = stored.trials.groupby(["case", "model"])["accuracy"].max()
    for case, model in reading.single().items():
        rivals = {m: best[case, m] for m in ("A", "B", "image", "audio") if (case, m) in best.index}
        assert len(rivals) == 2 and rivals[model] == max(rivals.values())
    rows = reading.compared().query("model == 'single' and case == 'starve'")
    mine = stored.results.query("case == 'starve' and measure == 'accuracy'")
    alone = mine[mine["model"] == reading.single()["starve"]]
    assert sorted(rows["accuracy"]) == sorted(alone["value"])


def test_what_is_lost_is_read_from_its_own_rows(stored):
    reading, name = Reading(stored), "starve"
    rows = reading.without(name, "B")
    assert list(dict.fromkeys(zip(rows["model"], rows["way"], strict=True)))[-1] == (
        "late",
        "dropped (modality dropout)",
    )
    where = "case == @name and seed == 104 and model == 'late, modality dropout'"
    part = stored.results.query(where).set_index("measure")["value"]
    row = rows[(rows["way"] == "dropped (modality dropout)") & (rows["seed"] == 104)]
    assert row["accuracy"].tolist() == [part["without B, dropped"]]
    assert row["whole"].iloc[0] == pytest.approx(reading.reached(name)["late, modality dropout"])
    table = reading.fills(name)
    early = stored.results.query("case == @name and model == 'early'")
    wide = early.pivot_table(index="seed", columns="measure", values="value")
    expected = interval(wide["without A, mean"] - wide["without A, zeros"])
    assert table.loc["early", "without A, mean − zeros"].low == pytest.approx(expected.low)


def test_epochs_rates_and_facts(stored):
    reading = Reading(stored)
    assert MORE not in reading.epochs().index and len(reading.rates()) == len(cases()) - 1
    how = chosen(stored.trials, "starve")
    assert reading.rates().loc["starve", "early"] == round(how["early"].lr, 4)
    facts = case_facts(["starve", "other moment"])
    assert facts["inputs"].tolist() == ["20 and 42", "4 × 12 and 4 × 12"]
    assert facts["chance"].tolist() == [1 / 6, 1 / 4] and all(c.special for c in cases().values())
    with pytest.raises(ValueError, match="Did you mean 'starve'"):
        case_facts(["starv"])


def test_one_row_drawn_at_random_is_measured_again(stored):
    """On the machine of the card to the last digit; elsewhere rounding may lead training astray."""
    draw = random.SystemRandom().randrange(10**6)
    print(f"The row is drawn with seed {draw}.")
    rng = random.Random(draw)
    name = rng.choice([n for n in cases() if available(n)])
    seed = rng.choice(list(cases()[name].seeds))
    with threadpool_limits(1):
        again, _ = depth_study.result_rows(name, seed, chosen(stored.trials, name))
    here = (stored.results["case"] == name) & (stored.results["seed"] == seed)
    rows = stored.results[here].reset_index(drop=True)
    pd.testing.assert_frame_equal(again.drop(columns="value"), rows.drop(columns="value"))
    kept = again["measure"] != "epochs"  # whole numbers, which one rounding moves by several
    card = (DATA_FOLDER / "depth_results.md").read_text(encoding="utf-8")
    same = f"- Made with: {machine()}\n" in card
    off = (again["value"] - rows["value"]).abs()
    worst = off.max() if same else off[kept].max()
    assert worst <= (1e-9 if same else 0.06), (draw, name, seed, same)


def test_one_trial_drawn_at_random_is_measured_again(stored):
    draw = random.SystemRandom().randrange(10**6)
    rng = random.Random(draw)
    rows = stored.trials[stored.trials["case"].isin(["balanced", "synergy", "starve"])]
    row = rows.iloc[rng.randrange(len(rows))]
    best = []
    for seed in depth_study.TUNING_SEEDS:
        case = cases()[row["case"]]
        data = views(case, seed)(row["model"])
        with threadpool_limits(1):
            _, history = depth_study.trained(row["model"], data, case, trials()[row["trial"]], seed)
        best.append(depth_study.valid_curve(history).max())
    card = (DATA_FOLDER / "depth_trials.md").read_text(encoding="utf-8")
    near = 1e-4 if f"- Made with: {machine()}\n" in card else 0.06  # stored with four digits
    assert np.mean(best) == pytest.approx(row["accuracy"], abs=near), (draw, dict(row))


def test_the_command_writes_what_the_study_gives(tmp_path, monkeypatch, stored):
    def study(names):
        for name in names:
            parts = (stored.trials, stored.results, stored.curves)
            yield Tables(*(table[table["case"] == name] for table in parts))

    monkeypatch.setattr(depth_study, "study", study)
    done = CliRunner().invoke(app, ["depths", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    for name in ("trials", "results", "curves"):
        file = f"depth_{name}.csv"
        assert (tmp_path / file).read_bytes() == (DATA_FOLDER / file).read_bytes()


def test_the_command_refuses_an_unknown_case(tmp_path):
    done = CliRunner().invoke(app, ["depths", "--case", "sinergy", "--out", str(tmp_path)])
    assert done.exit_code == 2 and "Did you mean 'synergy'" in done.stderr
    assert not list(tmp_path.iterdir())
