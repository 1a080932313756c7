"""Functional entropy: equations by loop, gradients against differences, and the penalty itself."""

import math
from dataclasses import replace

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import given
from hypothesis import strategies as st

from coursekit import balancing, fusion
from coursekit.balancing.functional_entropy import (
    disagreement,
    information_scores,
    inverse_information,
    noisy_copies,
)
from coursekit.data import load_preset
from coursekit.models import Prediction, build_classifier
from coursekit.training import Settings, fit
from coursekit.training.loop import begin
from coursekit.training.method import Step


@given(seed=st.integers(0, 50), rows=st.integers(1, 4), copies=st.integers(2, 4))
def test_noise_is_as_wide_as_the_copied_column(seed, rows, copies):
    z, noise = draw((rows, 3), (rows * copies, 3), seed=seed)
    noisy = noisy_copies(z, noise)
    for d in range(3):
        column = [float(z[i // copies, d]) for i in range(rows * copies)]
        mean = sum(column) / len(column)
        std = math.sqrt(sum((x - mean) ** 2 for x in column) / (len(column) - 1))
        expected = [x + std * float(e) for x, e in zip(column, noise[:, d], strict=True)]
        assert noisy[:, d].tolist() == pytest.approx(expected)


@given(seed=st.integers(0, 50), copies=st.integers(1, 3))
def test_disagreement_by_loop(seed, copies):
    logits, clean = draw((2 * copies, 3), (2, 3), seed=seed)
    target = clean.softmax(1)
    terms = []
    for i, row in enumerate(logits.tolist()):
        for x, y in zip(row, target[i // copies].tolist(), strict=True):
            p = 1 / (1 + math.exp(-x))
            terms.append(-(y * math.log(p) + (1 - y) * math.log(1 - p)))
    assert float(disagreement(logits, clean)) == pytest.approx(sum(terms) / len(terms))


@given(seed=st.integers(0, 50), loss=st.floats(0.01, 5))
def test_scores_by_loop(seed, loss):
    gradients = draw((4, 2), (4, 3), seed=seed)
    got = information_scores(gradients, tensor(loss))
    expected = [sum(x * x for x in g.flatten().tolist()) / 4 / loss for g in gradients]
    assert got.tolist() == pytest.approx(expected)
    penalty = math.sqrt(sum(s**-2 for s in expected))
    assert float(inverse_information(got)) == pytest.approx(penalty)


def test_a_modality_that_does_not_count_has_a_limit():
    assert float(inverse_information(tensor([0.0, 1.0]))) == pytest.approx(1e15)
    scores = tensor([0.0, 0.5]).requires_grad_()
    inverse_information(scores).backward()
    assert bool(scores.grad.isfinite().all()) and float(scores.grad[0]) == 0


def test_a_loss_of_zero_has_a_floor():
    gradients, loss = [torch.zeros(4, 2), torch.zeros(4, 3)], torch.zeros((), requires_grad=True)
    scores = information_scores(gradients, loss)
    inverse_information(scores).backward()
    assert scores.tolist() == [0.0, 0.0] and float(loss.grad) == 0


# ---- in a training -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=40, valid=20, test=20)


def a_step(data, kind="late-linear"):
    model = build_classifier(data.train.inputs, 6, widths=(8, 4), fusion=kind, seed=3).double()
    inputs = {m: x.double() for m, x in data.train.inputs.items()}
    run = begin(model, data.train, data.valid, Settings(), 0)
    return Step(run, inputs, data.train.labels, model(inputs), 1)


def test_the_gradient_of_the_penalty_is_that_of_differences(data):
    """With the same noise and the same target, which are constants."""
    step, method = a_step(data), balancing.build("functional-entropy", strength=1.0, copies=3)
    model, target = step.run.model, step.prediction.joint.detach()

    def penalty():
        step.run.generator.manual_seed(5)
        prediction = Prediction(target, model.encode(step.inputs), model.heads)
        return method.penalty(Step(step.run, step.inputs, step.labels, prediction, 1))

    weight = model.fusion.linear.weight
    (grad,) = torch.autograd.grad(penalty(), weight)
    place, away, ends = divmod(int(grad.abs().argmax()), weight.shape[1]), 1e-6, []
    for sign in (1, -2):
        with torch.no_grad():
            weight[place] += sign * away
        ends.append(float(penalty().detach()))
    assert float(grad[place]) == pytest.approx((ends[0] - ends[1]) / 2 / away, rel=1e-5)


def test_encoders_learn_from_the_penalty_too(data):
    step, method = a_step(data), balancing.build("functional-entropy", copies=3)
    method.penalty(step).backward()
    for p in step.run.model.encoders.parameters():
        assert bool((p.grad != 0).any())


@pytest.mark.parametrize("kind", fusion.names())
def test_every_fusion_can_be_differentiated_twice(data, kind):
    step = a_step(data, kind)
    method = balancing.build("functional-entropy", copies=2)
    method.penalty(step).backward()
    grads = [p.grad for p in step.run.model.fusion.parameters() if p.grad is not None]
    assert grads and all(bool(g.isfinite().all()) for g in grads)


def test_a_model_that_is_sure_of_all_goes_on_training(data):
    """Logits of ±100: every binary cross-entropy is 0 in float32."""
    model = build_classifier(data.train.inputs, 6, widths=(8, 4), seed=3)
    with torch.no_grad():
        model.fusion.linear.weight.zero_()
        model.fusion.linear.bias.fill_(-150.0)
        model.fusion.linear.bias[0] = 150.0
    labels = torch.zeros_like(data.train.labels)
    labels[0] = 1
    train, how = replace(data.train, labels=labels), Settings(epochs=2, batch_size=20, lr=1e-6)
    history = fit(model, train, train, how, method=balancing.build("functional-entropy"))
    assert history["loss"].notna().all() and len(history) == 4


def test_the_loss_is_the_joint_one_and_the_penalty(data):
    step = a_step(data)
    method = balancing.build("functional-entropy", strength=2.0, copies=3)
    step.run.generator.manual_seed(1)
    loss = method.loss(step, {"joint": 1.0})
    step.run.generator.manual_seed(1)
    expected = step.cross_entropies()["joint"] + 2 * method.penalty(step)
    assert float(loss.detach()) == pytest.approx(float(expected.detach()))
    before = step.run.generator.get_state()
    nothing = balancing.build("functional-entropy", strength=0.0).loss(step, {"joint": 1.0})
    assert torch.equal(nothing, step.cross_entropies()["joint"])
    assert torch.equal(before, step.run.generator.get_state())  # nothing was drawn
