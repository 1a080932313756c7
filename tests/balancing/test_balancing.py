"""Balancing methods in the loop: every one by the same rules, and each against what it promises."""

import copy
import re
from dataclasses import replace
from functools import cache

import pytest
import torch
from method_fusions import fusion_of
from torch.nn import functional as F

from coursekit import balancing, fusion
from coursekit.analysis.missing_modality import dropped
from coursekit.balancing import mmcosine
from coursekit.balancing.gblend import GBlendOffline, GBlendOnline
from coursekit.balancing.unimodal_scores import true_class_scores
from coursekit.balancing.unimodal_signals import logits_of, own_logits
from coursekit.data import Modality, Recipe, generate
from coursekit.models import MLP, MultimodalClassifier, build_classifier
from coursekit.training import Settings, fit, predict
from coursekit.training.loop import begin
from coursekit.training.method import Method, Step, scale_gradients, scaled_step, slots_of
from coursekit.training.settings import make_optimizer

ALL = pytest.mark.parametrize("name", balancing.names())
FEW = Settings(epochs=2, batch_size=32)
SHORT = {"gblend-offline": {"epochs": 1}, "gblend-online": {"epochs": 1}}

# Additive, a hidden layer, gates, attention: on two modalities and on three.
PLACES = [("late-linear", "AB"), ("late-linear", "ABC"), ("mid-mlp", "AB"), ("film", "ABC"),
          ("transformer", "ABC"), ("its own", "AB")]  # fmt: skip


@cache
def data_of(modalities="AB", rows=130):
    recipe = Recipe(
        {m: Modality() for m in modalities},
        redundant=0.5,
        unique={m: 0.1 for m in modalities},
        train=rows,
        valid=60,
        test=60,
    )
    return generate(recipe, seed=0)


@pytest.fixture(scope="module")
def data():
    return data_of()


@pytest.fixture(scope="module")
def few():
    """Two batches of 32 and one of two rows, for what every method does."""
    return data_of(rows=66)


def model_for(data, fusion="late-linear", seed=0):
    return build_classifier(
        data.train.inputs, data.num_classes, fusion=fusion, widths=(16, 8), seed=seed
    )


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def made(name):
    return balancing.build(name, **SHORT.get(name, {}))


# ---- every method ----------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize(("fusion", "modalities"), PLACES)
def test_every_method_trains_or_refuses_in_a_sentence(name, fusion, modalities):
    data = data_of(modalities, rows=66)
    model = model_for(data, fusion_of(name) if fusion == "its own" else fusion)
    before = weights(model)
    try:
        history = fit(model, data.train, data.valid, FEW, method=made(name))
    except ValueError as refusal:
        assert re.search(r"(two modalities|needs '[a-z-]+')\.$", str(refusal))
        return
    assert len(history) == 4
    if name != "ensemble":
        assert not torch.equal(before, weights(model))
    assert torch.isfinite(weights(model)).all()


@ALL
def test_the_same_seed_gives_the_same_weights(name, few):
    once, again = (model_for(few, fusion_of(name)) for _ in range(2))
    for model in (once, again):
        fit(model, few.train, few.valid, FEW, seed=3, method=made(name))
    assert torch.equal(weights(once), weights(again))


@ALL
def test_what_a_method_does_is_traced(name, few):
    method, traces = made(name), []
    original = method.end_epoch
    method.end_epoch = lambda run: (original(run), traces.append(list(run.trace)))
    fit(model_for(few, fusion_of(name)), few.train, few.valid, FEW, method=method)
    heads = {row["head"] for row in traces[-1] if "head" in row}
    assert heads and heads <= {"joint", "A", "B"}
    assert {row["epoch"] for row in traces[-1]} == {1, 2}
    assert {row["batch"] for row in traces[-1]} == {1, 2, 3}


def test_unknown_methods_are_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"method is 'mbl'.*Did you mean 'mlb'"):
        balancing.build("mbl")


# ---- the step --------------------------------------------------------------------------------


def rows_of(split, rows):
    return {m: x[rows] for m, x in split.inputs.items()}, split.labels[rows]


class Fixed(Method):
    """Scales that never change."""

    name = "fixed"

    def __init__(self, **k):
        self.k = k

    def scales(self, step):
        return self.k


def test_scaling_the_step_is_a_learning_rate_for_each_modality(data):
    """Against optimiser groups with rates of their own, three epochs with momentum."""
    settings = Settings(epochs=3, batch_size=32, clip=None, lr=0.05)
    ours, theirs = model_for(data, "additive"), model_for(data, "additive")
    fit(ours, data.train, data.valid, settings, seed=1, method=Fixed(A=0.3, B=2.5))
    groups = []
    for i, (m, k) in enumerate({"A": 0.3, "B": 2.5}.items()):
        parts = [theirs.encoders[m], theirs.heads[m], theirs.fusion.votes[i]]
        groups.append({"params": [p for x in parts for p in x.parameters()], "lr": 0.05 * k})
    optimizer = torch.optim.SGD(groups, lr=0.05, momentum=0.9)
    rng = torch.Generator().manual_seed(1)
    for _ in range(3):
        for rows in torch.randperm(len(data.train), generator=rng).split(32):
            inputs, labels = rows_of(data.train, rows)
            loss = F.cross_entropy(theirs(inputs).joint, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert torch.allclose(weights(ours), weights(theirs), atol=1e-5)


@pytest.mark.parametrize(("optimizer", "momentum"), [("sgd", 0.0), ("sgd", 0.9), ("adam", 0.0)])
def test_on_the_gradient_it_is_the_same_for_plain_sgd_only(data, optimizer, momentum):
    how = Settings(epochs=2, batch_size=32, clip=None, optimizer=optimizer, momentum=momentum)
    how = replace(how, lr=0.05 if optimizer == "sgd" else 1e-3)
    models = {}
    for scale in ("step", "gradient"):
        models[scale] = model_for(data)
        fit(models[scale], data.train, data.valid, replace(how, scale=scale), method=Fixed(A=3.0))
    same = torch.allclose(weights(models["step"]), weights(models["gradient"]), atol=1e-5)
    assert same == (optimizer == "sgd")  # k constant: momentum of scaled gradients scales along


def test_adam_cancels_what_is_done_to_the_gradient(data):
    how = Settings(epochs=2, batch_size=32, clip=None, optimizer="adam", lr=1e-3)
    plain, gradient, step = model_for(data), model_for(data), model_for(data)
    fit(plain, data.train, data.valid, how)
    fit(gradient, data.train, data.valid, replace(how, scale="gradient"), method=Fixed(A=5.0))
    fit(step, data.train, data.valid, how, method=Fixed(A=5.0))
    moved = [(weights(x) - weights(plain)).norm() for x in (gradient, step)]
    assert moved[0] < 0.01 * moved[1]


def test_a_scale_touches_its_modality_and_nothing_else(data):
    model = model_for(data, "mid-mlp")
    before = copy.deepcopy(model)
    run = begin(model, data.train, data.valid, FEW, 0)
    inputs, labels = rows_of(run.train, torch.arange(32))
    step = Step(run, inputs, labels, model(inputs), 1)
    sum(step.cross_entropies().values()).backward()
    plain = copy.deepcopy(model)
    for p, q in zip(plain.parameters(), model.parameters(), strict=True):
        p.grad = q.grad.clone()
    make_optimizer(plain, FEW).step()
    scaled_step(model, make_optimizer(model, FEW), {"A": 0.0})
    mine = {id(p): where for p, where in slots_of(model, "A")}
    for p, q, old in zip(*(m.parameters() for m in (model, plain, before)), strict=True):
        expected = q.detach().clone()
        if id(p) in mine:
            expected[mine[id(p)]] = old.detach()[mine[id(p)]]
        assert torch.allclose(p, expected, atol=1e-7)
    covered = {id(p) for m in "AB" for p, _ in slots_of(model, m)}
    assert id(model.fusion.last.weight) not in covered


def test_gradients_are_scaled_slice_by_slice(data):
    model = model_for(data)
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    scale_gradients(model, {"B": 3.0})
    assert torch.equal(model.fusion.linear.weight.grad[:, :8], torch.ones(6, 8))
    assert torch.equal(model.fusion.linear.weight.grad[:, 8:], torch.full((6, 8), 3.0))
    assert {float(p.grad.mean()) for p in model.encoders["A"].parameters()} == {1.0}
    assert {float(p.grad.mean()) for p in model.encoders["B"].parameters()} == {3.0}


# ---- one by one ------------------------------------------------------------------------------


def step_of(data, fusion="late-linear", method=None, settings=FEW):
    model = model_for(data, fusion)
    run = begin(model, data.train, data.valid, settings, 0)
    method = method or Method()
    method.begin(run)
    method.begin_epoch(run)
    inputs, labels = rows_of(run.train, torch.arange(32))
    return Step(run, inputs, labels, method.predict(run, inputs), 1)


def test_the_own_logits_of_late_linear_sum_to_the_joint_ones(data):
    step = step_of(data)
    heard = own_logits(step.run.model, step.prediction)
    assert torch.allclose(sum(heard.values()), step.prediction.joint, atol=1e-6)
    half = step.run.model.fusion.linear
    expected = step.prediction.features["A"] @ half.weight[:, :8].T + half.bias / 2
    assert torch.allclose(heard["A"], expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["late-linear", "additive"])
def test_own_logits_are_paired_by_name_where_the_encoders_stand_in_another_order(data, kind):
    encoders = {m: MLP(data.train.inputs[m].shape[1], (8, 8)) for m in "BA"}
    model = MultimodalClassifier(encoders, fusion.build(kind, {"A": 8, "B": 8}, 2), 2)
    prediction = model(data.train.inputs)
    heard = own_logits(model, prediction)
    assert list(heard) == ["B", "A"]
    nothing = torch.zeros_like(prediction.features["B"])
    with torch.no_grad():
        of_a = {"A": prediction.features["A"], "B": nothing}
        of_none = {"A": nothing, "B": nothing}
        expected = model.fusion(of_a) - model.fusion(of_none)
        got = heard["A"] - logits_of(model, of_none)["A"]
    assert torch.allclose(got, expected, atol=1e-6)
    if kind == "late-linear":
        assert torch.allclose(dropped(model, data.train.inputs, "B") - model.fusion(of_none),
                              expected, atol=1e-6)  # fmt: skip


@pytest.mark.parametrize("name", ["ogm", "mslr"])
def test_listening_heads_leave_the_encoders_alone(name, data):
    """With k = 1 throughout a listener trains what joint training trains."""
    joint, listener = model_for(data, "mid-mlp"), model_for(data, "mid-mlp")
    how = replace(FEW, clip=None, epochs=1)
    fit(joint, data.train, data.valid, how)
    method = balancing.build(name)
    method.scales = lambda step: {}
    fit(listener, data.train, data.valid, how, method=method)
    for part in ("encoders", "fusion"):
        assert torch.equal(weights(getattr(joint, part)), weights(getattr(listener, part)))
    assert not torch.equal(weights(joint.heads), weights(listener.heads))


def test_ensemble_is_the_unimodal_trainings_side_by_side(data):
    both = model_for(data)
    alone = {}
    for m in "AB":
        alone[m] = build_classifier(
            {m: data.train.inputs[m]}, data.num_classes, widths=(16, 8), seed=9
        )
        alone[m].encoders[m].load_state_dict(both.encoders[m].state_dict())
        alone[m].fusion.linear.load_state_dict(both.heads[m].state_dict())
        fit(alone[m], data.train, data.valid, FEW, seed=2)
    fit(both, data.train, data.valid, FEW, seed=2, method=balancing.build("ensemble"))
    for m in "AB":
        assert torch.allclose(weights(both.encoders[m]), weights(alone[m].encoders[m]), atol=1e-6)
    mean = sum(predict(alone[m], data.test.inputs).joint.softmax(1) for m in "AB") / 2
    joint = predict(both, data.test.inputs).joint
    assert torch.allclose(joint, mean.log(), atol=1e-5)


def test_mlb_scales_come_from_the_heads(data):
    method = balancing.build("mlb", alpha=1.5, beta_max=4.0)
    step = step_of(data, method=method)
    s = true_class_scores(list(step.prediction.unimodal.values()), step.labels)
    scales = method.scales(step)
    for m, mine, other in (("A", s[0], s[1]), ("B", s[1], s[0])):
        r = float(other / mine)
        beta = 4.0 if r > 1 else 2.0
        expected = 1 + (beta - 1) * torch.tanh(torch.tensor(1.5 * (r - 1)))
        assert scales[m] == pytest.approx(float(expected), rel=1e-5)
    assert method.weights(step) == {"joint": 1.0, "A": 1.0, "B": 1.0}


def test_agm_in_the_loop_has_shares_that_sum_to_the_logits(data):
    method = balancing.build("agm")
    step = step_of(data, "mid-mlp", method)
    assert torch.allclose(sum(method.shares), step.prediction.joint, atol=1e-6)
    method.loss(step, {"joint": 1.0})
    assert set(method.k) == {"A", "B"}


def test_mmcosine_refuses_other_fusions_and_knows_no_length(data):
    with pytest.raises(ValueError, match=r"fusion is 'mid-mlp'; MMCosine needs 'late-linear'"):
        fit(model_for(data, "mid-mlp"), data.train, data.valid, FEW, method=made("mmcosine"))
    step = step_of(data, method=mmcosine.MMCosine(scale=5.0))
    joint = step.prediction.joint
    assert joint.abs().max() <= 10.0 + 1e-5  # two cosines times five
    with torch.no_grad():
        step.run.model.fusion.linear.weight[:, :8] *= 100
    assert torch.allclose(step.run.model(step.inputs).joint, joint, atol=1e-5)


def test_gblend_measures_on_rows_it_does_not_fit(data):
    method = GBlendOffline(epochs=1, held=0.25)
    run = begin(model_for(data), data.train, data.valid, FEW, 0)
    before = weights(run.model)
    method.begin(run)
    method.start(run)
    assert torch.equal(before, weights(run.model))  # the estimate trains copies
    assert len(method.measured) == round(0.25 * 130) and len(method.fitted) == 130 - 32
    rows = torch.cat([method.fitted.inputs["A"], method.measured.inputs["A"]])
    assert len(rows.unique(dim=0)) == 130
    assert sum(method.blend.values()) == pytest.approx(1)
    assert set(method.blend) == {"A", "B", "joint"}


def test_gblend_online_estimates_every_super_epoch(data):
    seen = []

    class Spy(GBlendOnline):
        def estimate(self, run):
            seen.append(run.epoch)
            return super().estimate(run)

    fit(model_for(data), data.train, data.valid, replace(FEW, epochs=5), method=Spy(epochs=2))
    assert seen == [0, 3, 5]


def test_pmr_survives_classes_that_its_rows_lack(data):
    method = balancing.build("pmr", share=0.02, alpha=2.0)  # three rows for six classes
    fit(model_for(data), data.train, data.valid, replace(FEW, epochs=4), method=method)
    assert all(torch.isfinite(c).all() for c in method.centres.values())
