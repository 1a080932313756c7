"""Experts, gates and their rivals, gates over stages: small trainings whose effects are known."""

import pytest
import torch

from coursekit.course.plots.style import new_figure
from coursekit.lessons.l16_dynamic_fusion.experts import EXPERTS, stored_experts, with_ensemble
from coursekit.lessons.l16_dynamic_fusion.explorer import gate_explorer, route
from coursekit.lessons.l16_dynamic_fusion.explorer_view import GateView
from coursekit.lessons.l16_dynamic_fusion.gates import gate_choices
from coursekit.lessons.l16_dynamic_fusion.generated_rows import batches, generated, recipe_of
from coursekit.lessons.l16_dynamic_fusion.plots import cost_picture, shares_picture
from coursekit.lessons.l16_dynamic_fusion.rivals import (
    at_equal_cost,
    at_random,
    cascade,
    costs_by_kind,
    oracle,
    routed,
    shares_by_kind,
    static,
)
from coursekit.lessons.l16_dynamic_fusion.stages import (
    copied,
    stage_costs,
    train_stages,
    with_fixed,
)
from coursekit.utils.stepwise import drive

SEEDS = (100, 101)


@pytest.fixture(scope="module")
def stored():
    return stored_experts("balanced", SEEDS)


def test_rows_are_those_of_the_generator_and_batches_take_each_once():
    data = generated(recipe_of("easy"), SEEDS)
    assert data.widths == {"A": 12, "B": 12} and data.train.labels.shape == (2, 2000)
    places = torch.cat([*batches(data.train, 1, SEEDS)], dim=1)
    assert sorted(places[1].tolist()) == list(range(2000))
    assert not torch.equal(places[0], places[1])


def test_costs_are_relative_and_small_experts_are_cheap(stored):
    assert stored.costs[2] == 1 and stored.costs[0] < 0.1 and stored.gate_cost < 0.1
    assert stored.probabilities["test"].sum(-1).allclose(torch.ones(2, 2000, 3), atol=1e-4)
    a, b, both = with_ensemble(stored).costs
    assert both == a + b


def test_a_charge_drives_a_gate_from_both_to_a(stored):
    choice = gate_choices(stored, [0.0, 0.3, 4.0])
    tables = [routed(stored, own, "gate") for own in choice]
    both = [table["both"].mean() for table in tables]
    assert both[0] > 0.8 > both[1] >= both[2] and tables[2]["A"].mean() > 0.8
    random = at_random(stored, choice[1], "random")
    assert (tables[1]["accuracy"] > random["accuracy"] + 0.08).all()
    assert tables[1]["A"].tolist() == random["A"].tolist()
    kinds = shares_by_kind(stored, choice[1])
    assert kinds.loc["unique A", "A"] > 0.75 and "synergistic" not in kinds.index
    per_kind = costs_by_kind(stored, choice[1])
    assert list(per_kind.columns) == list(kinds.index) and list(per_kind.index) == list(SEEDS)
    spent = kinds @ list(stored.costs) + stored.gate_cost
    assert per_kind.mean().to_numpy() == pytest.approx(spent.to_numpy())


def test_rivals_cost_what_they_run(stored):
    table = static(stored).groupby("policy")["cost"].mean()
    assert table["always both"] == 1
    assert table["ensemble of A and B"] == pytest.approx(sum(stored.costs[:2]))
    first = cascade(stored, [0.0])
    assert first["cost"].tolist() == pytest.approx([stored.costs[0]] * 2)
    last = cascade(stored, [1.0])["cost"].mean()
    assert last == pytest.approx(stored.costs[0] + 1, abs=0.05)
    kept = cascade(with_ensemble(stored), [1.0])["cost"].mean()
    assert kept == pytest.approx(sum(stored.costs[:2]), abs=0.05)
    assert (oracle(stored)["accuracy"] > 0.9).all() and (oracle(stored)["cost"] < 0.3).all()


def test_the_cascade_of_equal_cost_costs_as_much(stored):
    gate = routed(stored, gate_choices(stored, [0.3], "valid")[0], "gate", split="valid")
    rival = at_equal_cost(stored, {"gate": gate})
    assert rival["seed"].tolist() == list(SEEDS)
    assert rival["cost"].to_numpy() == pytest.approx(gate["cost"].to_numpy(), abs=0.05)


def test_branches_of_stages_cost_more_the_longer_b_joins():
    costs, gate = stage_costs({"A": 12, "B": 12}, 6)
    assert costs == sorted(costs) and costs[-1] == 1 and 0 < gate < 0.2


def test_a_static_branch_is_that_branch_and_a_gate_learns():
    data = generated(recipe_of("balanced"), SEEDS)
    networks = train_stages(data, [0.3], [0, 1], epochs=3)
    inputs, labels = copied(data.test, torch.arange(50).expand(2, -1), 3)
    shares = with_fixed(networks.shares(inputs, hard=True), [0, 1], 2)
    assert shares.shape == (6, 50, 4) and (shares[2:4].argmax(2) == 0).all()
    assert (shares[4:].argmax(2) == 1).all()
    before = networks.logits(inputs, shares)
    inputs["B"] = torch.zeros_like(inputs["B"])
    after = networks.logits(inputs, shares)
    assert torch.equal(before[2:4], after[2:4]) and not torch.equal(before[4:], after[4:])
    assert labels.shape == (6, 50)


def test_the_explorer_shows_what_it_taught():
    data = drive(route(0.3, "1", "soft", 0.7, "as many need A as B"))
    view = GateView()
    view.update(data)
    table = view.table(data).set_index("what")
    assert table.loc["gate", "accuracy"] > table.loc["random gate, same shares", "accuracy"]
    assert "unique B" in view.describe(data)
    more = view.more_tables(data)
    assert list(more["Sent to, by kind of sample"]["kind"])[-1] == "all rows"
    ahead = more["The gate minus"].set_index("rival")
    difference = table.loc["gate"] - table.loc["random gate, same shares"]
    assert ahead.loc["random gate", ["accuracy", "cost"]].tolist() == pytest.approx(
        difference[["accuracy", "cost"]].tolist()
    )
    assert ahead.loc["cascade", "low"] < ahead.loc["cascade", "accuracy"]
    assert {"frozen", "a fair price"} <= set(gate_explorer().presets)


def test_pictures_say_what_they_draw(stored):
    _, (ax,) = new_figure()
    alt = cost_picture(ax, static(stored), {})
    assert alt.startswith("always A: accuracy")
    shares = shares_by_kind(stored, gate_choices(stored, [0.3], steps=1)[0])
    assert shares_picture(ax, shares).startswith("Shares by kind") and list(shares) == list(EXPERTS)


def test_wrong_arguments_are_refused(stored):
    with pytest.raises(ValueError, match=r"charges\[0\] is -1"):
        gate_choices(stored, [-1.0])
    with pytest.raises(ValueError, match="steps is 0"):
        gate_choices(stored, [0.1], steps=0)
