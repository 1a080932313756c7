"""Encoders and the classifier: shapes, names, first weights, dropout."""

import math

import pytest
import torch
from torch import nn

from coursekit.layers.initialise import initialise
from coursekit.models import CNN, MLP, Dropout, MultimodalClassifier, build_classifier


def batch(**shapes):
    generator = torch.Generator().manual_seed(0)
    return {m: torch.randn(5, *shape, generator=generator) for m, shape in shapes.items()}


TWO = {"image": (1, 14, 14), "audio": (1, 16, 16)}
THREE = {**TWO, "text": (1, 8, 8)}


@pytest.mark.parametrize("encoder", ["mlp", "cnn"])
@pytest.mark.parametrize("shapes", [TWO, THREE, {"image": (1, 14, 14)}])
def test_shapes(encoder, shapes):
    inputs = batch(**shapes)
    model = build_classifier(inputs, 7, encoder=encoder, widths=(10, 6))
    prediction = model(inputs)
    assert model.modalities == tuple(shapes)
    assert prediction.joint.shape == (5, 7)
    assert {m: x.shape for m, x in prediction.unimodal.items()} == dict.fromkeys(shapes, (5, 7))
    assert {m: x.shape for m, x in prediction.features.items()} == dict.fromkeys(shapes, (5, 6))
    assert all(
        (x >= 0).all() for x in prediction.features.values()
    )  # what probes read is after ReLU


def test_mlp_is_linear_relu_in_turn():
    mlp = MLP(4, (3, 2)).double()
    x = torch.randn(6, 2, 2, dtype=torch.float64)
    first, second = (layer for layer in mlp.modules() if isinstance(layer, nn.Linear))
    h = (x.reshape(6, 4) @ first.weight.T + first.bias).clamp_min(0)
    assert torch.allclose(mlp(x), (h @ second.weight.T + second.bias).clamp_min(0), atol=1e-12)


def test_cnn_takes_colour_and_odd_sizes():
    assert CNN(3, 5)(torch.zeros(2, 3, 9, 13)).shape == (2, 5)


def test_unimodal_heads_read_their_own_features_only():
    inputs = batch(**TWO)
    model = build_classifier(inputs, 3)
    before = model(inputs)
    after = model({**inputs, "audio": inputs["audio"] + 1})
    assert torch.equal(before.unimodal["image"], after.unimodal["image"])
    assert not torch.equal(before.unimodal["audio"], after.unimodal["audio"])
    assert not torch.equal(before.joint, after.joint)


def test_a_missing_modality_is_named_and_a_further_one_is_no_matter():
    inputs = batch(**TWO)
    model = build_classifier(inputs, 3)
    sentence = r"inputs lacks \['audio'\]; the model reads \['image', 'audio'\]"
    with pytest.raises(ValueError, match=sentence):
        model({"image": inputs["image"]})
    assert torch.equal(model({**inputs, "smell": inputs["image"]}).joint, model(inputs).joint)


def test_an_encoder_without_a_width_is_refused():
    with pytest.raises(ValueError, match="Flatten without out_features; its width was expected"):
        MultimodalClassifier({"a": nn.Flatten()}, nn.Identity(), 3)


def test_an_unknown_encoder_is_refused():
    with pytest.raises(ValueError, match=r"encoder is 'cn'.*Did you mean 'cnn'"):
        build_classifier(batch(**TWO), 3, encoder="cn")


# ---- first weights -------------------------------------------------------------------------


@pytest.mark.parametrize("encoder", ["mlp", "cnn"])
def test_weights_follow_the_seed_alone(encoder):
    inputs = batch(**TWO)
    torch.manual_seed(1)
    one = build_classifier(inputs, 3, encoder=encoder, seed=4)
    torch.manual_seed(2)
    two = build_classifier(inputs, 3, encoder=encoder, seed=4)
    other = build_classifier(inputs, 3, encoder=encoder, seed=5)
    for (name, p), q, r in zip(
        one.named_parameters(), two.parameters(), other.parameters(), strict=True
    ):
        assert torch.equal(p, q), name
        assert not torch.equal(p, r), name


@pytest.mark.parametrize("encoder", ["mlp", "cnn"])
def test_weights_fill_their_bounds_and_stay_within(encoder):
    model = build_classifier(batch(**TWO), 10, encoder=encoder, widths=(64, 32))
    layers = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    assert len(layers) >= 7
    for layer in layers:
        fan_in = layer.weight[0].numel()
        bound = 1 / math.sqrt(fan_in)
        for p in (layer.weight, layer.bias):
            assert p.abs().max() <= bound
        # A uniform draw comes near its bounds: 72 or more weights all below 0.9 · bound are a
        # one-in-two-thousand chance with any seed, and this seed is fixed.
        assert layer.weight.abs().max() > 0.9 * bound
        assert abs(layer.weight.mean()) < 5 * bound / math.sqrt(3 * layer.weight.numel())


def test_a_layer_may_bring_its_own_rule():
    class Ones(nn.Linear):
        def initialise(self, generator):
            nn.init.ones_(self.weight)

    model = nn.Sequential(Ones(2, 2, bias=False), nn.Linear(2, 2))
    initialise(model, 0)
    assert (model[0].weight == 1).all()
    assert (model[1].weight != 1).all()


# ---- dropout -------------------------------------------------------------------------------


def test_dropout_zeroes_a_share_and_scales_the_rest():
    x = torch.ones(200, 500)
    y = Dropout(0.25, seed=3)(x)
    assert y.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
    share = float((y == 0).double().mean())
    assert share == pytest.approx(0.25, abs=5 * math.sqrt(0.25 * 0.75 / 100_000))
    assert float(y.mean()) == pytest.approx(1.0, abs=0.02)


def test_dropout_is_nothing_in_evaluation_or_at_zero():
    x = torch.randn(4, 5)
    assert torch.equal(Dropout(0.5, seed=0).eval()(x), x)
    assert torch.equal(Dropout(0.0, seed=0)(x), x)


def test_dropout_masks_follow_their_seed_and_change_every_time():
    x = torch.ones(50, 50)
    one, two, other = Dropout(0.5, seed=1), Dropout(0.5, seed=1), Dropout(0.5, seed=2)
    torch.rand(3)
    first = one(x)
    assert torch.equal(first, two(x))
    assert not torch.equal(first, other(x))
    assert not torch.equal(first, one(x))


def test_the_encoders_of_a_model_drop_different_features():
    inputs = {"a": torch.ones(20, 9), "b": torch.ones(20, 9)}
    model = build_classifier(inputs, 3, dropout=0.5)
    model.encoders["b"].load_state_dict(model.encoders["a"].state_dict())
    features = model(inputs).features
    assert not torch.equal(features["a"] == 0, features["b"] == 0)
    model.eval()
    features = model(inputs).features
    assert torch.equal(features["a"], features["b"])


@pytest.mark.parametrize("p", [-0.1, 1.0, float("nan")])
def test_a_dropout_rate_that_cannot_be_is_refused(p):
    with pytest.raises(ValueError, match=f"p is {p}; a (dropout rate in|finite number)"):
        Dropout(p, seed=0)


@pytest.mark.parametrize("p", [-0.1, 1.0])
def test_the_builder_refuses_it_too(p):
    with pytest.raises(ValueError, match=f"dropout is {p}; a (rate in|finite number)"):
        build_classifier(batch(**TWO), 3, dropout=p)


def test_a_parameter_that_no_seed_draws_is_refused():
    class Free(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(3))

    with pytest.raises(ValueError, match=r"no seed draws: \['0.scale'\]"):
        initialise(torch.nn.Sequential(Free(), torch.nn.Linear(3, 2)), seed=0)
