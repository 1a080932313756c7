"""Lesson 04's pictures and its explorer: what is drawn is what was measured."""

import time

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.analysis.intervals import interval
from coursekit.course.plots import new_figure
from coursekit.course.widgets import EXPLORERS
from coursekit.lessons.l04_early_or_late.architecture_sketches import sketch, timed_sketch
from coursekit.lessons.l04_early_or_late.plots import (
    STYLES,
    depth_curves,
    grouped_intervals,
    missing_rows,
    model_style,
)
from coursekit.models.fusion_stage import PLACES, matched_widths
from coursekit.utils.threads import threads


def table(seeds=4):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        [
            {"case": case, "model": m, "seed": s, "way": "zeros", "accuracy": rng.uniform(0.3, 0.9)}
            for case in ("one", "two")
            for m in ("early", "late", "ensemble")
            for s in range(seeds)
        ]
    )


def test_every_network_has_its_own_colour_and_marker():
    for part in ("color", "marker"):
        assert len({model_style(m, part)[part] for m in STYLES}) == len(STYLES)
    with pytest.raises(ValueError, match="Did you mean 'early'"):
        model_style("erly")


def test_grouped_intervals_draws_and_tells_every_mean():
    _, (ax,) = new_figure()
    rows = table()
    alt = grouped_intervals(rows, ax)
    accuracies = rows.groupby(["case", "model"])["accuracy"].mean()
    dots = sorted(float(line.get_xdata()[0]) for line in ax.lines if len(line.get_xdata()) == 1)
    assert dots == pytest.approx(sorted(accuracies))
    bars = sorted(tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2)
    means = rows.groupby(["case", "model"])["accuracy"].apply(interval)
    assert np.allclose(bars, sorted((i.low, i.high) for i in means))
    for (_, model), value in accuracies.items():
        assert f"{model} {100 * value:.1f} %" in alt
    assert [t.get_text() for t in ax.get_yticklabels()] == ["one", "two"]


def test_curves_and_missing_rows_tell_their_ends():
    _, (ax, other) = new_figure(columns=2)
    rows = table().rename(columns={"seed": "epoch"}).assign(epoch=lambda t: t["epoch"] + 1)
    alt = depth_curves(rows, ax)
    first = rows[(rows["model"] == "late") & (rows["epoch"] == 1)]["accuracy"].mean()
    assert f"late {first:.3f} at epoch 1" in alt and ax.get_ylim() == (0, 1)
    alt = missing_rows(table().assign(whole=0.95), other, 0.8)
    mean = table().query("model == 'late'")["accuracy"].mean()
    assert f"late, zeros: {100 * mean:.1f} %, with both 95.0 %" in alt and "alone: 80.0 %" in alt
    ticks = [line for line in other.lines if list(line.get_xdata()) == [0.95, 0.95]]
    assert len(ticks) == 3 and list(other.lines[0].get_xdata()) == [0.8, 0.8]


def test_chance_is_drawn_in_the_band_it_belongs_to():
    _, (ax,) = new_figure()
    alt = grouped_intervals(table(), ax, chance={"two": 0.125})
    dotted = [line for line in ax.lines if list(line.get_xdata()) == [0.125, 0.125]]
    assert [round(float(np.mean(line.get_ydata()))) for line in dotted] == [1]
    assert "two: chance 12.5 %" in alt and "one: chance" not in alt and "chance" in ax.get_xlabel()


def without_row(rows, ax):
    return missing_rows(rows, ax, 0.5)


@pytest.mark.parametrize("draw", [grouped_intervals, depth_curves, without_row])
def test_tables_that_lack_a_column_are_refused(draw):
    _, (ax,) = new_figure()
    with pytest.raises(ValueError, match="are missing"):
        draw(pd.DataFrame({"seed": [1]}), ax)
    with pytest.raises(ValueError, match="it can be 'early'"):
        grouped_intervals(table().replace("late", "later"), ax)


@pytest.mark.parametrize("place", PLACES)
def test_the_sketch_has_one_box_per_layer_and_branch(place):
    _, (ax,) = new_figure()
    alt = sketch(ax, place)
    shared = {"early": 4, "intermediate": 2, "late": 0}[place]
    assert len(ax.patches) == shared + 2 * (5 - shared)
    assert place in alt
    with pytest.raises(ValueError, match="place is 'l8'"):
        sketch(ax, "l8")


def words(ax):
    return [t.get_text() for t in ax.texts]


def test_on_a_timeline_only_early_fusion_joins_every_step():
    drawn = {}
    for place in PLACES:
        _, (ax,) = new_figure()
        alt = timed_sketch(ax, place)
        assert alt.startswith(f"{place} on 4 steps")
        drawn[place] = words(ax)
        for box in ("A1", "A4", "B1", "B4"):
            assert drawn[place].count(box) == 1
    assert drawn["early"].count("layers 1–2") == 4 and drawn["early"].count("1–2") == 0
    assert drawn["intermediate"].count("1–2") == drawn["late"].count("1–2") == 8
    means = {p: [w for w in drawn[p] if w.startswith("mean")] for p in PLACES}
    assert [len(means[p]) for p in PLACES] == [1, 2, 2]
    assert "layer 3" in drawn["intermediate"] and "layer 3 A" in drawn["late"]
    with pytest.raises(ValueError, match="place is 'l8'"):
        timed_sketch(ax, "l8")


@pytest.fixture(scope="module")
def explorer():
    return EXPLORERS["depth"]()


def test_the_explorer_shows_that_early_fusion_needs_the_same_moment(explorer):
    falls, others = [], []
    for seed in range(3):
        explorer.set(seed=seed, alignment=1.0)
        together = explorer.data.accuracy
        explorer.set(alignment=0.0)
        apart = explorer.data.accuracy
        falls.append(together["early"] - apart["early"])
        others.append(together["late"] - apart["late"])
    assert np.mean(falls) > 0.1
    assert abs(np.mean(others)) < 0.05


def test_the_explorer_shows_that_the_ensemble_is_best_where_each_speaks_for_itself(explorer):
    explorer.reset()
    explorer.preset("each for itself")
    ahead = []
    for seed in range(4):
        explorer.set(seed=seed)
        accuracy = explorer.data.accuracy
        ahead.append(accuracy["ensemble"] - max(accuracy[p] for p in PLACES))
    assert np.mean(ahead) > 0


def test_the_explorer_says_what_it_shows(explorer):
    explorer.reset()
    data = explorer.data
    rows = explorer.table().set_index("model")
    for model, value in data.accuracy.items():
        if model in rows.index:
            assert rows.loc[model, "test accuracy"] == value
            assert f"{value:.3f}" in explorer.alt
    assert data.headline in explorer.alt and 0.25 == data.chance < data.ceiling <= 1
    assert set(data.parameters) == set(PLACES)
    best = max(PLACES, key=lambda p: data.accuracy[p])
    assert data.headline.startswith(best.capitalize())


def test_every_budget_of_the_explorer_can_be_met(explorer):
    knob = explorer.controls["capacity"]
    for i in range(knob.count):
        for place in PLACES:
            matched_widths(place, {"A": 12, "B": 12}, 4, int(knob.at(i)))


QUIET = 0.15  # processor seconds of `small_steps` on a quiet core where a move takes 0.6


def small_steps():
    """Processor seconds of steps as small as the explorer's; more where the core is shared."""
    x = torch.randn(128, 64, generator=torch.Generator().manual_seed(0))
    w = torch.ones(64, 64, requires_grad=True)
    start = time.process_time()
    with threads(1):
        for _ in range(2000):
            torch.relu(x @ w).sum().backward()
    return time.process_time() - start


def test_a_move_is_quick(explorer):
    """Processor time of one thread, held against other work of the same minute."""
    explorer.reset()
    took = []
    for seed in (1, 2, 3):
        start = time.process_time()
        explorer.set(seed=seed)
        took.append((time.process_time() - start) / max(1, small_steps() / QUIET))
    assert min(took) < 1.0, took
