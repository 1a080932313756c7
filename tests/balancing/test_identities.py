"""Methods that no setting switches off, each held to something that is known."""

import copy

import pytest
import torch

from coursekit import balancing
from coursekit.balancing.gblend import GBlendOffline, GBlendOnline
from coursekit.balancing.mmcosine import CosineHead
from coursekit.data import Modality, Recipe, generate
from coursekit.data.multimodal import Split
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, fit
from coursekit.training.loop import batches, begin
from coursekit.training.method import Method, Step

FEW = Settings(epochs=2, batch_size=24)


@pytest.fixture(scope="module")
def data():
    parts = {"A": Modality(), "B": Modality(distractors=2)}
    recipe = Recipe(parts, redundant=0.6, train=64, valid=20, test=20)
    return generate(recipe, seed=2)


def model_for(data):
    inputs = data.train.inputs
    return build_classifier(inputs, data.num_classes, widths=(8, 6), seed=1)


def trained(data, method, model=None, settings=FEW):
    model = model_for(data) if model is None else model
    fit(model, data.train, data.valid, settings, seed=5, method=method)
    return model


def same(one, other):
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def only(split, m):
    return Split({m: split.inputs[m]}, split.labels, split.group)


def alone(data, m):
    """A model of one modality: its encoder, and its head as the readout."""
    whole = model_for(data)
    fusion = copy.deepcopy(whole.heads[m])

    class Readout(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.head = fusion

        def forward(self, features):
            return self.head(features[m])

    return MultimodalClassifier({m: whole.encoders[m]}, Readout(), data.num_classes)


def alone_trained(data, m):
    model = alone(data, m)
    fit(model, only(data.train, m), only(data.valid, m), FEW, seed=5)
    return model


@pytest.mark.parametrize("m", ["A", "B"])
def test_unimodal_is_a_model_of_one(data, m):
    ours = trained(data, balancing.build("unimodal", modality=m))
    theirs = alone_trained(data, m)
    assert same(ours.encoders[m], theirs.encoders[m])
    assert same(ours.heads[m], theirs.fusion.head)
    assert not same(ours.encoders[m], model_for(data).encoders[m])


def test_it_is_unimodal_trainings_side_by_side(data):
    ours = trained(data, balancing.build("ensemble"))
    for m in ("A", "B"):
        theirs = alone_trained(data, m)
        assert same(ours.encoders[m], theirs.encoders[m])
        assert same(ours.heads[m], theirs.fusion.head)


class Weighted(Method):
    """Fixed weights."""

    def __init__(self, blend):
        self.blend = blend

    def weights(self, step):
        return self.blend


def test_it_is_training_with_fixed_weights(data):
    method = GBlendOffline(epochs=1)
    ours = trained(data, method)
    assert sum(method.blend.values()) == pytest.approx(1)
    assert same(ours, trained(data, Weighted(method.blend)))
    assert not same(ours, trained(data, Method()))


def test_with_one_estimate_it_is_offline(data):
    """A super-epoch that is as long as the training."""
    online, offline = GBlendOnline(epochs=2), GBlendOffline(epochs=2)
    assert same(trained(data, online), trained(data, offline))
    shorter = trained(data, GBlendOnline(epochs=1), settings=FEW)
    assert not same(shorter, trained(data, GBlendOffline(epochs=1)))


def test_it_is_joint_with_a_cosine_head(data):
    ours = trained(data, balancing.build("mmcosine", scale=4.0))
    model = model_for(data)
    head = CosineHead(model.fusion.widths, data.num_classes)
    head.load_state_dict(model.fusion.state_dict())
    head.scale = 4.0
    head.linear.bias.requires_grad_(False)
    model.fusion = head
    assert same(ours, trained(data, Method(), model))


def test_without_a_conflict_it_is_multi_loss(data):
    """One batch in which all gradients agree; there it is the sum, but for rounding."""
    inputs = {m: x[:1] for m, x in data.train.inputs.items()}
    double = {m: x.double() for m, x in inputs.items()}
    split = Split(double, data.train.labels[:1], data.train.group[:1])
    conflict = {name: step_of(split, data, name) for name in ("pcgrad", "multi-loss")}
    assert torch.allclose(conflict["pcgrad"], conflict["multi-loss"], atol=1e-12)
    every = {m: x.double() for m, x in data.train.inputs.items()}
    whole = Split(every, data.train.labels, data.train.group)
    differ = {name: step_of(whole, data, name) for name in ("pcgrad", "multi-loss")}
    assert not torch.allclose(differ["pcgrad"], differ["multi-loss"], atol=1e-8)


def step_of(split, data, name):
    """The gradient that the optimiser gets in the first step."""
    model = model_for(data).double()
    run, method = begin(model, split, split, Settings(), 0), balancing.build(name)
    method.begin(run)
    inputs, labels = next(batches(run, [torch.arange(len(split))]))
    step = Step(run, inputs, labels, method.predict(run, inputs), 1)
    method.backward(step, method.loss(step, method.weights(step)))
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
