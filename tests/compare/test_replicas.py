"""Replicas against the plain loop: the same models but for rounding."""

import copy
from dataclasses import replace

import pytest
import torch

from coursekit import balancing
from coursekit.balancing.mlb import MLB
from coursekit.balancing.mslr import MSLR
from coursekit.balancing.multi_loss import MultiLoss
from coursekit.balancing.ogm import OGM
from coursekit.compare import replicas
from coursekit.data.multimodal import Split
from coursekit.data.preset_recipes import preset
from coursekit.data.synthetic import generate
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs
from coursekit.training.method import Method

EPOCHS = 8  # one more than the longest memory among the methods below
HOW = Settings(epochs=EPOCHS, batch_size=64, lr=0.1)
OWN = {  # three of each, with settings of their own where the method has some
    "ogm": [OGM(0.3), OGM(0.8), OGM(1.5, until=5)],
    "mlb": [MLB(0.5, 2.0), MLB(2.0, 8.0), MLB(1.0, 1.0)],
    "mslr": [MSLR(2), MSLR(5), MSLR(7)],
}
NAMES = sorted(n for n, m in balancing.registry().items() if replicas.replicable(m()))
FUSIONS = ("late-linear", "mid-mlp", "film", "kiela-gate", "transformer")


def double(split):
    return Split({m: x.double() for m, x in split.inputs.items()}, split.labels, split.group)


def data_of(seed, train=100):
    return generate(replace(preset("starve").recipe, train=train, valid=100, test=50), seed)


def built(data, fusion, seed):
    model = build_classifier(data.train.inputs, data.num_classes, fusion=fusion, seed=seed)
    return model.double()


def three(name):
    if name in OWN:
        return copy.deepcopy(OWN[name])
    if name.startswith("gblend"):
        return [balancing.registry()[name](epochs=n) for n in (3, 4, 7)]
    return [balancing.build(name) for _ in range(3)]


def settings_of(how):
    return [
        replace(how, lr=how.lr * f, momentum=m, clip=c)
        for f, m, c in ((0.5, 0.9, 1.0), (1.0, 0.5, None), (0.8, 0.0, 0.3))
    ]


def plain(model, data, how, seed, method):
    rows, traces = [], []
    work = epochs(
        model, double(data.train), double(data.valid), how, seed=seed, method=method,
        watch=traces.append,
    )  # fmt: skip
    for new in work:
        rows += new
    return rows, traces[-1].trace


def in_order(trace):
    """(epoch, batch, head or modality, value), sorted."""
    return sorted(tuple(row.values()) for row in trace)


def require_same(name, fusion, how, *, own_data=False):
    datas = [data_of(k if own_data else 0) for k in range(3)]
    hows, seeds, methods = settings_of(how), [5, 5, 9], three(name)
    models = [built(d, fusion, k) for k, d in enumerate(datas)]
    alone = copy.deepcopy(models)
    expected = [
        plain(m, d, h, s, method)
        for m, d, h, s, method in zip(
            alone, datas, hows, seeds, copy.deepcopy(methods), strict=True
        )
    ]
    splits = [[double(getattr(d, part)) for d in datas] for part in ("train", "valid")]
    given = splits if own_data else [s[0] for s in splits]
    history, runs = [[], [], []], {}
    work = replicas.epochs(
        models, *given, hows, seeds=seeds, methods=methods, watch=runs.__setitem__
    )
    for new in work:
        for k, rows in enumerate(new):
            history[k] += rows
    for k, (rows, trace) in enumerate(expected):
        assert len(history[k]) == len(rows) == 2 * EPOCHS
        for mine, theirs in zip(history[k], rows, strict=True):
            assert mine["split"] == theirs["split"] and mine["epoch"] == theirs["epoch"]
            assert mine["loss"] == pytest.approx(theirs["loss"], abs=1e-8)
            assert mine["accuracy"] == theirs["accuracy"]
        for (n, p), q in zip(models[k].named_parameters(), alone[k].parameters(), strict=True):
            assert torch.allclose(p, q, rtol=0, atol=1e-8), (k, n)
        assert len(runs[k].trace) == len(trace)
        for mine, theirs in zip(in_order(runs[k].trace), in_order(trace), strict=True):
            assert mine[:3] == theirs[:3] and mine[3] == pytest.approx(theirs[3], abs=1e-8)
    first, second = (dict(m.named_parameters()) for m in models[:2])
    assert not torch.allclose(next(iter(first.values())), next(iter(second.values())))


def test_a_divergence_is_an_error_after_the_last_epoch_for_who_needs_every_model():
    def training(stopped):
        yield ["first epoch"]
        yield ["second epoch"]
        return stopped

    rows = list(replicas.raise_on_divergence(training({}), ["Model A"]))
    assert rows == [["first epoch"], ["second epoch"]]
    for names, reasons in (((), "Why. And why."), (("A", "B", "C"), "A: Why. C: And why.")):
        going = replicas.raise_on_divergence(training({0: "Why.", 2: "And why."}), names)
        assert [next(going), next(going)] == rows
        with pytest.raises(FloatingPointError, match=f"^{reasons}$"):
            next(going)


def test_which_methods_can_be_replicated():
    assert {"joint", "unimodal", "ensemble", "multi-loss", "mlb", "ogm", "mslr"} <= set(NAMES)
    assert {"gblend-offline", "gblend-online", "mmcosine"} <= set(NAMES)
    assert not {"pcgrad", "pmr", "gradnorm", "agm", "ogm-ge", "modality-dropout"} & set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_method_equals_the_plain_loop(name):
    require_same(name, "late-linear", HOW)


@pytest.mark.parametrize("fusion", FUSIONS[1:])
@pytest.mark.parametrize("name", ["joint", "mlb", "ogm"])
def test_every_fusion_equals_the_plain_loop(fusion, name):
    require_same(name, fusion, HOW, own_data=True)


@pytest.mark.parametrize("optimizer", ["adam", "adagrad"])
@pytest.mark.parametrize("scale", ["step", "gradient"])
def test_every_optimiser_equals_the_plain_loop(optimizer, scale):
    require_same("mlb", "late-linear", replace(HOW, optimizer=optimizer, lr=0.01, scale=scale))


def test_early_stopping_keeps_each_models_own_best():
    require_same("multi-loss", "late-linear", replace(HOW, keep_best=True), own_data=True)


def test_different_methods_and_fusions_together_in_any_order():
    data = data_of(0)
    train, valid = double(data.train), double(data.valid)
    entries = [
        ("mlb", "late-linear"), ("joint", "mid-mlp"), ("ensemble", "late-linear"),
        ("joint", "late-linear"), ("mlb", "mid-mlp"), ("ogm", "late-linear"),
        ("mmcosine", "late-linear"), ("mslr", "film"), ("multi-loss", "transformer"),
    ]  # fmt: skip
    models = [built(data, fusion, k) for k, (_, fusion) in enumerate(entries)]
    alone = copy.deepcopy(models)
    histories = replicas.fit(
        models, train, valid, HOW,
        seeds=range(len(entries)), methods=[balancing.build(n) for n, _ in entries],
    )  # fmt: skip
    for k, (name, _) in enumerate(entries):
        rows, _ = plain(alone[k], data, HOW, k, balancing.build(name))
        losses = histories[k]["loss"].tolist()
        assert losses == pytest.approx([r["loss"] for r in rows], abs=1e-8), entries[k]


@pytest.mark.parametrize("fusion", ["late-linear", "mid-mlp", "transformer"])
def test_one_that_diverges_leaves_the_others_alone(fusion):
    data = data_of(0)
    train, valid = double(data.train), double(data.valid)
    models = [built(data, fusion, 0) for _ in range(2)]
    wild = Settings(epochs=5, batch_size=64, lr=1e200, clip=None)
    tame = replace(wild, lr=0.1)
    work = replicas.epochs(models, train, valid, [wild, tame], seeds=[0, 0])
    rows = []
    while True:
        try:
            rows.append(next(work))
        except StopIteration as end:
            stopped = end.value
            break
    assert list(stopped) == [0] and "epoch 1" in stopped[0]
    assert [len(r[0]) for r in rows] == [0] * 5 and [len(r[1]) for r in rows] == [2] * 5
    other = built(data, fusion, 0)
    list(epochs(other, train, valid, tame, seed=0))
    for p, q in zip(models[1].parameters(), other.parameters(), strict=True):
        assert torch.allclose(p, q, rtol=0, atol=1e-8)
    again = [built(data, fusion, 0) for _ in range(2)]
    with pytest.raises(FloatingPointError, match="Model 0"):
        replicas.fit(again, train, valid, [wild, tame], seeds=[0, 0])


def test_models_own_their_parameters_again_even_when_abandoned():
    data = data_of(0)
    models = [build_classifier(data.train.inputs, 6, seed=k) for k in range(2)]
    work = replicas.epochs(models, data.train, data.valid, HOW, seeds=[0, 1])
    next(work)
    work.close()
    for model in models:
        for p in model.parameters():
            assert p.untyped_storage().nbytes() == p.numel() * p.element_size()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seeds": [0]}, "seeds has 1 entries; 2 were expected"),
        ({"methods": [Method(), balancing.build("pcgrad")]}, "pcgrad, which changes more"),
        ({"settings": [HOW, replace(HOW, batch_size=32)]}, "settings differ in batch_size"),
        ({"settings": replace(HOW, weight_decay=0.1)}, "weight_decay"),
        ({"models": "twice"}, "one model twice"),
        ({"models": "other"}, r"models\[1\] has other encoders"),
    ],
)
def test_what_does_not_fit_is_named(change, sentence):
    data = data_of(0)
    models = [build_classifier(data.train.inputs, 6, seed=k) for k in range(2)]
    if change.get("models") == "twice":
        models[1] = models[0]
    if change.get("models") == "other":
        models[1] = build_classifier(data.train.inputs, 6, widths=(16, 8))
    with pytest.raises(ValueError, match=sentence):
        replicas.fit(
            models, data.train, data.valid, change.get("settings", HOW),
            seeds=change.get("seeds", [0, 1]),
            methods=change.get("methods", [Method(), MultiLoss()]),
        )  # fmt: skip
