"""The training loop: reproducible, right, and honest when it cannot go on."""

import math
from dataclasses import replace

import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.balancing.gblend import OneHead
from coursekit.data import Modality, Recipe, generate
from coursekit.data.multimodal import Split
from coursekit.models import build_classifier
from coursekit.training import Settings, accuracy, epochs, fit, predict
from coursekit.training.evaluate import accuracies
from coursekit.training.method import Method


@pytest.fixture(scope="module")
def data():
    recipe = Recipe(
        {"A": Modality(), "B": Modality(distractors=4)}, redundant=0.8, train=150, valid=60, test=60
    )
    return generate(recipe, seed=1)


def model_for(data, **options):
    return build_classifier(data.train.inputs, data.num_classes, widths=(16, 8), **options)


def double(split):
    return Split({m: x.double() for m, x in split.inputs.items()}, split.labels, split.group)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


FEW = Settings(epochs=3, batch_size=32)


# ---- refusals ------------------------------------------------------------------------------


def test_the_whole_data_set_is_refused_so_that_no_test_row_trains(data):
    with pytest.raises(TypeError, match=r"train is a MultimodalData.*pass data\.train"):
        fit(model_for(data), data, data.valid, FEW)
    with pytest.raises(TypeError, match=r"valid is a MultimodalData.*pass data\.valid"):
        next(epochs(model_for(data), data.train, data, FEW))


def test_a_divergence_in_the_last_step_is_told(data):
    settings = Settings(epochs=1, batch_size=len(data.train), lr=1e30, clip=None)
    with pytest.raises(FloatingPointError, match=r"features\['A'\] contains NaN.* after epoch 1"):
        fit(model_for(data), data.train, data.valid, settings)


def test_a_device_this_machine_lacks_is_named(data):
    with pytest.raises(ValueError, match="device is 'cuda:99', which this machine does not have"):
        fit(model_for(data), data.train, data.valid, replace(FEW, device="cuda:99"))
    with pytest.raises(ValueError, match="Did you mean 'cuda'"):
        Settings(device="cude")


# ---- reproducible --------------------------------------------------------------------------


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_same_seed_gives_the_same_history_bit_for_bit(data, dropout, optimizer):
    settings = Settings(epochs=3, batch_size=32, optimizer=optimizer, lr=0.01)
    runs = []
    for seed in (5, 5, 6):
        model = model_for(data, dropout=dropout, seed=seed)
        runs.append((fit(model, data.train, data.valid, settings, seed=seed), weights(model)))
    pd.testing.assert_frame_equal(runs[0][0], runs[1][0], check_exact=True)
    assert torch.equal(runs[0][1], runs[1][1])
    assert not runs[0][0]["loss"].equals(runs[2][0]["loss"])


def test_the_seed_of_the_batches_matters_by_itself(data):
    a, b = (fit(model_for(data), data.train, data.valid, FEW, seed=s) for s in (0, 1))
    assert not a["loss"].equals(b["loss"])


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_other_uses_of_random_numbers_change_nothing(data, dropout):
    undisturbed = fit(model_for(data, dropout=dropout), data.train, data.valid, FEW)
    torch.manual_seed(99)
    steps = epochs(model_for(data, dropout=dropout), data.train, data.valid, FEW)
    rows = []
    for epoch in steps:
        rows += epoch
        torch.rand(17)
    pd.testing.assert_frame_equal(pd.DataFrame(rows), undisturbed, check_exact=True)


def test_training_leaves_the_global_generator_alone(data):
    model = model_for(data, dropout=0.5)
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    fit(model, data.train, data.valid, FEW)
    assert torch.equal(torch.rand(4), expected)


# ---- right ---------------------------------------------------------------------------------


def by_hand(data, settings, seed):
    """The same training written out on a plain list of weights, without the package's loop."""
    model = model_for(data, seed=seed).double()
    encoders, fusion = model.encoders, model.fusion.linear
    linear = {
        m: [layer for layer in e.modules() if isinstance(layer, nn.Linear)]
        for m, e in encoders.items()
    }
    params = [p for m in data.modalities for p in encoders[m].parameters()] + [*fusion.parameters()]
    optimizer = torch.optim.SGD(
        params,
        lr=settings.lr,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        foreach=False,
        fused=False,
    )
    x = {m: v.double() for m, v in data.train.inputs.items()}
    y = data.train.labels
    rng = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(settings.epochs):
        order = torch.randperm(len(y), generator=rng)
        for start in range(0, len(y), settings.batch_size):
            rows = order[start : start + settings.batch_size]
            z = []
            for m in data.modalities:
                h = x[m][rows]
                for layer in linear[m]:
                    h = (h @ layer.weight.T + layer.bias).clamp_min(0)
                z.append(h)
            logits = torch.cat(z, 1) @ fusion.weight.T + fusion.bias
            loss = -logits.log_softmax(1)[range(len(rows)), y[rows]].mean()
            for p in params:
                p.grad = None
            loss.backward()
            if settings.clip is not None:
                norm = math.sqrt(sum(float(p.grad.square().sum()) for p in params))
                for p in params:
                    p.grad.mul_(min(1.0, settings.clip / (norm + 1e-6)))
            optimizer.step()
        logits = predict(model, x).joint
        losses.append(float(F.nll_loss(logits.log_softmax(1), y)))
    return losses, model


@pytest.mark.parametrize("clip", [None, 1.0, 0.05])
def test_the_loop_equals_one_written_out(data, clip):
    settings = Settings(epochs=4, batch_size=32, lr=0.2, weight_decay=1e-3, clip=clip)
    model = model_for(data, seed=4).double()
    history = fit(model, double(data.train), double(data.valid), settings, seed=4)
    losses, plain = by_hand(data, settings, seed=4)
    reported = history.loc[history["split"] == "train", "loss"].tolist()
    assert reported == pytest.approx(losses, abs=1e-6)
    for m in data.modalities:
        for p, q in zip(
            model.encoders[m].parameters(), plain.encoders[m].parameters(), strict=True
        ):
            assert torch.allclose(p, q, atol=1e-6)
    assert losses[-1] < losses[0]  # the comparison is of a model that learns


def test_clipping_bounds_the_first_step(data):
    """Plain SGD moves by lr · gradient, so a clipped step is at most lr · clip long."""
    for clip, bound in ((0.01, 0.01 + 1e-6), (None, math.inf)):
        model = model_for(data, seed=2)
        before = weights(model)
        settings = Settings(epochs=1, batch_size=150, lr=1.0, momentum=0.0, clip=clip)
        fit(model, data.train, data.valid, settings)
        moved = float((weights(model) - before).norm())
        assert moved <= bound
        assert moved > (0.009 if clip else 0.1)


def test_history_columns_and_numbers(data):
    model = model_for(data)
    history = fit(model, data.train, data.valid, FEW)
    assert list(history.columns) == ["epoch", "split", "loss", "accuracy"]
    assert history["epoch"].tolist() == [1, 1, 2, 2, 3, 3]
    assert history["split"].tolist() == ["train", "valid"] * 3
    logits = predict(model, data.valid.inputs).joint
    last = history.iloc[-1]
    assert last["loss"] == pytest.approx(float(F.cross_entropy(logits, data.valid.labels)))
    right = [int(row.argmax()) == y for row, y in zip(logits, data.valid.labels, strict=True)]
    assert last["accuracy"] == pytest.approx(sum(right) / 60)


def test_keep_best_ends_with_the_weights_of_the_best_epoch(data):
    """The first one of equals, and never just the last one: both are seen among these seeds."""
    settings = Settings(epochs=12, batch_size=16, lr=0.1)
    ties, falls = 0, 0
    for seed in range(6):
        plain, seen = model_for(data, seed=seed), []
        for rows in epochs(plain, data.train, data.valid, settings, seed=seed):
            seen.append((rows[1]["accuracy"], weights(plain).clone()))
        scores = [score for score, _ in seen]
        best = scores.index(max(scores))
        ties += scores.count(max(scores)) > 1
        falls += scores[-1] < max(scores)
        keeper = model_for(data, seed=seed)
        kept = replace(settings, keep_best=True)
        history = fit(keeper, data.train, data.valid, kept, seed=seed)
        assert torch.equal(weights(keeper), seen[best][1])
        assert len(history) == 24  # the later epochs are shown all the same
    assert ties > 0 and falls > 0


def test_a_method_decides_what_is_minimised(data):
    model = model_for(data, seed=1)
    head = model.heads["A"].weight.detach().clone()
    fusion = model.fusion.linear.weight.detach().clone()
    fit(
        model,
        data.train,
        data.valid,
        FEW,
        method=OneHead("A"),
    )
    assert not torch.equal(model.heads["A"].weight, head)
    assert torch.equal(model.fusion.linear.weight, fusion)


# ---- when it cannot go on ------------------------------------------------------------------


def test_a_loss_that_is_not_finite_stops_with_epoch_and_batch(data):
    calls = []

    class Failing(Method):
        def loss(self, step, weights):
            calls.append(len(step.labels))
            return step.prediction.joint.mean() * (math.nan if len(calls) == 7 else 1.0)

    model = model_for(data)
    steps = epochs(model, data.train, data.valid, FEW, method=Failing())
    next(steps)
    with pytest.raises(FloatingPointError, match=r"loss is nan in epoch 2, batch 2\b"):
        next(steps)  # 5 batches an epoch: the seventh is the second of epoch 2
    assert calls == [32, 32, 32, 32, 22, 32, 32]
    assert torch.isfinite(weights(model)).all()  # the bad step was not taken


def test_a_dropped_generator_leaves_a_usable_model(data):
    model = model_for(data)
    steps = epochs(model, data.train, data.valid, FEW)
    next(steps)
    after_one = weights(model).clone()
    steps.close()
    assert torch.equal(weights(model), after_one)
    assert predict(model, data.test.inputs).joint.shape == (60, 6)
    fit(model, data.train, data.valid, FEW)


def test_nothing_is_printed_unless_asked(data, capfd):
    fit(model_for(data), data.train, data.valid, FEW)
    assert capfd.readouterr() == ("", "")
    fit(model_for(data), data.train, data.valid, FEW, progress=True)
    assert "epoch" in capfd.readouterr().err


def test_predict_restores_the_mode_and_keeps_no_gradient(data):
    model = model_for(data, dropout=0.5)
    for mode in (True, False):
        model.train(mode)
        first = predict(model, data.test.inputs).joint
        assert model.training is mode
        assert not first.requires_grad
        assert torch.equal(first, predict(model, data.test.inputs).joint)  # dropout is off


def test_predict_leaves_a_frozen_part_in_evaluation_mode(data):
    model = model_for(data, dropout=0.5)
    model.train()
    frozen = next(iter(model.encoders.values()))
    frozen.eval()
    predict(model, data.test.inputs)
    assert model.training and model.fusion.training and not frozen.training


def test_accuracy_by_hand_and_its_refusals():
    scores = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    assert accuracy(scores, torch.tensor([1, 1, 1])) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match=r"labels has shape \(2,\); \(3,\) was expected"):
        accuracy(scores, torch.tensor([1, 1]))
    with pytest.raises(ValueError, match=r"scores has shape \(0, 2\)"):
        accuracy(scores[:0], torch.tensor([], dtype=torch.int64))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"optimizer": "adan"}, r"optimizer is 'adan'.*Did you mean 'adam'"),
        ({"epochs": 0}, "epochs is 0; a whole number, 1 or more"),
        ({"batch_size": -1}, "batch_size is -1; a whole number, 1 or more"),
        ({"lr": math.inf}, "lr is inf; a finite number"),
        ({"lr": 0.0}, "lr is 0.0; a positive"),
        ({"clip": 0.0}, "clip is 0.0; a positive"),
        ({"momentum": -0.1}, "momentum is -0.1"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0"),
    ],
)
def test_settings_that_cannot_be_are_refused(fields, sentence):
    with pytest.raises(ValueError, match=sentence):
        Settings(**fields)


def test_accuracies_of_several_models_are_each_ones_own():
    scores, labels = torch.randn(3, 50, 4), torch.arange(50) % 4
    assert accuracies(scores, labels) == [accuracy(x, labels) for x in scores]
    for wrong in (scores.log(), scores[0]):
        with pytest.raises(ValueError, match="scores"):
            accuracies(wrong, labels)
