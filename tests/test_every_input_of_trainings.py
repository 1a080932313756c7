"""Methods, encoders, settings, trainings and plans refuse every kind of wrong argument."""

import inspect
import math
from pathlib import Path

import pytest
import torch
from inputs import (
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

from coursekit import balancing, models, replicas
from coursekit.data import generate
from coursekit.data.lazy import LazyData
from coursekit.data.synthetic import Modality, Recipe
from coursekit.training import Settings, accuracy, epochs, fit, predict
from coursekit.trainings.plan import Plan, read_plan

DATA = generate(Recipe({"A": Modality(), "B": Modality()}, redundant=0.8, train=40, valid=30), 1)
MODEL = models.build_classifier(DATA.train.inputs, 6)
FEW = Settings(epochs=1)
X = torch.ones(4, 3)

METHODS = {  # the settings of every method, of whatever name
    "alpha": number(1.0, -1.0),
    "beta_max": number(2.0, 0.5),
    "epochs": count(2, 0),
    "held": number(0.25, 0, 1),
    "rule": name("paper"),
    "rate": number(0.1, 0, -1.0),
    "scale": number(2.0, 0, -1.0),
    "p": share(0.5),
    "memory": count(2, 0),
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
    "LazyData": (LazyData, {
        "name": free("x"), "read": free(print), "modalities": free(("A",)),
        "labels": free(LABELS),
        "group": Argument(LABELS, (Wrong("another size", LABELS[:2]),)),
        "splits": Argument(
            {s: LABELS.new_tensor([i]) for i, s in enumerate(("train", "valid", "test"))},
            (Wrong("no test", {"train": LABELS, "valid": LABELS}),
             Wrong("overlap", dict.fromkeys(("train", "valid", "test"), LABELS[:1]))),
        ),
        "classes": free(("a", "b", "c")), "missing": free(()), "workers": count(0, -1),
    }),
    "Plan": (Plan, {
        "data": name("starve"),
        "root": Argument(None, (Wrong("useless", Path("/tmp")),)),
        "options": free({}), "standardise": free(True), "method": name("mlb"),
        "own": Argument({}, (Wrong("misspelt", {"alhpa": 1.0}, "Did you mean 'alpha'"),),
                        says="mlb"),
        "fusion": name("film"), "encoder": free("mlp"), "widths": free((8, 4)),
        "settings": free(FEW), "seed": count(0, -1),
    }),
}  # fmt: skip
for key, kind in balancing.registry().items():
    TABLE[key] = (kind, {p: METHODS[p] for p in inspect.signature(kind).parameters})
ENTRIES = {key: entry for key, (_, entry) in TABLE.items()}


@pytest.mark.parametrize("key", list(TABLE))
def test_every_parameter_has_a_kind_and_good_arguments_pass(key):
    made, entry = TABLE[key]
    if key != "ResNet18":
        assert list(entry) == list(inspect.signature(made).parameters)
    made(**good_of(entry))


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
