"""The benchmark of replicas: its figures, and that all of its ways learn."""

import json
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch
from torch.func import functional_call
from typer.testing import CliRunner

from benchmarks import replicas as bench
from benchmarks.commands import app


def measured(file):
    """What the command prints, and its figures."""
    asked = ["replicas", "--epochs", "2", "--repeats", "2", "--json", str(file)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    return done.output, pd.DataFrame(json.loads(file.read_text()))


def test_the_table_and_its_figures(tmp_path, monkeypatch):
    # Other tests want the cores, too: what counts is the time in which this process had one.
    monkeypatch.setattr(bench, "time", SimpleNamespace(perf_counter=time.process_time))
    output, figures = measured(tmp_path / "figures.json")
    assert set(figures["way"]) == {bench.LOADER, bench.MEMORY, bench.VMAP, bench.REPLICAS}
    assert all(way in output for way in figures["way"])
    for way in (bench.VMAP, bench.REPLICAS):
        assert tuple(figures.loc[figures["way"] == way, "models"]) == bench.COUNTS
    loader = figures.loc[figures["way"] == bench.LOADER, "seconds"].item()
    assert np.allclose(figures["over_loader"], loader / figures["seconds"])
    assert (figures[["seconds", "gflops", "share_of_peak"]] > 0).all(axis=None)
    # A third of what a quiet machine shows. What else runs makes a measurement worse and never
    # better, so the best of up to three counts. The share of the bare products' rate sinks for all
    # ways when others use the memory, so it is held against that of one model at a time.
    bounds, tries = {"over_loader": 4, "over_memory": 2, "over_one": 2}, [many(figures)]
    while (best := pd.DataFrame(tries)[list(bounds)].max()).le(pd.Series(bounds)).any():
        assert len(tries) < 3, best
        tries.append(many(measured(tmp_path / "figures.json")[1]))


def many(figures):
    """The figures of 32 replicas, and how much more of the products' rate they use than one."""
    alone = figures.loc[figures["way"] == bench.MEMORY, "share"].item()
    best = figures[(figures["way"] == bench.REPLICAS) & (figures["models"] == 32)].iloc[0]
    return pd.concat([best, pd.Series({"over_one": best["share"] / alone})])


def test_products_are_counted_layer_by_layer():
    one_layer = 2 * bench.BATCH
    a = one_layer * (20 * 64 * 2 + 64 * 32 * 3)
    b = one_layer * (42 * 64 * 2 + 64 * 32 * 3)
    assert bench.flops({"A": 20, "B": 42}) == a + b + one_layer * 64 * 6 * 3


def test_every_way_learns():
    data, epochs = bench._split(), 6

    def right(logits):
        return float((logits.argmax(1) == data.labels).double().mean())

    torch.manual_seed(3)
    with torch.no_grad():
        chance = right(bench._network(data)(data.inputs))
    base = bench._network(data)
    state = bench.vmap_loop(data, epochs, 2)
    reached = [bench.loader_loop(data, epochs), bench.memory_loop(data, epochs)]
    accuracies = [right(model(data.inputs).detach()) for model in reached]
    accuracies += [
        right(m(data.inputs).joint.detach()) for m in bench.replica_loop(data, epochs, 2)
    ]
    for k in range(2):
        own = {name: w[k] for name, w in state.items()}
        accuracies.append(right(functional_call(base, own, (data.inputs,)).detach()))
    assert min(accuracies) > 0.6 > 2 * chance
    assert max(accuracies) - min(accuracies) < 0.1
