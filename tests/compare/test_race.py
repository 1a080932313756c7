"""The race: lanes side by side, what is drawn while they train, and the picture at the end."""

import asyncio
import math
from dataclasses import replace

import pandas as pd
import pytest
import torch

from coursekit import balancing
from coursekit.analysis.probes import quick_probe
from coursekit.balancing.mlb import MLB
from coursekit.compare.race import ENSEMBLE, entrants, race
from coursekit.course.plots.display import png
from coursekit.course.widgets import EXPLORERS, Choice, Explorer, Slider
from coursekit.course.widgets import explorer as explorer_module
from coursekit.data import load_preset
from coursekit.lessons.l07_gradient_modulation.explorer import (
    RaceView,
    make_run,
    presets,
    race_explorer,
    runners,
)
from coursekit.lessons.l07_gradient_modulation.explorer_view import Shown
from coursekit.models import build_classifier
from coursekit.training import Settings, accuracy, fit, predict
from coursekit.training.method import Method
from coursekit.utils.stepwise import drive

FEW = Settings(epochs=3)


class Doubles(Method):
    """Every step of every modality twice as long."""

    def scales(self, step):
        return dict.fromkeys(step.run.model.modalities, 2.0)


class Explodes(Method):
    """Is lost in the second epoch."""

    def scales(self, step):
        return dict.fromkeys(step.run.model.modalities, math.inf if step.run.epoch > 1 else 1.0)


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", seed=1, train=300, valid=100, test=200)


@pytest.fixture(scope="module")
def run(data):
    entries = {**entrants("joint", "mlb"), "doubles": Doubles, "explodes": Explodes}
    return drive(race(data, entries, FEW, seed=4))


# ---- the race --------------------------------------------------------------------------------


def test_every_lane_is_the_training_it_would_be_alone(data, run):
    for name, method in (
        ("joint", Method()),
        ("mlb", balancing.build("mlb")),
        ("doubles", Doubles()),
    ):
        model = build_classifier(data.train.inputs, data.num_classes, seed=4)
        history = fit(model, data.train, data.valid, FEW, seed=4, method=method)
        valid = history.query("split == 'valid'")["accuracy"].tolist()
        assert run.epochs.query("entry == @name")["accuracy"].tolist() == valid
        reached = accuracy(predict(model, data.test.inputs).joint, data.test.labels)
        assert run.results.set_index("entry")["accuracy"][name] == reached
        before, after = (predict(model, s.inputs).features for s in (data.train, data.valid))
        last = run.probes.query("entry == @name and epoch == 3").set_index("modality")["accuracy"]
        for m in ("A", "B"):
            probe = quick_probe(before[m], data.train.labels, after[m], data.valid.labels)
            assert last[m] == probe


def test_the_ensemble_is_never_left_out(run, data):
    assert ENSEMBLE in set(run.results["entry"])
    assert list(drive(race(data, {}, FEW)).results["entry"]) == [ENSEMBLE]


def test_scales_and_weights_are_means_over_the_epoch(run):
    doubles = run.scales.query("entry == 'doubles'")
    assert len(doubles) == 6 and (doubles["k"] == 2).all()
    assert run.scales.query("entry == 'joint'").empty
    assert (run.weights.query("entry == 'mlb'")["w"] == 1).all()
    assert set(run.weights.query("entry == 'ensemble'")["head"]) == {"A", "B"}


def test_who_diverges_stops_and_the_others_go_on(run):
    assert run.epochs.query("entry == 'explodes'")["epoch"].tolist() == [1]
    assert "epoch 2" in run.stopped["explodes"] and set(run.stopped) == {"explodes"}
    reached = run.results.set_index("entry")["accuracy"]
    assert math.isnan(reached["explodes"]) and reached.drop("explodes").notna().all()
    assert run.epochs.query("entry == 'mlb'")["epoch"].tolist() == [1, 2, 3]


def test_it_can_be_watched_epoch_by_epoch(data):
    seen = [r.epochs["epoch"].max() for r in race(data, entrants("joint"), FEW)]
    assert seen == [1, 2, 3]


def test_what_makes_no_method_is_refused(data):
    with pytest.raises(ValueError, match=r"entries\['x'\] makes a dict; a Method was expected"):
        next(race(data, {"x": dict}, FEW))


# ---- the explorer ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def quick():
    """The smallest race there is."""
    e = race_explorer()
    e.set(lane_2="nobody", lane_3="nobody", epochs=5)
    return e


def test_every_method_may_run_but_those_that_are_the_ensemble():
    known = runners({"mine": Doubles})
    assert set(balancing.names()) - set(known) == {"ensemble", "unimodal"}
    assert known["mine"] is Doubles
    with pytest.raises(ValueError, match="extra names \\['mlb'\\]"):
        runners({"mlb": Doubles})


def test_a_method_of_ones_own_has_the_first_lane():
    e = race_explorer({"mine": Doubles})
    assert e.state["lane_1"] == "mine" and "joint" in e.state.values()
    assert "mine A 2.00" in e.alt and "ensemble" in e.alt
    assert e.table().set_index("method").loc["mine", "last k of A"] == 2


def test_the_table_holds_the_test_accuracies_of_the_race(quick):
    state = quick.state
    finished = drive(
        race(
            load_preset("starve", seed=state["seed"]),
            entrants(state["lane_1"]),
            Settings(epochs=5),
            seed=state["seed"],
        )
    )
    reached = quick.table().set_index("method")["test accuracy"]
    assert dict(reached) == dict(finished.results.set_index("entry")["accuracy"])
    for name, value in reached.items():
        assert f"{name} {value:.3f}" in quick.alt


def test_who_is_not_defined_for_a_fusion_is_left_out_in_a_sentence(quick):
    run = make_run()
    shown = drive(
        run("mmcosine", "nobody", "nobody", "starve", "film", *list(quick.state.values())[5:])
    )
    assert shown.entries == (ENSEMBLE,)
    assert "mmcosine: not defined for film." in RaceView().describe(shown)


def test_a_lane_that_diverges_is_said_and_drawn_as_such(run):
    view = RaceView()
    shown = Shown(run, ("joint", "explodes", "mlb", ENSEMBLE), 3)
    view.update(shown)
    assert "explodes stopped" in view.describe(shown)
    assert "explodes  diverged" in [t.get_text() for t in view._names]


def test_presets_are_what_they_say(quick):
    for state in presets().values():
        assert set(state) <= set(quick.controls)
    assert presets()["Adam, k on the gradient"]["scale"] == "gradient"


def test_the_view_forgets_what_it_showed_before(run, quick):
    once, twice = RaceView(), RaceView()
    twice.update(Shown(run, ("joint", "explodes", "mlb", ENSEMBLE), 3))
    for view in (once, twice):
        view.update(quick.data)
    assert png(once.figure) == png(twice.figure)


# ---- pictures of what is not finished ----------------------------------------------------------


class DotView:
    """One number as text."""

    def __init__(self):
        self.figure, (ax,) = explorer_new_figure()
        self.text = ax.text(0, 0, "")

    def update(self, data):
        if data == "bad":
            raise ValueError("a bad drawing")
        self.text.set_text(str(data))

    def describe(self, data):
        return f"Now at {data}."

    def table(self, data):
        return pd.DataFrame({"at": [data]})


def explorer_new_figure():
    from coursekit.course.plots import new_figure

    return new_figure(2, 2, layout=None)


def counting(steps, fails_at=None):
    def compute(seed, mode):
        for i in range(steps):
            if i == fails_at and mode == "fails":
                raise FloatingPointError("the loss is nan")
            yield f"{seed} so far {i}"
        return f"{seed} done"

    return compute


@pytest.fixture
def watched(monkeypatch):
    """An explorer whose every step is drawn, and what the page showed."""
    monkeypatch.setattr(explorer_module, "EVERY", -1.0)
    monkeypatch.setattr(explorer_module, "SHARE", 0.0)  # however long a drawing takes

    def make(compute):
        controls = {
            "seed": Slider("seed", 0, 9, 1, 0),
            "mode": Choice("mode", ("ok", "fails"), "ok"),
        }
        e = Explorer("dots", "Dots", controls, compute, DotView)
        pages, show = [], e._panel.show

        def kept(image, make_table):
            pages.append((image, make_table()))
            show(image, make_table)

        monkeypatch.setattr(e._panel, "show", kept)
        return e, pages

    return make


def settle(e, **state):
    async def scenario():
        e.set(**state)
        await e.settle()

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_data_so_far_are_drawn_in_a_loop_and_the_end_last(watched):
    e, pages = watched(counting(4))
    assert pages == []
    before = e.code
    settle(e, seed=3)
    alts = [image.split('alt="')[1].split('"')[0] for image, _ in pages]
    assert alts == [*(f"Now at 3 so far {i}." for i in range(4)), "Now at 3 done."]
    assert all("unfinished" in image and before in image for image, _ in pages[:-1])
    assert "unfinished" not in pages[-1][0] and e.code in pages[-1][0]
    assert "3 so far 2" in pages[2][1] and "3 done" in pages[-1][1]
    assert e.render(**e.state) == e.picture and e.alt == "Now at 3 done."


def test_without_a_loop_only_the_end_is_drawn(watched):
    e, pages = watched(counting(4))
    e.set(seed=3)
    assert len(pages) == 1 and "Now at 3 done." in pages[0][0]


def test_pictures_so_far_are_not_drawn_more_often_than_allowed(watched, monkeypatch):
    e, pages = watched(counting(50))
    monkeypatch.setattr(explorer_module, "EVERY", 60.0)
    settle(e, seed=3)
    assert len(pages) == 1


def test_the_longer_a_drawing_takes_the_fewer_there_are(watched, monkeypatch):
    e, pages = watched(counting(50))
    monkeypatch.setattr(explorer_module, "EVERY", 0.0)
    monkeypatch.setattr(explorer_module, "SHARE", 1e6)
    settle(e, seed=3)
    assert len(pages) == 1


def test_after_an_error_on_the_way_the_finished_picture_is_back(watched):
    e, pages = watched(counting(4, fails_at=2))
    before = e.picture, e.alt, e.data, e.shown
    settle(e, seed=2, mode="fails")
    assert "Now at 2 so far 1." in pages[-2][0]
    assert "Now at 0 done." in pages[-1][0] and "unfinished" not in pages[-1][0]
    assert (e.picture, e.alt, e.data, e.shown) == before
    assert "the loss is nan" in e._panel._warning.value
    assert png(e._view.figure) == e.picture


def test_a_drawing_that_fails_on_the_way_is_a_sentence_too(watched):
    def compute(seed, mode):
        yield "bad" if seed else "good"
        return "end"

    e, pages = watched(compute)
    settle(e, seed=1)
    assert "a bad drawing" in e._panel._warning.value
    settle(e, seed=0)
    assert "Now at end." in pages[-1][0] and e._panel._warning.value == ""


def test_overtaken_work_leaves_no_trace(watched):
    e, pages = watched(counting(30))

    async def scenario():
        e.set(seed=1)
        while not pages:
            await asyncio.sleep(0)
        e.set(seed=2)
        await e.settle()

    asyncio.run(asyncio.wait_for(scenario(), 20))
    assert any("1 so far" in image for image, _ in pages)
    assert not any("1 done" in image for image, _ in pages)
    assert e.alt == "Now at 2 done." and "2 done" in pages[-1][1]


def test_the_race_is_drawn_while_it_runs(quick, monkeypatch):
    monkeypatch.setattr(explorer_module, "EVERY", -1.0)
    monkeypatch.setattr(explorer_module, "SHARE", 0.0)
    titles, update = [], quick._view.update
    monkeypatch.setattr(
        quick._view, "update", lambda data: (titles.append(data.finished), update(data))
    )
    settle(quick, seed=quick.state["seed"] + 1)
    assert titles == [False] * 5 + [True]
    assert quick.alt.startswith("Finished: ")
    assert torch.get_num_threads() >= 1 and EXPLORERS["race"] is race_explorer


def test_together_is_the_same_race(data):
    entries = {**entrants("mlb", "joint", "pcgrad", "ogm"), "mine": lambda: MLB(0.5, 3.0)}
    apart = drive(race(data, entries, FEW, seed=4))
    together = drive(race(data, entries, FEW, seed=4, together=True))
    for name in ("epochs", "probes", "scales", "weights", "results"):
        mine, other = getattr(together, name), getattr(apart, name)
        keys = [c for c in other if c in ("entry", "epoch", "modality", "head")]
        value = next(c for c in ("accuracy", "k", "w") if c in other)
        both = mine.merge(other, on=keys, suffixes=("", "_apart"))
        assert len(both) == len(mine) == len(other)
        assert (both[value] - both[f"{value}_apart"]).abs().max() < 0.03  # single precision
    assert set(together.results["entry"]) == {*entries, ENSEMBLE}


def test_together_one_that_diverges_says_so(data):
    wild = replace(FEW, lr=1e30, clip=None)
    finished = drive(
        race(data, entrants("joint"), wild, seed=4, together=True, fusion="transformer")
    )
    assert set(finished.stopped) == {"joint", ENSEMBLE}
    assert all("epoch 1" in why for why in finished.stopped.values())
    assert finished.results["accuracy"].isna().all()
