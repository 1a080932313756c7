"""Trainings that one process and several must do alike.

``torchrun shared_batch_trainings.py OUT`` runs them all.

Each has batches that two processes cannot share evenly, one with a single row, and few rows a
class, so that classes are missing from a process's share most of the time.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

from coursekit import balancing
from coursekit.data import Modality, Recipe, generate
from coursekit.data.lazy_split import LazySplit
from coursekit.data.multimodal import Split
from coursekit.data.scene_captions import foils
from coursekit.data.scenes import as_data, scene_splits
from coursekit.fusion import build
from coursekit.layers.initialise import initialise
from coursekit.models import MultimodalClassifier, ResNet18, build_classifier
from coursekit.training import Settings, alignment, fit

FEW = Settings(epochs=3, batch_size=8)
OWN = {
    "gblend-offline": {"epochs": 2},
    "gblend-online": {"epochs": 2},
    "mslr": {"memory": 1},
    "g2d": {"epochs": 2, "share": 0.7},
    "pdmp": {"epochs": 2},
    "umt": {"epochs": 2},
    "opm": {"warm_up": 0},
    "pmr": {"share": 0.4},
    "relearning": {"every": 1},
    "reconboost": {"boosting": 1, "rectifying": 1},
    "remix": {"warm_up": 1},
    "sample-valuation": {"warm_up": 1},
}
ADDITIVE_TOO = ("agm", "joint", "mlb", "mslr", "ogm", "opm")  # of those for any fusion


def data():
    """25 rows to train on: the last batch of 8 has one."""
    recipe = Recipe(
        {"A": Modality(), "B": Modality(distractors=4)}, redundant=0.8, train=25, valid=30, test=20
    )
    return generate(recipe, seed=1)


def double(split):
    return Split({m: x.double() for m, x in split.inputs.items()}, split.labels, split.group)


def in_rows(split):
    """The same split, read row by row."""
    inputs = {m: x.double() for m, x in split.inputs.items()}
    read = Reader(inputs)
    rows = torch.arange(len(split))
    return LazySplit(read, rows, split.labels, split.group, tuple(inputs))


class Reader:
    def __init__(self, inputs):
        self.inputs = inputs

    def __call__(self, row):
        return {m: x[row] for m, x in self.inputs.items()}


def pictures():
    """Two modalities of small pictures."""
    draw = torch.Generator().manual_seed(3)
    labels = torch.randint(3, (12,), generator=draw)
    inputs = {m: torch.randn(12, 1, 32, 32, generator=draw).double() for m in ("A", "B")}
    return Split(inputs, labels, torch.zeros(12, dtype=torch.int64))


def residual():
    """A classifier with batch norms."""
    encoders = {m: ResNet18(1) for m in ("A", "B")}
    model = MultimodalClassifier(encoders, build("late-linear", {"A": 512, "B": 512}, 3), 3)
    initialise(model, 0)
    return model.double()


def pairs():
    """Small pictures with bags of words that say which class they are of; the last batch is one."""
    draw = torch.Generator().manual_seed(5)
    labels = torch.randint(3, (33,), generator=draw)
    bags = torch.rand(33, 12, generator=draw) + 2 * torch.eye(12)[labels]
    shapes = torch.randn(3, 3, 16, 16, generator=draw)[labels]
    seen = shapes + torch.randn(33, 3, 16, 16, generator=draw)
    inputs = {"picture": seen.double(), "text": bags.double()}
    return Split(inputs, labels, torch.arange(33))


def aligned(name, **own):
    """Pictures and texts aligned by an objective, with a scale that is learnt."""
    split = pairs()
    floats = {m: x.float() for m, x in split.inputs.items()}
    kinds = {"picture": "strided-cnn", "text": "bag"}
    model = build_classifier(floats, 3, encoder=kinds, widths=(16,)).double()
    method = alignment.build(name, width=8, **own)
    history = fit(model, split, split, FEW, seed=4, method=method)
    assert model.fusion.scale.log_scale != model.fusion.scale.starts[0]  # it has had gradients
    return history, model


def cases():
    """Name → a function that trains and returns history and model."""
    chosen = data()
    train, valid = double(chosen.train), double(chosen.valid)

    def plain(method, fusion, settings=FEW, splits=(train, valid), **options):
        model = build_classifier(chosen.train.inputs, 6, widths=(16, 8), fusion=fusion).double()
        own = balancing.build(method, **OWN.get(method, {}))
        history = fit(model, *splits, settings, seed=4, method=own, **options)
        return history, model

    trainings = {}
    for name, kind in balancing.registry().items():
        fusions = kind.fusions or ("late-linear",)
        if kind.fusions is None:  # heads listen where the fusion is not additive
            fusions = ("late-linear", "film") if name in ADDITIVE_TOO else ("film",)
        for fusion in fusions:
            trainings[f"{name}, {fusion}"] = lambda n=name, f=fusion: plain(n, f)
    scaled = replace(FEW, scale="gradient")
    for name in ("agm", "mlb", "ogm"):
        trainings[f"{name} on the gradient"] = lambda n=name: plain(n, "mid-mlp", scaled)
    best = replace(FEW, keep_best=True, optimizer="adam", lr=0.01)
    trainings["the best epoch"] = lambda: plain("mlb", "mid-mlp", best)
    parts = replace(FEW, accumulate=3, checkpointing=True)
    trainings["in parts, recomputed"] = lambda: plain("mlb", "mid-mlp", parts)
    rows = (in_rows(chosen.train), in_rows(chosen.valid))
    trainings["row by row"] = lambda: plain("pmr", "mid-mlp", FEW, rows)

    def deep():
        model, split = residual(), pictures()
        settings = Settings(epochs=1, batch_size=5, lr=0.01)
        return fit(model, split, split, settings, method=balancing.build("mlb")), model

    trainings["residual networks"] = deep
    for name, own in (
        ("align-before-fuse", {"momentum": 0.9, "queue": 12, "foil": colour_foils}),
        ("single-stream", {"transport": 0.1}),
    ):
        trainings[name] = lambda n=name, o=own: aligned_scenes(n, **o)
    for loss in ("infonce", "siglip"):
        trainings[f"contrastive, {loss}"] = lambda w=loss: aligned("contrastive", loss=w)
    trainings["contrastive, blocks"] = lambda: aligned("contrastive", negatives=2)
    changes = {"shift": 1, "brightness": 0.4, "word_dropout": 0.4}
    trainings["contrastive, changed pairs"] = lambda: aligned("contrastive", **changes)
    trainings["correspondence, pairs"] = lambda: aligned("correspondence")
    return trainings


def colour_foils(words, generator):
    return foils(words, "colour", generator)


def aligned_scenes(name, **own):
    """Pairs of picture and caption; the last batch has two, one for each of two processes."""
    scenes = as_data(scene_splits(0, (18, 6, 6)))
    kinds, widths = {"picture": "patches", "text": "words"}, (8, 8)
    model = build_classifier(scenes.train.inputs, 4, encoder=kinds, widths=widths).double()
    splits = double(scenes.train), double(scenes.valid)
    how = replace(FEW, epochs=2, lr=0.02)
    return fit(model, *splits, how, seed=4, method=alignment.build(name, **own)), model


def outcome(history, model):
    """What is compared: every figure of the history, and the weights' sums."""
    sums = {k: float(v.double().sum()) for k, v in model.state_dict().items()}
    return {"history": history.to_dict("list"), "weights": sums}


def begun(folder, epochs):
    """A training with checkpoints, up to so many epochs."""
    chosen = data()
    model = build_classifier(chosen.train.inputs, 6, widths=(16, 8)).double()
    own = balancing.build("gradnorm")
    splits = double(chosen.train), double(chosen.valid)
    how = replace(FEW, epochs=epochs)
    return fit(model, *splits, how, seed=4, method=own, checkpoints=folder), model


if __name__ == "__main__":
    torch.set_num_threads(1)
    begun(Path(sys.argv[1], "checkpoints"), 2)
    results = {name: outcome(*train()) for name, train in cases().items()}
    rank = torch.distributed.get_rank()
    Path(sys.argv[1], f"{rank}.json").write_text(json.dumps(results), encoding="utf-8")
    torch.distributed.destroy_process_group()
