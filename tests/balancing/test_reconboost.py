"""ReconBoost: its losses by loops, its stages, and trainings that are known otherwise."""

import math
import warnings
from dataclasses import replace

import pytest
import torch
from exact_numbers import draw
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from coursekit import balancing
from coursekit.balancing.reconboost import NeverJoins, agreement, boosting_losses, stage_at
from coursekit.data import load_preset
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, epochs, fit, predict
from coursekit.training.loop import begin
from coursekit.training.method import Step

HOW = Settings(epochs=4, batch_size=24, momentum=0.0, lr=0.05, clip=None)


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=64, valid=32, test=32)


def model_for(data):
    return build_classifier(data.train.inputs, 6, widths=(8, 4), seed=2)


def shares(row):
    total = sum(math.exp(v) for v in row)
    return [math.exp(v) / total for v in row]


@given(c=st.integers(1, 4), w1=st.floats(0, 5), share=st.floats(0, 1), seed=st.integers(0, 99))
def test_both_terms_by_loops(c, w1, share, seed):
    w2 = share * w1
    logits, rest = draw((5, c), (5, c), seed=seed)
    labels = torch.randint(c, (5,), generator=torch.Generator().manual_seed(seed))
    losses = boosting_losses(logits, rest, labels, w1, w2)
    apart = 0.0
    for b, y in enumerate(labels.tolist()):
        p, q = shares(logits[b].tolist()), shares(rest[b].tolist())
        expected = (-w1 * math.log(p[y]) + w2 * q[y] * math.log(p[y])) / c
        assert float(losses[b]) == pytest.approx(expected, abs=1e-9)
        apart += sum((x - z) ** 2 for x, z in zip(p, q, strict=True))
    assert float(agreement(logits, rest)) == pytest.approx(apart / (5 * c), abs=1e-12)


def test_only_the_modality_of_the_stage_has_a_gradient():
    logits, others = (x.requires_grad_() for x in draw((4, 3), (4, 3)))
    labels = torch.tensor([0, 2, 1, 1])
    total = boosting_losses(logits, others, labels, 5.0, 1.0).mean() + agreement(logits, others)
    total.backward()
    assert others.grad is None and logits.grad.abs().sum() > 0
    assert torch.autograd.grad(agreement(logits, others), logits)[0].abs().sum() > 0


def test_what_the_others_know_counts_less():
    logits = torch.zeros(2, 3)
    rest = torch.tensor([[9.0, 0.0, 0.0], [0.0, 9.0, 0.0]])  # sure of the label, then of another
    known, unknown = boosting_losses(logits, rest, torch.tensor([0, 0]), 5.0, 1.0)
    assert known < unknown
    assert float(agreement(logits, logits)) == 0


def test_being_wrong_is_never_rewarded():
    with pytest.raises(ValueError, match=r"residual_weight is 3.0, label_weight 2.0; a residual_w"):
        boosting_losses(torch.zeros(1, 2), torch.zeros(1, 2), torch.tensor([0]), 2.0, 3.0)
    with pytest.raises(ValueError, match=r"residual_weight is 3.0, label_weight 2.0; a residual_w"):
        balancing.build("reconboost", label_weight=2.0, residual_weight=3.0)
    balancing.build("reconboost", label_weight=2.0, residual_weight=2.0)


def test_a_loss_that_is_too_large_is_told():
    far = torch.tensor([[3e38, -3e38]])
    with pytest.raises(ValueError, match="boosting_losses is too large for a number"):
        boosting_losses(far, far, torch.tensor([1]), 5.0, 1.0)
    assert boosting_losses(far, far, torch.tensor([0]), 5.0, 1.0).tolist() == [0.0]
    assert boosting_losses(far, far, torch.tensor([1]), 0.0, 0.0).tolist() == [0.0]


def test_stages_begin_with_boosting():
    places = [stage_at(epoch, 2, 1) for epoch in range(1, 8)]
    assert places == [
        (0, False), (0, False), (0, True), (1, False), (1, False), (1, True), (2, False),
    ]  # fmt: skip
    assert [stage_at(epoch, 1, 0) for epoch in (1, 2, 3)] == [(0, False), (1, False), (2, False)]


def test_two_stages_written_by_hand(data):
    """Stages of an epoch of boosting and one of rectification, plain SGD."""
    model, twin = model_for(data), model_for(data)
    method = balancing.build("reconboost", boosting=1, rectifying=1)
    fit(model, data.train, data.valid, HOW, seed=4, method=method)
    rate, order = torch.ones((), requires_grad=True), torch.Generator().manual_seed(4)
    for epoch, joined in enumerate(("A", "A", "AB", "AB")):
        for rows in torch.randperm(64, generator=order).split(24):
            y = data.train.labels[rows]
            z = {m: twin.heads[m](twin.encoders[m](data.train.inputs[m][rows])) for m in "AB"}
            p = {m: x.softmax(1) for m, x in z.items()}
            if epoch % 2:  # all that have joined
                moved = [*(q for m in joined for q in part(twin, m)), rate]
                loss = F.cross_entropy(rate * sum(z[m] for m in joined), y)
            elif epoch == 0:  # nobody else is there: q is 1/6
                moved = part(twin, "A")
                loss = (5 - 1 / 6) / 6 * F.cross_entropy(z["A"], y)
            else:
                moved = part(twin, "B")
                q = (rate * z["A"]).detach().softmax(1)[range(len(y)), y]
                log_p = p["B"][range(len(y)), y].log()
                loss = ((-5 * log_p + q * log_p) / 6).mean()
                loss = loss + 0.5 * (p["B"] - p["A"].detach()).square().mean()
            with torch.no_grad():
                for w, g in zip(moved, torch.autograd.grad(loss, moved), strict=True):
                    w.sub_(0.05 * g)
    ours = [q for m in "AB" for q in part(model, m)]
    theirs = [q for m in "AB" for q in part(twin, m)]
    assert all(torch.allclose(p, q, atol=1e-6) for p, q in zip(ours, theirs, strict=True))
    assert model.fusion.rate.item() == pytest.approx(rate.item(), abs=1e-6) != 1.0


def part(model, m):
    return [*model.encoders[m].parameters(), *model.heads[m].parameters()]


def test_boosting_without_the_others_is_the_unimodal_training(data):
    boosted, alone = model_for(data), model_for(data)
    own = {"label_weight": 6.0, "residual_weight": 0.0, "boosting": 4}  # 6/C is 1
    fit(boosted, data.train, data.valid, HOW, method=balancing.build("reconboost", **own))
    fit(alone, data.train, data.valid, HOW, method=balancing.build("unimodal", modality="A"))
    for m in "AB":
        pairs = zip(part(boosted, m), part(alone, m), strict=True)
        assert all(torch.allclose(p, q, atol=1e-6) for p, q in pairs)


def test_nothing_moves_who_has_not_joined(data):
    """Not even a decay of the weights, or the momentum of zeros."""
    how = Settings(epochs=2, batch_size=24, weight_decay=0.1)
    model = model_for(data)
    before = [p.clone() for p in part(model, "B")]
    method = balancing.build("reconboost", boosting=1, rectifying=1)
    fit(model, data.train, data.valid, how, method=method)
    assert all(torch.equal(p, q) for p, q in zip(part(model, "B"), before, strict=True))


def test_the_answer_is_that_of_those_who_have_joined(data):
    model = model_for(data)
    method = balancing.build("reconboost", boosting=1, rectifying=1)
    for epoch, _ in enumerate(epochs(model, data.train, data.valid, HOW, method=method), 1):
        seen = predict(model, data.test.inputs)
        of = seen.unimodal["A"] if epoch <= 2 else sum(seen.unimodal.values())
        assert torch.allclose(seen.joint, model.fusion.rate * of, atol=1e-6)


def test_the_best_epoch_answers_as_it_did(data):
    """Of an epoch in which one modality had joined, with the weights of that epoch."""
    how = Settings(epochs=4, batch_size=24, keep_best=True)
    model = model_for(data)
    method = balancing.build("reconboost", boosting=1, rectifying=1)
    history = fit(model, data.train, data.valid, how, method=method)
    best = history.query("split == 'valid'")["accuracy"].max()
    joint = predict(model, data.valid.inputs).joint
    assert float((joint.argmax(1) == data.valid.labels).double().mean()) == pytest.approx(best)


@pytest.mark.parametrize(("wanted", "left_out"), [(1, ["B"]), (8, ["B"]), (9, []), (16, [])])
def test_who_never_joins_is_warned_of(data, wanted, left_out):
    run = begin(model_for(data), data.train, data.valid, Settings(epochs=wanted), 0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        balancing.build("reconboost").begin(run)
    assert [w.category for w in caught] == [NeverJoins] * len(left_out)
    for warning in caught:
        text = str(warning.message)
        assert f"Method 'reconboost' leaves out {left_out} for good" in text
        assert f"the epochs are {wanted}. 9 let all join, 16 give each" in text


def with_batch_norm(data):
    model = model_for(data)
    encoders = {}
    for m, mlp in model.encoders.items():
        encoders[m] = nn.Sequential(mlp, nn.BatchNorm1d(4))
        encoders[m].out_features = 4
    return MultimodalClassifier(encoders, model.fusion, 6)


def test_batch_norms_move_in_the_encoders_that_are_trained(data):
    model = with_batch_norm(data)
    method = balancing.build("reconboost", boosting=1, rectifying=1)
    counts, before = [], (0, 0)
    for _ in epochs(model, data.train, data.valid, HOW, method=method):
        after = tuple(int(model.encoders[m][1].num_batches_tracked) for m in "AB")
        counts.append(tuple(x - y for x, y in zip(after, before, strict=True)))
        before = after
        assert all(module.training for module in model.modules())
    assert counts == [(3, 0), (3, 0), (0, 3), (3, 3)]


def test_an_encoder_of_two_modalities_moves_with_either(data):
    model = with_batch_norm(data)
    model.encoders["B"] = model.encoders["A"]
    method = balancing.build("reconboost", boosting=1, rectifying=0)
    twice = {m: data.train.inputs["A"] for m in "AB"}
    train = replace(data.train, inputs=twice)
    list(epochs(model, train, train, replace(HOW, epochs=2), method=method))
    assert int(model.encoders["A"][1].num_batches_tracked) == 2 * 2 * 3


def test_one_modality_is_refused(data):
    model = build_classifier({"A": data.train.inputs["A"]}, 6, widths=(4,))
    run = begin(model, data.train, data.valid, HOW, 0)
    with pytest.raises(ValueError, match=r"reads \['A'\]; ReconBoost needs two modalities"):
        balancing.build("reconboost").begin(run)


def test_a_step_names_the_head_that_is_trained(data):
    run = begin(model_for(data), data.train, data.valid, HOW, 0)
    method = balancing.build("reconboost", boosting=1, rectifying=1)
    method.begin(run)
    heads = []
    for run.epoch in range(1, 6):
        (run.turn,) = method.turns(run)
        step = Step(run, data.train.inputs, data.train.labels, run.model(data.train.inputs), 1)
        heads += method.weights(step)
    assert heads == ["A", "joint", "B", "joint", "A"]
