"""Unimodal teachers: how they are trained, and the methods that follow or ask them."""

from dataclasses import replace

import pytest
import torch
from exact_numbers import tensor
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from coursekit import balancing
from coursekit.balancing.g2d import priorities
from coursekit.balancing.pdmp import leader
from coursekit.balancing.unimodal_teachers import alone, train_alone, validation_accuracy
from coursekit.data import load_preset
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, accuracy, epochs, fit, predict
from coursekit.training.loop import begin
from coursekit.training.method import Step

FEW = Settings(epochs=2, batch_size=24)


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=64, valid=40, test=32)


def model_for(data, fusion="film", **options):
    return build_classifier(data.train.inputs, 6, fusion=fusion, widths=(8, 4), seed=2, **options)


def begun(data, name, settings=FEW, **own):
    """A training after its start, in its first epoch."""
    run = begin(model_for(data), data.train, data.valid, settings, 3)
    method = balancing.build(name, **own)
    method.begin(run)
    method.start(run)
    run.epoch = 1
    return run, method


def step_of(run, rows=24):
    inputs = {m: x[:rows] for m, x in run.train.inputs.items()}
    return Step(run, inputs, run.train.labels[:rows], run.model(inputs), 1)


# ---- the equations ---------------------------------------------------------------------------


@given(scores=st.lists(st.sampled_from([0.5, 1.0, 2.0, 7.0]), min_size=2, max_size=5))
def test_the_weakest_goes_on_and_who_is_above_it_waits(scores):
    k = priorities(tensor(scores))
    assert k.tolist() == [1.0 if s == min(scores) else 0.0 for s in scores]
    assert priorities(tensor([scores[0]] * 3)).tolist() == [1.0] * 3  # a tie


def test_a_leader_is_alone_at_the_top():
    assert leader([0.5, 0.7]) == 1 and leader([0.9, 0.7, 0.2]) == 0
    assert leader([0.7, 0.2, 0.7]) is None and leader([0.0, 0.0]) is None


# ---- teachers --------------------------------------------------------------------------------


def test_a_teacher_is_the_unimodal_training_up_to_its_best_epoch(data):
    settings = Settings(epochs=4, batch_size=24)
    run = begin(model_for(data), data.train, data.valid, settings, 3)
    before = [p.clone() for p in run.model.parameters()]
    teacher = alone(run.model, "B")
    train_alone(run, teacher)
    assert all(torch.equal(p, q) for p, q in zip(run.model.parameters(), before, strict=True))
    twin, best, kept = model_for(data), -1.0, None
    rows = epochs(
        twin,
        data.train,
        data.valid,
        settings,
        seed=3,
        method=balancing.build("unimodal", modality="B"),
    )
    for _ in rows:
        reached = accuracy(predict(twin, data.valid.inputs).joint, data.valid.labels)
        if reached > best:
            best, kept = reached, [p.clone() for p in twin.encoders["B"].parameters()]
    ours = teacher.encoders["B"].parameters()
    assert all(torch.allclose(p, q, atol=1e-6) for p, q in zip(ours, kept, strict=True))
    assert validation_accuracy(run, teacher) == pytest.approx(best)


def test_teachers_are_kept_as_they_are_and_asked_in_evaluation_mode(data):
    run = begin(model_for(data, dropout=0.5), data.train, data.valid, FEW, 3)
    method = balancing.build("umt")
    method.begin(run)
    method.start(run)
    inputs = {m: x[:24] for m, x in data.train.inputs.items()}
    first, again = (method.teachers.lessons(run, inputs) for _ in range(2))
    assert all(torch.equal(first[m].features, again[m].features) for m in "AB")
    assert not any(x.requires_grad for a in first.values() for x in (a.features, a.logits))
    step = step_of(run)
    method.loss(step, {"joint": 1.0}).backward()
    assert all(p.grad is None for t in method.teachers.models.values() for p in t.parameters())


@pytest.mark.parametrize(
    ("name", "own"),
    [("umt", {"weight": 0.0}), ("pdmp", {"gain": 1.0}),
     ("g2d", {"logit_weight": 0.0, "feature_weight": 0.0, "share": 0.0})],
)  # fmt: skip
def test_where_nothing_is_asked_of_them_no_teachers_are_trained(data, name, own):
    """And so a layer that draws from the shared generator draws what it does in joint training."""

    def drawing():
        model = model_for(data)
        encoders = {m: nn.Sequential(e, nn.Dropout(0.5)) for m, e in model.encoders.items()}
        for encoder in encoders.values():
            encoder.out_features = 4
        return MultimodalClassifier(encoders, model.fusion, 6)

    states = []
    for method in (balancing.build("joint"), balancing.build(name, **own)):
        torch.manual_seed(0)
        model = drawing()
        torch.manual_seed(1)
        fit(model, data.train, data.valid, FEW, method=method)
        states.append(model.state_dict())
    assert all(torch.equal(x, states[1][k]) for k, x in states[0].items())


def test_a_training_that_goes_on_has_its_teachers_from_the_checkpoint(data, tmp_path, monkeypatch):
    two, four = Settings(epochs=2, batch_size=24), Settings(epochs=4, batch_size=24)
    first, then = (balancing.build("umt", epochs=1) for _ in range(2))
    fit(model_for(data), data.train, data.valid, two, method=first, checkpoints=tmp_path)
    monkeypatch.setattr("coursekit.balancing.unimodal_teachers.train_alone", pytest.fail)
    fit(model_for(data), data.train, data.valid, four, method=then, checkpoints=tmp_path)
    for m in "AB":
        ours, theirs = (x.teachers.models[m].state_dict() for x in (then, first))
        assert list(ours) == list(theirs) and len(ours) == 6
        assert all(torch.equal(x, theirs[k]) for k, x in ours.items())


# ---- following them ----------------------------------------------------------------------------


def test_the_losses_by_hand(data):
    run, umt = begun(data, "umt", weight=3.0, epochs=1)
    step = step_of(run)
    joint, y = step.prediction.joint, step.labels
    lessons = umt.teachers.lessons(run, step.inputs)
    assert list(lessons) == ["A", "B"]
    apart = sum(
        (step.prediction.features[m] - lessons[m].features).square().sum() / (24 * 4) for m in "AB"
    )
    expected = F.cross_entropy(joint, y) + 3 * apart
    assert umt.loss(step, {"joint": 1.0}).item() == pytest.approx(expected.item(), rel=1e-5)
    g2d = balancing.build("g2d", logit_weight=2.0, feature_weight=0.5)
    g2d.begin(run)
    g2d.teachers = umt.teachers
    divergence = sum(
        (t * (t.log() - joint.log_softmax(1))).sum() / 24
        for t in (lessons[m].logits.softmax(1) for m in "AB")
    )
    expected = F.cross_entropy(joint, y) + 2 * divergence + 0.5 * apart
    assert g2d.loss(step, {"joint": 1.0}).item() == pytest.approx(expected.item(), rel=1e-5)


def test_who_is_better_waits_until_half_time(data):
    run, method = begun(data, "g2d", Settings(epochs=4, batch_size=24), epochs=1)
    step = step_of(run)
    method.loss(step, {"joint": 1.0})
    scores = {
        m: float(lesson.logits.softmax(1)[range(24), step.labels].sum())
        for m, lesson in method.answers.items()
    }
    better = max(scores, key=scores.get)
    for run.epoch, waits in ((1, True), (2, True), (3, False), (4, False)):
        scales = method.scales(step)
        assert scales == ({m: float(m != better) for m in "AB"} if waits else {})


def test_a_share_of_the_epochs_is_counted_exactly(data):
    """0.29 · 100 is 28.999… in floating point; epoch 29 still waits."""
    run, method = begun(data, "g2d", epochs=1, share=0.29)
    run.settings = replace(run.settings, epochs=100)
    method.loss(step_of(run), {"joint": 1.0})
    run.epoch = 29
    assert method.scales(step_of(run))
    run.epoch = 30
    assert method.scales(step_of(run)) == {}


def test_a_tie_of_teachers_lets_nobody_wait(data):
    run, method = begun(data, "g2d", epochs=1)
    with torch.no_grad():
        for m, teacher in method.teachers.models.items():
            teacher.heads[m].weight.zero_()
            teacher.heads[m].bias.zero_()
    step = step_of(run)
    method.loss(step, {"joint": 1.0})
    assert method.scales(step) == {"A": 1.0, "B": 1.0}


def test_who_waits_does_not_move(data):
    model = model_for(data)
    before = {m: [p.clone() for p in model.encoders[m].parameters()] for m in "AB"}
    method = balancing.build("g2d", share=1.0, epochs=4)
    runs = []
    how = Settings(epochs=1, batch_size=64, momentum=0.0)
    list(epochs(model, data.train, data.valid, how, method=method, watch=runs.append))
    scales = {row["modality"]: row["scale"] for row in runs[0].trace if "modality" in row}
    assert sorted(scales.values()) == [0.0, 1.0]
    for m, k in scales.items():
        pairs = list(zip(model.encoders[m].parameters(), before[m], strict=True))
        assert all(torch.equal(p, q) for p, q in pairs) == (k == 0)


# ---- asking which is best ------------------------------------------------------------------------


def test_the_best_modality_is_sped_up(data):
    how = Settings(epochs=3, batch_size=24)
    run, method = begun(data, "pdmp", how, gain=3.0)
    reached = {}
    for m in "AB":
        model = alone(run.model, m)
        train_alone(run, model)
        reached[m] = accuracy(predict(model, data.valid.inputs).joint, data.valid.labels)
    assert reached["A"] != reached["B"]
    best = max(reached, key=reached.get)
    assert method.leader == best and method.scales(step_of(run)) == {best: 3.0}


def test_at_a_tie_nobody_is(data, monkeypatch):
    monkeypatch.setattr("coursekit.balancing.pdmp.validation_accuracy", lambda run, model: 0.5)
    run, method = begun(data, "pdmp", epochs=1)
    assert method.leader is None and method.scales(step_of(run)) == {}
