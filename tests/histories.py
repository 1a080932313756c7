"""A digest of every history: `python tests/histories.py > before`, change the code, compare.

A change that moves code must not move a bit. The digests hold for one machine and one version of
torch, so they are compared before and after and stored nowhere.
"""

import hashlib
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pandas as pd
import torch

from coursekit import balancing, fusion
from coursekit.analysis.emap import emap
from coursekit.balancing.mlb import MLB
from coursekit.compare.quick import quick_comparison
from coursekit.compare.race import entrants, race
from coursekit.compare.replay import replay
from coursekit.compare.seeds import compare_stepwise as one_seed
from coursekit.compare.seeds import cures
from coursekit.compare.seeds_at_once import seeds_at_once
from coursekit.data import load, load_preset
from coursekit.models import build_classifier
from coursekit.models.fusion_stage import PLACES, build_alone, build_depth
from coursekit.training import Settings, fit, predict
from coursekit.utils.stepwise import drive

SETTINGS = Settings(epochs=2, lr=0.05, batch_size=64)


def digest(*parts):
    """Twelve letters of the SHA-256 of tables, tensors and numbers, to the last bit."""
    whole = hashlib.sha256()
    for part in parts:
        if isinstance(part, pd.DataFrame):
            whole.update(part.to_csv(index=False).encode())
        elif isinstance(part, torch.Tensor):
            whole.update(part.detach().contiguous().numpy().tobytes())
        else:
            whole.update(repr(part.tolist()).encode())
    return whole.hexdigest()[:12]


def trained(model, data, method):
    """The history of a training, and what came of it."""
    history = fit(model, data.train, data.valid, SETTINGS, seed=1, method=method)
    weights = model.state_dict().values()
    return digest(history, *weights, predict(model, data.test.inputs).joint)


def methods_and_operators():
    """Every method on every operator that it is defined for."""
    data = load_preset("starve", 0, train=256, valid=128, test=128)
    for operator in fusion.names():
        for name in balancing.names():
            method = balancing.build(name)
            wanted = ("late-linear",) if method.fusions == () else method.fusions
            if wanted is not None and operator not in wanted:
                continue
            model = build_classifier(data.train.inputs, data.num_classes, fusion=operator, seed=1)
            yield f"{name} on {operator}", trained(model, data, method)


def stages():
    """Networks that fuse early, in the middle, late, and parts of them, with dropout."""
    data = load("uci_views")
    for place in PLACES:
        model = build_depth(place, data.train.inputs, data.num_classes, rate=0.2, seed=1)
        yield f"stage {place}", trained(model, data, MLB() if place == "late" else None)
    model = build_alone(data.modalities[0], data.train.inputs, data.num_classes, seed=1)
    yield "stage alone", trained(model, data, None)


def comparisons():
    """Several trainings side by side, each engine of them."""
    data = load_preset("starve", 0, train=256, valid=128, test=128)
    for label, made in (
        ("seeds", seeds_at_once(lambda s: load_preset("starve", s), SETTINGS, [0, 1])),
        ("one seed", drive(one_seed(data, SETTINGS, variants=cures()))),
        ("quick", drive(quick_comparison(data, SETTINGS))),
    ):
        yield label, digest(made.accuracy, made.probes, made.history)
    every = entrants(*(n for n in balancing.names() if n != "gblend"))
    for together in (False, True):
        run = drive(race(data, every, SETTINGS, together=together))
        tables = (run.epochs, run.probes, run.scales, run.weights, run.results)
        timeless = [table.drop(columns="seconds", errors="ignore") for table in tables]
        yield f"race, together={together}", digest(*timeless)
        seen = drive(replay(data, "mlb", MLB(), SETTINGS, together=together))
        tables = (seen.curves, seen.probes, seen.changes, *seen.right.values())
        yield f"replay, together={together}", digest(*tables)


def projections():
    """EMAP of an untrained network."""
    data = load_preset("synergy", 0, train=64, valid=64, test=64)
    for operator in fusion.names():
        model = build_classifier(data.train.inputs, data.num_classes, fusion=operator, seed=1)
        yield f"emap of {operator}", digest(emap(model, data.test.inputs))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for part in (methods_and_operators, stages, comparisons, projections):
        for name, value in part():
            print(f"{value}  {name}", flush=True)
