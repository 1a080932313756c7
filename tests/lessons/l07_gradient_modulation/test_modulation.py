"""Lesson 07's table of methods, read from code, and its pictures."""

import numpy as np
import pandas as pd
import pytest

from coursekit import balancing
from coursekit.balancing.taxonomy import CHANGES, LISTENS, YES, changes, lineup, overridden
from coursekit.balancing.unimodal_signals import Listening
from coursekit.compare.race import entrants, race, races
from coursekit.course.plots import new_figure
from coursekit.data import load_preset
from coursekit.lessons.l07_gradient_modulation.plots import conflict, scale_curves, scale_traces
from coursekit.training import Settings
from coursekit.training.method import Method
from coursekit.utils.stepwise import drive

# What the papers say, written by hand: the code's own answers are held against it.
EXPECTED = {
    "joint": set(),
    "functional-entropy": {"terms of the loss"},
    "mcr": {"terms of the loss"},
    "agm": {"scales k", "terms of the loss", "forward pass"},
    "certainty-ensemble": {"loss weights w"},
    "ensemble": {"loss weights w"},
    "gblend-offline": {"loss weights w", "trains before"},
    "gblend-online": {"loss weights w", "trains before"},
    "gradnorm": {"loss weights w", "gradients"},
    "g2d": {"scales k", "terms of the loss", "trains before"},
    "umt": {"terms of the loss", "trains before"},
    "tmc": {"loss weights w", "terms of the loss"},
    "pdmp": {"scales k", "trains before"},
    "mla": {"loss weights w", "gradients", "forward pass", "turns"},
    "greedy": {"gradients", "forward pass"},
    "mlb": {"loss weights w", "scales k"},
    "mmcosine": set(),
    "mmpareto": {"loss weights w", "gradients"},
    "modality-dropout": {"forward pass"},
    "mslr": {"scales k"},
    "multi-loss": {"loss weights w"},
    "ogm": {"scales k"},
    "ogm-ge": {"scales k", "gradients"},
    "opm": {"forward pass"},
    "pcgrad": {"loss weights w", "gradients"},
    "pmr": {"terms of the loss"},
    "random-scale": {"loss weights w", "scales k"},
    "reconboost": {"loss weights w", "terms of the loss", "gradients", "turns"},
    "relearning": {"parameters"},
    "remix": {"data", "forward pass", "loss weights w"},
    "sample-valuation": {"data", "forward pass"},
    "unimodal": {"loss weights w"},
}


# ---- the line-up -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPECTED)
def test_each_method_changes_what_its_paper_says(name):
    row = changes(balancing.registry()[name])
    assert {change for change in CHANGES.values() if row[change] == YES} == EXPECTED[name]


def test_the_line_up_holds_every_method_and_joint_first():
    table = lineup()
    assert sorted(table.index) == balancing.names() and table.index[0] == "joint"
    assert set(table.index[table[LISTENS] == YES]) == {"mslr", "ogm", "ogm-ge", "opm"}
    between = {"gblend-online", "mslr", "pmr", "reconboost", "remix", "sample-valuation"}
    assert set(table.index[table["between epochs"] == YES]) == between
    assert table.loc["mmcosine", "fusion"] == "late-linear"
    own = {"ensemble", "certainty-ensemble", "mla", "reconboost", "unimodal"}
    assert set(table.index[table["fusion"] == "its own"]) == own


def test_a_class_that_overrides_two_hooks_has_two_ticks():
    class New(Listening):
        def scales(self, step):
            return {}

        def predict(self, run, inputs):
            return run.model(inputs)

        def begin_epoch(self, run):
            pass

    row = changes(New)
    ticked = {change for change, mark in row.items() if mark == YES}
    assert ticked == {"scales k", "forward pass", LISTENS, "between epochs"}
    assert overridden(New, "loss") is Listening and overridden(New, "weights") is Method


# ---- races over seeds ------------------------------------------------------------------------


def test_races_are_one_race_per_seed():
    def small(seed):
        return load_preset("starve", seed=seed, train=200, valid=60, test=80)

    few = Settings(epochs=2)
    both = races(small, entrants("mlb"), few, (3, 5), jobs=1)
    assert set(both.results["seed"]) == {3, 5} and both.stopped == {}
    alone = drive(race(small(5), entrants("mlb"), few, seed=5, probe_all=False))
    assert set(alone.probes["epoch"]) == {2} and len(alone.probes) == 2 * 2
    for kind in ("epochs", "probes", "scales", "weights"):
        part = getattr(both, kind).query("seed == 5").drop(columns="seed").reset_index(drop=True)
        pd.testing.assert_frame_equal(part, getattr(alone, kind))
    accuracies = both.results.query("seed == 5").set_index("entry")["accuracy"]
    assert accuracies.to_dict() == alone.results.set_index("entry")["accuracy"].to_dict()
    with pytest.raises(ValueError, match="seeds is empty"):
        races(small, {}, few, ())


# ---- pictures --------------------------------------------------------------------------------


def traces():
    return pd.DataFrame(
        [
            {"entry": e, "epoch": t, "modality": m, "k": k * t, "seed": s}
            for e, k in (("ogm", 0.1), ("mlb", 1.0))
            for m in "AB"
            for t in (1, 2, 3)
            for s in (0, 1)
        ]
    )


def test_traces_are_means_over_seeds_and_say_so():
    _, axes = new_figure(columns=2)
    alt = scale_traces(traces(), axes, ["ogm", "mlb"])
    assert [ax.get_title("left") for ax in axes] == ["ogm", "mlb"]
    assert "ogm, A: from 0.10 to 0.30" in alt and "mlb, B: from 1.00 to 3.00" in alt
    assert len(axes[0].lines) == 2 * (2 + 1) + 1  # two modalities: seeds and mean; the line k = 1
    assert [t.get_text() for t in axes[0].get_legend().get_texts()] == ["A", "B"]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [(["ogm"], "names has 1 panels.*2 axes"), (["ogm", "agm"], "no scales of 'agm'")],
)
def test_traces_of_others_are_refused(names, sentence):
    _, axes = new_figure(columns=2)
    with pytest.raises(ValueError, match=sentence):
        scale_traces(traces(), axes, names)


def test_curves_tell_where_they_go():
    _, (ax,) = new_figure()
    alt = scale_curves([0.25, 1, 4], {"OGM": [1, 1, 0.1], "MLB": [2, 1, 0.2]}, ax)
    assert "OGM goes from k = 1.00 at 0.25 to 0.10 at 4, highest 1.00" in alt
    assert ax.get_xscale() == "log"
    curves = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert len({(x.get_color(), x.get_linestyle(), x.get_marker()) for x in curves}) == 2
    with pytest.raises(ValueError, match="curves holds 0 methods"):
        scale_curves([1], {}, ax)


def test_the_conflict_is_drawn_and_told_with_its_products():
    _, (ax,) = new_figure()
    g, h = np.array([1.0, 0.0]), np.array([-1.0, 1.0])
    alt = conflict(g, h, [[0.5, 0.5], [0.0, 1.0]], ax)
    assert "with the product -1.00" in alt and "products 0.00 and 0.00" in alt
    assert {t.get_text() for t in ax.texts if t.get_text()} == {
        "g₁", "g₂", "g₁ projected", "g₂ projected",
    }  # fmt: skip
