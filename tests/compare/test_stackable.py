"""What a stack would go round is refused by name; what it can do, it does as the plain loop."""

import copy
import random
import types
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit import balancing, fusion
from coursekit.compare import replicas
from coursekit.data.multimodal import Split
from coursekit.data.preset_recipes import preset
from coursekit.data.synthetic import generate
from coursekit.fusion.late_linear import LateLinear
from coursekit.fusion.mid_mlp import MidMLP
from coursekit.models import MLP, MultimodalClassifier, build_classifier, initialise
from coursekit.models.fusion_stage import PLACES, build_depth
from coursekit.training import Settings, epochs
from coursekit.training.method import Method

HOW = Settings(epochs=3, batch_size=40, lr=0.1)


def double(split):
    return Split({m: x.double() for m, x in split.inputs.items()}, split.labels, split.group)


@pytest.fixture(scope="module")
def data():
    return generate(replace(preset("starve").recipe, train=120, valid=60, test=50), 0)


@pytest.fixture(scope="module")
def splits(data):
    return double(data.train), double(data.valid)


def built(data, widths=(8, 6), **options):
    return build_classifier(data.train.inputs, 6, widths=widths, **options)


def of_kind(kind, data, joint=None):
    """A classifier of a class of its own."""
    widths = {m: x.shape[1] for m, x in data.train.inputs.items()}
    encoders = {m: MLP(d, (6,)) for m, d in widths.items()}
    model = kind(encoders, joint or LateLinear(dict.fromkeys(widths, 6), 6), 6)
    initialise(model, 0)
    return model


def first(data):
    return next(iter(data.train.inputs))


def changed(change, **options):
    """A classifier as the course builds it, after ``change(model, its first encoder)``."""

    def make(data):
        model = built(data, **options)
        change(model, model.encoders[first(data)])
        return model

    return make


# ---- refused: what a class overrides -------------------------------------------------------


def overriding(**methods):
    kind = types.new_class("Other", (MultimodalClassifier,), exec_body=lambda n: n.update(methods))
    return lambda data: of_kind(kind, data)


def thinned(self, inputs):
    return {m: 0.5 * z for m, z in MultimodalClassifier.encode(self, inputs).items()}


class Further(MultimodalClassifier):
    def __init__(self, encoders, joint, num_classes):
        super().__init__(encoders, joint, num_classes)
        self.temperature = nn.Parameter(torch.ones(1))

    def initialise(self, generator):
        nn.init.ones_(self.temperature)


class LinearOfTheirs(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


def other_layer(model, encoder):
    encoder.layers[0] = LinearOfTheirs(encoder.in_features, 8)


def without_bias(model, encoder):
    encoder.layers[0] = nn.Linear(encoder.in_features, 8, bias=False)


def other_head(model, encoder):
    name = next(iter(model.heads))
    model.heads[name] = nn.Sequential(nn.Linear(6, 6), nn.ReLU())


def shared(model, encoder):
    one, other = list(model.encoders)[:2]
    model.encoders[other].layers[1] = model.encoders[one].layers[1]


class Within(nn.Module):
    """An encoder of somebody's own around an MLP."""

    def __init__(self, width, setup=lambda module: None, shake=lambda module, z: z):
        super().__init__()
        self.mlp, self.shake, self.out_features = MLP(width, (6,)), shake, 6
        setup(self)

    def forward(self, x):
        z = self.mlp(x)
        return self.shake(self, z) if self.training else z


def within(setup=lambda module: None, shake=lambda module, z: z, fusion=MidMLP):
    def make(data):
        widths = {m: x.shape[1] for m, x in data.train.inputs.items()}
        encoders = {m: Within(d, setup, shake) for m, d in widths.items()}
        model = MultimodalClassifier(encoders, fusion(dict.fromkeys(widths, 6), 6), 6)
        initialise(model, 0)
        return model

    return make


def put(name, make):
    return lambda module: setattr(module, name, make())


def with_buffer(module):
    module.register_buffer("mean", torch.zeros(6))


def hidden_head(model, encoder):
    model.fusion.other = [model.heads]


REFUSED = {
    **{
        f"modality dropout, {place}": (
            lambda data, place=place: build_depth(place, data.train.inputs, 6, rate=0.5, seed=1),
            "DepthClassifier, which overrides encode",
        )
        for place in PLACES
    },
    "encode": (overriding(encode=thinned), "Other, which overrides encode"),
    "forward": (
        overriding(forward=MultimodalClassifier.forward),
        "Other, which overrides forward"),
    "several": (
        overriding(feature=lambda self, m, x: x, train=lambda self, mode=True: self),
        "Other, which overrides feature and train"),
    "a property": (overriding(modalities=property(lambda self: ())), "overrides modalities"),
    "a method of the instance": (
        changed(lambda model, e: setattr(model, "encode", lambda x: {})),
        "MultimodalClassifier, which has its own encode"),
    "a way to run encoders": (
        changed(lambda model, e: setattr(model, "run_encoder", lambda e, x: 2 * e(x))),
        "by run_encoder"),
    "an encoder's method": (
        changed(lambda model, e: setattr(e, "forward", lambda x: x[:, :6])),
        r"its own forward of encoders\.\w+, a MLP"),
    "a fusion's method": (
        changed(lambda model, e: setattr(model.fusion, "forward", lambda z: z)),
        "its own forward of fusion, a LateLinear"),
    "a hook": (
        changed(lambda model, e: model.register_forward_hook(lambda *a: None)), "hook on itself"),
    "a hook within": (
        changed(lambda model, e: e.layers[0].register_forward_pre_hook(lambda *a: None)),
        r"hook on encoders\.\w+\.layers\.0, a Linear"),
    "a hook backwards": (
        changed(lambda model, e: e.register_full_backward_hook(lambda *a: None)),
        r"hook on encoders\.\w+, a MLP"),
    "a gradient's hook": (
        changed(lambda model, e: e.layers[0].weight.register_hook(lambda g: 2 * g)),
        r"hook on the parameter encoders\.\w+\.layers\.0\.weight"),
    "the course's dropout": (
        lambda data: built(data, dropout=0.5), r"at random in training, in enc.*\.1, a Drop"),
    "torch's dropout": (within(put("drop", lambda: nn.Dropout(0.2))), r"\.drop, a Dropout"),
    "dropout in attention": (
        within(put("look", lambda: nn.MultiheadAttention(6, 2, dropout=0.1))), "MultiheadAtt"),
    "dropout of a recurrence": (
        changed(lambda model, e: setattr(e, "further", nn.GRU(6, 6, 2, dropout=0.1))), "a GRU"),
    "a leak": (within(put("leak", nn.RReLU)), "a RReLU"),
    "a generator": (within(put("rng", torch.Generator)), r"generator, encoders\.\w+\.rng"),
    "numpy's": (within(put("rngs", lambda: [np.random.default_rng(1)])), r"\.rngs\[0\]"),
    "the system's": (within(put("rng", random.SystemRandom)), r"generator, encoders\.\w+\.rng"),
    "batch norm": (
        within(put("norm", lambda: nn.BatchNorm1d(6))), r"buffer, .*running_mean, of a BatchNorm"),
    "a buffer": (within(with_buffer), r"buffer, encoders\.\w+\.mean, of a Within"),
    "a residual network": (
        lambda data: build_classifier({"A": torch.ones(9, 1, 8, 8)}, 6, encoder="resnet18"),
        "a buffer"),
    "dropout in a forward pass": (
        within(shake=lambda m, z: F.dropout(z, 0.3)), "draws at random in training, in a Within"),
    "noise in a forward pass": (
        within(shake=lambda m, z: z + torch.randn(z.shape)), "draws at random in training"),
    "numpy in a forward pass": (
        within(shake=lambda m, z: z * np.random.rand()), "draws at random"),  # noqa: NPY002
    "python in a forward pass": (
        within(shake=lambda m, z: z * random.random()), "draws at random in training"),
    "a parameter more": (lambda data: of_kind(Further, data), "further parts, temperature"),
    "a part more": (
        changed(lambda model, e: setattr(model, "extra", nn.Linear(2, 2))), "further parts, extra"),
    "a part more of an MLP": (
        changed(lambda model, e: setattr(e, "extra", nn.Linear(2, 2))),
        r"further parts, extra, in encoders\.\w+, an MLP"),
    "another layer": (changed(other_layer), r"layers\.0 a LinearOfTheirs"),
    "a layer without bias": (changed(without_bias), r"layers\.0 a Linear, where"),
    "another head": (changed(other_head), r"at heads\.\w+ a Sequential"),
    "another layer of a fusion": (
        changed(lambda model, e: setattr(model.fusion, "linear", LinearOfTheirs(12, 6))),
        r"at fusion\.linear a LinearOfTheirs"),
    "a computed weight": (
        changed(lambda model, e: nn.utils.parametrizations.weight_norm(e.layers[0])),
        r"layers\.0 a ParametrizedLinear"),
    "a shared layer": (
        changed(shared), r"shares a parameter among encoders\.\w+\.layers\.1\.weight and"),
    "another's part": (
        changed(hidden_head, fusion="transformer"), r"module or parameter in fusion\.other"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_a_stack_would_go_round_is_refused_by_name_and_nothing_is_changed(data, kind):
    make, sentence = REFUSED[kind]
    model, other = make(data), built(data)
    inputs = data.train.inputs if kind != "a residual network" else {"A": torch.ones(120, 1, 8, 8)}
    split = Split(inputs, data.train.labels, data.train.group)
    before = {n: p.clone() for n, p in model.state_dict().items()}
    states = torch.get_rng_state(), random.getstate()
    with pytest.raises(ValueError, match=rf"models\[1\] is a .*{sentence}.*coursekit.training.fit"):
        replicas.fit([other, model], split, split, HOW, seeds=[0, 1])
    assert all(torch.equal(x, before[n]) for n, x in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), states[0]) and random.getstate() == states[1]
    if "in a forward pass" not in kind:  # which only a try with the data can show
        with pytest.raises(ValueError, match=sentence):
            replicas.Stack([model])


def test_models_that_share_a_part_are_refused(data):
    one, other = built(data), built(data)
    other.encoders[first(data)] = one.encoders[first(data)]
    with pytest.raises(ValueError, match=r"models\[0\] and \[1\] share a parameter"):
        replicas.fit([one, other], data.train, data.valid, HOW, seeds=[0, 1])


def test_classes_of_one_name_are_two(data):
    def make():
        class Within(MLP):
            def forward(self, x):
                return super().forward(x).sin()

        widths = {m: x.shape[1] for m, x in data.train.inputs.items()}
        encoders = {m: Within(d, (6,)) for m, d in widths.items()}
        return MultimodalClassifier(encoders, LateLinear(dict.fromkeys(widths, 6), 6), 6)

    with pytest.raises(ValueError, match=r"models\[1\] has other encoders"):
        replicas.fit([make(), make()], data.train, data.valid, HOW, seeds=[0, 1])


def test_what_a_method_puts_in_is_looked_at_too(data):
    class Hooking(Method):
        def begin(self, run):
            run.model.heads.register_forward_hook(lambda *a: None)

    with pytest.raises(ValueError, match=r"models\[0\].*hook on heads"):
        replicas.fit([built(data)], data.train, data.valid, HOW, seeds=[0], methods=[Hooking()])


@pytest.mark.parametrize("name", ["loss", "predict", "backward", "clip", "weights", "scales"])
def test_a_method_with_one_of_its_own_in_the_place_of_the_class_s(data, name):
    method = balancing.build("mlb")
    setattr(method, name, getattr(method, name))
    assert not replicas.replicable(method)
    with pytest.raises(ValueError, match="mlb, which changes more"):
        replicas.fit([built(data)], data.train, data.valid, HOW, seeds=[0], methods=[method])


# ---- not refused, and the same as the plain loop -------------------------------------------


class Loud(LateLinear):
    """What its stacked form, which is inherited, does not know."""

    def ordered(self, features):
        return [1.5 * z for z in super().ordered(features)]


class Scaling(MultimodalClassifier):
    """A class that overrides nothing."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.note = {"made": "here"}

    def explain(self):
        return "more than the course's"


def freeze(model, encoder):
    encoder.requires_grad_(False)
    model.fusion.linear.bias.requires_grad_(False)


def count(module, z):
    module.seen = getattr(module, "seen", 0) + 1
    return z


ACCEPTED = {
    **{
        f"modality dropout that drops nothing, {place}": lambda data, place=place: build_depth(
            place, data.train.inputs, 6, seed=1)
        for place in PLACES
    },
    "somebody's own encoder": within(),
    "one that counts": within(shake=count),
    "one with a layer norm": within(put("norm", lambda: nn.LayerNorm(6)), lambda m, z: m.norm(z)),
    "dropout that drops nothing": within(put("drop", lambda: nn.Dropout(0.0))),
    "another fusion's parent": lambda data: of_kind(
        MultimodalClassifier, data, Loud({m: 6 for m in data.train.inputs}, 6)),
    "a class that overrides nothing": lambda data: of_kind(Scaling, data),
    "frozen parts": changed(freeze),
    "frozen parts, with autograd": changed(
        lambda model, encoder: encoder.requires_grad_(False), fusion="mid-mlp"),
}  # fmt: skip


def require_equal(make, data, splits, how=HOW, method=None):
    models = [make(data).double() for _ in range(2)]
    with torch.no_grad():
        for p in models[1].parameters():
            p.mul_(1.1)
    alone = copy.deepcopy(models)
    methods = [method() for _ in models] if method else None
    histories = replicas.fit(models, *splits, how, seeds=[3, 4], methods=methods)
    for k, model in enumerate(alone):
        own = method() if method else None
        rows = [r for new in epochs(model, *splits, how, seed=3 + k, method=own) for r in new]
        expected = pytest.approx([r["loss"] for r in rows], abs=1e-8)
        assert histories[k]["loss"].tolist() == expected
        for (name, p), q in zip(models[k].named_parameters(), model.parameters(), strict=True):
            assert torch.allclose(p, q, rtol=0, atol=1e-8), name


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("kind", ACCEPTED)
def test_what_a_stack_does_not_go_round_trains_as_alone(data, splits, kind, optimizer):
    how = replace(HOW, optimizer=optimizer, lr=0.1 if optimizer == "sgd" else 0.01)
    require_equal(ACCEPTED[kind], data, splits, how)


@pytest.mark.parametrize("name", fusion.names())
def test_no_fusion_of_the_course_is_refused(data, splits, name):
    require_equal(lambda data: built(data, fusion=name), data, splits)


def test_no_encoder_of_the_course_without_buffers_is_refused(data, splits):
    require_equal(lambda data: built(data, encoder="conformer", widths=(8,)), data, splits)
    pictures = {"A": torch.rand(40, 1, 8, 8).double(), "B": torch.rand(40, 3).double()}
    split = Split(pictures, torch.arange(40) % 3, torch.zeros(40, dtype=torch.int64))

    def make(data):
        return build_classifier(pictures, 3, encoder={"A": "cnn", "B": "mlp"}, widths=(8, 6))

    require_equal(make, data, (split, split))


def test_a_fusion_that_a_method_drops_may_be_anything(data, splits):
    def make(data):
        model = built(data)
        model.fusion = nn.Sequential(nn.Dropout(0.5))
        return model

    require_equal(make, data, splits, method=lambda: balancing.build("ensemble"))


def test_a_method_that_thaws_on_the_way_is_refused(data):
    class Thawing(Method):
        def begin_epoch(self, run):
            run.model.encoders.requires_grad_(run.epoch > 1)

    with pytest.raises(ValueError, match="frozen or thawed by their methods"):
        replicas.fit([built(data)], data.train, data.valid, HOW, seeds=[0], methods=[Thawing()])
