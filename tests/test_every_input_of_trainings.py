"""Methods, encoders, settings, trainings and plans refuse every kind of wrong argument."""

import inspect
import math
from pathlib import Path

import pytest
import torch
from wrong_arguments import (
    Argument,
    Wrong,
    a,
    by_name,
    cases,
    count,
    flag,
    free,
    good_of,
    name,
    number,
    optional,
    require_refused,
    share,
)

from coursekit import balancing, models, training
from coursekit.compare import replicas
from coursekit.compare.cells import fresh_cells
from coursekit.compare.plan import Plan, read_plan
from coursekit.compare.protocol import trials
from coursekit.compare.sweep import compare
from coursekit.data import MultimodalData, Split, generate
from coursekit.data.lazy_split import LazyData, LazySplit
from coursekit.data.synthetic import Modality, Recipe
from coursekit.training import Settings, accuracy, epochs, fit, predict

DATA = generate(Recipe({"A": Modality(), "B": Modality()}, redundant=0.8, train=40, valid=30), 1)
MODEL = models.build_classifier(DATA.train.inputs, 6)
FEW = Settings(epochs=1)
X = torch.ones(4, 3)

METHODS = {  # the settings of every method, of whatever name
    "alpha": number(1.0, -1.0),
    "beta_max": number(2.0, 0.5),
    "epochs": count(2, 0),
    "gamma": number(1.5, 0, -1.0),
    "conflict": number(0.0, -1.1, 1.1),
    "q_base": share(0.5),
    "strength": number(0.5, -0.1),
    "p_exe": share(0.7),
    "warm_up": count(5, -1),
    "every": count(5, 0),
    "times": count(3, -1),
    "repeats": count(1, -1),
    "copies": count(3, 1),
    "strategy": name("greedy"),
    "held": number(0.25, 0, 1),
    "rule": name("paper"),
    "rate": number(0.1, 0, -1.0),
    "scale": number(2.0, 0, -1.0),
    "p": share(0.5),
    "memory": count(2, 0),
    "spread": number(0.5, -0.1),
    "until": optional(count(2, -1)),
    "momentum": share(0.2),
    "share": share(0.1),
    "entropy": number(0.01, -1.0),
    "early": count(3, -1),
    "modality": Argument("A", tuple(Wrong(repr(m), m) for m in ("", "a.b", 7))),
}
WIDTHS = Argument((8, 4), tuple(Wrong(repr(w), w) for w in ("8,4", 8, (0,), (8.0,), None)))
LABELS = torch.tensor([0, 1, 2, 0])
SPLIT = a(DATA.train, Wrong("the whole data set", DATA))
ROWS_OF_CLASSES = Argument(LABELS, (
    Wrong("list", LABELS.tolist()), Wrong("−1", LABELS - 1), Wrong("C", LABELS + 1),
))  # fmt: skip
FILES = Argument((Path("data"),), (
    Wrong("list", [Path("data")]), Wrong("text", "data"), Wrong("a text within", ("data",)),
))  # fmt: skip
ONE_EACH = {s: torch.tensor([i]) for i, s in enumerate(("train", "valid", "test"))}
SPLITS = Argument(ONE_EACH, (
    Wrong("list", [LABELS]), Wrong("no test", {"train": LABELS, "valid": LABELS}),
    Wrong("overlap", dict.fromkeys(ONE_EACH, LABELS[:1])),
    Wrong("beyond", {**ONE_EACH, "test": torch.tensor([4])}),
    Wrong("before", {**ONE_EACH, "test": torch.tensor([-1])}),
    Wrong("not whole", {**ONE_EACH, "test": torch.tensor([2.5])}),
))  # fmt: skip

TABLE = {
    "Settings": (Settings, {
        "epochs": count(2, 0), "batch_size": count(8, 0), "optimizer": name("sgd", near=False),
        "lr": number(0.1, 0, -1.0), "momentum": number(0.9, -0.1),
        "weight_decay": number(0.0, -0.1), "clip": optional(number(1.0, 0, -1.0)),
        "keep_best": flag(), "device": name("cuda", near=False), "threads": optional(count(1, 0)),
        "scale": name("gradient"), "measure_train": flag(), "precision": name("bf16-mixed"),
        "checkpointing": flag(), "accumulate": count(2, 0), "compile": flag(),
    }),
    "MLP": (models.MLP, {"in_features": count(3, 0), "widths": WIDTHS}),
    "CNN": (models.CNN, {"channels": count(1, 0), "width": count(8, 0)}),
    "Raw": (models.Raw, {"width": count(3, 0)}),
    "Dropout": (models.Dropout, {"p": number(0.5, -0.1, 1.0), "seed": count(0, -1)}),
    "ResNet18": (models.ResNet18, {"channels": count(3, 0)}),
    "Conformer": (models.Conformer, {
        "in_features": count(5, 0), "width": count(8, 0), "heads": count(4, 0),
        "layers": count(1, 0), "kernel": count(3, 0, 4), "expansion": count(2, 0),
        "dropout": number(0.1, -0.1, 1.0),
    }),
    "build_classifier": (models.build_classifier, {
        "inputs": by_name({"A": X, "B": X}), "num_classes": count(3, 0), "fusion": name("film"),
        "encoder": name("mlp"), "widths": WIDTHS, "dropout": number(0.1, -0.1, 1.0),
        "seed": count(0, -1),
    }),
    "initialise": (models.initialise, {"model": a(MODEL), "seed": count(0, -1)}),
    "fit": (fit, {
        "model": a(MODEL), "train": SPLIT, "valid": SPLIT, "settings": optional(a(FEW)),
        "seed": count(0, -1), "method": optional(a(balancing.build("mlb"))), "progress": flag(),
        "checkpoints": optional(Argument(None, (Wrong("number", 7),))),
        "engine": optional(Argument(None, (Wrong("number", 7),))),
    }),
    "epochs": (epochs, {
        "model": a(MODEL), "train": SPLIT, "valid": SPLIT, "settings": a(FEW),
        "seed": count(0, -1), "method": optional(a(balancing.build("mlb"))),
        "watch": optional(Argument(None, (Wrong("text", "print"),))),
        "checkpoints": optional(Argument(None, (Wrong("number", 7),))),
        "engine": optional(Argument(None, (Wrong("number", 7),))),
        "origin": optional(Argument(None, (Wrong("text", "starve"),))),
    }),
    "predict": (predict, {"model": a(MODEL), "inputs": by_name(dict(DATA.test.inputs))}),
    "accuracy": (accuracy, {
        "scores": Argument(torch.eye(4)[:, :3], (
            Wrong("NaN", torch.full((4, 3), math.nan)), Wrong("list", [[1.0]]),
            Wrong("flatter", torch.ones(4)),
        )),
        "labels": Argument(LABELS, (
            Wrong("another size", LABELS[:2]), Wrong("C", LABELS + 1), Wrong("list", [0]),
        )),
    }),
    "Split": (Split, {
        "inputs": by_name({"A": X}), "labels": Argument(LABELS, (Wrong("list", [0, 1, 2, 0]),)),
        "group": Argument(LABELS, (Wrong("another size", LABELS[:2]), Wrong("nothing", None))),
    }),
    "MultimodalData": (MultimodalData, {
        "name": free("x"), "inputs": by_name({"A": X}), "labels": ROWS_OF_CLASSES,
        "group": Argument(LABELS, (Wrong("another size", LABELS[:2]),)),
        "splits": SPLITS, "classes": free(("a", "b", "c")), "kind": free(None),
        "kind_names": free(()), "files": FILES,
    }),
    "LazySplit": (LazySplit, {
        "read": free(print), "rows": Argument(LABELS, (Wrong("another size", LABELS[:2]),)),
        "labels": Argument(LABELS, (Wrong("list", [0, 1, 2, 0]),)),
        "group": Argument(LABELS, (Wrong("another size", LABELS[:2]),)),
        "modalities": free(("A",)), "workers": free(0),
    }),
    "LazyData": (LazyData, {
        "name": free("x"), "read": Argument(print, (Wrong("text", "read"),)),
        "modalities": free(("A",)), "labels": ROWS_OF_CLASSES,
        "group": Argument(LABELS, (Wrong("another size", LABELS[:2]),)),
        "splits": SPLITS, "classes": free(("a", "b", "c")), "missing": free(()),
        "workers": count(0, -1), "files": FILES,
    }),
    "Plan": (Plan, {
        "data": name("starve"),
        "root": Argument(None, (Wrong("useless", Path("/tmp")),)),
        "options": Argument({}, (Wrong("list", [1]),)), "standardise": flag(True),
        "method": name("mlb"),
        "own": Argument({"alpha": 1.0}, (Wrong("list", ["alpha"]),)),
        "fusion": name("film"), "encoder": name("mlp"), "widths": WIDTHS,
        "settings": a(FEW), "seed": count(0, -1),
    }),
}  # fmt: skip
for key, kind in balancing.registry().items():
    settings = list(inspect.signature(kind).parameters)
    new = set(settings) - set(METHODS)
    assert not new, (
        f"{key} has settings {new}; METHODS says what is wrong with one, and lacks them."
    )
    TABLE[key] = (kind, {p: METHODS[p] for p in settings})
ENTRIES = {key: entry for key, (_, entry) in TABLE.items()}


@pytest.mark.parametrize("key", list(TABLE))
def test_every_parameter_has_a_kind_and_good_arguments_pass(key):
    made, entry = TABLE[key]
    assert list(entry) == list(inspect.signature(made).parameters)
    made(**good_of(entry))


EXEMPT = {
    "Prediction": "what a model answers, not what it is given",
    "evaluating": "what is no module has no mode and is left alone",
    "width_of": "asked of encoders by the classifier; tests/models/test_models.py has its refusal",
    "MultimodalClassifier": "tests/models/test_models.py has its refusals",
}


def test_what_models_and_training_export_has_an_entry_or_a_reason():
    exported = {*models.__all__, *training.__all__}
    assert exported <= set(TABLE) | set(EXEMPT), exported - set(TABLE) - set(EXEMPT)


@pytest.mark.parametrize("own", [{"alhpa": 1.0}, {"alpha": -1.0}, {"alpha": "x"}])
def test_a_plan_refuses_what_its_method_would(own):
    with pytest.raises((ValueError, TypeError), match=r"Did you mean 'alpha'|alpha is"):
        Plan("starve", method="mlb", own=own)


@pytest.mark.parametrize("rates", [[0.1, math.nan], [-0.1], ["0.1"], [0.0]])
def test_rates_that_cannot_be(rates, tmp_path):
    plan = Plan("starve", settings=FEW)
    for call in (
        lambda: trials("mlb", rates),
        lambda: compare(plan, [], [], tmp_path, rates=rates),
    ):
        with pytest.raises((ValueError, TypeError), match="a rate in rates is"):
            call()
    with pytest.raises(ValueError, match="seeds is 0"):
        fresh_cells([], 0)


@pytest.mark.parametrize(("key", "parameter", "wrong"), cases(ENTRIES))
def test_a_wrong_argument_is_refused_in_a_sentence(key, parameter, wrong):
    made, entry = TABLE[key]
    require_refused(made, entry, parameter, wrong)


def test_what_is_no_plan_is_refused(tmp_path):
    for text in ("", "[]", "{}", '{"root": null}'):
        path = tmp_path / "plan.json"
        path.write_text(text)
        with pytest.raises(ValueError, match=r"plan\.json holds no plan"):
            read_plan(path)


def test_replicas_name_what_does_not_fit():
    for change, sentence in (
        ({"seeds": [0, 1]}, "seeds has 2 entries; 1"),
        ({"settings": "x"}, r"settings\[?0?\]? "),
        ({"methods": [balancing.build("agm")]}, "agm"),
    ):
        given = {"settings": FEW, "seeds": [0], **change}
        with pytest.raises((ValueError, TypeError), match=sentence):
            replicas.fit([MODEL], DATA.train, DATA.valid, **given)
