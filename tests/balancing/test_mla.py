"""MLA and its control: the projection, the fusion by certainty, and trainings known otherwise."""

import math

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from coursekit import balancing
from coursekit.balancing.certainty_ensemble import certainties, fuse_by_certainty
from coursekit.balancing.mla import damping_at, next_projection, project
from coursekit.data import load_preset
from coursekit.models import MLP, MultimodalClassifier, build_classifier
from coursekit.training import Settings, fit, predict
from coursekit.training.loop import begin
from coursekit.training.method import Step

FEW = Settings(epochs=2, batch_size=24)


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=64, valid=32, test=32)


def model_for(data, **options):
    return build_classifier(data.train.inputs, 6, widths=(8, 4), seed=2, **options)


# ---- the equations ---------------------------------------------------------------------------


@given(
    d=st.integers(1, 5), rows=st.integers(1, 4), alpha=st.floats(0.01, 10), seed=st.integers(0, 99)
)
def test_the_next_projection_by_loops(d, rows, alpha, seed):
    half, z = draw((d, d), (rows, d), seed=seed)
    p = half @ half.T + torch.eye(d, dtype=torch.float64)  # positive definite, as a training's
    mean = [sum(float(z[b, i]) for b in range(rows)) / rows for i in range(d)]
    k = [sum(float(p[i, j]) * mean[j] for j in range(d)) for i in range(d)]
    scalar = alpha + sum(mean[i] * k[i] for i in range(d))
    expected = tensor([[float(p[i, j]) - k[i] * k[j] / scalar for j in range(d)] for i in range(d)])
    length = math.sqrt(sum(x * x for x in expected.flatten().tolist()))
    assert torch.allclose(next_projection(p, z, alpha), expected / length, atol=1e-9)


@given(d=st.integers(2, 6), seed=st.integers(0, 99))
def test_what_was_seen_is_taken_out_and_what_is_orthogonal_to_it_passes(d, seed):
    (z,) = draw((1, d), seed=seed)
    p = next_projection(torch.eye(d, dtype=torch.float64), z, 1e-9)
    seen = z[0] / z[0].norm()
    across = torch.linalg.qr(torch.stack([seen, *torch.eye(d).double()[:-1]]).T)[0][:, 1]
    rows = torch.stack([seen, across])
    along, passed = project(rows, p)
    assert float(along.norm()) < 1e-6 * float(passed.norm())
    assert torch.allclose(passed / passed.norm(), across, atol=1e-6)
    assert float(p.norm()) == pytest.approx(1)


def test_a_projection_that_lets_nothing_pass_is_refused():
    z = torch.ones(2, 3)
    with pytest.raises(ValueError, match="projection and features leave a projection of zeros"):
        next_projection(torch.zeros(3, 3), z, 0.1)


def test_damping_falls_within_an_epoch():
    assert damping_at(0, 4) == pytest.approx(0.1)
    assert damping_at(2, 4) == pytest.approx(0.1**1.5)
    assert [damping_at(b, 4, 1.0) for b in range(4)] == [1.0] * 4


@given(m=st.integers(2, 4), c=st.integers(1, 4), seed=st.integers(0, 99))
def test_certainties_by_loops_sample_by_sample(m, c, seed):
    logits = draw(*((5, c) for _ in range(m)), seed=seed)
    weights = certainties(logits)
    for b in range(5):
        surprise = []
        for x in logits:
            total = sum(math.exp(v) for v in x[b].tolist())
            shares = [math.exp(v) / total for v in x[b].tolist()]
            surprise.append(-sum(p * math.log(p) for p in shares))
        total = sum(math.exp(-h) for h in surprise)
        assert weights[b].tolist() == pytest.approx([math.exp(-h) / total for h in surprise])
        alone = fuse_by_certainty([x[b : b + 1] for x in logits])  # the others do not matter
        expected = sum(w * x[b] for w, x in zip(weights[b], logits, strict=True))
        assert torch.allclose(alone[0], expected)


def test_certainty_without_doubt_and_with_nothing_but():
    sure, unsure = tensor([[1e300, -1e300, 0.0]]), tensor([[0.0, 0.0, 0.0]])
    weights = certainties([sure, unsure])[0]
    assert weights.tolist() == pytest.approx([3 / 4, 1 / 4])  # entropies 0 and ln 3
    logits = [x.clone().requires_grad_() for x in (sure, unsure)]
    fuse_by_certainty(logits).sum().backward()
    assert all(torch.isfinite(x.grad).all() for x in logits)
    assert certainties([sure, sure])[0].tolist() == [0.5, 0.5]


# ---- in a training ---------------------------------------------------------------------------


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_without_projection_it_is_training_in_turns(data, momentum):
    """Written by hand: a step of each encoder and the shared head, one after the other."""
    how = Settings(epochs=2, batch_size=24, momentum=momentum, lr=0.05)
    model, twin = model_for(data), model_for(data)
    fit(model, data.train, data.valid, how, seed=4, method=balancing.build("mla", projected=False))
    head = twin.heads["A"]
    parts = [*twin.encoders.parameters(), *head.parameters()]
    velocity = {id(p): torch.zeros_like(p) for p in parts}
    order = torch.Generator().manual_seed(4)
    for _ in range(2):
        for rows in torch.randperm(64, generator=order).split(24):
            for m in "AB":
                mine = [*twin.encoders[m].parameters(), *head.parameters()]
                logits = head(twin.encoders[m](data.train.inputs[m][rows]))
                grads = torch.autograd.grad(F.cross_entropy(logits, data.train.labels[rows]), mine)
                length = torch.stack([g.norm() for g in grads]).norm()
                with torch.no_grad():
                    for p, g in zip(mine, grads, strict=True):
                        clipped = g * (1.0 / (length + 1e-6)).clamp(max=1.0)
                        velocity[id(p)].mul_(momentum).add_(clipped)
                        p.sub_(0.05 * velocity[id(p)])
    for m in "AB":
        ours, theirs = model.encoders[m].parameters(), twin.encoders[m].parameters()
        assert all(torch.allclose(p, q, atol=1e-6) for p, q in zip(ours, theirs, strict=True))
    assert torch.allclose(model.heads["B"].weight, head.weight, atol=1e-6)
    assert model.heads["A"] is model.heads["B"]


def steps_of(data, method, turns):
    """The head's gradients of these turns with the first batch, and the features."""
    run = begin(model_for(data), data.train, data.valid, FEW, 0)
    method.begin(run)
    run.epoch, run.batch, seen = 1, 1, []
    inputs, labels = {m: x[:24] for m, x in data.train.inputs.items()}, data.train.labels[:24]
    for run.turn in turns:
        run.model.zero_grad()
        step = Step(run, inputs, labels, method.predict(run, inputs), 1)
        loss = method.loss(step, method.weights(step))
        method.backward(step, loss)
        (head,) = step.prediction.heads.values()
        seen.append((head.weight.grad.clone(), next(iter(step.prediction.features.values()))))
    return seen


def test_the_head_s_gradient_goes_through_the_projection_but_for_the_first_step(data):
    method = balancing.build("mla", damping=0.5)
    plain = steps_of(data, balancing.build("mla", projected=False), "AB")
    ours = steps_of(data, method, "AB")
    assert torch.equal(ours[0][0], plain[0][0])
    p = next_projection(torch.eye(4), ours[1][1].detach(), 0.5)
    assert torch.allclose(ours[1][0], plain[1][0] @ p.T, atol=1e-7)
    assert not torch.allclose(ours[1][0], plain[1][0], atol=1e-4)
    assert torch.equal(method.projection, p)


def test_each_turn_moves_its_own_encoder_alone(data):
    run = begin(model_for(data), data.train, data.valid, FEW, 0)
    method = balancing.build("mla")
    method.begin(run)
    assert list(method.turns(run)) == ["A", "B"]
    run.turn = "B"
    step = Step(
        run, data.train.inputs, data.train.labels, method.predict(run, data.train.inputs), 1
    )
    method.backward(step, method.loss(step, method.weights(step)))
    assert all(p.grad is None for p in run.model.encoders["A"].parameters())
    assert all(p.grad is not None for p in run.model.encoders["B"].parameters())


def test_the_answer_is_that_of_the_certain(data):
    model = model_for(data, fusion="film")
    fit(model, data.train, data.valid, FEW, method=balancing.build("mla"))
    seen = predict(model, data.test.inputs)
    assert torch.allclose(seen.joint, fuse_by_certainty(list(seen.unimodal.values())))


def test_other_widths_are_refused(data):
    encoders = {"A": MLP(3, (4,)), "B": MLP(3, (5,))}
    model = MultimodalClassifier(encoders, MLP(3, (4,)), 6)
    run = begin(model, data.train, data.valid, FEW, 0)
    with pytest.raises(ValueError, match=r"widths \{'A': 4, 'B': 5\}; a shared head needs one"):
        balancing.build("mla").begin(run)


def test_the_certainty_ensemble_trains_as_the_ensemble(data):
    models = {}
    for name in ("ensemble", "certainty-ensemble"):
        models[name] = model_for(data, fusion="film")
        fit(models[name], data.train, data.valid, FEW, seed=3, method=balancing.build(name))
    one, other = (model.state_dict() for model in models.values())
    assert list(one) == list(other)
    assert all(torch.equal(one[name], other[name]) for name in one)
    answers = [predict(model, data.test.inputs).joint for model in models.values()]
    assert not torch.allclose(*answers)
