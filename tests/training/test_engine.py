"""Large encoders: recomputed, in parts, compiled, in mixed precision, and the same results."""

import copy
import math
import shutil
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest
import torch
from method_fusions import fusion_of
from torch import nn

from coursekit import balancing
from coursekit.data import Modality, Recipe, generate
from coursekit.data.multimodal import Split
from coursekit.fusion import build
from coursekit.layers.initialise import initialise
from coursekit.models import Dropout, MultimodalClassifier, ResNet18, build_classifier
from coursekit.training import Settings, fit, predict
from coursekit.training.activation_checkpointing import recomputed
from coursekit.training.method import Method

FEW = Settings(epochs=3, batch_size=32)
# One loss; scales from the loss; a backward pass per loss; gradients changed; sums over epochs;
# passes of its own through the encoders.
DIFFERENT = ("joint", "mlb", "pcgrad", "ogm-ge", "pmr", "agm")


@pytest.fixture(scope="module")
def data():
    recipe = Recipe(
        {"A": Modality(), "B": Modality(distractors=4)}, redundant=0.8, train=110, valid=60, test=60
    )
    return generate(recipe, seed=1)


@pytest.fixture(scope="module")
def few():
    """Two batches of 32 and one of eight, for what every method does."""
    recipe = Recipe({"A": Modality(), "B": Modality(distractors=4)}, redundant=0.8, train=72,
                    valid=30, test=30)  # fmt: skip
    return generate(recipe, seed=1)


def double(split):
    return Split({m: x.double() for m, x in split.inputs.items()}, split.labels, split.group)


def trained(data, settings, method="mlb", encoder="mlp", **options):
    fusion = fusion_of(method, "mid-mlp") if isinstance(method, str) else "mid-mlp"
    model = build_classifier(
        data.train.inputs, 6, widths=(16, 8), encoder=encoder, fusion=fusion, **options
    ).double()
    own = balancing.build(method) if isinstance(method, str) else method
    history = fit(model, double(data.train), double(data.valid), settings, method=own)
    return history, model


@pytest.fixture(scope="module")
def plainly(few):
    """What a method's training gives without any of it; trained once a method."""
    return cache(lambda method: trained(few, FEW, method))


def same(one, other, within=1e-9):
    pd.testing.assert_frame_equal(one[0], other[0], rtol=within, atol=within)
    for (name, x), y in zip(
        one[1].state_dict().items(), other[1].state_dict().values(), strict=True
    ):
        assert torch.allclose(x, y, rtol=within, atol=within), name


# ---- the same training, other means --------------------------------------------------------


@pytest.mark.parametrize("method", balancing.names())
def test_no_method_notices_how_the_encoders_are_run(few, plainly, method):
    """In unequal parts, all recomputed: encoders run often, and in the backward pass again."""
    change = {"accumulate": 5, "checkpointing": True}
    same(trained(few, replace(FEW, **change), method), plainly(method))


@pytest.mark.parametrize("change", [{"checkpointing": True}, {"accumulate": 2}, {"accumulate": 32}])
@pytest.mark.parametrize("method", DIFFERENT)
def test_nor_do_these_the_other_ways(few, plainly, method, change):
    same(trained(few, replace(FEW, **change), method), plainly(method))


@pytest.mark.parametrize("encoder", ["conformer"])
def test_layers_are_recomputed_one_by_one(data, encoder):
    seen = []

    class Counting(nn.Identity):
        def forward(self, x):
            seen.append(torch.is_grad_enabled())
            return x.sin()  # something of which the backward pass needs a part

    def run(settings):
        seen.clear()
        model = build_classifier(data.train.inputs, 6, widths=(8,), encoder=encoder).double()
        for e in model.encoders.values():
            e.layers.append(Counting())
        return (fit(model, double(data.train), double(data.valid), settings), model), list(seen)

    plain, often = run(FEW)
    again, oftener = run(replace(FEW, checkpointing=True))
    same(again, plain)
    steps = 3 * math.ceil(110 / 32) * 2  # epochs, batches, modalities
    assert oftener.count(True) == often.count(True) + steps  # each layer once more in a step


def test_dropout_draws_again_what_it_drew(data):
    one, other = (
        trained(data, settings, dropout=0.5) for settings in (replace(FEW, checkpointing=True), FEW)
    )
    same(one, other)
    layer = nn.Sequential(nn.Linear(4, 4), Dropout(0.5, 3), nn.Linear(4, 2))
    x, grads, after = torch.randn(64, 4), [], []
    for run in (recomputed, lambda module, x: module(x)):
        twin = copy.deepcopy(layer)
        loss = run(twin, x).square().sum()
        for keep in (True, False):  # several backward passes, as some methods make them
            grads.append(torch.autograd.grad(loss, twin[0].weight, retain_graph=keep)[0])
        after.append(twin[1].generator.get_state())
    assert all(torch.allclose(g, grads[0]) for g in grads)
    assert torch.equal(*after) and not torch.equal(after[0], layer[1].generator.get_state())


def residual(settings, splits):
    encoders = {m: ResNet18(1) for m in ("A", "B")}
    model = MultimodalClassifier(encoders, build("late-linear", {"A": 512, "B": 512}, 3), 3)
    initialise(model, 0)
    model = model.double()
    return fit(model, *splits, settings), model


def test_batch_norms_count_a_batch_once_though_it_is_computed_twice():
    draw = torch.Generator().manual_seed(3)
    inputs = {m: torch.randn(9, 1, 16, 16, generator=draw).double() for m in ("A", "B")}
    split = Split(inputs, torch.randint(3, (9,), generator=draw), torch.zeros(9, dtype=torch.int64))
    few = Settings(epochs=1, batch_size=5, lr=0.01)
    plain = residual(few, (split, split))
    again = residual(replace(few, checkpointing=True), (split, split))
    same(again, plain)
    norm = again[1].encoders["A"].bn1
    assert int(norm.num_batches_tracked) == 2 and norm.momentum == 0.1


def test_rows_that_are_read_when_needed_train_the_same(data):
    import shared_batch_trainings

    def run(splits):
        model = build_classifier(data.train.inputs, 6, widths=(16, 8)).double()
        return fit(model, *splits, FEW, method=balancing.build("pmr")), model

    memory = run((double(data.train), double(data.valid)))
    same(
        run(
            (shared_batch_trainings.in_rows(data.train), shared_batch_trainings.in_rows(data.valid))
        ),
        memory,
    )


def test_the_loss_on_train_can_be_left_out(data):
    whole, model = trained(data, FEW)
    less, other = trained(data, replace(FEW, measure_train=False))
    valid = whole[whole["split"] == "valid"].reset_index(drop=True)
    pd.testing.assert_frame_equal(less, valid, check_exact=True)
    same((less, other), (valid, model), 0)


def test_afterwards_the_model_is_as_it_was(data):
    plain = build_classifier(data.train.inputs, 6, widths=(8,), encoder="conformer")
    before = plain.run_encoder, [e.run_block for e in plain.encoders.values()]
    fit(plain, data.train, data.valid, replace(FEW, checkpointing=True, accumulate=2))
    assert before == (plain.run_encoder, [e.run_block for e in plain.encoders.values()])
    copy.deepcopy(plain)


# ---- mixed precision -----------------------------------------------------------------------


def test_mixed_precision_is_in_the_encoders_only(data):
    kinds = {}

    class Looking(Method):
        def loss(self, step, weights):
            kinds["features"] = {z.dtype for z in step.prediction.features.values()}
            kinds["logits"] = step.prediction.joint.dtype
            return super().loss(step, weights)

    def run(settings):
        model = build_classifier(data.train.inputs, 6, widths=(16, 8))
        inside = []
        model.encoders["A"].layers[0].register_forward_hook(lambda *a: inside.append(a[2].dtype))
        return fit(model, data.train, data.valid, settings, method=Looking()), inside, model

    history, inside, model = run(replace(FEW, precision="bf16-mixed"))
    assert set(inside) == {torch.bfloat16}
    assert kinds == {"features": {torch.float32}, "logits": torch.float32}
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    exact, inside, _ = run(FEW)
    assert set(inside) == {torch.float32}
    gap = (history["loss"] - exact["loss"]).abs()
    assert 0 < gap.max() < 0.05  # rounded to 8 bits, and no worse


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a compiler")
def test_compiled_encoders_learn_the_same(data):
    one = trained(data, replace(FEW, compile=True, epochs=2))
    same(one, trained(data, replace(FEW, epochs=2)), 1e-7)
    assert list(one[1].state_dict()) == list(trained(data, replace(FEW, epochs=1))[1].state_dict())


# ---- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize(("fields", "error", "sentence"), [
    ({"precision": "bf16-mixd"}, ValueError, "precision is 'bf16-mixd'.*Did you mean 'bf16-mixed'"),
    ({"accumulate": 0}, ValueError, "accumulate is 0"),
    ({"accumulate": 64, "batch_size": 32}, ValueError, "accumulate is 64; .* 1 to 32"),
    ({"checkpointing": 1}, TypeError, "checkpointing is 1; True or False"),
    ({"compile": "yes"}, TypeError, "compile is 'yes'; True or False"),
])  # fmt: skip
def test_settings_that_cannot_be(fields, error, sentence):
    with pytest.raises(error, match=sentence):
        Settings(**fields)


def test_without_fabric_a_sentence_says_what_to_install(data, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lightning_fabric", None)
    with pytest.raises(ModuleNotFoundError, match=r"precision='bf16-mixed' needs.*pip install"):
        trained(data, replace(FEW, precision="bf16-mixed"))


def test_replicas_are_small(data):
    from coursekit.compare import replicas

    model = build_classifier(data.train.inputs, 6)
    with pytest.raises(ValueError, match="replicas are small"):
        replicas.fit([model], data.train, data.valid, replace(FEW, accumulate=2), seeds=[0])


# ---- what is not finite --------------------------------------------------------------------


class Bad(Method):
    """Puts NaN somewhere in step 6."""

    name = "bad"

    def __init__(self, where):
        self.where = where

    def predict(self, run, inputs):
        self.now = run.epoch == 2
        if self.now and self.where == "inputs":
            inputs["B"][3] = math.nan
        return run.model(inputs)

    def loss(self, step, weights):
        loss = super().loss(step, weights)
        if self.now and self.where == "head":
            with torch.no_grad():
                step.run.model.heads["B"].weight[0] = math.nan
            return loss + step.prediction.unimodal["B"].sum()
        return loss * (math.inf if self.now and self.where == "loss" else 1)

    def backward(self, step, loss):
        super().backward(step, loss)
        if self.now and self.where == "gradient":
            step.run.model.encoders["B"].layers[1].weight.grad[0, 0] = math.inf


@pytest.mark.parametrize(("where", "sentence"), [
    ("inputs", r"features\['B'\] contains NaN.* in epoch 2, batch 1 \(step 5\), method 'bad'; the "
               r"inputs of 'B' are not finite"),
    ("head", r"loss is nan in epoch 2, batch 1 \(step 5\), method 'bad': .*the head of 'B'"),
    ("loss", r"loss is inf in epoch 2, batch 1 \(step 5\), method 'bad': .*the method's own loss"),
    ("gradient", r"gradient is not finite in epoch 2, batch 1 \(step 5\), method 'bad': it is that "
                 r"of 'B', at encoders\.B\.layers\.1\.weight; the step was not taken"),
])  # fmt: skip
@pytest.mark.parametrize("clip", [1.0, None])
def test_what_is_not_finite_is_told_with_step_method_and_modality(data, where, sentence, clip):
    model = build_classifier(data.train.inputs, 6, widths=(16, 8))
    settings = replace(FEW, clip=clip)
    with pytest.raises(FloatingPointError, match=sentence):
        fit(model, data.train, data.valid, settings, method=Bad(where))
    assert all(torch.isfinite(p).all() for p in model.encoders.parameters())
    predict(model, data.test.inputs)
