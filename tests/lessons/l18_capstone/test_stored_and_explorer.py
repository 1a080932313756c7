"""The stored mysteries, three of them made again, thresholds, strategies, explorer, pictures."""

import pandas as pd
import pytest
from untrained_desk import Untrained, drawn

from coursekit.analysis.intervals import interval
from coursekit.course.plots.style import new_figure
from coursekit.data.files import DataFileError
from coursekit.lessons.l18_capstone import explorer, stored_mysteries
from coursekit.lessons.l18_capstone.desk import Desk
from coursekit.lessons.l18_capstone.explorer import EVERY, KINDS, look
from coursekit.lessons.l18_capstone.explorer_view import SymptomView
from coursekit.lessons.l18_capstone.hidden_recipe import draw_recipe
from coursekit.lessons.l18_capstone.plots import PARTS, parts_picture, symptom_picture
from coursekit.lessons.l18_capstone.rules import RELIABLE, Diagnosis, diagnose
from coursekit.lessons.l18_capstone.statement_marks import credit
from coursekit.lessons.l18_capstone.stored_mysteries import (
    CHOOSE_ON,
    REPORT_ON,
    TRUTHS,
    Fares,
    fares,
    fares_at,
    has,
    marks,
    mysteries,
    strength,
)
from coursekit.lessons.l18_capstone.strategies import STRATEGIES
from coursekit.lessons.l18_capstone.study_judged import FIRST, JUDGED, TUNING, rows_of

RULES = "the lessons' rules"
AGAIN = (3000, 3001, 3002)
NEAR = 0.03  # machines round differently, and a training follows


def test_every_mystery_is_there_once_and_hides_what_its_seed_draws():
    early, late = mysteries(CHOOSE_ON), mysteries(REPORT_ON)
    assert list(early["seed"]) == list(range(TUNING))
    assert list(late["seed"]) == list(range(FIRST, FIRST + JUDGED))
    for _, row in pd.concat([early, late]).iterrows():
        for name, value in vars(draw_recipe(int(row["seed"]))).items():
            assert row[f"true {name}"] == value
    judged = marks()
    assert (judged.groupby("strategy").size() == JUDGED).all()
    assert list(judged["strategy"].unique()) == list(STRATEGIES)
    assert (judged[list(PARTS)].sum(axis=1) - judged["total"]).abs().max() < 1e-3
    assert judged["trainings"].max() <= 8


@pytest.mark.parametrize("seed", AGAIN)
def test_three_mysteries_come_again(seed):
    few = {RULES: STRATEGIES[RULES]}
    mystery, rows = rows_of(seed, few)
    there = mysteries().set_index("seed").loc[seed]
    for column, value in mystery.items():
        if isinstance(value, float):
            assert value == pytest.approx(there[column], abs=4 * NEAR), column
    stored = marks().set_index(["seed", "strategy"])
    for row in rows:
        own = stored.loc[(seed, row["strategy"])]
        assert row["accuracy"] == pytest.approx(own["accuracy"], abs=NEAR)
        assert row["trainings"] == own["trainings"]


def test_the_rules_win_and_no_fixed_hand_in_does():
    wide = marks().pivot_table("total", "seed", "strategy")
    for name in set(STRATEGIES) - {RULES}:
        assert interval(wide[RULES] - wide[name]).low > 5, name


def test_confidences_are_those_that_the_sixty_bear_out():
    table = mysteries(CHOOSE_ON)
    earned = {name: [] for name in RELIABLE}
    for _, row in table.iterrows():
        known, truth = diagnose(row), draw_recipe(int(row["seed"]))
        for name in earned:
            earned[name].append(credit(name, getattr(known, name), truth)[0])
    for name, credits in earned.items():
        assert sum(credits) / len(credits) == pytest.approx(RELIABLE[name], abs=0.05), name


@pytest.mark.parametrize("symptom", TRUTHS)
def test_a_threshold_counts_whom_it_misses_and_suspects(symptom):
    table = mysteries()
    size, true = strength(table, symptom), has(table, symptom)
    low, high = fares(table, symptom, -9), fares(table, symptom, 9)
    assert (low.missed, low.suspected) == (0, (~true).sum())
    assert (high.missed, high.suspected) == (true.sum(), 0)
    assert high.right == pytest.approx(1 - true.mean())
    assert (low, high) == tuple(fares_at(table, symptom, [-9, 9]))
    middle = fares(table, symptom, float(size.median()))
    assert middle.rows == JUDGED
    assert middle.have == true.sum()
    with pytest.raises(ValueError, match="it can be"):
        strength(table, "fever")


def test_the_interval_of_a_share_is_wilsons():
    assert Fares(10, 5, 0, 0).interval == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert Fares(100, 50, 30, 20).interval == pytest.approx((0.4038, 0.5962), abs=1e-4)


def test_strategies_ask_within_the_budget_and_tell_the_truth_about_their_tables():
    for name, strategy in STRATEGIES.items():
        own = Desk(Untrained(drawn()[0]))
        report = strategy(own.case())
        assert 3 <= len(own.log.requests) <= 8, name
        assert report.parameters > 0
        assert set(report.table) == {"A", "B", "joint", "ensemble", "handed in"}
    assert tuple(vars(Diagnosis())) == tuple(RELIABLE)


@pytest.mark.parametrize("kind", KINDS)
def test_the_explorer_shows_every_kind_of_mystery(kind):
    view = SymptomView()
    for symptom in TRUTHS:
        data = look(symptom, 0.08, REPORT_ON, kind)
        view.update(data)
        words = view.describe(data)
        table = view.table(data)
        assert f"{data.at(0.08)[0].right:.0%} [" in words
        assert 0.08 in set(table["threshold"])
        assert (table["missed"] <= table["have it"]).all()
    view.figure.canvas.draw()


def test_the_explorer_opens_and_says_so_when_the_table_is_missing(monkeypatch):
    opened = explorer.symptom_explorer()
    assert opened.key == "symptoms"

    def missing(which):
        raise DataFileError("mysteries.csv is missing; …")

    monkeypatch.setattr(explorer, "mysteries", missing)
    data = look("type skew", 0.1, CHOOSE_ON, EVERY)
    view = SymptomView()
    view.update(data)
    assert "mysteries.csv is missing" in view.describe(data)
    assert view.table(data).empty


def test_pictures_say_what_they_draw():
    _, (ax,) = new_figure()
    alt = parts_picture(ax, marks())
    assert RULES in alt and "statements" in alt
    assert len(ax.patches) == len(PARTS) * len(STRATEGIES)
    _, (ax,) = new_figure()
    alt = symptom_picture(ax, mysteries(), "probe lost", "interaction gap", (0.08, 0.02))
    assert "both" in alt
    assert len(ax.collections) == 4


def test_stored_tables_are_read_once():
    assert stored_mysteries.mysteries().equals(mysteries(REPORT_ON))
