"""Data sets, their loaders, replicas, races and tables refuse every kind of wrong argument."""

import math
import pickle
import tempfile
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from research_folders import make_ave, make_cremad, make_ucf101, multibench_parts
from wrong_arguments import (
    Argument,
    Wrong,
    a,
    by_name,
    call,
    cases,
    count,
    discovered,
    flag,
    free,
    good_of,
    name,
    number,
    optional,
    parameters,
    require_refused,
    share,
    table,
    with_also,
)

from coursekit import balancing, data, models
from coursekit.compare import race, replicas
from coursekit.compare.reliability import CONDITIONS
from coursekit.data import Modality, Recipe, files, generate, research
from coursekit.data.research import decode
from coursekit.models import fusion_stage as depth
from coursekit.training import Settings

MODULES = (
    *("compare.seeds_at_once", "models.fusion_stage", "compare.race", "compare.replay"),
    *("compare.standings", "compare.ranks", "compare.reliability", "compare.training_costs"),
    *("compare.result_tables", "compare.conditions", "compare.trial_conditions"),
    *("compare.trial_text", "balancing.taxonomy", "data.research.first_look"),
)
EXPORTS = (data, research, replicas)
ELSEWHERE = {  # what another table has, and what takes nothing
    *("data.MultimodalData", "data.Split", "data.ceiling"),
    *("data.generate", "data.load_preset", "data.preset", "data.presets", "data.LOADERS"),
    *("data.research.SOURCES",),
}
NOT_CALLED = {  # what the package makes and hands out
    "models.fusion_stage.Branch": "a part of a network that `assemble` has checked",
    "models.fusion_stage.Joined": "a part of a network that `assemble` has checked",
    "compare.race.Race": "what a race gives",
    "compare.reliability.Unreliable": "an error",
    "compare.result_tables.Evidence": "two tables that `read_tables` has checked",
    **{
        f"compare.result_tables.{part}": "is handed what `read_tables` has checked"
        for part in ("brings_its_own_answer", "places", "label", "number_of")
    },
    **{
        f"{check.__module__.removeprefix('coursekit.')}.{check.__name__}": "is handed the same"
        for check in CONDITIONS.values()
    },
    "compare.replay.Replay": "what a replay gives",
    "compare.replicas.SplitPredictions": "what `look` is handed",
    "compare.replicas.raise_on_divergence": "is handed what `epochs` gives",
    "compare.replicas.StackedPrediction": "what K models answer",
}
SMALL = Recipe({"A": Modality(), "B": Modality()}, redundant=0.8, train=40, valid=30, test=30)
DATA = generate(SMALL)
OWN = np.random.default_rng(0).normal(size=(30, 2))
ONE, TWO = (models.build_classifier(DATA.train.inputs, 6, widths=(4,), seed=s) for s in (0, 1))
DEEP = depth.build_depth("late", DATA.train.inputs, 6, budget=600)
FEW = Settings(epochs=1)
ENTRIES_OF_A_RACE = race.entrants("mlb")
WIDTHS = by_name({"A": 3, "B": 3})
WIDTHS = with_also(WIDTHS, Wrong("zero", {"A": 0, "B": 3}), Wrong("text", {"A": "3", "B": 3}))
INPUTS = by_name(dict(DATA.train.inputs))
SEEDS = Argument([0], (
    Wrong("text", "0"), Wrong("number", 7), Wrong("none", []), Wrong("−1", [-1]),
    Wrong("a half", [0.5]),
))  # fmt: skip
MAKE = Argument(lambda seed: DATA, (Wrong("text", "starve"), Wrong("the data", DATA)))
SPLITS = Argument(DATA.train, (
    Wrong("the whole data set", DATA), Wrong("number", 7), Wrong("too many", [DATA.train] * 3),
    Wrong("text in a list", ["train"]),
))  # fmt: skip
SETTINGS = with_also(a(FEW), Wrong("too many", [FEW, FEW, FEW]), Wrong("other", [7]))
METHODS = Argument(None, (
    Wrong("a name", "mlb"), Wrong("names", ["mlb"]), Wrong("number", 7),
    Wrong("a class", [balancing.registry()["mlb"]]),
    Wrong("not replicable", [balancing.build("agm")]),
))  # fmt: skip
MODELS = Argument([ONE], (
    Wrong("one", ONE), Wrong("none", []), Wrong("number", 7), Wrong("text", ["x"]),
))  # fmt: skip
RACERS = Argument(ENTRIES_OF_A_RACE, (
    Wrong("names", ["mlb"]), Wrong("a name", {"mlb": "mlb"}),
    Wrong("no method", {"mlb": dict}),
))  # fmt: skip
FOLDER = Argument(files.DATA_FOLDER, (Wrong("number", 7), Wrong("text", "data")))


def rows_of_methods():
    """Two seeds of joint, ensemble and both unimodal models, as the benchmark writes them."""
    rows = [
        ("starve", fusion, method, seed, 0.5 + seed / 10, 0.6)
        for seed in (0, 1)
        for fusion, method in (
            ("late-linear", "joint"), ("none", "ensemble"),
            ("none", "unimodal A"), ("none", "unimodal B"),
        )
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["data", "fusion", "method", "seed", "valid", "test"])


ROWS = rows_of_methods()
PLACES = ("data", "fusion", "method")
EVERY = list(CONDITIONS)
EXCUSED = Argument(EVERY, (
    Wrong("text", "cost column"), Wrong("nothing", None), Wrong("number", 7),
    Wrong("misspelt", ["cost colum"], "Did you mean 'cost column'?"),
))  # fmt: skip
TRIALS = optional(with_also(
    table(ROWS.assign(trial="lr=0.1"), *PLACES, "seed", "trial"),
    Wrong("numbers", ROWS.assign(trial=0.1)),
    Wrong("half a seed", ROWS.assign(trial="lr=0.1", seed=0.5)),
    Wrong("accuracies as text", ROWS.assign(trial="lr=0.1", valid="good")),
))  # fmt: skip
TEXT = Argument("lr=0.1 alpha=2", (Wrong("number", 7), Wrong("nothing", None)))


def results(good):
    """A table of results."""
    return with_also(
        table(good, *PLACES, "test"), Wrong("text", good.assign(test="good")),
        Wrong("no name", good.assign(method=math.nan)), Wrong("no rows", good[:0]),
        Wrong("a column twice", pd.concat([good, good[["data"]]], axis=1)),
        Wrong("inf", good.assign(test=math.inf)), Wrong("−1", good.assign(test=-1.0)),
    )  # fmt: skip


SCORES = Argument(pd.DataFrame({"a": [0.1, 0.3], "b": [0.2, 0.2]}), (
    Wrong("text", pd.DataFrame({"a": ["x", "y"], "b": [0.2, 0.2]})),
    Wrong("a method twice", pd.DataFrame([[0.1, 0.2], [0.3, 0.2]], columns=["a", "a"])),
    Wrong("list", [[0.1]]), Wrong("one row", pd.DataFrame({"a": [0.1], "b": [0.2]})),
    Wrong("NaN", pd.DataFrame({"a": [0.1, math.nan], "b": [0.2, 0.2]})),
))  # fmt: skip


FOLDERS = tempfile.TemporaryDirectory(prefix="research-")  # lasts as long as the tests
CREMAD, AVE, UCF101, MULTIBENCH = (Path(FOLDERS.name) / n for n in ("C", "A", "U", "m.pkl"))
make_cremad(CREMAD)
make_ave(AVE)
make_ucf101(UCF101)
MULTIBENCH.write_bytes(pickle.dumps(multibench_parts()))
OPENED = research.open_data("cremad", CREMAD, size=8)
SOUND = decode.Sound(8000, 1.0, 20, 256, 80)


def folder(good):
    """Where a data set lies."""
    return Argument(good, (
        Wrong("number", 7), Wrong("nothing", None), Wrong("nowhere", Path("/nowhere")),
    ))  # fmt: skip


FROM_FILES = {  # what every loader of sound and pictures takes
    "frames": count(2, 0), "size": count(8, 0), "sound": a(SOUND), "scale": a(decode.Scale()),
    "allow_missing": flag(), "workers": count(0, -1),
    "cache": optional(Argument(None, (Wrong("number", 7),))),
}  # fmt: skip

TABLE = {
    "compare.seeds_at_once.seeds_at_once": {
        "make_data": with_also(MAKE, Wrong("gives none", lambda seed: 7)),
        "settings": optional(a(FEW)), "seeds": SEEDS,
        "widths": Argument((4,), (Wrong("text", "4"), Wrong("zero", (0,)))), "label": free(""),
    },
    "models.fusion_stage.DepthClassifier": {
        "encoders": free(dict(DEEP.encoders)), "fusion": free(DEEP.fusion),
        "num_classes": count(6, 0), "rate": share(0.5), "seed": count(0, -1),
    },
    "models.fusion_stage.assemble": {
        "place": name("late"), "widths": WIDTHS, "num_classes": count(3, 0), "w": count(4, 0),
        "v": count(4, 0), "rate": share(0.5),
    },
    "models.fusion_stage.parameters": {"model": a(DEEP)},
    "models.fusion_stage.matched_widths": {
        "place": name("late"), "widths": WIDTHS, "num_classes": count(3, 0),
        "budget": count(500, 0, 3),
    },
    "models.fusion_stage.build_depth": {
        "place": name("late"), "inputs": INPUTS, "num_classes": count(6, 0),
        "budget": count(600, 0, 3), "rate": share(0.5), "seed": count(0, -1),
    },
    "models.fusion_stage.build_alone": {
        "modality": name("A", near=False), "inputs": INPUTS, "num_classes": count(6, 0),
        "budget": count(600, 0, 3), "seed": count(0, -1),
    },
    "models.fusion_stage.started": {
        "model": a(DEEP, Wrong("of another kind", ONE)), "seed": count(0, -1),
    },
    "compare.race.entrants": {"names": free("mlb")},
    "compare.race.race": {
        "data": a(DATA), "entries": RACERS, "settings": optional(a(FEW)),
        "fusion": name("film"), "seed": count(0, -1), "probe_all": flag(), "together": flag(),
    },
    "compare.race.races": {
        "make_data": MAKE, "entries": RACERS, "settings": optional(a(FEW)), "seeds": SEEDS,
        "fusion": name("film"), "jobs": count(1, 0), "label": free(""),
    },
    "compare.replay.replay": {
        "data": a(DATA, Wrong("lazy", OPENED)), "name": Argument("mlb", (
            Wrong("joint", "joint"), Wrong("ensemble", "ensemble"),
        )),
        "method": a(balancing.build("mlb")), "settings": optional(a(FEW)),
        "fusion": name("film"), "seed": count(0, -1), "together": flag(),
    },
    "compare.standings.standings": {"table": table(ROWS, *PLACES, "seed", "valid", "test")},
    "compare.standings.differences": {
        "table": with_also(
            table(ROWS, *PLACES, "seed", "test"), Wrong("text", ROWS.assign(test="good")),
            Wrong("NaN", ROWS.assign(test=math.nan)), Wrong("rows twice", pd.concat([ROWS, ROWS])),
        ),
        "method": name("ensemble"), "base": name("joint"), "value": free("test"),
    },
    "compare.standings.late_transformer": {"table": table(ROWS, *PLACES)},
    "compare.standings.require_numbers": {
        "name": free("table"), "column": free("test"),
        "table": with_also(table(ROWS, "test"), Wrong("text", ROWS.assign(test="good"))),
    },
    "compare.result_tables.named": {
        "name": free("table"), "columns": free(["test"]), "table": with_also(
            table(ROWS, *PLACES, "test"), Wrong("no name", ROWS.assign(method=math.nan)),
            Wrong("a number", ROWS.assign(method=1)),
        ),
    },
    "compare.result_tables.read_tables": {"results": results(ROWS), "trials": TRIALS},
    "compare.trial_text.write_trial": {
        "trial": Argument({"lr": 0.1, "epochs": 5}, (
            Wrong("text", "lr=0.1"), Wrong("NaN", {"lr": math.nan}),
            Wrong("text in it", {"lr": "0.1"}), Wrong("half an epoch", {"epochs": 0.5}),
        )),
    },
    "compare.trial_text.read_trial": {
        "text": with_also(
            TEXT, Wrong("no pair", "lr"), Wrong("two", "lr=1=2"), Wrong("no name", "=0.1"),
            Wrong("no value", "lr="), Wrong("a word", "lr=adam"), Wrong("inf", "lr=inf"),
            Wrong("twice", "lr=0.1 lr=0.2"), Wrong("half an epoch", "epochs=0.5"),
        ),
    },
    "compare.trial_text.same_settings": {"text": TEXT},
    "compare.trial_text.rate_in": {"text": TEXT},
    "compare.standings.gains": {
        "table": table(ROWS, *PLACES, "seed", "test"), "base": name("joint"),
        "value": free("test"),
    },
    "compare.standings.means": {"table": table(ROWS, *PLACES, "test"), "value": free("test")},
    "compare.ranks.mean_ranks": {"scores": SCORES},
    "compare.ranks.critical_difference": {
        "methods": count(3, 1), "data_sets": count(4, 1), "level": number(0.05, 0.0, 1.0),
    },
    "compare.ranks.scores_of": {
        "table": table(ROWS, *PLACES, "seed", "valid", "test"), "value": free("test"),
        "fusion": name("late-linear"),
    },
    "compare.ranks.of_fusion": {
        "table": table(ROWS, *PLACES, "seed", "valid", "test"), "fusion": name("late-linear"),
    },
    "compare.ranks.ranking": {
        "results": results(pd.concat([ROWS, ROWS.assign(data="imbalance")])),
        "trials": TRIALS, "excused": EXCUSED, "fusion": name("late-linear"),
    },
    "compare.ranks.clearly_ahead": {
        "table": table(ROWS, *PLACES, "seed", "valid", "test"), "base": name("joint"),
        "fusion": name("late-linear"),
    },
    "compare.reliability.checklist": {
        "results": results(ROWS), "trials": TRIALS,
    },
    "compare.reliability.require_reliable": {
        "results": results(ROWS), "trials": TRIALS, "excused": EXCUSED,
    },
    "compare.training_costs.training_costs": {
        "data": name("starve"), "methods": free(["joint"]), "repeats": count(1, 0),
        "seed": count(0, -1),
    },
    "compare.training_costs.fusion_for": {"method": name("mlb")},
    "compare.training_costs.count_multiply_adds": {
        "data": name("starve"), "fusion": name("late-linear"), "method": name("joint"),
        "seed": count(0, -1),
    },
    "balancing.taxonomy.overridden": {
        "cls": free(balancing.registry()["mlb"]), "hook": name("loss"),
    },
    "balancing.taxonomy.changes": {
        "cls": Argument(balancing.registry()["mlb"], (
            Wrong("name", "mlb"), Wrong("an object", balancing.build("mlb")),
            Wrong("another class", dict),
        )),
    },
    "compare.replicas.epochs": {
        "models": MODELS, "train": SPLITS, "valid": SPLITS, "settings": SETTINGS, "seeds": SEEDS,
        "methods": METHODS,
        "watch": optional(Argument(None, (Wrong("text", "print"),))),
        "look": optional(Argument(None, (Wrong("text", "print"),))),
        "extra": Argument({}, (Wrong("list", [DATA.test]), Wrong("data", {"test": DATA}))),
        "measured": Argument(("valid",), (
            Wrong("text", "valid"), Wrong("number", 7), Wrong("misspelt", ("vali",), "Did you"),
        )),
    },
    "compare.replicas.fit": {
        "models": MODELS, "train": SPLITS, "valid": SPLITS, "settings": SETTINGS, "seeds": SEEDS,
        "methods": METHODS,
    },
    "compare.replicas.Stack": {"models": MODELS},
    "compare.replicas.replicable": {"method": a(balancing.build("mlb"))},
    "data.Modality": {
        "amplitude": number(4.0, -1.0), "noise": number(1.0, -1.0), "linear": share(0.5),
        "nuisance_std": number(0.0, -1.0), "nuisance_dims": count(8, -1),
        "distractors": count(0, -1), "gain": number(1.0, -1.0),
    },
    "data.Recipe": {
        "modalities": Argument(SMALL.modalities, (
            Wrong("list", ["A"]), Wrong("none", {}), Wrong("a number", {"A": 7}),
        )),
        "redundant": share(0.5),
        "unique": Argument({"A": 0.1}, (
            Wrong("list", [0.1]), Wrong("strange", {"C": 0.1}), Wrong("NaN", {"A": math.nan}),
            Wrong("−0.1", {"A": -0.1}),
        )),
        "synergistic": share(0.1), "label_noise": share(0.1), "num_classes": count(6, 1),
        "code_dims": count(12, 0), "train": count(40, 0), "valid": count(30, 0),
        "test": count(30, 0),
    },
    "data.load": {"name": name("uci_views"), "options": free({})},
    "data.from_arrays": {
        "inputs": Argument({"s": OWN}, (
            Wrong("text", "s"), Wrong("array", OWN), Wrong("empty", {}),
            Wrong("reserved", {"joint": OWN}), Wrong("words", {"s": [["a"]] * 30}),
            Wrong("short", {"s": OWN[:-1]}), Wrong("nan", {"s": np.where(OWN > 1, np.nan, OWN)}),
        )),
        "labels": Argument(["a", "b", "c"] * 10, (
            Wrong("scores", OWN[:, 0]), Wrong("one class", ["a"] * 30), Wrong("none", []),
            Wrong("rare", ["a"] * 28 + ["b"] * 2), Wrong("matrix", OWN),
        )),
        "group": optional(Argument(list(range(30)), (
            Wrong("short", [1, 2]), Wrong("two", [0, 1] * 15), Wrong("floats", OWN[:, 0]),
        ))),
        "shares": Argument((0.6, 0.2, 0.2), (
            Wrong("text", "abc"), Wrong("two", (0.5, 0.5)), Wrong("too much", (0.6, 0.6, 0.2)),
            Wrong("negative", (1.2, -0.1, -0.1)), Wrong("empty", (1.0, 0.0, 0.0)),
        )),
        "scale": flag(), "seed": count(0, -1), "name": free("own"),
    },
    "data.load_uci_views": {
        "views": Argument(("pix", "fou"), (
            Wrong("text", "pix"), Wrong("number", 7), Wrong("none", ()),
            Wrong("twice", ("pix", "pix")),
            Wrong("misspelt", ("pic",), "Did you mean 'pix'?"), Wrong("numbers", (7,)),
        )),
        "seed": count(0, -1), "n_train": count(100, 9, 1001),
    },
    "data.load_av_digits": {
        "speech": name("synth"), "n": count(100, 0, 15, -10), "image_noise": number(1.0, -0.1),
        "train_speakers": optional(count(2, 0, 53)), "fold": count(0, -1, 6),
        "stretch": flag(), "image_size": count(4, 1, 29), "mel_size": count(4, 1, 33),
        "seed": count(0, -1),
        "folder": optional(Argument(None, (Wrong("number", 7), Wrong("text", "fsdd")))),
    },
    "data.load_book_reviews": {},
    "data.files.sha256_of": {"path": free(files.DATA_FOLDER / files.CHECKSUMS)},
    "data.files.open_checked": {"name": name("uci_views.npz"), "folder": FOLDER},
    "data.files.check_all": {"folder": FOLDER},
    "data.files.read_checksums": {"folder": FOLDER},
    "data.research.open_data": {
        "name": name("cremad"),
        "root": folder(CREMAD),
    },
    "data.research.load_cremad": {
        "root": folder(CREMAD), "split": name("actors"), "fold": count(0, -1, 5),
        "fps": count(1, 0), **FROM_FILES,
    },
    "data.research.load_ave": {
        "root": folder(AVE), "split": name("disjoint"), "fps": number(1.0, 0, -1.0), **FROM_FILES,
    },
    "data.research.load_ucf101": {
        "root": folder(UCF101), "fold": count(1, 0, 4),
        "classes": Argument(None, (
            Wrong("number", 7), Wrong("none", []), Wrong("strange", ["Walkin"]),
        )),
        **FROM_FILES,
    },
    "data.research.load_multibench": {
        "root": folder(MULTIBENCH),
        "unpickle": Argument("restricted", (Wrong("nothing", None), Wrong("else", "full"))),
        "task": name("sign"), "fill": optional(number(0.0)), "workers": count(0, -1),
    },
    "data.research.report": {"data": a(OPENED)},
    "data.research.check": {
        "data": a(OPENED, Wrong("in memory", DATA)), "limit": optional(count(1, 0)),
    },
    "data.research.scale_of": {
        "train": a(OPENED.train, Wrong("the whole", OPENED), Wrong("in memory", DATA.train)),
        "limit": count(2, 0),
    },
    "data.research.standardised": {"data": a(OPENED, Wrong("in memory", DATA))},
    "data.research.Scale": {
        "audio": Argument((0.0, 1.0), (
            Wrong("number", 7), Wrong("three", (0.0, 1.0, 2.0)), Wrong("NaN", (math.nan, 1.0)),
            Wrong("no width", (0.0, 0.0)), Wrong("text", ("0", "1")),
        )),
        "video": Argument(((0.0,) * 3, (1.0,) * 3), (
            Wrong("number", 7), Wrong("one colour", (0.0, 1.0)), Wrong("text", "video"),
            Wrong("no width", ((0.0,) * 3, (1.0, 0.0, 1.0))),
        )),
    },
    "data.research.Sound": {
        "rate": count(8000, 0), "seconds": number(1.0, 0, -1.0), "mels": count(20, 0, 500),
        "window": count(256, 0), "step": count(80, 0),
    },
    "data.research.decode.squared": {
        "image": a(Image.new("RGB", (4, 6))), "size": count(2, 0),
    },
    "data.research.decode.fitted": {
        "wave": Argument(np.ones(4), (Wrong("empty", np.ones(0)),)), "samples": count(3, 0),
    },
    "data.research.decode.resampled": {
        "wave": free(np.ones(4)), "rate": count(8000, 0), "to": count(4000, 0),
    },
    "data.research.decode.log_mel_picture": {
        "wave": Argument(np.ones(9000, np.float32), (
            Wrong("NaN", np.full(9000, np.nan, np.float32)), Wrong("empty", np.ones(0, np.float32)),
        )),
        "rate": count(8000, 0), "sound": a(SOUND),
    },
    "data.research.decode.WavPicture": {"sound": a(SOUND)},
    "data.research.decode.Photo": {"size": count(4, 0)},
    "compare.protocol.trials": {
        "method": name("mlb"),
        "rates": Argument((0.1,), (
            Wrong("NaN", (math.nan,)), Wrong("−1", (-1.0,)), Wrong("zero", (0.0,)),
        )),
    },
    "compare.protocol.settings_for": {
        "data": name("starve"),
        "trial": Argument({"lr": 0.1}, (Wrong("no rate", {}),)),
    },
    "data.research.defaults": {"name": name("cremad")},
    "compare.protocol.entries": {"data": name("starve"), "method": name("mlb")},
    "compare.protocol.modalities_of": {"data": name("starve")},
}  # fmt: skip


def function_of(key):
    """What the key names: something of a module, which nobody may have imported yet."""
    module, _, what = key.rpartition(".")
    return getattr(import_module(f"coursekit.{module}"), what)


def test_every_exported_and_public_function_has_an_entry_or_a_reason():
    keys = {key for key, _ in discovered(MODULES, classes=True)}
    for package in EXPORTS:
        keys |= {f"{package.__name__.removeprefix('coursekit.')}.{n}" for n in package.__all__}
    keys = {key.replace("research.first_look.", "research.") for key in keys}
    known = {*TABLE, *ELSEWHERE, *NOT_CALLED}
    assert keys <= known, sorted(keys - known)


@pytest.mark.parametrize("key", list(TABLE))
def test_every_parameter_has_a_kind_and_good_arguments_pass(key):
    function, entry = function_of(key), TABLE[key]
    assert set(parameters(function)) - set(entry) == set()
    if key == "compare.race.entrants":
        assert list(function("mlb")) == ["mlb"]
        return
    if key == "data.load":
        assert function("uci_views").num_classes == 10
        return
    call(function, good_of(entry))


@pytest.mark.parametrize(("key", "parameter", "wrong"), cases(TABLE))
def test_a_wrong_argument_is_refused_in_a_sentence(key, parameter, wrong):
    if key == "data.load":
        with pytest.raises(ValueError, match="name is"):
            data.load(wrong.value)
        return
    require_refused(function_of(key), TABLE[key], parameter, wrong)


def test_an_unknown_entrant_is_named():
    with pytest.raises(ValueError, match="Did you mean 'mlb'"):
        race.entrants("mbl")
