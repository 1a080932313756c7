"""Greedy learning: speeds by loops, the machine that holds a gate, and gates in a training."""

import math

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import given
from hypothesis import strategies as st

from coursekit import balancing
from coursekit.balancing.greedy import (
    learning_speed,
    next_curation,
    speed_difference,
    speeds_of,
)
from coursekit.data import load_preset
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, fit
from coursekit.training.loop import begin
from coursekit.training.method import Step

FEW = Settings(epochs=3, batch_size=16)


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=64, valid=32, test=32)


def model_for(data, fusion="cross-modal-gate"):
    model = build_classifier(data.train.inputs, 6, widths=(8, 4), fusion=fusion, seed=2)
    if fusion == "cross-modal-gate":
        with torch.no_grad():  # gates that are no longer 1
            for i, gate in enumerate(model.fusion.gating):
                ramp = torch.linspace(-1, 1 + i, gate.weight.numel())
                gate.weight.copy_(ramp.view_as(gate.weight))
    return model


# ---- the equations ---------------------------------------------------------------------------


@given(seed=st.integers(0, 99))
def test_speeds_by_loops(seed):
    weights, grads = (draw((2, 3), (3,), seed=seed + i) for i in (0, 1))
    square = [sum(x * x for part in parts for x in part.flatten().tolist())
              for parts in (grads, weights)]  # fmt: skip
    assert float(learning_speed(grads, weights)) == pytest.approx(square[0] / square[1])


@given(speeds=st.lists(st.floats(0.01, 100), min_size=4, max_size=4))
def test_differences_by_logarithms(speeds):
    b0, b1, m0, m1 = speeds
    d = float(speed_difference(tensor([b0, b1]), tensor([m0, m1])))
    assert d == pytest.approx(math.log10(b0 / m0) - math.log10(b1 / m1), abs=1e-9)
    turned = speed_difference(tensor([b1, b0]), tensor([m1, m0]))
    assert float(turned) == pytest.approx(-d, abs=1e-9)


def test_speeds_of_zero_are_refused():
    with pytest.raises(ValueError, match="weights are all 0"):
        learning_speed([torch.ones(3)], [torch.zeros(3)])
    for name, parts in (("bypass", ([0.0, 1.0], [1.0, 1.0])), ("main", ([1.0, 1.0], [1.0, 0.0]))):
        with pytest.raises(ValueError, match=f"{name} holds 0.0; positive"):
            speed_difference(*map(tensor, parts))


def test_a_gate_is_held_for_so_many_batches_and_measured_after_one_more():
    whose, left, seen = None, 0, []
    for d in (0.5, 9, 9, -0.5, 9, 9, 0.01, -0.01, 1e9):  # 9: not looked at
        whose, left = next_curation(whose, left, d, tolerance=0.01, steps=2)
        seen.append((whose, left))
    assert seen == [
        (0, 2), (0, 1), (None, 0), (1, 2), (1, 1), (None, 0), (None, 0), (None, 0), (0, 2),
    ]  # fmt: skip
    assert next_curation(None, 0, 1e9, math.inf, 2) == (None, 0)


# ---- in a training ---------------------------------------------------------------------------


def step_of(run, method, batch=1):
    inputs = {m: x[:16] for m, x in run.train.inputs.items()}
    run.model.zero_grad()
    return Step(run, inputs, run.train.labels[:16], method.predict(run, inputs), batch)


def begun(data, **own):
    run = begin(model_for(data), data.train, data.valid, FEW, 0)
    method = balancing.build("greedy", **own)
    method.begin(run)
    run.epoch = 2
    return run, method


def test_paths_have_their_own_parameters(data):
    run, method = begun(data)
    step = step_of(run, method)
    method.loss(step, {"joint": 1.0}).backward()
    speeds, fusion = speeds_of(run.model), run.model.fusion
    for i, m in enumerate("AB"):
        paths = [
            [*fusion.squeeze.parameters(), *fusion.gating[i].parameters()],
            [*run.model.encoders[m].parameters(), *fusion.votes[i].parameters()],
        ]
        for row, path in enumerate(paths):
            expected = learning_speed([p.grad for p in path], list(path))
            assert float(speeds[row, i]) == pytest.approx(float(expected), rel=1e-5)


def test_a_held_gate_is_its_own_average_and_has_no_gradient(data):
    run, method = begun(data)
    fusion = run.model.fusion
    inputs = {m: x[:16] for m, x in data.train.inputs.items()}
    live = fusion.gates(run.model.encode(inputs))
    method.predict(run, {m: x[16:32] for m, x in data.train.inputs.items()})
    before = {m: a.clone() for m, a in method.averages.items()}
    method.whose, method.left = 1, 3
    step = step_of(run, method)
    means = {m: (before[m] + live[m].mean(0)) / 2 for m in "AB"}
    assert all(torch.allclose(method.averages[m], means[m], atol=1e-6) for m in "AB")
    assert not torch.allclose(means["A"], means["B"], atol=1e-3)
    branches = fusion.branches(step.prediction.features, {**live, "B": means["B"]})
    assert torch.allclose(step.prediction.joint, sum(branches.values()) / 2, atol=1e-6)
    speeds = method.speeds.clone()
    method.backward(step, method.loss(step, {"joint": 1.0}))
    assert fusion.gating[1].weight.grad is None and fusion.gating[0].weight.grad.any()
    assert torch.equal(method.speeds, speeds) and method.left == 2  # nothing is measured


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_the_average_of_a_constant_gate_is_that_gate_in_half_precision_too(data, half):
    """bfloat16 counts to 256: an average kept in it decays from there on."""
    model = model_for(data).to(half)
    with torch.no_grad():
        for gate in model.fusion.gating:
            gate.weight.zero_()
            gate.bias.fill_(0.5)
    inputs = {m: x[:4].to(half) for m, x in data.train.inputs.items()}
    run = begin(model, data.train, data.valid, FEW, 0)
    method = balancing.build("greedy")
    method.begin(run)
    for _ in range(600):
        method.predict(run, inputs)
    gate = float(model.fusion.gates(model.encode(inputs))["A"][0, 0].detach())
    assert method.averages["A"].dtype == torch.float64
    assert method.averages["A"].tolist() == pytest.approx([gate] * 4, rel=1e-9)
    method.whose, method.left = 0, 2
    assert method.predict(run, inputs).joint.dtype == half


def test_paths_are_paired_by_name_where_the_encoders_stand_in_another_order(data):
    run, method = begun(data)
    step = step_of(run, method)
    method.loss(step, {"joint": 1.0}).backward()
    model = run.model
    turned = MultimodalClassifier({m: model.encoders[m] for m in "BA"}, model.fusion, 6)
    assert turned.modalities == ("B", "A")
    assert torch.equal(speeds_of(turned), speeds_of(model).flip(1))


def test_averages_do_not_go_on_in_evaluation(data):
    run, method = begun(data)
    step_of(run, method)
    before = {m: a.clone() for m, a in method.averages.items()}
    run.predict(data.valid)
    assert all(torch.equal(method.averages[m], before[m]) for m in before)


def test_the_first_epoch_measures_and_holds_nothing(data):
    run, method = begun(data, tolerance=0.0)
    run.epoch = 1
    step = step_of(run, method)
    method.backward(step, method.loss(step, {"joint": 1.0}))
    assert method.speeds.all() and method.left == 0
    run.epoch = 2
    step = step_of(run, method)
    method.backward(step, method.loss(step, {"joint": 1.0}))
    difference = float(speed_difference(*method.speeds))
    assert method.left == 5 and method.whose == (0 if difference > 0 else 1)


def test_a_path_at_rest_ends_no_training(data):
    """Its speed is 0, of which there is no logarithm: nobody is held."""
    run, method = begun(data, tolerance=0.0)
    step = step_of(run, method)
    loss = method.loss(step, {"joint": 1.0}) * 0
    method.backward(step, loss)
    assert method.left == 0 and not method.speeds.any()


def test_it_is_for_two_modalities_and_their_gates(data):
    run = begin(model_for(data, "film"), data.train, data.valid, FEW, 0)
    with pytest.raises(ValueError, match=r"fusion is 'film'; Greedy needs 'cross-modal-gate'\."):
        balancing.build("greedy").begin(run)


def test_a_training_holds_gates_of_either_modality(data):
    held = set()

    class Watched(balancing.registry()["greedy"]):
        def predict(self, run, inputs):
            held.add((run.epoch > 1, self.whose))
            return super().predict(run, inputs)

    method = Watched(tolerance=0.0, steps=2)
    fit(model_for(data), data.train, data.valid, FEW, method=method)
    assert {(False, None), (True, None)} < held <= {(x, y) for x in (False, True)
                                                    for y in (None, 0, 1)}  # fmt: skip
    assert not {(False, 0), (False, 1)} & held
